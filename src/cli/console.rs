//! Standard output and standard error. A reader that has gone away is no reason to fail: the work goes on.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;

use super::unread::{Patience, Unread};
use crate::jobs::stop::Stop;

/// Where results and messages go.
pub(super) struct Console {
    streams: Box<Streams>,
}

struct Streams {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Put up once results are left out.
    has_left_out: Rc<Cell<bool>>,
}

impl Console {
    pub(super) fn new() -> Console {
        let out = Box::new(io::BufWriter::new(io::stdout()));
        let streams = Streams { out, err: Box::new(io::stderr()), has_left_out: Rc::default() };
        Console { streams: Box::new(streams) }
    }

    /// From now on, a reader that does not read is no reason not to end, once a stop is requested.
    pub(super) fn end_with(&mut self, stop: &Stop) {
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

    /// A line of the result.
    pub(super) fn out(&mut self, line: &str) {
        let _ = writeln!(self.streams.out, "{line}");
    }

    /// Bytes of the result.
    pub(super) fn out_bytes(&mut self, bytes: &[u8]) {
        let _ = self.streams.out.write_all(bytes);
    }

    /// A message, after what was printed before it.
    pub(super) fn err(&mut self, line: &str) {
        self.flush();
        let _ = writeln!(self.streams.err, "{line}");
    }

    /// Lets a reader in a pipe see what there is.
    pub(super) fn flush(&mut self) {
        let _ = self.streams.out.flush();
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
