//! Starting threads on a system that may have none left: then there is less side by side, and the same is done.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// Starts a thread in a scope; an error where there is none to be had.
pub(super) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    let started = Builder::new().spawn_scoped(scope, work);
    started.inspect_err(|error| tracing::warn!("no thread: {error}"))
}

/// Does one thing on a thread of its own while this one does another; one after the other where there is no thread.
pub(super) fn beside<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    let one = Mutex::new(Some(one));
    std::thread::scope(|scope| {
        let started = start(scope, || taken(&one));
        let other = other();
        let on_its_own = started.ok().and_then(joined);
        match on_its_own.or_else(|| taken(&one)) {
            Some(one) => (one, other),
            // The thread that takes it has an answer or panics.
            None => std::panic::resume_unwind(Box::new("it was taken twice")),
        }
    })
}

/// Does everything side by side, and what there is no thread for on this one. Gives what each came to.
pub(super) fn side_by_side<T: Send, W: FnOnce() -> T + Send>(works: Vec<W>) -> Vec<T> {
    let works: Vec<_> = works.into_iter().map(|work| Mutex::new(Some(work))).collect();
    std::thread::scope(|scope| {
        let started: Vec<_> = works.iter().map(|work| start(scope, move || taken(work))).collect();
        let done = started.into_iter().zip(&works);
        done.filter_map(|(started, work)| started.ok().and_then(joined).or_else(|| taken(work))).collect()
    })
}

/// Does a piece of work that nobody has taken yet.
fn taken<T, W: FnOnce() -> T>(work: &Mutex<Option<W>>) -> Option<T> {
    let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
    work.map(|work| work())
}

fn joined<T>(thread: ScopedJoinHandle<'_, Option<T>>) -> Option<T> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_in_order() {
        let works: Vec<_> = (0..20).map(|number| move || number).collect();
        assert_eq!(side_by_side(works), (0..20).collect::<Vec<_>>());
        assert_eq!(beside(|| 1, || 2), (1, 2));
    }
}
