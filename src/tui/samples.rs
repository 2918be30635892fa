//! The folder with the samples, when the app is left: it goes where nothing was done in it, else its place is said.

use std::io::Write;
use std::path::Path;

use crate::built_in;
use crate::domain::printable::printable;
use crate::lang::Language;

/// Removes the folder if it is as it was unpacked. What was sorted or decided in it stays, and so does whatever
/// somebody has put there.
pub(super) fn leave(folder: &Path, language: &Language) {
    match built_in::remove_untouched(folder) {
        Ok(true) => {}
        Ok(false) => say_where(folder, language),
        Err(error) => {
            tracing::warn!("the samples cannot be removed: {error}");
            say_where(folder, language);
        }
    }
}

fn say_where(folder: &Path, language: &Language) {
    let text = language.say("demo.where", &[("folder", &printable(folder))]);
    // A terminal that is gone hears nothing.
    let _ = writeln!(std::io::stdout(), "{text}");
}
