//! Locks on files. Without one two processes would work at once: only a file system that says that it knows no locks is
//! worked on without.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// The answers of file systems that know no locks. `NOLCK` is none of them: there, just now, no lock can be had.
const NO_LOCKS: [Errno; 4] = [Errno::OPNOTSUPP, Errno::NOTSUP, Errno::NOSYS, Errno::INVAL];

/// The state of a lock after it was tried to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locked {
    /// It was taken.
    ByUs,
    /// Another process has it.
    ByOthers,
    /// The file system knows no locks.
    Unknown,
}

/// Tries to take a lock alone.
pub(super) fn try_lock(file: &File) -> io::Result<Locked> {
    tried(|| file.try_lock())
}

/// Tries to take a lock that others may share.
pub(super) fn try_lock_shared(file: &File) -> io::Result<Locked> {
    tried(|| file.try_lock_shared())
}

/// Takes a lock alone, as soon as nobody else has it.
pub(super) fn lock(file: &File) -> io::Result<()> {
    tried(|| file.lock().map_err(TryLockError::Error)).map(drop)
}

/// Takes a lock that others may share, as soon as nobody has it alone.
pub(super) fn lock_shared(file: &File) -> io::Result<()> {
    tried(|| file.lock_shared().map_err(TryLockError::Error)).map(drop)
}

fn tried(mut attempt: impl FnMut() -> Result<(), TryLockError>) -> io::Result<Locked> {
    loop {
        match attempt() {
            Ok(()) => return Ok(Locked::ByUs),
            Err(TryLockError::WouldBlock) => return Ok(Locked::ByOthers),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) if is_unknown(&error) => {
                tracing::warn!("this file system knows no locks: {error}");
                return Ok(Locked::Unknown);
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn is_unknown(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| NO_LOCKS.iter().any(|errno| errno.raw_os_error() == code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_system_without_locks_is_worked_on_without() {
        let answered = |errno: Errno| tried(|| Err(TryLockError::Error(errno.into())));
        for errno in NO_LOCKS {
            assert_eq!(answered(errno).unwrap(), Locked::Unknown, "{errno}");
        }
        for errno in [Errno::NOLCK, Errno::IO, Errno::BADF, Errno::STALE] {
            assert!(answered(errno).is_err(), "{errno}");
        }
        let mut answers = vec![Ok(()), Err(TryLockError::Error(Errno::INTR.into()))];
        assert_eq!(tried(|| answers.pop().unwrap()).unwrap(), Locked::ByUs);
        assert_eq!(tried(|| Err(TryLockError::WouldBlock)).unwrap(), Locked::ByOthers);
    }
}
