//! The line with the names of the panes.

use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use super::live;
use crate::tui::action::AppAction;
use crate::tui::model::Pane;

/// The names of all panes.
pub(super) fn line(canvas: &Canvas<'_>) -> Line<'static> {
    Line::from(spans(canvas).into_iter().flat_map(|(_, spans)| spans).collect::<Vec<_>>())
}

/// The name of each pane with its key.
pub(super) fn spans(canvas: &Canvas<'_>) -> Vec<(Pane, [Span<'static>; 2])> {
    let names = [
        ("app.pane_setup", AppAction::Setup),
        ("app.pane_labels", AppAction::Labels),
        ("app.pane_review", AppAction::Review),
        ("app.pane_files", AppAction::Files),
        ("app.pane_log", AppAction::Log),
    ];
    let spans = Pane::ALL.into_iter().zip(names).map(|(pane, (name, action))| {
        let mark = if pane == Pane::Review { live::mark(canvas) } else { String::new() };
        let label = format!(" {}{mark} {} ", canvas.text(name), canvas.model.keys.last_name(action));
        let style = if pane == canvas.model.pane { canvas.theme.chosen() } else { canvas.theme.faint() };
        (pane, [Span::styled(label, style), Span::raw(" ")])
    });
    spans.collect()
}
