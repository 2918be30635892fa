//! The line of hints: the keys that are needed most, as many as there is room for, and in any case the one that lists
//! them all.

use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use crate::tui::action::{Action, AppAction, EditorAction, FilesAction, GridAction, ListAction, ReviewAction};
use crate::tui::model::{Model, Pane, Popup};

/// Columns between two hints.
const GAP: usize = 2;

/// Blanks between the entries of a sentence that is a list of keys.
const BETWEEN: &str = "   ";

/// The line, in so many columns.
pub(super) fn line(canvas: &Canvas<'_>, width: u16) -> Line<'static> {
    let model = canvas.model;
    let fixed = match (&model.popup, model.pane) {
        (Some(Popup::Chooser(_)), _) => Some("app.hint_chooser"),
        (Some(Popup::Number(_)), _) => Some("app.hint_number"),
        _ if model.welcome.is_some() => Some("app.hint_welcome"),
        (_, Pane::Setup) if model.setup.editing.is_some() => Some("app.hint_field"),
        _ => None,
    };
    if let Some(key) = fixed {
        let sentence = canvas.text(key);
        let entries = sentence.split(BETWEEN).map(|entry| vec![Span::raw(entry.to_owned())]);
        return fitting(entries, None, usize::from(width));
    }
    // Where text is edited, letters are letters.
    let always = if model.is_typing() { None } else { Some(canvas.hint(AppAction::Help.into())) };
    let later: &[AppAction] = if model.is_typing() { &[] } else { &[AppAction::NextPane, AppAction::Quit] };
    let own = marked(canvas).into_iter().chain(own(canvas));
    let entries = own.chain(later.iter().map(|action| canvas.hint((*action).into())));
    fitting(entries, always, usize::from(width))
}

/// As many entries as fit before the last one, which is always there.
fn fitting(
    entries: impl Iterator<Item = Vec<Span<'static>>>,
    last: Option<Vec<Span<'static>>>,
    width: usize,
) -> Line<'static> {
    let columns = |entry: &Vec<Span<'static>>| entry.iter().map(Span::width).sum::<usize>() + GAP;
    let mut left = (width + GAP).saturating_sub(last.as_ref().map_or(0, columns));
    let mut shown = vec![];
    for entry in entries {
        let Some(rest) = left.checked_sub(columns(&entry)) else { break };
        left = rest;
        shown.push(entry);
    }
    let spaced = |entry: Vec<Span<'static>>| entry.into_iter().chain([Span::raw(" ".repeat(GAP))]);
    Line::from(shown.into_iter().chain(last).flat_map(spaced).collect::<Vec<_>>())
}

/// While pictures are marked, keys act on those.
fn marked(canvas: &Canvas<'_>) -> Option<Vec<Span<'static>>> {
    let count = canvas.model.review.marked.len();
    let leave = canvas.model.keys.name(ReviewAction::Leave);
    let text = canvas.say("app.acts_on_marked", &[("count", &count), ("leave", &leave)]);
    // The grid says it above its pages, and decides what is marked on the page alone.
    let is_meant = canvas.model.pane == Pane::Review && !canvas.model.review.grid.is_open;
    (count > 0 && is_meant).then(|| vec![Span::styled(text, canvas.theme.warning())])
}

/// The pane's own keys, those that are needed most first.
fn own(canvas: &Canvas<'_>) -> Vec<Vec<Span<'static>>> {
    let mut entries: Vec<Vec<Span<'static>>> =
        hinted(canvas.model).into_iter().map(|action| canvas.hint(action)).collect();
    if canvas.model.pane == Pane::Review && canvas.model.review.current().is_some() {
        let word = canvas.text("keys.review_digit");
        let digits = vec![Span::styled("1-9", canvas.theme.title()), Span::raw(format!(" {word}"))];
        entries.insert(1.min(entries.len()), digits);
    }
    entries
}

/// The pane's own actions that the line names.
fn hinted(model: &Model) -> Vec<Action> {
    use Action::{Editor, Everywhere, Files, Grid, List, Review};
    match model.pane {
        Pane::Labels if model.labels.is_editing => {
            let editing = [EditorAction::Done, EditorAction::TakeHint, EditorAction::Undo, EditorAction::Redo];
            editing
                .map(Editor)
                .into_iter()
                .chain([Everywhere(AppAction::Packs), Everywhere(AppAction::Start)])
                .collect()
        }
        Pane::Setup | Pane::Labels if model.knows_pause() || model.watch.is_some() => {
            vec![List(ListAction::Enter), Everywhere(AppAction::Pause), Everywhere(AppAction::Stop)]
        }
        Pane::Setup | Pane::Labels if model.is_busy() => vec![List(ListAction::Enter), Everywhere(AppAction::Stop)],
        Pane::Setup => vec![List(ListAction::Enter), Everywhere(AppAction::Start)],
        // Inside a label all is scored at once, and the way back out is what people look for.
        Pane::Labels if !model.labels.outside.is_empty() => {
            vec![List(ListAction::Enter), Everywhere(AppAction::ComeOut), Everywhere(AppAction::Review)]
        }
        Pane::Labels => vec![List(ListAction::Enter), Everywhere(AppAction::Start), Everywhere(AppAction::Packs)],
        Pane::Review if model.review.current().is_none() => {
            [ReviewAction::Filter, ReviewAction::FilterBefore].map(Review).to_vec()
        }
        Pane::Review if model.review.grid.is_open => {
            let most_used = [GridAction::AcceptPage, GridAction::Mark, GridAction::Letters, GridAction::Look];
            let then = [Review(ReviewAction::Undo), Review(ReviewAction::Stack), Grid(GridAction::Leave)];
            most_used.map(Grid).into_iter().chain(then).collect()
        }
        Pane::Review => {
            let most_used = [
                ReviewAction::Accept,
                ReviewAction::NoneOfThese,
                ReviewAction::Labels,
                ReviewAction::Filter,
                ReviewAction::Grid,
                ReviewAction::Undo,
                ReviewAction::Whole,
                ReviewAction::Exact,
                ReviewAction::Mark,
                ReviewAction::Find,
                ReviewAction::Skip,
                ReviewAction::Order,
                ReviewAction::Details,
                ReviewAction::OpenOutside,
                ReviewAction::NextOpen,
                ReviewAction::Hide,
            ];
            most_used.map(Review).to_vec()
        }
        Pane::Files if model.knows_pause() => vec![Everywhere(AppAction::Pause), Everywhere(AppAction::Stop)],
        Pane::Files if model.is_busy() => vec![Everywhere(AppAction::Stop)],
        Pane::Files => [FilesAction::Apply, FilesAction::Undo, FilesAction::Plan].map(Files).to_vec(),
        Pane::Log => [ListAction::Up, ListAction::Down].map(List).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_end_at_whole_entries_and_the_last_is_always_there() {
        let entry = |text: &'static str| vec![Span::raw(text)];
        let shown = |width| {
            let line = fitting(["one", "two", "three"].into_iter().map(entry), Some(entry("? keys")), width);
            line.to_string().trim_end().to_owned()
        };
        assert_eq!(shown(24), "one  two  three  ? keys".to_owned());
        assert_eq!(shown(22), "one  two  ? keys");
        assert_eq!(shown(16), "one  two  ? keys");
        assert_eq!(shown(15), "one  ? keys");
        assert_eq!(shown(3), "? keys");
    }
}
