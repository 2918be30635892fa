//! Values that are kept with the session, each under its key; some with a proof that this user's program wrote them.

use rusqlite::OptionalExtension;

use super::{Session, StoreError};
use crate::store::secret::Secret;

/// Begins the key under which the proof of a value is.
const PROOF: &str = "proof ";

impl Session {
    /// A value that is kept with the session.
    pub fn value(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.connection.query_row("SELECT value FROM session WHERE key = ?1", [key], |row| row.get(0));
        found.optional().map_err(|error| self.failed(error))
    }

    /// Keeps a value.
    pub fn set_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.change(|change| change.execute("INSERT OR REPLACE INTO session VALUES (?1, ?2)", (key, value)).map(drop))
    }

    /// A value that this user's program has kept with a proof; none where nothing proves that. Without a secret that is
    /// one of this process.
    pub fn proved_value(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.value_proved_with(key, self.prover())
    }

    /// The same with a secret.
    pub(super) fn value_proved_with(&self, key: &str, secret: &Secret) -> Result<Option<Vec<u8>>, StoreError> {
        let (value, proof) = (self.value(key)?, self.value(&format!("{PROOF}{key}"))?);
        Ok(value.filter(|value| proof.is_some_and(|proof| proof == secret.prove(&self.token, key, value))))
    }

    /// Keeps a value with a proof.
    pub fn set_proved_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let proof = self.prover().prove(&self.token, key, value);
        self.change(|change| {
            let mut statement = change.prepare_cached("INSERT OR REPLACE INTO session VALUES (?1, ?2)")?;
            statement.execute((key, value))?;
            statement.execute((format!("{PROOF}{key}"), &proof[..])).map(drop)
        })
    }

    fn prover(&self) -> &Secret {
        self.secret.as_ref().unwrap_or(&self.passing_secret)
    }

    /// The rest of the keys with a beginning, among the values that are kept.
    pub fn keys_after(&self, beginning: &str) -> Result<Vec<String>, StoreError> {
        let keys = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare("SELECT key FROM session")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let keys = keys().map_err(|error| self.failed(error))?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(beginning)).map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::known::KnownSessions;

    #[test]
    fn a_value_that_somebody_else_wrote_is_not_proved() {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let known = KnownSessions::in_folder(Some(data.path()));
        let open = |known: &KnownSessions| Session::open_as_own(folder.path(), known, true).unwrap().0;
        let mut session = open(&known);
        session.set_value("own a", b"1").unwrap();
        session.set_proved_value("own b", b"2").unwrap();
        assert_eq!(session.proved_value("own a").unwrap(), None);
        assert_eq!(session.proved_value("own b").unwrap().as_deref(), Some(&b"2"[..]));
        // The proof of one value proves no other, nor another key's.
        let proof = session.value("proof own b").unwrap().unwrap();
        session.set_value("proof own a", &proof).unwrap();
        session.set_value("own b", b"1").unwrap();
        assert_eq!((session.proved_value("own a").unwrap(), session.proved_value("own b").unwrap()), (None, None));
        session.set_value("own b", b"2").unwrap();
        drop(session);
        assert_eq!(open(&known).proved_value("own b").unwrap().as_deref(), Some(&b"2"[..]));
        // Without a secret nothing is proved but by the process itself.
        let mut without = open(&KnownSessions::in_folder(None));
        assert_eq!(without.proved_value("own b").unwrap(), None);
        without.set_proved_value("own b", b"3").unwrap();
        assert_eq!(without.proved_value("own b").unwrap().as_deref(), Some(&b"3"[..]));
        drop(without);
        assert_eq!(open(&KnownSessions::in_folder(None)).proved_value("own b").unwrap(), None);
    }
}
