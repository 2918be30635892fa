//! The sessions that this user made. A session that came with somebody else's folder says where files came from and are to
//! go back to: that is obeyed only when the user says so.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::session::Session;

/// The file in the program's data folder: one name of a session a line.
const FILE: &str = "sessions";

/// The names of the sessions that this user made or trusts.
#[derive(Debug, Clone)]
pub struct KnownSessions {
    path: PathBuf,
}

impl KnownSessions {
    /// Those that are remembered in the program's data folder.
    pub fn in_folder(folder: &Path) -> KnownSessions {
        KnownSessions { path: folder.join(FILE) }
    }

    /// True where the session was made or trusted by this user.
    pub fn has(&self, session: &Session) -> bool {
        let known = std::fs::read_to_string(&self.path).unwrap_or_default();
        known.lines().any(|name| name == session.token())
    }

    /// From now on the session is trusted.
    pub fn add(&self, session: &Session) -> io::Result<()> {
        if self.has(session) {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&self.path)?;
        // In one piece: another process may be adding one too.
        file.write_all(format!("{}\n", session.token()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_once_it_was_added() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownSessions::in_folder(&folder.path().join("data"));
        let session = Session::open_copy(folder.path()).unwrap();
        assert!(!known.has(&session));
        known.add(&session).unwrap();
        assert!(known.has(&session));
        assert!(!known.has(&Session::open_copy(folder.path()).unwrap()), "another session has another name");
    }
}
