//! The label editor.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, Input, Key};

use super::order;
use crate::backend::Order;
use crate::domain::advice::{Advice, advice, as_caption};
use crate::domain::label::{self, Label};
use crate::tui::effect::Effect;
use crate::tui::model::Model;

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if !model.labels.is_editing {
        if key.code == KeyCode::Enter {
            begin(model);
        }
        return vec![];
    }
    match model.keys.action(key, &["editor"]).map(str::to_owned).as_deref() {
        Some("editor.done") => return end(model),
        Some("editor.undo") => drop(model.labels.editor.undo()),
        Some("editor.redo") => drop(model.labels.editor.redo()),
        Some("editor.take_hint") => take_hint(model),
        _ => match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
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

/// Ends editing: a label that has another text now has it in the session too, and keeps what was decided for it.
pub(super) fn end(model: &mut Model) -> Vec<Effect> {
    model.labels.is_editing = false;
    let renamed = model.labels.end_edit();
    // The run that was ordered goes on in a session which may know these labels as well.
    let ordered = model.ordered.as_ref().map(|ordered| &ordered.destination);
    let sessions: BTreeSet<&PathBuf> = model.session.iter().chain(ordered).collect();
    let rename = |destination: &PathBuf, from: &str, to: &str| {
        order(Order::Rename { destination: destination.clone(), from: from.to_owned(), to: to.to_owned() })
    };
    let renames = renamed.iter().flat_map(|(from, to)| sessions.iter().map(move |session| rename(session, from, to)));
    renames.collect()
}

/// Has everything scored with the labels of now.
pub(super) fn rescore(model: &Model) -> Vec<Effect> {
    let Some(template) = model.template() else { return vec![] };
    vec![order(Order::Rescore { revision: model.labels.revision, labels: model.labels.current.clone(), template })]
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
