//! Messages: everything that happens to the app.

use crossterm::event::KeyEvent;

use crate::backend::Event;

/// Messages: everything that happens to the app.
#[derive(Debug)]
pub(super) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse was pressed on a cell: column and row.
    Click(u16, u16),
    /// The wheel was turned, down or up.
    Wheel(isize),
    /// The screen has so many columns and rows now.
    Resized(u16, u16),
    /// A picture took long to get to the terminal.
    SlowLine,
    /// The program is back from the background: the terminal has forgotten what was drawn.
    Resumed,
    /// The crew tells something.
    Told(Event),
    /// The terminal is gone, or the system asks the program to end.
    Leave,
}
