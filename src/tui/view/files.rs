//! The files pane: what would happen, what happened.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Canvas, nothing_yet, paragraph};
use crate::domain::plan::Plan;
use crate::domain::printable::{printable, printable_text};
use crate::domain::run::Action;
use crate::lang::{Values, size};
use crate::tui::model::{Done, Work};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    paragraph(frame, area, lines(canvas).into_iter().skip(canvas.model.scroll).collect());
}

/// Everything, however much of it the screen shows.
pub(super) fn lines(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let files = &canvas.model.files;
    let mut lines = vec![Line::raw("")];
    match (&canvas.model.work, &files.plan) {
        (Work::Applying { tally, total }, _) | (Work::Undoing { tally, total }, _) => {
            let done = tally.done + tally.failed;
            let stop = canvas.model.keys.name("everywhere.stop");
            let values: Values<'_> = &[("done", &done), ("total", total), ("key", &stop)];
            lines.push(Line::styled(canvas.say("app.files_going_on", values), canvas.theme.title()));
            lines.push(Line::styled(bar(done, *total), canvas.theme.good()));
        }
        (Work::Classifying { .. }, _) => lines.push(Line::raw(canvas.text("app.plan_after_classifying"))),
        (Work::Planning, _) => lines.push(Line::raw(canvas.text("app.planning"))),
        (_, Some(plan)) => lines.extend(planned(canvas, plan)),
        (_, None) if canvas.model.collection.is_empty() => lines.push(Line::raw(nothing_yet(canvas))),
        (_, None) => lines.push(Line::raw(canvas.with_keys("app.press_to_plan", &[("key", "files.plan")]))),
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
    let action = |action: Action| plan.transfers.iter().filter(|t| t.action == action && t.from.is_none()).count();
    let regrouped = plan.transfers.iter().filter(|t| t.from.is_some()).count();
    let renamed = plan.transfers.iter().filter(|t| t.file_name != t.own_name).count();
    let unsure = canvas.model.counts.unsure;
    let values: Values<'_> = &[
        ("copied", &action(Action::Copy)),
        ("moved", &action(Action::Move)),
        ("regrouped", &regrouped),
        ("in_place", &plan.in_place),
        ("renamed", &renamed),
        ("unsure", &unsure),
    ];
    lines.push(Line::raw(canvas.say("app.plan_sum", values)));
    if !plan.left.is_empty() {
        lines.push(Line::raw(canvas.say("app.plan_left", &[("count", &plan.left.len())])));
    }
    let key = if plan.transfers.is_empty() { "app.nothing_to_apply" } else { "app.how_to_apply" };
    let apply = canvas.model.keys.name("files.apply");
    lines.push(Line::styled(canvas.say(key, &[("key", &apply)]), canvas.theme.good()));
    lines
}

fn last(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let files = &canvas.model.files;
    let Some(done) = files.last else { return vec![] };
    let key = canvas.model.keys.name("files.undo");
    let destination = printable(canvas.model.session());
    let text = match done {
        Done::Applied { run, tally, total } => {
            let run = run.map_or(0, |run| run.0);
            let values: Values<'_> = &[
                ("run", &run),
                ("done", &tally.done),
                ("failed", &tally.failed),
                ("rest", &total.saturating_sub(tally.done + tally.failed)),
                ("destination", &destination),
                ("key", &key),
            ];
            canvas.say("app.last_applied", values)
        }
        Done::Undone { run, back, removed, left, .. } => {
            let values: Values<'_> =
                &[("run", &run.0), ("back", &back), ("removed", &removed), ("left", &left), ("key", &key)];
            canvas.say("app.last_undone", values)
        }
    };
    let mut lines = vec![Line::styled(text, canvas.theme.good())];
    lines.extend(files.failures.iter().take(5).map(|failure| Line::styled(failure.clone(), canvas.theme.error())));
    if let Some(head) = &files.head {
        lines.push(Line::styled(canvas.say("app.ledger_head", &[("head", head)]), canvas.theme.faint()));
    }
    lines
}
