//! Questions about files in a source: whether one was looked at before, and which commands a watch owes for it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::Transaction;

use super::{Known, LabelSet, Session, StoreError, labels, to_stored_path};
use crate::domain::decision::Decision;
use crate::domain::picture::{FileStamp, PictureId};

/// A command that is to be run for an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The picture.
    pub picture: PictureId,
    /// The label that the command belongs to.
    pub label: String,
}

impl Session {
    /// True where the file at a path, as it is now, was looked at with these labels before, or is known to be no
    /// picture. A file with another number, size or time is to be read.
    pub fn knows_file(&self, path: &Path, stamp: FileStamp, set: &LabelSet) -> Result<bool, StoreError> {
        let asked = || -> rusqlite::Result<bool> {
            let path = to_stored_path(&self.destination, path);
            let file = (stamp.inode as i64, stamp.size as i64, stamp.modified_ns.to_string());
            // Pictures of which something is wrong have no prediction, and need none.
            let mut pictures = self.connection.prepare_cached(
                "SELECT 1 FROM pictures WHERE path = ?1 AND inode = ?2 AND size = ?3 AND modified = ?4 AND NOT replaced
                 AND (state <> 'ok' OR label_set = ?5)",
            )?;
            let mut others = self.connection.prepare_cached(
                "SELECT 1 FROM others WHERE path = ?1 AND inode = ?2 AND size = ?3 AND modified = ?4",
            )?;
            Ok(pictures.exists(rusqlite::params![path, file.0, file.1, file.2, set.id])?
                || others.exists(rusqlite::params![path, file.0, file.1, file.2])?)
        };
        asked().map_err(|error| self.failed(error))
    }

    /// The path of each picture that was one when it was looked at, or that something was done with.
    pub fn for_each_known_path(&self, mut work: impl FnMut(&Path)) -> Result<(), StoreError> {
        let mut each = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare(
                "SELECT path FROM pictures
                 WHERE state <> 'unreadable' AND NOT replaced OR decision IS NOT NULL OR placed IS NOT NULL",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                work(&self.destination.join(OsStr::from_bytes(row.get_ref(0)?.as_blob()?)));
            }
            Ok(())
        };
        each().map_err(|error| self.failed(error))
    }

    /// Takes note of files that are no pictures, as they are now.
    pub fn note_others(&mut self, files: &[(PathBuf, FileStamp)]) -> Result<(), StoreError> {
        let destination = self.destination.clone();
        self.change(|change| {
            let mut statement = change.prepare_cached("INSERT OR REPLACE INTO others VALUES (?1, ?2, ?3, ?4)")?;
            files.iter().try_for_each(|(path, stamp)| {
                let (inode, size) = (stamp.inode as i64, stamp.size as i64);
                statement
                    .execute((to_stored_path(&destination, path), inode, size, stamp.modified_ns.to_string()))
                    .map(drop)
            })
        })
    }

    /// Commands that are still to be run, the oldest first, at most so many; those of a killed process are among them.
    pub fn owed_alerts(&self, most: usize) -> Result<Vec<Alert>, StoreError> {
        let owed = || -> rusqlite::Result<Vec<Alert>> {
            let mut statement = self
                .connection
                .prepare_cached("SELECT picture, label FROM alerts WHERE ended IS NULL ORDER BY picture LIMIT ?1")?;
            let rows = statement
                .query_map([most as i64], |row| Ok(Alert { picture: PictureId(row.get(0)?), label: row.get(1)? }))?;
            rows.collect()
        };
        owed().map_err(|error| self.failed(error))
    }

    /// A command was run: how it ended, in a word.
    pub fn end_alert(&mut self, picture: PictureId, ended: &str) -> Result<(), StoreError> {
        self.change(|change| {
            change
                .prepare_cached("UPDATE alerts SET ended = ?2 WHERE picture = ?1")?
                .execute((picture.0, ended))
                .map(drop)
        })
    }
}

