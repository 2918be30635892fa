//! The terminal: taken over, and given back whatever happens.

use std::fs::OpenOptions;
use std::io::{self, Stdout};
use std::os::fd::OwnedFd;
use std::path::Path;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::panics;

/// The terminal while the app has it.
pub(super) struct Screen {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
    /// Standard error as it was: native libraries write there, which would spoil the screen.
    errors: Option<OwnedFd>,
}

impl Screen {
    /// Takes the terminal over. What is written to standard error goes to the log meanwhile.
    pub(super) fn open(log: Option<&Path>) -> io::Result<Screen> {
        let errors = log.and_then(|log| redirect_errors(log).ok());
        enter()?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // One that is caught concerns a file: the app goes on.
            if !panics::is_caught() {
                leave();
            }
            others(panic);
        }));
        Ok(Screen { terminal, errors })
    }

    /// Gives the terminal back, stops until the person continues, and takes it over again.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        enter()?;
        self.terminal.clear()
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

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// A terminal that is gone cannot be given back: errors are of no interest.
fn leave() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, crossterm::cursor::Show);
    let _ = disable_raw_mode();
}

fn redirect_errors(log: &Path) -> io::Result<OwnedFd> {
    let kept = rustix::io::dup(rustix::stdio::stderr())?;
    let file = OpenOptions::new().append(true).create(true).open(log)?;
    rustix::stdio::dup2_stderr(&file)?;
    Ok(kept)
}
