//! Making a damaged session anew from its ledger, or a damaged ledger from its session. What was there before is kept
//! beside them, and what cannot be known any more is told.

mod aside;
mod decided;
mod examine;
mod lines;
mod rebuild;
mod retell;

use std::path::{Path, PathBuf};

use super::lock::{check_folder, lock};
use super::{DATABASE, FOLDER, Session, StoreError};
use crate::store::known::KnownSessions;
use crate::store::ledger::{self, FileSetAside, LedgerEvent, SetAside};
use crate::store::secret::NoSecret;
use crate::store::{database, regular, schema};
use aside::Aside;
use examine::{Damage, examine};

pub use rebuild::Rebuilt;
pub use retell::Retold;

/// The result of a repair.
#[derive(Debug)]
pub struct Repaired {
    /// The folder in which everything is kept as it was.
    pub aside: PathBuf,
    /// The session that was made from the ledger.
    pub session: Option<Rebuilt>,
    /// The ledger that was written from the session.
    pub ledger: Option<Retold>,
    /// The reason for which the session could not be noted as the user's own.
    pub not_noted: Option<NoSecret>,
}

impl Session {
    /// Repairs the session and the ledger of a destination from each other; nothing where both are whole and tell the
    /// same. What nothing shows to be as this user's program wrote it is taken as true only with `trust`.
    pub fn repair(destination: &Path, known: &KnownSessions, trust: bool) -> Result<Option<Repaired>, StoreError> {
        let folder = destination.join(FOLDER);
        match check_folder(&folder) {
            Err(StoreError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::NoSession { destination: destination.to_owned() });
            }
            checked => checked?,
        }
        let lock = lock(&folder, destination)?;
        let Some(found) = examine(destination, known)? else {
            if trust {
                // One that was killed before its end has repaired everything and sealed nothing.
                drop(lock);
                Session::open_as_own(destination, known, trust)?;
            }
            return Ok(None);
        };
        if !found.is_proved && !trust {
            return Err(match found.no_secret {
                Some(source) => StoreError::OwnerUnknown { destination: destination.to_owned(), source },
                None => StoreError::RepairUnproved { destination: destination.to_owned() },
            });
        }
        let aside = Aside::keep(&folder)?;
        let mut rebuilt = None;
        if let Damage::Session { .. } = found.damage {
            rebuilt = Some(rebuild::make(destination, &folder, &found.sound)?);
        }
        let connection = database::open(&folder.join(DATABASE), &schema::SESSION)?;
        let mut session = Session::with(connection, destination, true, Some(lock), None)?;
        let retold = match found.damage {
            Damage::Session { is_ledger_whole: true } => None,
            _ => Some(retell::write(
                &mut session,
                &found.sound,
                rebuilt.as_ref().map(|rebuilt| rebuilt.sound_decisions),
            )?),
        };
        session.tell_repair(&aside, rebuilt.is_some(), retold.as_ref())?;
        let secret = known.secret();
        if let Some(retold) = &retold {
            retell::tell_rest(&mut session, retold, secret.as_ref().ok())?;
        }
        let not_noted = match secret {
            Ok(secret) => {
                session.secret = Some(secret);
                session.prove_told()?;
                session.seal()?;
                None
            }
            Err(error) => Some(error),
        };
        Ok(Some(Repaired { aside: aside.folder, session: rebuilt, ledger: retold, not_noted }))
    }

    /// The line of the ledger that tells of a repair.
    fn tell_repair(&mut self, aside: &Aside, is_rebuilt: bool, retold: Option<&Retold>) -> Result<(), StoreError> {
        let files = aside.files.iter();
        let files = files.map(|(name, hash)| FileSetAside { name: name.clone(), sha256: hash.to_string() });
        let folder = aside.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let repaired = ledger::Repaired {
            program: ledger::PROGRAM.to_owned(),
            session_rebuilt: is_rebuilt,
            ledger_rewritten: retold.is_some(),
            lines_kept: retold.map(|retold| retold.kept),
            lines_before: retold.map(|retold| retold.before),
            set_aside: SetAside { folder, files: files.collect() },
        };
        self.change(|change| ledger::add(change, &LedgerEvent::Repair(repaired)))?;
        self.complete_ledger()
    }
}

/// Puts a file in the place of another one, which is kept elsewhere, and brings it there on disk.
fn replace(new: &Path, place: &Path) -> Result<(), StoreError> {
    let failed = |source| regular::failed(place)(source);
    let replaced = std::fs::File::open(new).and_then(|file| file.sync_all()).and_then(|()| std::fs::rename(new, place));
    replaced.map_err(failed)?;
    sync_folder(place.parent().unwrap_or(Path::new(".")))
}

/// Brings a folder's entries to disk.
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = std::fs::File::open(folder).and_then(|opened| opened.sync_all());
    synced.map_err(|source| StoreError::File { path: folder.to_owned(), source })
}
