//! Standard output and standard error. The work goes on whatever becomes of what is printed.
//!
//! A reader that has gone away, as `head` does, has what it wanted: nothing is said, and the program ends with the exit
//! code that the work itself has. Output that cannot be written for another reason, such as a full disk, is lost for
//! whoever counts on it: that is said at once, and the program does not end with success.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;

use super::exit::Exit;
use super::unread::{Patience, Unread};
use crate::jobs::cancel_token::CancelToken;
use crate::lang::Language;

/// Where results and messages go.
pub(super) struct Console {
    streams: Box<Streams>,
}

struct Streams {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Put up once results are left out.
    has_left_out: Rc<Cell<bool>>,
    /// Results could not be written, and somebody may have wanted them.
    has_lost: bool,
    language: Language,
}

impl Console {
    pub(super) fn new(language: &Language) -> Console {
        let out = Box::new(io::BufWriter::new(io::stdout()));
        let (err, language) = (Box::new(io::stderr()), language.clone());
        let streams = Streams { out, err, has_left_out: Rc::default(), has_lost: false, language };
        Console { streams: Box::new(streams) }
    }

    /// From now on, a reader that does not read is no reason not to end, once a stop is requested.
    pub(super) fn end_with(&mut self, stop: &CancelToken) {
        self.flush();
        let patience = Patience::new(stop);
        let out = Unread::new(rustix::stdio::stdout(), &patience);
        let err = Unread::new(rustix::stdio::stderr(), &patience);
        self.streams.has_left_out = out.flag();
        self.streams.out = Box::new(io::BufWriter::new(out));
        self.streams.err = Box::new(io::LineWriter::new(err));
    }

    /// True where results were left out because nobody read them.
    pub(super) fn has_left_out(&mut self) -> bool {
        self.flush();
        self.streams.has_left_out.get()
    }

    /// How the program ends whose work has come to `exit`: not with success where results were lost.
    pub(super) fn ended(&mut self, exit: Exit) -> Exit {
        self.flush();
        match exit {
            Exit::Done | Exit::Partly if self.streams.has_lost => Exit::Failed,
            exit => exit,
        }
    }

    /// A line of the result.
    pub(super) fn out(&mut self, line: &str) {
        let written = writeln!(self.streams.out, "{line}");
        self.look_at(written);
    }

    /// Bytes of the result.
    pub(super) fn out_bytes(&mut self, bytes: &[u8]) {
        let written = self.streams.out.write_all(bytes);
        self.look_at(written);
    }

    /// Nothing is written after what could not be: it would be joined to half a line.
    fn look_at(&mut self, written: io::Result<()>) {
        let Err(error) = written else { return };
        self.streams.out = Box::new(io::sink());
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.streams.has_lost = true;
            let language = &self.streams.language;
            let sentence = language.say("program.output_lost", &[("detail", &error)]);
            let line = language.say("program.failed", &[("sentence", &sentence)]);
            self.err(&line);
        }
    }

    /// A message, after what was printed before it.
    pub(super) fn err(&mut self, line: &str) {
        self.flush();
        let _ = writeln!(self.streams.err, "{line}");
    }

    /// Lets a reader in a pipe see what there is.
    pub(super) fn flush(&mut self) {
        let written = self.streams.out.flush();
        self.look_at(written);
    }

    /// True where messages go to a person's terminal.
    pub(super) fn messages_to_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.flush();
    }
}
