//! Exit codes, which scripts rely on. A reader of standard output that goes away changes none of them: see the
//! console.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done,
    /// Failed.
    Failed,
    /// Called in a way that makes no sense.
    Usage,
    /// Finished, but some pictures are suspect or unreadable, or a transfer failed.
    Partly,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The number for it.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partly => 3,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
