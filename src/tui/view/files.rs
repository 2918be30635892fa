//! The files pane: what would happen, what happened.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::canvas::{Canvas, nothing_yet, paragraph};
use crate::backend::{Tally, UndoTally};
use crate::domain::picture::PictureState;
use crate::domain::plan::Plan;
use crate::domain::printable::{printable, printable_text};
use crate::lang::{Values, size};
use crate::tui::action::{AppAction, FilesAction};
use crate::tui::model::{Amounts, Done, Work};

/// Items of a list that are shown; all are in the table.
const LISTED: usize = 100;

/// Reasons that are shown under what was done; all of them are in the log and the ledger.
const FAILURES: usize = 5;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    paragraph(frame, area, lines(canvas).into_iter().skip(canvas.model.scroll).collect());
}

/// Everything, however much of it the screen shows.
pub(super) fn lines(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let files = &canvas.model.files;
    let mut lines = vec![Line::raw("")];
    match (&canvas.model.work, &files.plan) {
        (Work::Applying { tally, total }, _) | (Work::Undoing { tally, total }, _) => {
            let done = tally.begun();
            let stop = canvas.model.keys.name(AppAction::Stop);
            let values: Values<'_> = &[("done", &done), ("total", total), ("key", &stop)];
            lines.push(Line::styled(canvas.say("app.files_going_on", values), canvas.theme.title()));
            lines.push(Line::styled(bar(done, *total), canvas.theme.good()));
        }
        (Work::Classifying { .. }, _) => lines.push(Line::raw(canvas.text("app.plan_after_classifying"))),
        (Work::Planning, _) => lines.push(Line::raw(canvas.text("app.planning"))),
        (Work::Foreseeing, _) => lines.push(Line::raw(canvas.text("app.foreseeing"))),
        (_, Some(plan)) => lines.extend(planned(canvas, plan)),
        (_, None) if canvas.model.collection.is_empty() => lines.push(Line::raw(nothing_yet(canvas))),
        (_, None) if canvas.model.is_untrusted() => {
            let text = canvas.with_keys("app.not_trusted", &[("key", AppAction::Trust.into())]);
            lines.push(Line::styled(text, canvas.theme.warning()));
        }
        (_, None) => lines.push(Line::raw(canvas.with_keys("app.press_to_plan", &[("key", FilesAction::Plan.into())]))),
    }
    lines.push(Line::raw(""));
    lines.extend(last(canvas));
    lines
}

/// How far something has come.
fn bar(done: usize, total: usize) -> String {
    const WIDTH: usize = 40;
    let full = (done * WIDTH).checked_div(total).unwrap_or(0).min(WIDTH);
    format!("{}{}", "█".repeat(full), "·".repeat(WIDTH - full))
}

