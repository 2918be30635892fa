//! The count of the source's pictures, which a start waits for.

use crate::backend::Order;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Opens the pane: what is in the source now is counted again.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    if model.is_busy() { vec![] } else { check(model) }
}

/// Has another source counted: what is known of the one before is of no use, and a start that waits was for that one.
pub(super) fn check_anew(model: &mut Model) -> Vec<Effect> {
    model.setup.checked = None;
    model.setup.waits_for_count = false;
    check(model)
}

/// Has the source counted. What is known of it stays until the answer comes.
fn check(model: &mut Model) -> Vec<Effect> {
    model.setup.check += 1;
    let source = model.setup.source.text().trim();
    if source.is_empty() {
        model.setup.checked = None;
        return vec![];
    }
    match model.choice() {
        Ok(choice) => vec![Effect::Order(Order::Check {
            number: model.setup.check,
            source: source.into(),
            recursive: model.setup.recursive,
            choice,
            destination: model.destination(),
        })],
        Err(problem) => {
            model.setup.checked = Some(Err(problem));
            vec![]
        }
    }
}
