//! The terminal: taken over, and given back whatever happens.

use std::fs::OpenOptions;
use std::io::{self, Stdout};
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

use crate::panics;

/// The terminal while the app has it.
pub(super) struct Screen {
    /// Never dropped: it would complain on a terminal that is gone. Everything is given back by hand.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// Standard error as it was: native libraries write there, which would spoil the screen.
    errors: Option<OwnedFd>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over. Writing to standard error goes to the log meanwhile.
    pub(super) fn open(log: Option<&Path>, mouse: bool) -> io::Result<Screen> {
        let errors = log.and_then(|log| redirect_errors(log).ok());
        enter(mouse)?;
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // One that is caught concerns a file: the app goes on.
            if !panics::is_caught() {
                leave();
            }
            others(panic);
        }));
        Ok(Screen { terminal, errors, mouse })
    }

    /// Draws the changes. Terminals that can do so show them all at once.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(view)?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// Gives the terminal back, stops until the person continues, and takes it over again.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave();
        // The whole job stops, as where the system's own key does it: a script that started the program with it.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.take_over()
    }

    /// Takes the terminal over again after somebody else had it.
    pub(super) fn take_over(&mut self) -> io::Result<()> {
        enter(self.mouse)?;
        // The content of the screen is not known: everything is drawn again. Asking where the cursor is, as a clear
        // does, would race with the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
        if let Some(errors) = &self.errors {
            let _ = rustix::stdio::dup2_stderr(errors);
        }
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) }
}

/// A terminal that is gone cannot be given back: errors are of no interest.
fn leave() {
    let _ = execute!(
        io::stdout(),
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = disable_raw_mode();
}

fn redirect_errors(log: &Path) -> io::Result<OwnedFd> {
    let kept = rustix::io::dup(rustix::stdio::stderr())?;
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(log)?;
    rustix::stdio::dup2_stderr(&file)?;
    Ok(kept)
}
