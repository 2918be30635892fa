//! Marks: several pictures that one key decides. What is marked is counted, and a mark that is not on the screen is
//! asked about before anything is decided.

use super::queue::go;
use crate::tui::action::ReviewAction;
use crate::tui::effect::Effect;
use crate::tui::layout::listed_rows;
use crate::tui::model::Model;

/// Marks the picture that is looked at, or takes its mark off, and goes on.
pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(index) = model.review.current() else { return vec![] };
    let is_marked = !model.review.marked.remove(&index);
    if is_marked {
        model.review.marked.insert(index);
    }
    let effects = go(model, 1);
    let sentence = if is_marked { "app.marked_one" } else { "app.unmarked_one" };
    let name = model.file_name(index);
    model.show(model.language.say(sentence, &[("name", &name), ("count", &model.review.marked.len())]));
    effects
}

/// Begins a range at the picture that is looked at, or marks all from where one was begun.
pub(super) fn mark_range(model: &mut Model) -> Vec<Effect> {
    let at = model.review.at;
    let Some(index) = model.review.current() else { return vec![] };
    match model.review.anchor.take() {
        None => {
            model.review.anchor = Some(at);
            let keys = [("end", ReviewAction::MarkRange.into()), ("leave", ReviewAction::Leave.into())];
            let how = model.with_keys("app.range_how", &keys);
            let begun = model.language.say("app.range_begun", &[("name", &model.file_name(index))]);
            model.show(format!("{begun} {how}"));
        }
        Some(anchor) => {
            let range = anchor.min(at)..=anchor.max(at);
            let indices: Vec<usize> = range.filter_map(|at| model.review.queue.get(at).copied()).collect();
            model.review.marked.extend(&indices);
            let count = indices.len();
            let values: crate::lang::Values<'_> = &[("count", &count), ("all", &model.review.marked.len())];
            model.show(model.language.say("app.range_marked", values));
        }
    }
    vec![]
}

/// Takes all marks off, and gives up a range that was begun. True where there was any of them.
pub(super) fn clear(model: &mut Model) -> bool {
    let count = std::mem::take(&mut model.review.marked).len();
    let was_begun = model.review.anchor.take().is_some();
    if count > 0 {
        model.show(model.language.say("app.unmarked_all", &[("count", &count)]));
    } else if was_begun {
        model.show(model.language.text("app.range_given_up"));
    }
    count > 0 || was_begun
}

/// How many marked pictures are not on the screen.
pub(in crate::tui) fn out_of_sight(model: &Model) -> usize {
    let review = &model.review;
    let listed = review.listed(listed_rows(model.size, review.look, review.details));
    let shown = &review.queue[listed];
    let is_shown = |index: &usize| Some(*index) == review.current() || shown.contains(index);
    review.marked.iter().filter(|index| !is_shown(index)).count()
}
