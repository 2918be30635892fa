//! Questions about pictures that are not on the screen.

use super::canvas::Canvas;
use crate::domain::printable::printable_text;
use crate::lang::Values;
use crate::tui::model::Wanted;
use crate::tui::update::out_of_sight;

/// How many marked pictures a key decides, and how many of them nobody sees just now.
pub(super) fn decide_marked(canvas: &Canvas<'_>, wanted: Wanted) -> String {
    let model = canvas.model;
    let what = match wanted {
        Wanted::Accept => canvas.text("app.as_predicted"),
        Wanted::Label(label) => model.labels.text_of(label).map(printable_text).unwrap_or_default(),
        Wanted::NoneOfThese => canvas.text("app.row_none"),
        Wanted::Skip => canvas.text("app.skipped"),
    };
    let yes = model.language.answer_letter("app.answer_yes");
    let (count, unseen) = (model.review.marked.len(), out_of_sight(model));
    canvas.say("app.ask_marked", &[("count", &count), ("unseen", &unseen), ("what", &what), ("yes", &yes)])
}

/// The question about a step from before the session was opened.
pub(super) fn take_back_earlier(canvas: &Canvas<'_>) -> String {
    let model = canvas.model;
    let yes = model.language.answer_letter("app.answer_yes");
    let changes = model.review.history.next_to_take_back().map(Vec::as_slice).unwrap_or_default();
    match changes {
        [change] => {
            let name = model.collection.place_of(change.picture).map(|index| model.file_name(index));
            let name = name.unwrap_or_default();
            let (was, is) = (model.decision_name(change.was), model.decision_name(change.is));
            let values: Values<'_> = &[("name", &name), ("was", &was), ("is", &is), ("yes", &yes)];
            canvas.say("app.ask_earlier", values)
        }
        changes => canvas.say("app.ask_earlier_many", &[("count", &changes.len()), ("yes", &yes)]),
    }
}
