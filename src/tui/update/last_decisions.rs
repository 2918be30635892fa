//! The last decisions, the newest first.

use std::collections::HashSet;

use crate::tui::effect::Effect;
use crate::tui::model::{Choice, Chooser, Model, Pick, Popup};

/// Opens the list of decisions that stand.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let mut choices = vec![];
    for changes in model.review.history.done().iter().rev() {
        // One line for each content, as one decision holds for all pictures of it.
        let mut told = HashSet::new();
        for change in changes {
            let Some(index) = model.collection.place_of(change.picture) else { continue };
            if !told.insert(model.collection.same_content(index).next().unwrap_or(index)) {
                continue;
            }
            let name = model.file_name(index);
            let (before, after) = (model.decision_name(change.was), model.decision_name(change.is));
            let values: crate::lang::Values<'_> = &[("name", &name), ("before", &before), ("after", &after)];
            let text = model.language.say("app.decision_line", values);
            choices.push(Choice::new(&text, Pick::Picture(change.picture)));
        }
    }
    if choices.is_empty() {
        let text = model.language.text("app.no_decisions");
        model.say(text);
        return vec![];
    }
    model.popup = Some(Popup::Chooser(Chooser::new(model.language.text("app.decisions"), choices)));
    vec![]
}
