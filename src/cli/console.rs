//! Standard output and standard error. A reader that has gone away is no reason to fail: the work goes on.

use std::io::{self, IsTerminal, Write};

/// Where results and messages go.
pub(super) struct Console {
    out: Box<dyn Write>,
}

impl Console {
    pub(super) fn new() -> Console {
        Console { out: Box::new(io::BufWriter::new(io::stdout())) }
    }

    /// A line of the result.
    pub(super) fn out(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }

    /// Bytes of the result.
    pub(super) fn out_bytes(&mut self, bytes: &[u8]) {
        let _ = self.out.write_all(bytes);
    }

    /// A message, after what was printed before it.
    pub(super) fn err(&mut self, line: &str) {
        self.flush();
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// Lets a reader in a pipe see what there is.
    pub(super) fn flush(&mut self) {
        let _ = self.out.flush();
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
