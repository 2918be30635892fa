//! The way of events to the app, which is woken for each: it waits for keys at the same time.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::Event;

/// Wakes the app where it waits.
pub trait Waker: Send + Sync {
    /// An event is in the channel. Called on the thread that sent it.
    fn wake(&self);
}

/// For an app that waits for nothing but the channel.
impl Waker for () {
    fn wake(&self) {}
}

/// The app is closed: nobody is left to hear an event.
#[derive(Debug)]
pub(super) struct Closed;

/// The threads' end of the channel.
#[derive(Clone)]
pub(super) struct EventSender {
    channel: Sender<Event>,
    waker: Arc<dyn Waker>,
}

impl EventSender {
    pub(super) fn new(channel: Sender<Event>, waker: Arc<dyn Waker>) -> EventSender {
        EventSender { channel, waker }
    }

    /// Sends an event.
    pub(super) fn send(&self, event: Event) -> Result<(), Closed> {
        self.channel.send(event).map_err(|_| Closed)?;
        self.waker.wake();
        Ok(())
    }
}
