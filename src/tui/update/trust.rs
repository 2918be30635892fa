//! A session that is not known to be the user's own: asking for trust, and giving it.

use std::path::PathBuf;

use super::start;
use crate::backend::Order;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Question, Work};

/// Asks for trust in the session.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    if model.untrusted.is_none() {
        let text = model.language.text("app.nothing_to_trust");
        model.say(text);
        return vec![];
    }
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    model.question = Some(Question::Trust);
    vec![]
}

/// Has the session obeyed from now on.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(destination) = model.untrusted.clone() else { return vec![] };
    model.work = Work::Opening;
    vec![Effect::Order(Order::Trust { destination })]
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
    vec![Effect::Order(Order::Open { destination })]
}
