//! From pane to pane.

use super::{files, find, inside, labels, review, source_count};
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane};

/// Opens a pane.
pub(super) fn go_to(model: &mut Model, pane: Pane) -> Vec<Effect> {
    model.setup.leave_field();
    let mut effects = labels::end(model);
    // Setup and the plan are for all labels.
    let was_inside = !model.labels.outside.is_empty();
    if matches!(pane, Pane::Setup | Pane::Files) {
        effects.extend(inside::come_out_of_all(model));
    }
    model.popup = None;
    effects.extend(find::keep_names(model));
    model.pane = pane;
    model.scroll = 0;
    effects.extend(match pane {
        Pane::Review => review::enter(model),
        Pane::Files if was_inside => {
            model.files.waits_for_scores = true;
            vec![]
        }
        Pane::Files => files::enter(model),
        Pane::Setup => source_count::enter(model),
        Pane::Labels | Pane::Log => vec![],
    });
    effects
}
