//! Panics of other people's code, turned into errors.
//!
//! Decoders and runtimes read hostile bytes. A panic in one of them concerns one file, not the program: it is caught
//! where that file is handled, and goes to the log instead of the screen.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT_HERE: Cell<bool> = const { Cell::new(false) };
}

/// The message of a caught panic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it panicked: {0}")]
pub struct Panicked(pub String);

/// Runs `work`; a panic in it becomes an error.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = CAUGHT_HERE.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CAUGHT_HERE.set(before);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        Panicked(text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default())
    })
}

/// True while a panic on this thread would be caught, and concerns one file only.
pub fn is_caught() -> bool {
    CAUGHT_HERE.get()
}

/// Sends what caught panics print to the log; all others go on as before.
pub fn log_caught_panics() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        if !CAUGHT_HERE.get() {
            others(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| panic!("of {}", 2)), Err::<(), _>(Panicked("of 2".to_owned())));
    }
}
