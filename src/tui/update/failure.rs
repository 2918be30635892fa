//! Errors of the backend, as sentences.

use std::path::PathBuf;

use super::models::note_damage;
use crate::backend::BackendError;
use crate::lang::Say;
use crate::tui::action::AppAction;
use crate::tui::model::Model;

/// Something could not be done.
pub(super) fn say(model: &mut Model, error: &BackendError) {
    let text = sentence(model, error, model.session());
    model.say_error(text);
}

/// The sentence for an error in a destination. Where its files can be mended or trust would help, that is remembered,
/// and the key for it is said.
pub(super) fn sentence(model: &mut Model, error: &BackendError, destination: PathBuf) -> String {
    note_damage(model, error);
    let text = error.say(&model.language);
    if !error.asks_for_trust() {
        return text;
    }
    model.untrusted = Some(destination);
    format!("{text} {}", model.with_keys("app.how_to_trust", &[("key", AppAction::Trust.into())]))
}
