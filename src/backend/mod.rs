//! The threads that work for the app, each with what it owns, and the orders and events that go between.
//!
//! - the **runner** classifies, plans, applies and undoes, one at a time, and watches a folder in between;
//! - the **scorer** holds the embeddings and scores them all again when the labels change;
//! - the **label embedder** has the text tower and embeds labels, the newest request first;
//! - the **decision writer** writes decisions into the session at once, and follows the work of others there;
//! - the **preview loader** decodes pictures to look at, and has them painted for the screen;
//! - the **tile loader** decodes pictures small, a page at a time;
//! - the **duplicate finder** finds stacks of near-duplicates;
//! - the **source inspector** counts the files of a source and completes paths;
//! - the **model catalog** knows which models there are.
//!
//! Orders are sent and never waited for; events come back by one channel. A new request makes older ones of its kind
//! stale: they are dropped. Everything is joined when the backend is dropped.

mod app_face;
mod change_feed;
mod channels;
mod classify_run;
mod context;
mod decision_writer;
mod duplicate_finder;
mod error;
mod events;
mod import_decisions;
mod label_embedder;
mod messages;
mod model_catalog;
mod narrow_run;
mod newest;
mod not_shown;
mod open_session;
mod orders;
mod outside;
mod own_work;
mod path_completion;
mod picture_facts;
mod picture_part;
mod preview_loader;
mod ranking;
mod rate_meter;
mod repair_model;
mod runner;
mod scorer;
mod session_rows;
mod sort_run;
mod source_inspector;
mod tile_album;
mod tile_loader;
mod watch_control;
mod watch_forwarder;
mod watch_run;

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use change_feed::{ChangeFeed, ChangeFeedHandle};
use channels::{DuplicateRequest, EmbedRequest, RunnerQueue, ScorerCommand};
use context::RunnerContext;
use events::EventSender;
use own_work::OwnWork;
use ranking::RankQuery;
use watch_control::WatchControl;

use crate::jobs::cancel_token::CancelToken;
use crate::jobs::watchdog::leave_behind;
use crate::use_cases::{Localizer, Machine};

pub use error::BackendError;
pub use events::Waker;
pub use messages::{Checked, DecisionStep, Event, NamedDecision, Order, Tally, UndoTally};
pub use model_catalog::{ModelChoice, ModelPlace};
pub use not_shown::NotShown;
pub use outside::OutsideError;
pub use picture_facts::{PictureFacts, Viewed};
pub use picture_part::Part;
pub use preview_loader::{PictureLocation, PreviewRenderer, PreviewSize, RenderedPreview};
pub use ranking::{NotRanked, RankBy};
pub use session_rows::{ScoredWith, SessionRow};
pub use watch_forwarder::{WatchNews, WatchStatus};

/// A user who leaves the app is told after this time what is waited for.
const MOMENT: Duration = Duration::from_millis(500);

/// How often it is looked whether the threads have ended.
const LOOK: Duration = Duration::from_millis(10);

/// The threads, for as long as this is kept.
pub struct Backend {
    embedder: Sender<EmbedRequest>,
    scorer: Sender<ScorerCommand>,
    decisions: Sender<Order>,
    viewers: Viewers,
    inspector: Sender<Order>,
    catalog: Sender<Order>,
    stop: CancelToken,
    control: WatchControl,
    ending: CancelToken,
    threads: Vec<JoinHandle<()>>,
}

impl Backend {
    /// Starts the threads. Their events go to the receiver that is given back, and `waker` is called for each.
    pub fn start(
        machine: Machine,
        localizer: Arc<dyn Localizer>,
        painter: Arc<dyn PreviewRenderer>,
        waker: Arc<dyn Waker>,
    ) -> (Backend, Receiver<Event>) {
        let (events, told) = unbounded();
        let events = EventSender::new(events, waker);
        let (runner, runner_orders) = unbounded();
        let (embedder, embed_requests) = unbounded();
        let (decisions, decision_orders) = unbounded();
        let (inspector, inspector_orders) = unbounded();
        let (catalog, catalog_orders) = unbounded();
        let (scorer, scorer_commands) = unbounded();
        let (to_feed, feed_commands) = unbounded();
        let (stop, ending, control) = (CancelToken::default(), CancelToken::default(), WatchControl::default());
        let (viewers, viewing) = Viewers::start(painter, &events, &ending);
        let own_work = OwnWork::default();
        let feed = ChangeFeed::new(feed_commands, scorer.clone(), own_work.clone());
        let queue = RunnerQueue { orders: runner, control: control.clone() };
        let known = machine.known_sessions();
        let context = RunnerContext {
            machine,
            vouched: RefCell::default(),
            localizer,
            stop: stop.clone(),
            control: control.clone(),
            own_work,
            feed: ChangeFeedHandle::new(to_feed),
            events: events.clone(),
            scorer: scorer.clone(),
            embedder: embedder.clone(),
            duplicates: viewers.duplicates.clone(),
        };
        let to_scorer = scorer.clone();
        let threads = vec![
            spawn("runner", move || runner::run(&context, &runner_orders)),
            spawn("label embedder", {
                let events = events.clone();
                move || label_embedder::run(&embed_requests, &scorer, &events)
            }),
            spawn("scorer", {
                let events = events.clone();
                move || scorer::run(&scorer_commands, &events)
            }),
            spawn("decision writer", {
                let events = events.clone();
                move || decision_writer::run(&decision_orders, &known, &queue, feed, &events)
            }),
            spawn("source inspector", {
                let (events, ending) = (events.clone(), ending.clone());
                move || source_inspector::run(&inspector_orders, &ending, &events)
            }),
            spawn("model catalog", {
                let ending = ending.clone();
                move || model_catalog::run(&catalog_orders, &ending, &events)
            }),
        ];
        let threads = threads.into_iter().chain(viewing).flatten().collect();
        let scorer = to_scorer;
        let backend =
            Backend { embedder, scorer, decisions, viewers, inspector, catalog, stop, control, ending, threads };
        (backend, told)
    }

