//! Standard output and standard error of a program that is to end when it is asked to, even where nobody reads them.
//!
//! A reader that is slow is waited for, so that nothing is left out; only once a stop was requested it is waited for no
//! longer than a while in all. Then the rest is thrown away.

use std::cell::Cell;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::jobs::cancel_token::CancelToken;

/// How long readers are waited for after a request to stop, in all.
const AFTER_STOP: Duration = Duration::from_secs(5);

/// How often it is looked whether a stop is requested: one that comes just before the waiting begins wakes nobody.
const LOOK: Duration = Duration::from_millis(100);

/// The bytes that are written at a time: every pipe that is ready takes as much without waiting (`PIPE_BUF` is not less
/// anywhere).
const PIECE: usize = 512;

/// How long readers are still waited for. Shared by all that is written to.
#[derive(Clone)]
pub(super) struct Patience {
    stop: CancelToken,
    left: Rc<Cell<Duration>>,
}

impl Patience {
    pub(super) fn new(stop: &CancelToken) -> Patience {
        Patience { stop: stop.clone(), left: Rc::new(Cell::new(AFTER_STOP)) }
    }
}

/// Writes to a file descriptor, and throws away what nobody reads after a request to stop.
pub(super) struct Unread {
    to: BorrowedFd<'static>,
    patience: Patience,
    has_left_out: Rc<Cell<bool>>,
}

impl Unread {
    pub(super) fn new(to: BorrowedFd<'static>, patience: &Patience) -> Unread {
        Unread { to, patience: patience.clone(), has_left_out: Rc::default() }
    }

    /// Put up once something is thrown away.
    pub(super) fn flag(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.has_left_out)
    }

    /// Waits until something can be written; false where that takes too long.
    fn is_ready(&self) -> bool {
        loop {
            let left = self.patience.left.get();
            let is_stopped = self.patience.stop.is_requested();
            let look = if is_stopped { LOOK.min(left) } else { LOOK };
            let began = Instant::now();
            let mut to = [PollFd::new(&self.to, PollFlags::OUT)];
            let timeout = Timespec { tv_sec: 0, tv_nsec: look.subsec_nanos().into() };
            match poll(&mut to, Some(&timeout)) {
                Ok(0) | Err(rustix::io::Errno::INTR) if is_stopped && left.is_zero() => return false,
                Ok(0) | Err(rustix::io::Errno::INTR) if is_stopped => {
                    self.patience.left.set(left.saturating_sub(began.elapsed()));
                }
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                // An error, if there is one, is said by writing.
                Ok(_) | Err(_) => return true,
            }
        }
    }
}

impl Write for Unread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // After a gap, what comes next would be joined to half a line.
        if self.has_left_out.get() || !self.is_ready() {
            self.has_left_out.set(true);
            return Ok(bytes.len());
        }
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        Ok(rustix::io::write(self.to, piece)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
