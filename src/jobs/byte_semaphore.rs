//! A limit on bytes that are held at a time, whatever the number of those who hold them. The first to ask is served
//! first, so that small wants do not keep a large one waiting for ever.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many bytes may be held at once.
#[derive(Debug)]
pub(super) struct ByteSemaphore {
    limit: u64,
    held: Mutex<Held>,
    freed: Condvar,
}

/// The bytes that are held, and whose turn it is.
#[derive(Debug)]
struct Held {
    bytes: u64,
    next: u64,
    served: u64,
}

/// A part of a semaphore, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'b> {
    semaphore: &'b ByteSemaphore,
    bytes: u64,
}

impl ByteSemaphore {
    pub(super) const fn new(limit: u64) -> ByteSemaphore {
        ByteSemaphore { limit, held: Mutex::new(Held { bytes: 0, next: 0, served: 0 }), freed: Condvar::new() }
    }

    /// Waits until so many bytes are free. A request larger than the limit is granted when nothing else is held.
    pub(super) fn acquire(&self, bytes: u64) -> Permit<'_> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = held.next;
        held.next += 1;
        let must_wait =
            |held: &mut Held| held.served != turn || (held.bytes > 0 && held.bytes.saturating_add(bytes) > self.limit);
        let mut held = self.freed.wait_while(held, must_wait).unwrap_or_else(PoisonError::into_inner);
        held.bytes = held.bytes.saturating_add(bytes);
        held.served += 1;
        // There may be room for whose turn it is now.
        self.freed.notify_all();
        Permit { semaphore: self, bytes }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut held = self.semaphore.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes = held.bytes.saturating_sub(self.bytes);
        drop(held);
        self.semaphore.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_large_want_has_its_turn_before_small_ones_that_come_later() {
        let semaphore = ByteSemaphore::new(10);
        let (first, order) = (semaphore.acquire(6), Mutex::new(vec![]));
        std::thread::scope(|scope| {
            let wait_for = |number: u64| while semaphore.held.lock().unwrap().next < number {};
            scope.spawn(|| {
                let _permit = semaphore.acquire(9);
                order.lock().unwrap().push("large");
            });
            wait_for(2);
            scope.spawn(|| {
                let _permit = semaphore.acquire(2);
                order.lock().unwrap().push("small");
            });
            wait_for(3);
            assert!(order.lock().unwrap().is_empty());
            drop(first);
        });
        assert_eq!(order.into_inner().unwrap(), ["large", "small"]);
    }

    #[test]
    fn what_does_not_fit_waits_until_it_does() {
        let semaphore = ByteSemaphore::new(10);
        let first = semaphore.acquire(100);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _permit = semaphore.acquire(6);
                sender.send(()).unwrap();
            });
            // A number is drawn and room is looked for under one lock.
            while semaphore.held.lock().unwrap().next < 2 {}
            assert_eq!(semaphore.held.lock().unwrap().served, 1, "it waits for the first to be given back");
            drop(first);
            receiver.recv().unwrap();
        });
        assert_eq!(semaphore.held.lock().unwrap().bytes, 0);
    }
}