/// Takes note of a command that is to be run for a picture that came, unless a person has decided against its label.
pub(super) fn owe_alert(change: &Transaction<'_>, picture: &Known, label: &str) -> rusqlite::Result<()> {
    if !may_be_sorted_by(change, picture.decision, label)? {
        return Ok(());
    }
    let mut statement = change.prepare_cached("INSERT OR IGNORE INTO alerts VALUES (?1, ?2, NULL)")?;
    statement.execute((picture.id.0, label)).map(drop)
}

/// True unless a person has decided against the label.
fn may_be_sorted_by(change: &Transaction<'_>, decision: Option<Decision>, label: &str) -> rusqlite::Result<bool> {
    match decision {
        None | Some(Decision::Skipped) => Ok(true),
        Some(Decision::NoneOfThese) => Ok(false),
        Some(Decision::Accepted(decided) | Decision::Reassigned(decided) | Decision::NoneInside(decided)) => {
            // A label inside another one says that one too.
            Ok(labels::path_of(change, decided.0)?.first().is_some_and(|root| root == label))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pictures::Found;
    use super::*;
    use crate::domain::picture::{ContentHash, Picture, PictureState};
    use crate::domain::run::RunKind;
    use crate::store::known::KnownSessions;

    const STAMP: FileStamp = FileStamp { device: 1, inode: 2, size: 3, modified_ns: 4 };

    /// A session with a picture, put there once for each of these commands owed.
    fn session(alerts: &[Option<&str>]) -> (tempfile::TempDir, Session) {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
        let run = session.begin_run(RunKind::Classify, None, None, crate::store::ledger::RunSettings::none()).unwrap();
        let path = PathBuf::from("/from/1.jpg");
        let picture = Picture {
            path: path.clone(),
            hash: Some(ContentHash([1; 32])),
            stamp: Some(STAMP),
            state: PictureState::Suspect,
            prediction: None,
        };
        let set = LabelSet { id: 1, labels: vec![] };
        for alert in alerts {
            let found = Found { picture: &picture, path: &path, trouble: None, alert: *alert };
            session.put_pictures(run, &set, &[found]).unwrap();
        }
        (folder, session)
    }

    #[test]
    fn a_file_is_known_as_long_as_it_is_the_same() {
        let (_folder, mut session) = session(&[None]);
        let set = LabelSet { id: 1, labels: vec![] };
        let (picture, other) = (Path::new("/from/1.jpg"), PathBuf::from("/from/notes.txt"));
        let knows = |session: &Session, path: &Path, stamp| session.knows_file(path, stamp, &set).unwrap();
        assert!(knows(&session, picture, STAMP));
        // Another number of the file system is no change: it may be mounted anew.
        assert!(knows(&session, picture, FileStamp { device: 9, ..STAMP }));
        for changed in
            [FileStamp { inode: 9, ..STAMP }, FileStamp { size: 9, ..STAMP }, FileStamp { modified_ns: 9, ..STAMP }]
        {
            assert!(!knows(&session, picture, changed), "{changed:?}");
        }
        assert!(!knows(&session, &other, STAMP));
        session.note_others(&[(other.clone(), STAMP)]).unwrap();
        assert!(knows(&session, &other, STAMP) && !knows(&session, &other, FileStamp { size: 9, ..STAMP }));
    }

    #[test]
    fn a_command_is_owed_until_it_was_run_and_once_for_a_picture() {
        let (_folder, mut session) = session(&[Some("weapon"), Some("weapon")]);
        assert_eq!(session.owed_alerts(10).unwrap(), [Alert { picture: PictureId(1), label: "weapon".to_owned() }]);
        session.end_alert(PictureId(1), "done").unwrap();
        assert!(session.owed_alerts(10).unwrap().is_empty());
    }

    #[test]
    fn what_was_there_before_is_no_arrival() {
        let (_folder, session) = session(&[None, Some("weapon")]);
        assert!(session.owed_alerts(10).unwrap().is_empty());
    }
}
