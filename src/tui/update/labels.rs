//! The label editor.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, Input, Key, TextArea};

use super::{failure, stacks};
use crate::backend::{BackendError, Order};
use crate::domain::advice::{Advice, advice, as_caption};
use crate::domain::collection::Entry;
use crate::domain::label::{self, Label};
use crate::domain::picture::PictureState;
use crate::lang::Say;
use crate::tui::action::EditorAction;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if !model.labels.is_editing {
        if key.code == KeyCode::Enter {
            begin(model);
        }
        return vec![];
    }
    match model.keys.action(key) {
        Some(EditorAction::Done) => return end(model),
        Some(EditorAction::Undo) => step(model, TextArea::undo),
        Some(EditorAction::Redo) => step(model, TextArea::redo),
        Some(EditorAction::TakeHint) => take_hint(model),
        None => match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Home, true) => model.labels.editor.move_cursor(CursorMove::Top),
            (KeyCode::End, true) => {
                model.labels.editor.move_cursor(CursorMove::Bottom);
                model.labels.editor.move_cursor(CursorMove::End);
            }
            _ => drop(model.labels.editor.input(input(key))),
        },
    }
    changed(model)
}

/// Takes a change of the text back, or makes it again. Between two lists of which one replaced the other the text is
/// empty for the editor: it does not stay so.
fn step(model: &mut Model, once: fn(&mut TextArea<'static>) -> bool) {
    let editor = &mut model.labels.editor;
    once(editor);
    if editor.is_empty() {
        once(editor);
    }
}

/// Makes a caption of the bare word in the line of the cursor.
fn take_hint(model: &mut Model) {
    let editor = &mut model.labels.editor;
    let line = editor.lines().get(editor.cursor().0).map(String::as_str).unwrap_or_default();
    let label = label::in_line(line).ok().flatten().filter(|label| *label == Label::named(label.text.as_str()));
    let Some(bare) = label.filter(|label| advice(label) == Some(Advice::BareWord)) else {
        let text = model.language.text("app.no_hint_here");
        model.say(text);
        return;
    };
    editor.move_cursor(CursorMove::End);
    editor.delete_line_by_head();
    editor.insert_str(as_caption(&bare.text).line());
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    begin(model);
    // A list in JSON or with commas is one label a line, as long as it makes sense as such.
    let listed = match text.contains('\n') {
        true => label::from_json(text).and_then(Result::ok),
        false => label::from_commas(text).ok(),
    };
    let text = match listed {
        Some(labels) => labels.iter().map(Label::line).collect::<Vec<_>>().join("\n"),
        None => text.replace("\r\n", "\n").replace('\r', "\n"),
    };
    model.labels.editor.insert_str(&text);
    changed(model)
}

/// Adds a label's line at the end. None where it is no line of a label: why not is said, and the text stays.
pub(super) fn add(model: &mut Model, line: &str) -> Option<Vec<Effect>> {
    let before = model.labels.editor.clone();
    let count = model.labels.current.len();
    let editor = &mut model.labels.editor;
    editor.move_cursor(CursorMove::Bottom);
    editor.move_cursor(CursorMove::End);
    if editor.lines().last().is_some_and(|line| !line.is_empty()) {
        editor.insert_newline();
    }
    editor.insert_str(line);
    let why = match model.labels.parsed() {
        Ok(labels) if labels.len() == count + 1 => return Some(changed(model)),
        Ok(_) => model.language.text("app.no_label_line"),
        Err(error) => error.say(&model.language),
    };
    model.labels.editor = before;
    model.say_error(why);
    None
}

/// Writes other lines instead of all that are there.
pub(super) fn replace(model: &mut Model, lines: &[String]) -> Vec<Effect> {
    begin(model);
    model.labels.editor.select_all();
    model.labels.editor.insert_str(lines.join("\n"));
    changed(model)
}

/// The effects of another text.
fn changed(model: &mut Model) -> Vec<Effect> {
    if !model.take_labels() {
        return vec![];
    }
    model.files.plan = None;
    rescore(model)
}

/// Begins to edit.
pub(super) fn begin(model: &mut Model) {
    model.labels.is_editing = true;
    model.labels.begin_edit();
}

/// Ends editing. Renamed labels are renamed in the session too, and keep their decisions.
pub(super) fn end(model: &mut Model) -> Vec<Effect> {
    model.labels.is_editing = false;
    let renamed = model.labels.end_edit();
    // The run that was ordered goes on in a session which may know these labels as well.
    let ordered = model.ordered.as_ref().map(|ordered| &ordered.destination);
    let sessions: BTreeSet<&PathBuf> = model.session.iter().chain(ordered).collect();
    let rename = |destination: &PathBuf, from: &str, to: &str| {
        Effect::Order(Order::Rename { destination: destination.clone(), from: from.to_owned(), to: to.to_owned() })
    };
    let renames = renamed.iter().flat_map(|(from, to)| sessions.iter().map(move |session| rename(session, from, to)));
    renames.collect()
}

/// Has everything scored with the labels of now.
pub(super) fn rescore(model: &Model) -> Vec<Effect> {
    let Some(template) = model.template() else { return vec![] };
    vec![Effect::Order(Order::Rescore {
        revision: model.labels.revision,
        labels: model.labels.current.clone(),
        template,
    })]
}

/// The open session can be scored with other labels, except for `missing` pictures that are not in the cache.
pub(super) fn scorable(model: &mut Model, missing: usize) -> Vec<Effect> {
    if missing > 0 {
        model.say(model.language.say("app.scores_missing", &[("count", &missing)]));
    }
    let mut effects = score_the_rest(model);
    effects.extend(stacks::search(model));
    effects
}

/// Has pictures scored of which the session has no scores for its labels, as they were sorted with others.
fn score_the_rest(model: &Model) -> Vec<Effect> {
    let lacks = |index| model.collection.best(index).is_none();
    let is_ok = |(index, entry): (usize, &Entry)| (entry.state == PictureState::Ok).then_some(index);
    match model.collection.entries().iter().enumerate().filter_map(is_ok).any(lacks) {
        true => rescore(model),
        false => vec![],
    }
}

/// They cannot be.
pub(super) fn not_scorable(model: &mut Model, error: &BackendError) {
    model.labels.is_fixed = true;
    let reason = failure::sentence(model, error, model.session());
    model.say_error(model.language.say("app.labels_fixed", &[("reason", &reason)]));
}

/// Everything was scored with the labels of a revision.
pub(super) fn rescored(model: &mut Model, revision: u64, scores: Vec<f32>) {
    if revision != model.labels.revision {
        return;
    }
    match model.labels.scored == revision && model.collection.labels() == model.labels.numbers {
        true => model.collection.complete(scores),
        false => model.collection.rescore(model.labels.numbers.clone(), scores),
    }
    model.labels.scored = revision;
    model.files.plan = None;
    model.recount();
}

/// The labels of a revision could not be embedded, because of one of them where it is known which.
pub(super) fn failed(model: &mut Model, revision: u64, label: Option<usize>, error: &BackendError) {
    if revision != model.labels.revision {
        return;
    }
    match label {
        Some(label) => model.labels.too_long = Some((label, error.say(&model.language))),
        None => failure::say(model, error),
    }
}

/// Labels of a revision mean nearly the same to the model.
pub(super) fn alike(model: &mut Model, revision: u64, pairs: Vec<(usize, usize)>) {
    if revision == model.labels.revision {
        model.labels.alike = pairs;
    }
}

fn input(event: KeyEvent) -> Input {
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => Key::Null,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    Input { key, ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT), shift: held(KeyModifiers::SHIFT) }
}
