//! Ready lists of labels for common kinds of collections.

use super::{labels, panes};
use crate::tui::action::EditorAction;
use crate::tui::effect::Effect;
use crate::tui::model::{Choice, Chooser, Model, PACKS, Pack, Pane, Pick, Popup, pack_lines};

/// Opens the list of packs.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let choice = |(place, pack): (usize, &Pack)| {
        let name = model.language.text(pack.name);
        let count = pack_lines(&model.language, pack).len();
        let detail = model.language.say("packs.count", &[("count", &count)]);
        Choice { detail, ..Choice::new(&name, Pick::Pack(place)) }
    };
    let choices = PACKS.iter().enumerate().map(choice).collect();
    model.popup = Some(Popup::Chooser(Chooser::new(model.language.text("packs.title"), choices)));
    vec![]
}

/// Writes the labels of a pack into the editor, instead of those that are there. The editor can take that back.
pub(super) fn take(model: &mut Model, place: usize) -> Vec<Effect> {
    let Some(pack) = PACKS.get(place) else { return vec![] };
    let lines = pack_lines(&model.language, pack);
    model.welcome = None;
    let mut effects = if model.pane == Pane::Labels { vec![] } else { panes::go_to(model, Pane::Labels) };
    effects.extend(labels::replace(model, &lines));
    let text = model.with_keys("packs.taken", &[("key", EditorAction::Undo.into())]);
    model.say(text);
    effects
}
