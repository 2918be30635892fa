//! Values that are kept with the session, each under its key.

use rusqlite::OptionalExtension;

use super::{Session, StoreError};

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
