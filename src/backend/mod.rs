//! The threads that work for the app, each with what it owns, and the orders and events that go between.
//!
//! - the **runner** classifies, plans, applies and undoes, one at a time, and watches a folder in between;
//! - the **scorer** holds the embeddings and scores them all again when the labels change;
//! - the **words** thread has the text tower and embeds labels, the newest request first;
//! - the **keeper** writes what people decide into the session at once, and follows what others do there;
//! - the **viewer** decodes pictures to look at, and has them painted for the screen;
//! - the **checker** counts the files of a source and completes paths;
//! - the **librarian** knows which models there are.
//!
//! Orders are sent and never waited for; events come back by one channel. A new request makes older ones of its kind
//! stale: they are dropped. Everything is joined when the crew is dropped.

mod change_feed;
mod classify_run;
mod decision_writer;
mod error;
mod fetch_model;
mod import_decisions;
mod label_embedder;
mod messages;
mod model_catalog;
mod newest;
mod open_session;
mod own_session;
mod prepare_run;
mod preview_loader;
mod rate_meter;
mod runner;
mod scorer;
mod sort_run;
mod source_inspector;
mod watch_control;
mod watch_forwarder;
mod watch_run;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use change_feed::{ChangeFeed, ChangeFeedHandle};
use decision_writer::RunnerQueue;
use watch_control::WatchControl;

use crate::built_in::Unpacker;
use crate::engine::runtime::find::Places;
use crate::engine::runtime::select::Wanted;
use crate::files::transfer::TransferError;
use crate::files::trouble::Trouble;
use crate::jobs::answering::leave_behind;
use crate::jobs::embeddings::CachePlace;
use crate::jobs::stop::Stop;
use crate::jobs::watch::Waits;
use crate::store::known::KnownSessions;

pub use change_feed::{ScoredWith, Seen};
pub use error::CrewError;
use label_embedder::EmbedRequest;
pub use messages::{Checked, Event, Order, Said, SaidStep, Tally, UndoTally};
pub use model_catalog::{ModelChoice, ModelPlace};
pub use preview_loader::{Painted, Painter, Room, Sight};
pub use watch_forwarder::{WatchNews, WatchStatus};

/// A user who leaves the app is told after this time what is waited for.
const MOMENT: Duration = Duration::from_millis(500);

/// How often it is looked whether the threads have ended.
const LOOK: Duration = Duration::from_millis(10);

/// The surroundings: everything that the crew has to know of the machine and of the user.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where libraries of ONNX Runtime are looked for.
    pub places: Places,
    /// Which runtime is wanted, where it computes, and in which numbers.
    pub runtime: Wanted,
    /// This program, to be started again for trying libraries.
    pub program: PathBuf,
    /// Where embeddings are remembered.
    pub cache: Option<CachePlace>,
    /// Where the built-in model is kept unpacked; nowhere without a home folder.
    pub built_in: Option<PathBuf>,
    /// Where it is noted which sessions are the user's own.
    pub data_folder: Option<PathBuf>,
}

impl Surroundings {
    /// The sessions that are the user's own, by the data folder.
    fn known_sessions(&self) -> KnownSessions {
        KnownSessions::in_folder(self.data_folder.as_deref())
    }
}

/// How what goes wrong with a file is told to people: the words go into the session.
pub trait Sayer: Send + Sync {
    /// The trouble with a picture, in words.
    fn trouble(&self, trouble: &Trouble) -> String;
    /// Why a transfer failed.
    fn transfer(&self, error: &TransferError) -> String;
    /// An obstacle that a watch waits for the end of.
    fn waits(&self, waits: Waits<'_>) -> String;
}

/// The threads, for as long as this is kept.
pub struct Crew {
    words: Sender<EmbedRequest>,
    keeper: Sender<Order>,
    viewer: Sender<Order>,
    checker: Sender<Order>,
    librarian: Sender<Order>,
    stop: Stop,
    switch: WatchControl,
    ending: Stop,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Starts the threads. Their events go to the receiver that is given back.
    pub fn start(
        surroundings: Surroundings,
        sayer: Arc<dyn Sayer>,
        painter: Arc<dyn Painter>,
    ) -> (Crew, Receiver<Event>) {
        let (events, told) = unbounded();
        let (runner, runner_orders) = unbounded();
        let (words, words_orders) = unbounded();
        let (keeper, keeper_orders) = unbounded();
        let (viewer, viewer_orders) = unbounded();
        let (checker, checker_orders) = unbounded();
        let (librarian, librarian_orders) = unbounded();
        let (scorer, scorer_orders) = unbounded();
        let (to_follow, followed) = unbounded();
        let (stop, ending) = (Stop::default(), Stop::default());
        let switch = WatchControl::default();
        let follower = ChangeFeed::new(followed, scorer.clone());
        let runner = RunnerQueue { orders: runner, switch: switch.clone() };
        let known = surroundings.known_sessions();
        let context = runner::RunnerContext {
            built_in: Unpacker::new(surroundings.built_in.clone()),
            surroundings,
            vouched: RefCell::default(),
            sayer,
            stop: stop.clone(),
            switch: switch.clone(),
            guide: ChangeFeedHandle::new(to_follow),
            events: events.clone(),
            scorer: scorer.clone(),
            words: words.clone(),
        };
        let threads = vec![
            spawn("runner", move || runner::run(context, &runner_orders)),
            spawn("words", {
                let events = events.clone();
                move || label_embedder::run(&words_orders, &scorer, &events)
            }),
            spawn("scorer", {
                let events = events.clone();
                move || scorer::run(&scorer_orders, &events)
            }),
            spawn("keeper", {
                let events = events.clone();
                move || decision_writer::run(&keeper_orders, &known, &runner, follower, &events)
            }),
            spawn("viewer", {
                let (events, ending) = (events.clone(), ending.clone());
                move || preview_loader::run(&viewer_orders, painter.as_ref(), &ending, &events)
            }),
            spawn("checker", {
                let (events, ending) = (events.clone(), ending.clone());
                move || source_inspector::run(&checker_orders, &ending, &events)
            }),
            spawn("librarian", {
                let ending = ending.clone();
                move || model_catalog::run(&librarian_orders, &ending, &events)
            }),
        ];
        let threads = threads.into_iter().flatten().collect();
        (Crew { words, keeper, viewer, checker, librarian, stop, switch, ending, threads }, told)
    }

