//! Exit codes, which scripts rely on. A reader of standard output that goes away changes none of them: see the
//! console.

use std::process::ExitCode;

use crate::jobs::watchdog::is_any_left_behind;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done,
    /// Failed.
    Failed,
    /// Called in a way that makes no sense.
    Usage,
    /// Finished, but some pictures are suspect or unreadable, a transfer failed, or one of an earlier run waits.
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

impl Exit {
    /// Ends the program so, or gives what is to be returned for that. Everything is kept and printed by now. Where a
    /// thread was left in a library, as of a model that does not answer, the library's own ending would be taken down
    /// under it.
    pub fn end(self) -> ExitCode {
        if is_any_left_behind() {
            signal_hook::low_level::exit(i32::from(self.code()));
        }
        self.into()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
