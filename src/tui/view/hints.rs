//! The line with keys for the state in hand: whole entries, as many as there is room for.

use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use crate::tui::action::{Action, AppAction, EditorAction, FilesAction, ListAction, ReviewAction};
use crate::tui::model::{Model, Pane, Popup};

/// Keys and the word for what they do.
type Hint = Vec<Span<'static>>;

/// Blanks between the entries of a sentence that is a list of keys.
const BETWEEN: &str = "   ";

/// The line. Entries that do not fit are left out from the end on; how to see all keys is always there.
pub(super) fn line(canvas: &Canvas<'_>, width: u16) -> Line<'static> {
    if let Some(sentence) = fixed(canvas.model) {
        let hints =
            canvas.text(sentence).split(BETWEEN).map(|hint| vec![Span::raw(format!("{hint}{BETWEEN}"))]).collect();
        return fitted(hints, vec![], usize::from(width));
    }
    let model = canvas.model;
    let marks = (model.pane == Pane::Review && !model.review.marked.is_empty()).then(|| {
        let count = model.review.marked.len();
        vec![Span::styled(format!("{}  ", canvas.say("app.hint_marked", &[("count", &count)])), canvas.theme.warning())]
    });
    let own = hinted(model).into_iter().map(|hint| match hint {
        Hinted::Key(action) => canvas.hint(action),
        Hinted::Digits => {
            let word = Span::raw(format!(" {}  ", canvas.text("keys.review_digit")));
            vec![Span::styled("1-9", canvas.theme.title()), word]
        }
    });
    // Where text is edited, letters are letters.
    let always: &[AppAction] = if model.is_typing() { &[] } else { &[AppAction::NextPane, AppAction::Quit] };
    let always = always.iter().map(|action| canvas.hint((*action).into()));
    let help = match model.is_typing() {
        true => vec![],
        false => canvas.hint(AppAction::Help.into()),
    };
    fitted(marks.into_iter().chain(own).chain(always).collect(), help, usize::from(width))
}

/// As many entries as there is room for beside the last one.
fn fitted(hints: Vec<Hint>, last: Hint, width: usize) -> Line<'static> {
    // The blanks at the end of an entry may be cut.
    let columns = |hint: &Hint| hint.iter().map(Span::width).sum::<usize>();
    let text = |hint: &Hint| {
        let text: String = hint.iter().map(|span| span.content.as_ref()).collect();
        columns(hint) - (text.len() - text.trim_end().len())
    };
    let mut room = width.saturating_sub(text(&last));
    let mut spans: Hint = vec![];
    for hint in hints {
        let wanted = if last.is_empty() { text(&hint) } else { columns(&hint) };
        if wanted > room {
            break;
        }
        room = room.saturating_sub(columns(&hint));
        spans.extend(hint);
    }
    spans.extend(last);
    Line::from(spans)
}

/// The sentence for a state in which few keys act.
fn fixed(model: &Model) -> Option<&'static str> {
    match (&model.popup, model.pane) {
        (Some(Popup::Chooser(_)), _) => Some("app.hint_chooser"),
        (Some(Popup::Number(_)), _) => Some("app.hint_number"),
        _ if model.welcome.is_some() => Some("app.hint_welcome"),
        (_, Pane::Setup) if model.setup.editing.is_some() => Some("app.hint_field"),
        _ => None,
    }
}

/// An entry of the line.
enum Hinted {
    Key(Action),
    /// The digits, each of which gives a label.
    Digits,
}

/// The pane's own entries, those that are used most first.
fn hinted(model: &Model) -> Vec<Hinted> {
    use Action::{Editor, Everywhere, Files, List};
    let actions = match model.pane {
        Pane::Labels if model.labels.is_editing => {
            let editing = [EditorAction::Done, EditorAction::TakeHint, EditorAction::Undo, EditorAction::Redo];
            let always = [AppAction::Packs, AppAction::Start].map(Everywhere);
            editing.map(Editor).into_iter().chain(always).collect()
        }
        Pane::Setup | Pane::Labels if model.knows_pause() || model.watch.is_some() => {
            vec![List(ListAction::Enter), Everywhere(AppAction::Pause), Everywhere(AppAction::Stop)]
        }
        Pane::Setup | Pane::Labels if model.is_busy() => vec![List(ListAction::Enter), Everywhere(AppAction::Stop)],
        Pane::Setup => vec![List(ListAction::Enter), Everywhere(AppAction::Start)],
        Pane::Labels => vec![List(ListAction::Enter), Everywhere(AppAction::Start), Everywhere(AppAction::Packs)],
        Pane::Review => return in_review(model),
        Pane::Files if model.knows_pause() => vec![Everywhere(AppAction::Pause), Everywhere(AppAction::Stop)],
        Pane::Files if model.is_busy() => vec![Everywhere(AppAction::Stop)],
        Pane::Files => [FilesAction::Apply, FilesAction::Undo, FilesAction::Plan].map(Files).to_vec(),
        Pane::Log => [ListAction::Up, ListAction::Down].map(List).to_vec(),
    };
    actions.into_iter().map(Hinted::Key).collect()
}

/// The entries of the review pane: others where there is no picture, and where some are marked.
fn in_review(model: &Model) -> Vec<Hinted> {
    let key = |action: &ReviewAction| Hinted::Key(Action::Review(*action));
    if model.review.current().is_none() {
        return [ReviewAction::Filter, ReviewAction::FilterBefore].iter().map(key).collect();
    }
    let first = [key(&ReviewAction::Accept), Hinted::Digits, key(&ReviewAction::NoneOfThese)];
    let others: &[ReviewAction] = match model.review.marked.is_empty() {
        true => &[ReviewAction::Labels, ReviewAction::Filter, ReviewAction::Undo, ReviewAction::Skip],
        false => &[ReviewAction::Labels, ReviewAction::Mark, ReviewAction::MarkRange],
    };
    let more = [ReviewAction::NextOpen, ReviewAction::Order, ReviewAction::Details];
    first.into_iter().chain(others.iter().chain(&more).map(key)).collect()
}
