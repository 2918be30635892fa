//! The destination in whose session the runner works. The lock of a session tells that somebody works there, and not
//! that it is this app: without this the app would take its own runner for another process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by the runner, which begins and ends its work, and the change feed, which asks.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnWork(Arc<Mutex<Option<PathBuf>>>);

/// The work lasts as long as this.
pub(super) struct Working {
    own_work: OwnWork,
    before: Option<PathBuf>,
}

impl OwnWork {
    /// The runner works in the session of a destination from now on, perhaps within other work.
    pub(super) fn begin(&self, destination: &Path) -> Working {
        Working { own_work: self.clone(), before: self.set(Some(destination.to_owned())) }
    }

    /// True where the runner works in the session of a destination.
    pub(super) fn is_in(&self, destination: &Path) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(destination)
    }

    fn set(&self, destination: Option<PathBuf>) -> Option<PathBuf> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), destination)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.own_work.set(self.before.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_within_work_ends_with_the_work_around_it() {
        let (own_work, there) = (OwnWork::default(), Path::new("/there"));
        let outer = own_work.begin(there);
        drop(own_work.begin(Path::new("/elsewhere")));
        assert!(own_work.is_in(there) && !own_work.is_in(Path::new("/elsewhere")));
        drop(outer);
        assert!(!own_work.is_in(there));
    }
}
