//! A session of which nothing shows that it is the user's own: what is said of it, and how it is trusted.

use std::path::PathBuf;

use super::{order, setup, start};
use crate::backend::{CrewError, Order};
use crate::lang::Say;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Question, Work};

/// The sentence for an error; where trust would help, with the key for it, and the destination is remembered.
pub(super) fn sentence(model: &mut Model, error: &CrewError, destination: PathBuf) -> String {
    let text = error.say(&model.language);
    if !error.asks_for_trust() {
        return text;
    }
    model.untrusted = Some(destination);
    format!("{text} {}", model.with_keys("app.how_to_trust", &[("key", "everywhere.trust")]))
}

/// Asks whether the session is to be trusted.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    if model.untrusted.is_none() {
        let text = model.language.text("app.nothing_to_trust");
        model.say(text);
        return vec![];
    }
    if model.is_busy() {
        return setup::busy(model);
    }
    model.question = Some(Question::Trust);
    vec![]
}

/// Has the session obeyed from now on.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(destination) = model.untrusted.clone() else { return vec![] };
    model.work = Work::Opening;
    vec![order(Order::Trust { destination })]
}

/// A session is obeyed from now on. Where its pictures are on the screen, it is opened again with all that trust
/// brings.
pub(super) fn trusted(model: &mut Model, destination: PathBuf) -> Vec<Effect> {
    let text = model.language.text("app.trusted");
    model.say(text);
    if model.untrusted.take().is_none() {
        // It was trusted before it was opened.
        return vec![];
    }
    if destination != model.session() || model.collection.is_empty() {
        model.work = Work::Idle;
        return vec![];
    }
    start::make_room(model);
    vec![order(Order::Open { destination })]
}