    /// Sends an order to the thread that carries it out.
    pub fn send(&self, order: Order) {
        if let Order::Rescore { revision, labels, template } = order {
            let _ = self.words.send(EmbedRequest::Labels { revision, labels, template });
            return;
        }
        let to = match &order {
            Order::Check { .. } | Order::Complete { .. } => &self.checker,
            Order::ListModels { .. } | Order::LookUpModel { .. } => &self.librarian,
            Order::Decide { .. } | Order::Rename { .. } => &self.keeper,
            Order::View { .. } => &self.viewer,
            // A part of what runs: a request to stop it stands.
            Order::Begin => &self.keeper,
            // To the runner, after the decisions that were made before it.
            _ => {
                self.stop.lower();
                if matches!(order, Order::Watch { .. }) {
                    self.switch.lower();
                }
                &self.keeper
            }
        };
        // A thread that is gone has told why.
        let _ = to.send(order);
    }

    /// Asks the runner to stop after what it has in hand.
    pub fn stop(&self) {
        self.stop.request();
    }

    /// Asks the runner to pause after what it has in hand, or to go on.
    pub fn pause(&self, wanted: bool) {
        self.stop.pause(wanted);
    }

    /// Ends the watch after what it has in hand.
    pub fn stop_watch(&self) {
        self.switch.stop();
    }

    /// Pauses the watch after what it has in hand, or has it go on.
    pub fn pause_watch(&self, wanted: bool) {
        self.switch.pause(wanted);
    }

    /// Lets the watch of this number sort; none, and nothing is sorted by itself.
    pub fn let_sort(&self, watch: Option<u64>) {
        self.switch.let_sort(watch);
    }
}

impl Crew {
    /// Has the threads end, and waits for what they have in hand; `on_wait` hears of it where that takes longer than a
    /// moment.
    pub fn end(mut self, on_wait: impl FnOnce()) {
        self.ask_to_end();
        if !end_within(&self.threads, MOMENT) {
            on_wait();
        }
    }

    fn ask_to_end(&mut self) {
        self.stop.request();
        self.switch.stop();
        self.ending.request();
        // Without senders the threads end after what they have in hand.
        let none = || unbounded().0;
        (self.keeper, self.viewer) = (none(), none());
        (self.checker, self.librarian) = (none(), none());
        self.words = unbounded().0;
    }
}

/// True once all threads have ended, if they do within a time.
fn end_within(threads: &[JoinHandle<()>], time: Duration) -> bool {
    let began = Instant::now();
    loop {
        let have_ended = threads.iter().all(JoinHandle::is_finished);
        if have_ended || began.elapsed() >= time {
            return have_ended;
        }
        std::thread::sleep(LOOK);
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.ask_to_end();
        // Those two hold everything that must be kept; the others may be in a model or a folder that does not answer.
        let (keeping, others): (Vec<_>, Vec<_>) = self.threads.drain(..).partition(keeps);
        keeping.into_iter().for_each(join);
        end_within(&others, MOMENT);
        let (ended, left): (Vec<_>, Vec<_>) = others.into_iter().partition(JoinHandle::is_finished);
        ended.into_iter().for_each(join);
        if !left.is_empty() {
            tracing::warn!("threads that do not end are left behind: {:?}", left);
            leave_behind();
        }
    }
}

/// True for the threads that work in a session.
fn keeps(thread: &JoinHandle<()>) -> bool {
    matches!(thread.thread().name(), Some("runner" | "keeper"))
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread of the crew panicked");
    }
}

/// Starts a thread; without one the app goes on and says what it cannot do when it is asked for.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    started.inspect_err(|error| tracing::error!(name, "no thread: {error}")).ok()
}

/// Waits for an order; of several of one kind only the newest counts.
fn newest(orders: &Receiver<Order>) -> Option<Order> {
    let first = orders.recv().ok()?;
    Some(orders.try_iter().last().unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_hand_for_long_is_told_of_before_it_is_waited_for() {
        let (go, wait) = unbounded::<()>();
        let threads = vec![
            std::thread::spawn(move || {
                let _ = wait.recv();
            }),
            std::thread::spawn(|| {}),
        ];
        assert!(!end_within(&threads, Duration::from_millis(50)));
        drop(go);
        assert!(end_within(&threads, Duration::from_secs(60)));
    }
}