fn planned(canvas: &Canvas<'_>, plan: &Plan) -> Vec<Line<'static>> {
    let mut by_folder: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for planned in &plan.transfers {
        let entry = by_folder.entry(&planned.folder).or_default();
        *entry = (entry.0 + 1, entry.1 + planned.size);
    }
    let destination = printable(canvas.model.session());
    let mut lines =
        vec![Line::styled(canvas.say("app.plan_head", &[("destination", &destination)]), canvas.theme.title())];
    for (folder, (count, bytes)) in &by_folder {
        lines.push(Line::raw(format!("{count:>7}  {}  ({})", printable_text(folder), size(*bytes))));
    }
    let (gone, unseen) = (&canvas.model.files.gone, &canvas.model.files.unseen);
    if plan.transfers.is_empty() && !gone.is_empty() {
        let text = canvas.say("app.nothing_but_gone", &[("count", &gone.len())]);
        lines.push(Line::styled(text, canvas.theme.error()));
    } else if plan.transfers.is_empty() && !unseen.is_empty() {
        let text = canvas.say("app.nothing_but_unseen", &[("count", &unseen.len())]);
        lines.push(Line::styled(text, canvas.theme.error()));
    } else if plan.transfers.is_empty() {
        lines.push(Line::styled(canvas.text("app.nothing_to_apply"), canvas.theme.good()));
    } else {
        let key = [("key", FilesAction::Apply.into())];
        lines.push(Line::styled(canvas.with_keys("app.how_to_apply", &key), canvas.theme.good()));
    }
    lines.push(Line::raw(""));
    lines.extend(sums(canvas, plan));
    lines.extend(longer_names(canvas, plan));
    lines.extend(listed(canvas, "app.plan_gone_head", gone.iter().map(printable)));
    lines.extend(listed(canvas, "app.plan_unseen_head", unseen.iter().map(printable)));
    lines.extend(troubled(canvas));
    lines
}

/// How many of each kind; kinds that there are none of are left out.
fn sums(canvas: &Canvas<'_>, plan: &Plan) -> Vec<Line<'static>> {
    let amounts = Amounts::of(plan);
    let counts = &canvas.model.counts;
    let sums = [
        ("app.plan_copied", amounts.copied),
        ("app.plan_moved", amounts.moved),
        ("app.plan_regrouped", amounts.regrouped),
        ("app.plan_removed_sources", amounts.removed),
        ("app.plan_in_place", plan.in_place),
        ("app.plan_gone", canvas.model.files.gone.len()),
        ("app.plan_unseen", canvas.model.files.unseen.len()),
        ("app.plan_left", plan.left.len()),
        ("app.plan_unsure", counts.unsure),
        ("app.plan_none", counts.none_of_these),
        ("app.plan_removed", counts.label_removed),
        ("app.plan_suspect", counts.suspect),
        ("app.plan_failed", counts.failed()),
        ("app.plan_unwanted", plan.unwanted),
    ];
    let some = sums.iter().filter(|(_, count)| *count > 0);
    some.map(|(key, count)| Line::raw(format!("{count:>7}  {}", canvas.say(key, &[("count", count)])))).collect()
}

/// Files whose names are taken in their folder.
fn longer_names(canvas: &Canvas<'_>, plan: &Plan) -> Vec<Line<'static>> {
    let renamed = plan.transfers.iter().filter(|planned| planned.file_name != planned.own_name);
    let names = renamed.map(|planned| {
        let place = printable(std::path::Path::new(&planned.folder).join(&planned.file_name));
        format!("{} -> {place}", printable(&planned.own_name))
    });
    listed(canvas, "app.plan_renamed", names)
}

/// Pictures that are not sorted by themselves because something is wrong with them, and what.
fn troubled(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let entries = canvas.model.collection.entries().iter().filter(|entry| entry.state != PictureState::Ok);
    let named = entries.map(|entry| {
        let trouble = entry.trouble.as_deref().unwrap_or_default();
        format!("{}: {}", printable(&entry.path), printable_text(trouble))
    });
    listed(canvas, "app.plan_troubled", named)
}

/// A heading with a list under it; of a long list the first, and how many more there are.
fn listed(canvas: &Canvas<'_>, heading: &str, items: impl Iterator<Item = String>) -> Vec<Line<'static>> {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return vec![];
    }
    let mut lines = vec![Line::raw(""), Line::styled(canvas.text(heading), canvas.theme.title())];
    lines.extend(items.by_ref().take(LISTED).map(|item| Line::raw(format!("  {item}"))));
    let rest = items.count();
    if rest > 0 {
        lines.push(Line::styled(canvas.say("app.plan_more", &[("count", &rest)]), canvas.theme.faint()));
    }
    lines
}

/// The last thing that was done, what went wrong with it, and what comes next.
fn last(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let files = &canvas.model.files;
    let failures =
        files.failures.iter().take(FAILURES).map(|failure| Line::styled(failure.clone(), canvas.theme.error()));
    let Some(done) = files.last else { return failures.collect() };
    let mut lines = vec![match done {
        Done::Applied { run, tally, total } => applied(canvas, run.map_or(0, |run| run.0), tally, total),
        Done::Undone { run, tally, .. } => undone(canvas, run.0, tally),
    }];
    let more = match done {
        Done::Applied { tally, .. } => [("app.sources_kept", tally.kept), ("classify.unkept", tally.unkept)],
        Done::Undone { tally, .. } => [("undo.gone", tally.gone), ("undo.unkept", tally.unkept)],
    };
    let more = more.into_iter().filter(|(_, count)| *count > 0);
    lines.extend(more.map(|(key, count)| Line::styled(canvas.say(key, &[("count", &count)]), canvas.theme.error())));
    lines.extend(failures);
    if let Done::Applied { .. } = done {
        let (table, review) =
            (printable(&canvas.model.defaults.output_file), canvas.model.keys.last_name(AppAction::Review));
        lines.push(Line::raw(canvas.say("app.after_applying", &[("table", &table), ("review", &review)])));
    }
    if let Some(head) = &files.head {
        lines.push(Line::styled(canvas.say("app.ledger_head", &[("head", head)]), canvas.theme.faint()));
    }
    lines
}

/// How many files a plan has brought where.
fn applied(canvas: &Canvas<'_>, run: i64, tally: Tally, total: usize) -> Line<'static> {
    let (failed, rest) = (tally.failed - tally.kept, total.saturating_sub(tally.begun()));
    let destination = printable(canvas.model.session());
    let key = canvas.model.keys.name(FilesAction::Undo);
    let values: Values<'_> = &[
        ("run", &run),
        ("done", &tally.done),
        ("present", &tally.present),
        ("failed", &failed),
        ("rest", &rest),
        ("destination", &destination),
        ("key", &key),
    ];
    let sentence = if tally.present > 0 { "app.last_applied_present" } else { "app.last_applied" };
    let style = if failed + rest > 0 { canvas.theme.warning() } else { canvas.theme.good() };
    Line::styled(canvas.say(sentence, values), style)
}

/// How much of a run was taken back.
fn undone(canvas: &Canvas<'_>, run: i64, tally: UndoTally) -> Line<'static> {
    let UndoTally { back, removed, left, .. } = tally;
    let key = canvas.model.keys.name(FilesAction::Undo);
    let values: Values<'_> =
        &[("run", &run), ("back", &back), ("removed", &removed), ("left", &left), ("count", &left), ("key", &key)];
    match (tally.taken_back(), left) {
        (0, _) => Line::styled(canvas.say("app.nothing_back", values), canvas.theme.error()),
        (_, 0) => Line::styled(canvas.say("app.last_undone", values), canvas.theme.good()),
        _ => Line::styled(canvas.say("app.last_undone_partly", values), canvas.theme.error()),
    }
}
