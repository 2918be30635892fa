//! The last decisions, the newest first.

use std::collections::HashSet;

use crate::domain::decision::Decision;
use crate::domain::printable::{printable, printable_text};
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
            let name = model.collection.entries()[index].path.file_name().map(printable).unwrap_or_default();
            let (before, after) = (words(model, change.was), words(model, change.is));
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

/// A decision in words.
fn words(model: &Model, decision: Option<Decision>) -> String {
    match decision {
        None => model.language.text("app.undecided"),
        Some(Decision::Accepted(label) | Decision::Reassigned(label)) => {
            model.labels.text_of(label).map(printable_text).unwrap_or_default()
        }
        Some(Decision::NoneOfThese) => model.language.text("app.row_none"),
        Some(Decision::Skipped) => model.language.text("app.skipped"),
    }
}
