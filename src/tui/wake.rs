//! Waiting for keys, for events of the backend and for signals all at once: between them the app does nothing.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGWINCH};

use crate::backend::Waker;

/// The end of the pipe that the backend's threads write to.
pub(super) struct PipeWaker {
    pipe: UnixStream,
    /// A byte was written that the app has not taken: one is enough for any number of events.
    is_due: AtomicBool,
}

impl Waker for PipeWaker {
    fn wake(&self) {
        if !self.is_due.swap(true, Ordering::SeqCst) {
            // A pipe that is full wakes the app as well.
            let _ = (&self.pipe).write(&[0]);
        }
    }
}

/// The app's end.
pub(super) struct Wake {
    pipe: UnixStream,
    waker: Arc<PipeWaker>,
    signals: Signals,
}

/// Signals that came.
pub(super) struct Signals {
    /// The program is to end.
    pub(super) leaving: Arc<AtomicBool>,
    /// The program was stopped and goes on.
    resumed: Arc<AtomicBool>,
    /// The screen may have another size. While the program was stopped, no signal told of that.
    resized: Arc<AtomicBool>,
}

/// The result of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// The terminal has input.
    Input,
    /// There may be events or signals, or the time is over.
    Woken,
    /// The terminal has hung up.
    Gone,
}

impl Wake {
    /// From now on signals are heard.
    pub(super) fn new() -> io::Result<Wake> {
        let (pipe, sender) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        sender.set_nonblocking(true)?;
        let signals = Signals { leaving: Arc::default(), resumed: Arc::default(), resized: Arc::default() };
        let heard = [
            (&[SIGHUP, SIGINT, SIGTERM][..], &signals.leaving),
            (&[SIGCONT], &signals.resumed),
            (&[SIGCONT, SIGWINCH], &signals.resized),
        ];
        for (numbers, flag) in heard {
            for number in numbers {
                signal_hook::flag::register(*number, Arc::clone(flag))?;
            }
        }
        // After the flags: who is woken finds them set.
        for number in [SIGHUP, SIGINT, SIGTERM, SIGCONT, SIGWINCH] {
            signal_hook::low_level::pipe::register(number, sender.try_clone()?)?;
        }
        let waker = Arc::new(PipeWaker { pipe: sender, is_due: AtomicBool::new(false) });
        Ok(Wake { pipe, waker, signals })
    }

    /// For the backend's threads, to wake the app.
    pub(super) fn waker(&self) -> Arc<PipeWaker> {
        Arc::clone(&self.waker)
    }

    /// A request to end the program, for those that wait elsewhere.
    pub(super) fn leaving(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.signals.leaving)
    }

    /// True once somebody asked the program to end.
    pub(super) fn is_leaving(&self) -> bool {
        self.signals.leaving.load(Ordering::SeqCst)
    }

    /// True once after the program was stopped and goes on.
    pub(super) fn is_resumed(&self) -> bool {
        self.signals.resumed.swap(false, Ordering::SeqCst)
    }

    /// True once where the size of the screen has to be asked for.
    pub(super) fn is_resized(&self) -> bool {
        self.signals.resized.swap(false, Ordering::SeqCst)
    }

    /// Waits for anything, at most so long. Without a limit where nothing on the screen changes with time alone.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Waited {
        let waited = self.poll(limit, true);
        self.drain();
        waited
    }

    /// Waits for the terminal at most so long. Events gather meanwhile.
    pub(super) fn wait_for_input(&self, limit: Duration) -> Waited {
        self.poll(Some(limit), false)
    }

    /// Waits for the terminal, and for the pipe too if it is `with_events`.
    fn poll(&self, limit: Option<Duration>, with_events: bool) -> Waited {
        let input = rustix::stdio::stdin();
        let mut both = [PollFd::new(&input, PollFlags::IN), PollFd::new(&self.pipe, PollFlags::IN)];
        let polled = if with_events { &mut both[..] } else { &mut both[..1] };
        let limit =
            limit.map(|limit| Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) });
        // A signal ends the wait with an error; its byte is in the pipe then.
        let waited = poll(polled, limit.as_ref());
        let found = polled[0].revents();
        match () {
            () if waited.is_err() => Waited::Woken,
            () if found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => Waited::Gone,
            () if found.contains(PollFlags::IN) => Waited::Input,
            () => Waited::Woken,
        }
    }

    /// Empties the pipe. An event that comes from now on writes another byte; those before are taken after this.
    fn drain(&self) {
        let mut bytes = [0; 64];
        while (&self.pipe).read(&mut bytes).is_ok_and(|count| count == bytes.len()) {}
        self.waker.is_due.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes in the pipe.
    fn waiting(wake: &Wake) -> usize {
        let mut bytes = [0; 64];
        (&wake.pipe).read(&mut bytes).unwrap_or(0)
    }

    #[test]
    fn wake_writes_one_byte_for_many_events_until_they_are_taken() {
        let wake = Wake::new().unwrap();
        let waker = wake.waker();
        (0..100_000).for_each(|_| waker.wake());
        assert_eq!(waiting(&wake), 1);
        wake.drain();
        assert_eq!(waiting(&wake), 0);
        waker.wake();
        assert_eq!(waiting(&wake), 1);
    }

    #[test]
    fn a_signal_wakes_and_says_once_what_it_was() {
        let wake = Wake::new().unwrap();
        assert!(!wake.is_resized());
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::WINCH).unwrap();
        // It may be delivered to another thread, a moment later.
        let mut polled = [PollFd::new(&wake.pipe, PollFlags::IN)];
        poll(&mut polled, None).ok();
        assert!(polled[0].revents().contains(PollFlags::IN) || waiting(&wake) > 0);
        assert!(wake.is_resized() && !wake.is_resized() && !wake.is_resumed() && !wake.is_leaving());
    }
}
