//! Pictures opened outside of the app.

use std::path::PathBuf;

use super::sights::sight;
use crate::backend::{Order, OutsideError};
use crate::domain::printable::printable;
use crate::lang::Say;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Outside};

/// Has the picture that is looked at opened. Its file is looked for first: another may have its path by now.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(sight) = model.review.current().and_then(|index| sight(model, index)) else { return vec![] };
    let viewer = match &model.outside {
        Outside::Viewer(words) => Some(words.clone()),
        Outside::Clipboard => None,
    };
    vec![Effect::Order(Order::OpenOutside { sight, viewer })]
}

/// A program has the file, or it is known where that is.
pub(super) fn opened(model: &mut Model, opened: Result<PathBuf, OutsideError>, is_shown: bool) -> Vec<Effect> {
    let path = match opened {
        Ok(path) => path,
        Err(error) => {
            model.say_error(error.say(&model.language));
            return vec![];
        }
    };
    let shown = printable(&path);
    if is_shown {
        model.show(model.language.say("app.opened_outside", &[("path", &shown)]));
        return vec![];
    }
    // A line break in a name would be one more command where somebody pastes it.
    if path.to_string_lossy().contains(char::is_control) {
        model.say_error(model.language.say("app.path_not_copied", &[("path", &shown)]));
        return vec![];
    }
    model.show(model.language.say("app.path_copied", &[("path", &shown)]));
    vec![Effect::Copy(path)]
}
