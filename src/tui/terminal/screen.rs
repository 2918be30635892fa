//! The terminal: taken over, and given back whatever happens.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::{Frame, Terminal};

use super::answers::is_state;
use super::encode::Palette;
use super::input::{Input, Reader};
use super::line_speed::LineSpeed;
use super::queue::{CellQueue, Quiet};
use crate::panics;

/// Terminals that can do so show all that is between these two at once.
const TOGETHER: &[u8] = b"\x1b[?2026h";
const SHOWN: &[u8] = b"\x1b[?2026l";

/// Asks for the terminal's state, which it tells when it comes to it.
const STATE: &[u8] = b"\x1b[5n";

/// No key has come for so long: the person looks at the picture.
const MOMENT: Duration = Duration::from_millis(150);

/// No key has come for so long: the person looks closely.
const LONG_MOMENT: Duration = Duration::from_secs(1);

/// A line on which so many bytes take longer than [`MOMENT`] has to be spared.
const LARGE: usize = 200 << 10;

/// How long answers are waited for before the terminal is given back: they would be keys in the shell.
const LEAVING: Duration = Duration::from_millis(500);

/// The protocol of kitty for keys, while it is on: each key is described, with its place and its text.
const DESCRIBE_KEYS: &str = "\x1b[=29u";
const PLAIN_KEYS: &str = "\x1b[=0u";

/// The terminal while the app has it.
pub(in crate::tui) struct Screen {
    /// Never dropped: it would complain on a terminal that is gone. Everything is given back by hand.
    terminal: ManuallyDrop<Terminal<CellQueue>>,
    line: LineSpeed,
    /// When the last key came.
    pressed: Instant,
    /// Standard error as it was: native libraries write there, which would spoil the screen.
    errors: Option<OwnedFd>,
    mouse: bool,
    /// The terminal describes each key now; none where it cannot.
    describes_keys: Option<bool>,
}

