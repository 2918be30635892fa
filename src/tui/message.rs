//! Messages: everything that happens to the app.

use crossterm::event::KeyEvent;

use super::model::{Field, Pane};
use crate::backend::Event;
use crate::config::Preview;

/// Something on the screen that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The name of a pane.
    Pane(Pane),
    /// A field of the setup.
    Field(Field),
    /// A row of the list in the popup.
    Choice(usize),
    /// A picture, by its place in the queue.
    Picture(usize),
}

/// Messages: everything that happens to the app.
#[derive(Debug)]
pub(super) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// A key was pressed that has this letter's place on an American keyboard.
    KeyAt(KeyEvent, char),
    /// Text was pasted.
    Paste(String),
    /// The mouse was pressed on something.
    Click(Target),
    /// The wheel was turned, down or up.
    Wheel(isize),
    /// The answer to `Effect::Scroll`, with the line up to which the text of the open pane can be scrolled.
    Scrolled { by: isize, last_line: usize },
    /// The screen has so many columns and rows now.
    Resized(u16, u16),
    /// A picture took long to get to the terminal, which can draw this in cells.
    SlowLine(Preview),
    /// The terminal has answered what it can: the ways in which it takes pixels.
    Answered(Vec<Preview>),
    /// The screen shows the app as it is now: nothing of it is still on its way.
    Drawn,
    /// The program is back from the background: the terminal has forgotten what was drawn.
    Resumed,
    /// An event of the backend.
    Backend(Event),
    /// The terminal is gone, or the system asks the program to end.
    Leave,
}
