//! A limit on the bytes that wait between two stages, whatever the number of files.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many bytes may be held at once.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: Mutex<u64>,
    freed: Condvar,
}

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Budget {
        Budget { limit, used: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until so many bytes are free. What is larger than the whole budget goes when nothing else is held.
    pub(super) fn take(&self, bytes: u64) -> Share<'_> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |used: &mut u64| *used > 0 && *used + bytes > self.limit;
        *self.freed.wait_while(used, is_full).unwrap_or_else(PoisonError::into_inner) += bytes;
        Share { budget: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.used.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn what_does_not_fit_waits_until_it_does() {
        let budget = Budget::new(10);
        let first = budget.take(100);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _share = budget.take(6);
                sender.send(()).unwrap();
            });
            assert!(receiver.try_recv().is_err(), "it waits for the first to be given back");
            drop(first);
            receiver.recv().unwrap();
        });
        assert_eq!(*budget.used.lock().unwrap(), 0);
    }
}