impl Screen {
    /// Takes the terminal over. Writing to standard error goes to the log meanwhile.
    pub(in crate::tui) fn open(log: Option<&Path>, mouse: bool) -> io::Result<Screen> {
        let errors = log.and_then(|log| redirect_errors(log).ok());
        enter(mouse)?;
        let term = std::env::var("TERM").unwrap_or_default();
        let is_apple = std::env::var("TERM_PROGRAM").is_ok_and(|program| program == "Apple_Terminal");
        // Apple's terminal takes the bytes of a colour for other codes, and screen erases in its own colour.
        let palette = if is_apple { Palette::Indexed } else { Palette::True };
        let queue = CellQueue::new(palette, !term.starts_with("screen"));
        let terminal = ManuallyDrop::new(Terminal::new(queue)?);
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // One that is caught concerns a file: the app goes on.
            if !panics::is_caught() {
                leave();
            }
            others(panic);
        }));
        Ok(Screen {
            terminal,
            line: LineSpeed::default(),
            pressed: Instant::now(),
            errors,
            mouse,
            describes_keys: None,
        })
    }

    /// Writes a question that ends with one for the terminal's state.
    pub(in crate::tui) fn ask(&mut self, question: &str, now: Instant) -> io::Result<()> {
        self.line.wrote(question.len(), now);
        write(question.as_bytes())
    }

    /// The terminal's answers do not tell what has arrived: it is tmux, which answers for itself.
    pub(in crate::tui) fn hear_no_answers(&mut self) {
        self.line.silence();
    }

    /// Draws the changes: text at once, and as much of the pictures as the line takes without a key having to wait.
    pub(in crate::tui) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.backend_mut().resized(size);
        self.terminal.draw(view)?;
        let text = self.terminal.backend_mut().take_text();
        self.send(text, Instant::now())
    }

    /// Sends more of the pictures, where there is room for it.
    pub(in crate::tui) fn go_on(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.line.give_up(now);
        self.send(Vec::new(), now)
    }

    fn send(&mut self, mut bytes: Vec<u8>, now: Instant) -> io::Result<()> {
        let room = self.line.room(now).saturating_sub(bytes.len());
        let (quiet, line) = (self.quiet(now), &self.line);
        if room > 0 {
            bytes.extend(self.terminal.backend_mut().take_pictures(room, quiet, |bytes| line.time_for(bytes)));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let question = if self.line.asks() { STATE } else { &[] };
        let all = [TOGETHER, &bytes, SHOWN, question].concat();
        self.line.wrote(all.len(), now);
        write(&all)
    }

    fn quiet(&self, now: Instant) -> Quiet {
        match now.duration_since(self.pressed) {
            long if long >= LONG_MOMENT => Quiet::Long,
            moment if moment >= MOMENT => Quiet::Moment,
            _ => Quiet::No,
        }
    }

    /// A key came: pictures that are not begun wait.
    pub(in crate::tui) fn pressed(&mut self) {
        self.pressed = Instant::now();
    }

    /// True once no key has come for a moment.
    pub(in crate::tui) fn is_quiet(&self) -> bool {
        self.quiet(Instant::now()) >= Quiet::Moment
    }

    /// True where large pictures keep keys waiting.
    pub(in crate::tui) fn is_slow(&self) -> bool {
        self.line.time_for(LARGE) > MOMENT
    }

    /// The terminal told its state: something has arrived. Returns how long that was on the way.
    pub(in crate::tui) fn arrived(&mut self) -> Option<Duration> {
        self.line.answered(Instant::now())
    }

    /// How long from now there is something to do for the screen without anything having come; none where there is not.
    /// `waits_for_quiet` where somebody wants to know when no key has come for a moment.
    pub(in crate::tui) fn wait(&self, waits_for_quiet: bool) -> Option<Duration> {
        let now = Instant::now();
        let passed = now.duration_since(self.pressed);
        let quiet = waits_for_quiet.then(|| MOMENT.saturating_sub(passed));
        let pictures = self.terminal.backend().needs().and_then(|needed| {
            let left = match needed {
                Quiet::No => Duration::ZERO,
                Quiet::Moment => MOMENT.saturating_sub(passed),
                Quiet::Long => LONG_MOMENT.saturating_sub(passed),
            };
            match self.line.room(now) {
                0 => self.line.wait(now).map(|wait| wait.max(left)),
                _ => Some(left),
            }
        });
        let lost = self.terminal.backend().needs().and_then(|_| self.line.patience(now));
        [quiet, pictures, lost].into_iter().flatten().min()
    }

    /// True where all that was drawn is on the screen, be it in fewer colours.
    pub(in crate::tui) fn is_shown(&self) -> bool {
        self.terminal.backend().is_shown()
    }

    /// The terminal can describe each key, with its place on the keyboard.
    pub(in crate::tui) fn can_describe_keys(&mut self) {
        self.describes_keys.get_or_insert(false);
    }

    /// Has keys described, or typed as text is. Does nothing where the terminal cannot.
    pub(in crate::tui) fn describe_keys(&mut self, wanted: bool) -> io::Result<()> {
        if self.describes_keys.is_none_or(|is_on| is_on == wanted) {
            return Ok(());
        }
        self.describes_keys = Some(wanted);
        write(if wanted { DESCRIBE_KEYS } else { PLAIN_KEYS }.as_bytes())
    }

    /// Gives the terminal back, stops until the person continues, and takes it over again.
    pub(in crate::tui) fn suspend(&mut self) -> io::Result<()> {
        self.wait_for_answers();
        leave();
        // The whole job stops, as where the system's own key does it: a script that started the program with it.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.take_over()
    }

    /// Takes the terminal over again after somebody else had it.
    pub(in crate::tui) fn take_over(&mut self) -> io::Result<()> {
        enter(self.mouse)?;
        self.describes_keys = self.describes_keys.map(|_| false);
        // The content of the screen is not known: everything is drawn again. Asking where the cursor is, as a clear
        // does, would race with the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Waits a moment for the answers that have not come. Keys that come meanwhile are dropped.
    fn wait_for_answers(&mut self) {
        let (began, mut reader) = (Instant::now(), Reader::default());
        while self.line.unanswered() > 0 {
            let left = LEAVING.saturating_sub(began.elapsed());
            let inputs = match reader.wait(left) {
                Ok(true) => reader.read().unwrap_or_default(),
                _ => return,
            };
            if inputs.is_empty() || left.is_zero() {
                return;
            }
            let is_answer = |input: &&Input| matches!(input, Input::Answer(answer) if is_state(answer));
            for _ in inputs.iter().filter(is_answer) {
                self.line.answered(Instant::now());
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wait_for_answers();
        leave();
        if let Some(errors) = &self.errors {
            let _ = rustix::stdio::dup2_stderr(errors);
        }
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    output.flush()
}

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) }
}

/// A terminal that is gone cannot be given back: errors are of no interest.
fn leave() {
    // How keys are told belongs to the alternate screen, and ends with it.
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
