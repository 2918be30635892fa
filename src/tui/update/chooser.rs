//! Keys, pasted text and the mouse in a popup.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{filters, go_to, help, label_list, packs, panes};
use crate::tui::action::ListAction;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::layout::popup_page;
use crate::tui::model::{Chooser, Model, Pane, Pick, Popup};

/// A key while a popup is open.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match model.popup.take() {
        Some(Popup::Chooser(list)) => press_in_list(model, list, key),
        Some(Popup::Number(line)) => go_to::press(model, line, key),
        None => vec![],
    }
}

/// The popup is closed already, and opened again where it stays.
fn press_in_list(model: &mut Model, mut list: Chooser, key: KeyEvent) -> Vec<Effect> {
    let is_held = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match key.code {
        KeyCode::Char(letter) if !is_held => {
            if let Some(pick) = list.pick_by_letter(letter) {
                return choose(model, pick);
            }
            // One of these begins to search where letters choose at once.
            let only_begins = matches!(letter, '/' | ' ') && list.has_letters() && !list.is_searching;
            list.is_searching = true;
            if !only_begins {
                list.typed.press(key);
                list.search();
            }
        }
        KeyCode::Esc if list.is_searching => {
            list.typed = InputLine::default();
            list.is_searching = false;
            list.search();
        }
        KeyCode::Esc => return vec![],
        KeyCode::Enter => {
            if let Some(pick) = list.pick(list.at) {
                return choose(model, pick);
            }
        }
        KeyCode::Home => list.at = 0,
        KeyCode::End => list.step(isize::MAX),
        _ => match model.keys.action(key) {
            _ if edited(&mut list, key) => {}
            Some(ListAction::Up) => list.step(-1),
            Some(ListAction::Down) => list.step(1),
            Some(ListAction::PageUp) => list.step(-(popup_page(model.size) as isize)),
            Some(ListAction::PageDown) => list.step(popup_page(model.size) as isize),
            // Keys of all panes that no text has leave the list.
            _ => {
                if let Some(effects) = super::everywhere(model, key) {
                    return effects;
                }
            }
        },
    }
    model.popup = Some(Popup::Chooser(list));
    vec![]
}

/// Edits the line that is typed. False for a key that means nothing to it.
fn edited(list: &mut Chooser, key: KeyEvent) -> bool {
    let before = list.typed.text().to_owned();
    let is_for_line = list.typed.press(key);
    if list.typed.text() != before {
        list.search();
    }
    is_for_line
}

/// Text that is pasted is typed.
pub(super) fn paste(model: &mut Model, text: &str) {
    match &mut model.popup {
        Some(Popup::Chooser(list)) => {
            list.is_searching = true;
            list.typed.insert(text);
            list.search();
        }
        Some(Popup::Number(line)) => line.insert(text),
        None => {}
    }
}

/// A click on a row chooses it.
pub(super) fn click(model: &mut Model, row: usize) -> Vec<Effect> {
    match model.popup.take() {
        Some(Popup::Chooser(list)) => match list.pick(row) {
            Some(pick) => choose(model, pick),
            None => {
                model.popup = Some(Popup::Chooser(list));
                vec![]
            }
        },
        other => {
            model.popup = other;
            vec![]
        }
    }
}

/// The wheel goes through the list.
pub(super) fn wheel(model: &mut Model, by: isize) {
    if let Some(Popup::Chooser(list)) = &mut model.popup {
        list.step(by);
    }
}

/// Closes a list that is for a picture once another one is looked at: nothing is decided unseen.
pub(super) fn hold(model: &mut Model) {
    if let Some(Popup::Chooser(list)) = &model.popup
        && list.about.is_some()
        && list.about != model.in_hand()
    {
        model.popup = None;
    }
}

/// Does what was chosen. The list is closed.
fn choose(model: &mut Model, pick: Pick) -> Vec<Effect> {
    model.notice = None;
    match pick {
        Pick::Filter(filter) => filters::choose(model, filter),
        Pick::Label(label) => match model.labels.numbers.iter().position(|number| *number == label) {
            Some(place) => label_list::give(model, place),
            None => vec![],
        },
        Pick::NewLabel(line) => label_list::add_and_give(model, &line),
        Pick::Picture(picture) => go_to::picture(model, picture),
        Pick::Press(action) => help::run(model, action),
        Pick::Labels => {
            // The picture that a label is for is in sight first.
            let mut effects = if model.pane == Pane::Review { vec![] } else { panes::go_to(model, Pane::Review) };
            effects.extend(label_list::open(model));
            effects
        }
        Pick::Pack(place) => packs::take(model, place),
    }
}
