//! Whose a session is: what its seal proves, and what is obeyed without one.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::lock::lock;
use super::{Session, StoreError};
use crate::store::known::KnownSessions;
use crate::store::secret::{NoSecret, Seal, Secret};
use crate::store::{database, schema};

/// The key under which a session keeps its seal.
const SEAL: &str = "seal";

/// The state of a session that a seal is made of: the number of its ledger's lines, and the hash of the last.
type State = (i64, String);

impl Session {
    /// Opens a session to work in it where it is the user's own, which is noted of a new one; with `trust` in any case,
    /// and from now on it is the user's own. Where that cannot be noted, what stands in the way comes with the session.
    pub fn open_as_own(
        destination: &std::path::Path,
        known: &KnownSessions,
        trust: bool,
    ) -> Result<(Session, Option<NoSecret>), StoreError> {
        let mut session = Session::open_to_work(destination, known)?;
        session.check_tables()?;
        // A new session is not begun with a damaged secret: once that is mended, it would pass for somebody else's.
        let is_damaged = session.no_secret.as_ref().is_some_and(|error| error.damaged().is_some());
        match (session.is_new && !is_damaged) || trust {
            true => session.seal()?,
            false => session.check_own(known)?,
        }
        let not_noted = session.no_secret.take();
        Ok((session, not_noted))
    }

    /// An error unless the session is the user's own: sealed as it is now, or noted by version 0.1.0 and as its ledger
    /// tells, in which case it is sealed from now on.
    pub fn check_own(&mut self, known: &KnownSessions) -> Result<(), StoreError> {
        let destination = self.destination.clone();
        match self.no_secret.take() {
            Some(source) => Err(StoreError::OwnerUnknown { destination, source }),
            None if self.is_sealed()? || self.take_over(known)? => Ok(()),
            None => Err(StoreError::NotOwn { destination }),
        }
    }

    fn is_sealed(&mut self) -> Result<bool, StoreError> {
        let (secret, token) = (self.secret.clone(), self.token.clone());
        self.read(|reading| Ok(sealed_state(reading, secret.as_ref(), &token)?.is_some()))
    }

    /// Seals the session as it is now.
    pub(super) fn seal(&mut self) -> Result<(), StoreError> {
        let (secret, token) = (self.secret.clone(), self.token.clone());
        self.change(|change| match &secret {
            Some(secret) => put_seal(change, secret, &token, &state(change)?),
            None => Ok(()),
        })
    }

    /// Takes over a session that version 0.1.0 noted as the user's own, once, where it is as its ledger tells.
    fn take_over(&mut self, known: &KnownSessions) -> Result<bool, StoreError> {
        let Some(secret) = self.secret.clone() else { return Ok(false) };
        if self.value(SEAL)?.is_some() {
            return Ok(false);
        }
        let destination = self.destination.clone();
        let failed =
            |source| StoreError::OwnerUnknown { destination: destination.clone(), source: known.unusable(source) };
        let (lines, head) = self.read(state)?;
        let seal = secret.seal(&self.token, lines, &head);
        if !known.may_take_over(&self.token, seal).map_err(failed)? {
            return Ok(false);
        }
        // Nobody works in it meanwhile.
        let _lock = match self.lock {
            Some(_) => None,
            None => match lock(&self.folder(), &self.destination) {
                Err(StoreError::Busy { .. }) => return Ok(false),
                locked => Some(locked?),
            },
        };
        if !self.is_as_told()? {
            return Ok(false);
        }
        known.take_over(&self.token, seal).map_err(failed)?;
        self.seal()?;
        Ok(true)
    }

    /// True where the ledger is whole and tells of every transfer that ended what the session does, and of no other,
    /// and pictures are where those have put them.
    pub(super) fn is_as_told(&self) -> Result<bool, StoreError> {
        let account = match self.account() {
            Err(StoreError::LedgerBroken { .. }) => return Ok(false),
            account => account?,
        };
        let (disputed, ended) = self.told_otherwise(&account)?;
        Ok(disputed.is_empty() && ended == account.transfers() && self.misplaced()?.is_empty())
    }

    /// An error where the database has other tables, triggers or views than this program makes: a trigger could make of
    /// what is written something else.
    fn check_tables(&self) -> Result<(), StoreError> {
        match has_own_tables(&self.connection).map_err(|error| self.failed(error))? {
            true => Ok(()),
            false => Err(StoreError::Altered { destination: self.destination.clone() }),
        }
    }
}

/// True where a database has the tables, indices and triggers of a session, and nothing else.
pub(super) fn has_own_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let model = match database::in_memory(&schema::SESSION) {
        Ok(model) => model,
        Err(StoreError::Database { source, .. }) => return Err(source),
        Err(_) => return Ok(false),
    };
    let listed = |connection: &Connection| -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
        let mut statement = connection.prepare(
            "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
        )?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    };
    Ok(listed(connection)? == listed(&model)?)
}

fn state(reading: &Connection) -> rusqlite::Result<State> {
    let mut statement = reading.prepare_cached("SELECT lines, head FROM ledger")?;
    statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The state of a session that has the right seal.
pub(super) fn sealed_state(
    reading: &Connection,
    secret: Option<&Secret>,
    token: &str,
) -> rusqlite::Result<Option<State>> {
    let Some(secret) = secret else { return Ok(None) };
    let mut statement = reading.prepare_cached("SELECT value FROM session WHERE key = ?1")?;
    let seal: Option<Vec<u8>> = statement.query_row([SEAL], |row| row.get(0)).optional()?;
    let state = state(reading)?;
    let is_right = seal.is_some_and(|seal| seal == secret.seal(token, state.0, &state.1));
    Ok(is_right.then_some(state))
}

/// Renews the seal in a transaction in which it was right for the state before, and lines were added to the ledger.
/// Lines that somebody else has added are never sealed.
pub(super) fn reseal(
    change: &Transaction<'_>,
    secret: Option<&Secret>,
    token: &str,
    before: Option<State>,
) -> rusqlite::Result<()> {
    let (Some(secret), Some(before)) = (secret, before) else { return Ok(()) };
    let now = state(change)?;
    if now == before { Ok(()) } else { put_seal(change, secret, token, &now) }
}

fn put_seal(change: &Transaction<'_>, secret: &Secret, token: &str, state: &State) -> rusqlite::Result<()> {
    let seal: Seal = secret.seal(token, state.0, &state.1);
    change.prepare_cached("INSERT OR REPLACE INTO session VALUES (?1, ?2)")?.execute((SEAL, seal)).map(drop)
}
