//! What happens to the app.

use crossterm::event::KeyEvent;

use crate::jobs::crew::Event;

/// What happens to the app.
#[derive(Debug)]
pub(super) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The crew tells something.
    Told(Event),
    /// A path was completed, as far as it goes.
    Completed(String),
    /// The terminal is gone, or the system asks the program to end.
    Leave,
}
