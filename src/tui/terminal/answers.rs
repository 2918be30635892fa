//! Asks the terminal what it can. Its answers come among the keys, which are not waited for meanwhile.

use std::time::{Duration, Instant};

use super::abilities::{Environment, Known, known};
use super::pieces::ESCAPE;

/// How long the terminal may take before what it has said is taken for all. An answer that comes later still counts.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers are no more than this.
const MOST_ANSWERS: usize = 64;

/// Whether it takes kitty's graphics: a picture of one dot, which is not shown.
const KITTY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";

/// The same dot, deflated.
const KITTY_PACKED: &str = "\x1b_Gi=32,s=1,v=1,a=q,t=d,f=24,o=z;eJxjYGAAAAADAAE=\x1b\\";

/// Its name and version (XTVERSION), what it can (DA1: sixels), the size of a cell, its background, whether it can
/// describe keys; and its state, which every one answers, and last.
const OTHERS: &str = "\x1b[>q\x1b[c\x1b[16t\x1b]11;?\x07\x1b[?u\x1b[5n";

/// The answers that have come.
pub(in crate::tui) struct Answers {
    environment: Environment,
    received: Vec<Vec<u8>>,
    asked: Instant,
    /// The last answer has come, or the patience is at its end.
    is_done: bool,
}

impl Answers {
    /// The question, to be written to the terminal, and what will be known of it.
    pub(in crate::tui) fn ask() -> (String, Answers) {
        let environment = Environment::of_process();
        // Over a line, bytes cost more than packing them.
        let packed = if std::env::var_os("SSH_CONNECTION").is_some() { KITTY_PACKED } else { "" };
        let question = question(&environment, packed);
        if environment.is_tmux {
            let_through();
        }
        (question, Answers { environment, received: vec![], asked: Instant::now(), is_done: false })
    }

    /// Whether the program runs in tmux, which answers some questions by itself.
    pub(in crate::tui) fn is_in_tmux(&self) -> bool {
        self.environment.is_tmux
    }

    /// Takes an answer in; what is known then, where that was the last one or comes after it.
    pub(in crate::tui) fn take(&mut self, answer: Vec<u8>) -> Option<Known> {
        let is_last = answer.ends_with(b"n");
        if self.received.len() < MOST_ANSWERS && !(is_last && self.is_done) {
            self.received.push(answer);
        } else {
            return None;
        }
        self.is_done |= is_last;
        self.is_done.then(|| self.known())
    }

    /// How long the last answer is still waited for; none where it is not.
    pub(in crate::tui) fn left(&self, now: Instant) -> Option<Duration> {
        (!self.is_done).then(|| PATIENCE.saturating_sub(now.duration_since(self.asked)))
    }

    /// The abilities that are known when the patience is at its end and the last answer has not come; once.
    pub(in crate::tui) fn give_up(&mut self, now: Instant) -> Option<Known> {
        if self.is_done || now.duration_since(self.asked) < PATIENCE {
            return None;
        }
        tracing::info!("the terminal has not answered all questions");
        self.is_done = true;
        Some(self.known())
    }

    fn known(&self) -> Known {
        let known = known(&self.received, &self.environment, cell_of_system());
        tracing::debug!("of the terminal is known: {known:?}");
        known
    }
}

/// The question; tmux hands it on to the terminal that it is in.
fn question(environment: &Environment, packed: &str) -> String {
    // The console of Linux would print the others.
    if environment.term == "linux" {
        return "\x1b[c\x1b[5n".to_owned();
    }
    let plain = format!("{KITTY}{packed}{OTHERS}");
    match environment.is_tmux {
        true => format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
        false => plain,
    }
}

/// Lets graphics and questions through tmux, in this window alone.
fn let_through() {
    let mut command = std::process::Command::new("tmux");
    let null = std::process::Stdio::null;
    command.args(["set", "-p", "allow-passthrough", "on"]).stdin(null()).stdout(null()).stderr(null());
    if let Err(error) = command.status() {
        tracing::info!("tmux cannot be told to let graphics through: {error}");
    }
}

/// The size of a cell as the system knows it.
fn cell_of_system() -> Option<(u16, u16)> {
    let size = crossterm::terminal::window_size().ok()?;
    let cell = (size.width.checked_div(size.columns)?, size.height.checked_div(size.rows)?);
    (cell.0 > 0 && cell.1 > 0).then_some(cell)
}

/// Whether an answer is about the terminal's state: the one to `CSI 5 n`.
pub(in crate::tui) fn is_state(answer: &[u8]) -> bool {
    matches!(answer, [ESCAPE, b'[', .., b'n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(environment: Environment) -> Answers {
        Answers { environment, received: vec![], asked: Instant::now(), is_done: false }
    }

    #[test]
    fn nothing_is_known_before_the_last_answer_and_later_ones_still_count() {
        let mut answers = asked(Environment { is_utf8: true, ..Environment::default() });
        assert_eq!(answers.take(b"\x1b[?62;4c".to_vec()), None);
        let first = answers.take(b"\x1b[0n".to_vec()).unwrap();
        assert!(!first.is_light && answers.left(Instant::now()).is_none());
        assert!(answers.take(b"\x1b]11;rgb:ffff/ffff/ffff\x07".to_vec()).unwrap().is_light);
        // An answer that tells only that bytes have come says nothing new.
        assert_eq!(answers.take(b"\x1b[0n".to_vec()), None);
    }

    #[test]
    fn a_terminal_that_does_not_answer_is_given_up_once() {
        let mut answers = asked(Environment { is_utf8: true, ..Environment::default() });
        answers.take(b"\x1b]11;rgb:ffff/ffff/ffff\x07".to_vec());
        let later = answers.asked + PATIENCE;
        assert_eq!(answers.give_up(answers.asked), None);
        assert!(answers.give_up(later).unwrap().is_light);
        assert_eq!(answers.give_up(later), None);
    }

    #[test]
    fn the_question_goes_through_tmux_and_ends_with_what_every_terminal_answers() {
        let plain = question(&Environment::default(), "");
        assert!(plain.ends_with("\x1b[5n") && !plain.contains("o=z"));
        let through = question(&Environment { is_tmux: true, ..Environment::default() }, KITTY_PACKED);
        assert!(through.starts_with("\x1bPtmux;\x1b\x1b_G") && through.ends_with("\x1b\x1b[5n\x1b\\"));
    }
}