    /// Sends an order to the thread that carries it out.
    pub fn send(&self, order: Order) {
        let order = match order {
            Order::Rescore { revision, labels, template } => {
                let _ = self.embedder.send(EmbedRequest::Labels { revision, labels, template });
                return;
            }
            Order::Rank { number, by: RankBy::Sentence(sentence) } => {
                let _ = self.embedder.send(EmbedRequest::Sentence { number, sentence });
                return;
            }
            Order::Rank { number, by: RankBy::Likeness(picture) } => {
                let _ = self.scorer.send(ScorerCommand::Rank { number, query: RankQuery::Likeness(picture) });
                return;
            }
            Order::FindDuplicates { number, pictures } => {
                let _ = self.viewers.duplicates.send(DuplicateRequest::Find { number, pictures });
                return;
            }
            order => order,
        };
        let to = match &order {
            Order::Check { .. } | Order::Complete { .. } | Order::OpenOutside { .. } => &self.inspector,
            Order::ListModels { .. } | Order::LookUpModel { .. } | Order::OfferModel { .. } => &self.catalog,
            Order::Decide { .. } | Order::Rename { .. } => &self.decisions,
            Order::View { .. } => &self.viewers.previews,
            Order::Tiles { .. } => &self.viewers.tiles,
            // A part of what runs: a request to stop it stands.
            Order::Begin => &self.decisions,
            // To the runner, after the decisions that were made before it.
            _ => {
                self.stop.reset();
                if matches!(order, Order::Watch { .. }) {
                    self.control.reset();
                }
                &self.decisions
            }
        };
        // If the thread has ended, it has reported its error.
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
        self.control.stop();
    }

    /// Pauses the watch after what it has in hand, or has it go on.
    pub fn pause_watch(&self, wanted: bool) {
        self.control.pause(wanted);
    }

    /// Lets the watch of this number sort; none, and nothing is sorted by itself.
    pub fn let_sort(&self, watch: Option<u64>) {
        self.control.let_sort(watch);
    }
}

impl Backend {
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
        self.control.stop();
        self.ending.request();
        // Without senders the threads end after what they have in hand.
        let none = || unbounded().0;
        self.decisions = none();
        (self.inspector, self.catalog) = (none(), none());
        (self.embedder, self.scorer) = (unbounded().0, unbounded().0);
        self.viewers = Viewers { previews: none(), tiles: none(), duplicates: unbounded().0 };
    }
}

/// The ways to the threads that work for what is looked at.
struct Viewers {
    previews: Sender<Order>,
    tiles: Sender<Order>,
    duplicates: Sender<DuplicateRequest>,
}

impl Viewers {
    fn start(
        painter: Arc<dyn PreviewRenderer>,
        events: &EventSender,
        ending: &CancelToken,
    ) -> (Viewers, [Option<JoinHandle<()>>; 3]) {
        let (previews, preview_orders) = unbounded();
        let (tiles, tile_orders) = unbounded();
        let (duplicates, requests) = unbounded();
        let threads = [
            spawn("preview loader", {
                let (painter, events, ending) = (painter.clone(), events.clone(), ending.clone());
                move || preview_loader::run(&preview_orders, painter.as_ref(), &ending, &events)
            }),
            spawn("tile loader", {
                let (events, ending, seen) = (events.clone(), ending.clone(), duplicates.clone());
                move || tile_loader::run(&tile_orders, painter.as_ref(), &ending, &events, &seen)
            }),
            spawn("duplicate finder", {
                let (events, ending) = (events.clone(), ending.clone());
                move || duplicate_finder::run(&requests, &ending, &events)
            }),
        ];
        (Viewers { previews, tiles, duplicates }, threads)
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

impl Drop for Backend {
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
    matches!(thread.thread().name(), Some("runner" | "decision writer"))
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread of the backend panicked");
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
