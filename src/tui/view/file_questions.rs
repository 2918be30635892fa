//! The questions before files are touched, with the numbers of what would be done.

use super::canvas::Canvas;
use crate::domain::printable::printable;
use crate::domain::run::RunKind;
use crate::jobs::undo::Outlook;
use crate::lang::{Values, size};
use crate::tui::model::Amounts;

/// Whether to carry the plan out. How many are copied and how many are moved is said in any case.
pub(super) fn apply(canvas: &Canvas<'_>) -> String {
    let amounts = canvas.model.files.plan.as_deref().map(Amounts::of).unwrap_or_default();
    let told = [
        ("app.do_copy", amounts.copied, true),
        ("app.do_move", amounts.moved, true),
        ("app.do_regroup", amounts.regrouped, false),
        ("app.do_remove_sources", amounts.removed, false),
    ];
    let (what, size) = (enumerated(canvas, &told), size(amounts.bytes));
    let (destination, yes) = (printable(canvas.model.session()), canvas.model.language.answer_letter("app.answer_yes"));
    let values: Values<'_> = &[("what", &what), ("size", &size), ("destination", &destination), ("yes", &yes)];
    canvas.say("app.ask_apply", values)
}

/// Whether to take a run back, or to do again what was taken back.
pub(super) fn take_back(canvas: &Canvas<'_>, outlook: Outlook) -> String {
    let is_redo = outlook.kind == RunKind::Redo;
    let (moves, copies) =
        if is_redo { ("app.do_move", "app.do_copy") } else { ("app.do_move_back", "app.do_copy_back") };
    let told = [
        ("app.do_remove_copies", outlook.removed, false),
        (moves, outlook.moved, false),
        (copies, outlook.copied, false),
        ("app.do_nothing_gone", outlook.gone, false),
        ("app.do_leave", outlook.left, false),
    ];
    let (what, yes) = (enumerated(canvas, &told), canvas.model.language.answer_letter("app.answer_yes"));
    let values: Values<'_> = &[("run", &outlook.run.0), ("what", &what), ("yes", &yes)];
    canvas.say(if is_redo { "app.ask_redo" } else { "app.ask_undo" }, values)
}

/// Things in a row, each with its number; those that there are none of only where that is to be said too.
fn enumerated(canvas: &Canvas<'_>, told: &[(&str, usize, bool)]) -> String {
    let some = told.iter().filter(|(_, count, always)| *always || *count > 0);
    some.map(|(key, count, _)| canvas.say(key, &[("count", count)])).collect::<Vec<_>>().join(", ")
}
