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
//! Orders are sent and never waited for; events come back by one channel. What is asked for anew makes older requests of
//! its kind stale: they are dropped. Everything is joined when the crew is dropped.

mod beginning;
mod checker;
mod error;
mod fetching;
mod following;
mod keeper;
mod librarian;
mod opening;
mod pace;
mod runner;
mod scorer;
mod taking_over;
mod viewer;
mod watch_news;
mod watch_switch;
mod watching;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use following::{Follower, Guide};
use keeper::ToRunner;
use watch_switch::WatchSwitch;

use super::embeddings::CachePlace;
use super::stop::Stop;
use super::watch::Waits;
use crate::domain::collection::Entry;
use crate::domain::history::StepKind;
use crate::domain::hub_model::HubModel;
use crate::domain::label::Label;
use crate::domain::limit::Stage;
use crate::domain::picture::PictureId;
use crate::domain::plan::Plan;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::domain::template::Templates;
use crate::engine::runtime::find::Places;
use crate::engine::runtime::select::Wanted;
use crate::files::transfer::TransferError;
use crate::files::trouble::Trouble;
use crate::store::session::{Origin, Sorting};

pub use error::CrewError;
pub use following::{ScoredWith, Seen};
pub use librarian::{ModelChoice, ModelPlace};
pub use viewer::{Painted, Painter, Room, Sight};
pub use watch_news::{WatchNews, WatchStatus};
use words::Asked;

/// Who leaves the app is told what is waited for after this time.
const MOMENT: Duration = Duration::from_millis(500);

/// How often it is looked whether the threads have ended.
const LOOK: Duration = Duration::from_millis(10);

/// What the crew has to know of the machine and of the user.
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
    /// Where the built-in model is unpacked.
    pub built_in: PathBuf,
    /// Where it is noted which sessions are the user's own.
    pub data_folder: Option<PathBuf>,
}

/// How what goes wrong with a file is told to people: the words go into the session.
pub trait Sayer: Send + Sync {
    /// What is wrong with a picture.
    fn trouble(&self, trouble: &Trouble) -> String;
    /// Why a transfer failed.
    fn transfer(&self, error: &TransferError) -> String;
    /// What a watch waits for.
    fn waits(&self, waits: Waits<'_>) -> String;
}

/// What a person said of a picture; labels by their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This label is right, and it was predicted.
    Accepted(String),
    /// This label is right.
    Reassigned(String),
    /// No label is right.
    NoneOfThese,
    /// Left for later.
    Skipped,
}

/// What a person said of pictures at once, or took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidStep {
    /// How it came about.
    pub kind: StepKind,
    /// What was said of each picture.
    pub said: Vec<(PictureId, Option<Said>)>,
}

/// What the crew is asked to do.
#[allow(missing_docs, reason = "the sentence of each variant tells what its fields are")]
#[derive(Debug, Clone)]
pub enum Order {
    /// Count the files of a source. The number comes back with the answer.
    Check { number: u64, source: PathBuf, recursive: bool, destination: PathBuf },
    /// Complete the path of a folder.
    Complete { typed: String },
    /// List the models that there are without typing more.
    ListModels { typed: String },
    /// Look up where a model is.
    LookUpModel { name: String },
    /// Open the session of a destination to review it, if there is one.
    Open { destination: PathBuf },
    /// Classify. Decisions about the same pictures are taken over from the session of another destination.
    Classify { settings: Box<Settings>, table: PathBuf, decisions_of: Option<PathBuf> },
    /// Classify what arrives in the source until it is stopped; with `sorts` sort it too, once the crew is told that it
    /// may. Decisions are taken over as by classify.
    Watch { number: u64, settings: Box<Settings>, table: PathBuf, sorts: bool, decisions_of: Option<PathBuf> },
    /// Begin the run whose files were found: what was decided before is kept.
    Begin,
    /// Score everything with other labels.
    Rescore { revision: u64, labels: Vec<Label>, template: Templates },
    /// Keep what a person said.
    Decide { destination: PathBuf, step: SaidStep },
    /// Give a label another text.
    Rename { destination: PathBuf, from: String, to: String },
    /// Make a plan from these scores, one row a picture.
    Plan { destination: PathBuf, sorting: Box<Sorting>, scores: Vec<(PictureId, Vec<f32>)> },
    /// Carry the last plan out.
    Apply { destination: PathBuf, table: PathBuf },
    /// Take back a run, or the last one.
    Undo { destination: PathBuf, run: Option<RunId> },
    /// Show a picture, and get ready those that may be looked at next. The number comes back with the picture.
    View { number: u64, sight: Sight, next: Vec<Sight>, room: Room },
    /// Put ONNX Runtime into the data folder; with `gpu` the build for NVIDIA GPUs.
    InstallRuntime { gpu: bool },
    /// Look through what is in the cache of a published model, and download again what is damaged.
    Repair { model: HubModel },
}

/// How many files a transfer run has dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Copied, moved, or already there.
    pub done: usize,
    /// Not transferred.
    pub failed: usize,
}

/// What the crew tells.
#[allow(missing_docs, reason = "the sentence of each variant tells what its fields are")]
#[derive(Debug)]
pub enum Event {
    /// A source was counted.
    Checked { number: u64, result: Result<Checked, CrewError> },
    /// A path was completed, as far as it goes.
    Completed { typed: String, text: String },
    /// Models that there are.
    Models { typed: String, found: Vec<ModelChoice> },
    /// A model was looked up.
    ModelFound { choice: ModelChoice },
    /// A model is being downloaded: bytes that are there and that are needed, and how many come in a second, of late.
    Downloading { done: u64, total: u64, per_second: Option<f64> },
    /// The hub has no time, or the connection was cut: the download goes on by itself after so many seconds.
    DownloadWaits { seconds: u64 },
    /// Another program downloads the same file.
    DownloadLocked,
    /// The model is there.
    Downloaded,
    /// A model's files are being looked through: bytes that were and that have to be.
    Checking { done: u64, total: u64 },
    /// A model's files are as they were published; true where they were before.
    Repaired { model: HubModel, was_whole: bool },
    /// The runtime was chosen: its name with version, its device, and what should be known of the choice.
    Runtime { runtime: String, device: String, is_built_in: bool, is_gpu_unused: bool },
    /// The model's weights are being quantised, which is done once.
    Quantising,
    /// A model was opened: its device, with what it computes in.
    ModelOpened { device: String },
    /// An earlier session was opened: how it sorts and what it was made of, if anything was classified.
    Opened { sorting: Option<Box<Sorting>>, origin: Option<Origin> },
    /// Another session begins: what came before it is of no use.
    Begun { begun: u64 },
    /// Pictures came to the session or changed there, by whoever works in it; `kept` steps of this app's decisions are in
    /// that. Those that joined have scores for the labels of a revision beside the session's own.
    Followed {
        begun: u64,
        kept: u64,
        with: Option<ScoredWith>,
        revision: u64,
        joined: Vec<Seen>,
        scores: Vec<f32>,
        changed: Vec<Seen>,
        are_arrivals: bool,
    },
    /// The scores, for the labels of a revision, of pictures that were shown before they could be scored.
    ScoredLate { revision: u64, pictures: Vec<PictureId>, scores: Vec<f32> },
    /// A watch has begun: how it sorts.
    WatchBegan { number: u64, sorting: Box<Sorting>, sorts: bool },
    /// How the watch stands.
    Watching { status: WatchStatus },
    /// Something happened to what is watched.
    WatchNews { news: WatchNews },
    /// The watch has ended, by itself where there is an error.
    WatchEnded { number: u64, arrived: usize, error: Option<CrewError> },
    /// Every decision that was made in a session, step by step.
    Decided { steps: Vec<SaidStep> },
    /// Decisions of another session were taken over into this one, at once.
    TakenOver { step: SaidStep },
    /// The pictures of a session that was opened can be scored with other labels, but for those that are missing in the
    /// cache.
    Scorable { missing: usize },
    /// The pictures of a session that was opened cannot be scored with other labels.
    NotScorable { error: CrewError },
    /// Files to classify were found, and nothing stands in the way of the run any more: it begins with `Order::Begin`.
    Found { files: usize },
    /// Pictures came, with their scores for the labels of a revision; labels decided for by their texts.
    Arrived { revision: u64, entries: Vec<(Entry, Option<String>)>, scores: Vec<f32> },
    /// So many files that are no pictures were passed over.
    Passed { others: usize },
    /// Files that are looked at in a second, of late, and the stage that limits them.
    Pace { per_second: f64, limit: Option<Stage> },
    /// Classifying is over. How many pictures went through the model in a second, where enough did to tell.
    Classified { remembered: usize, waiting: usize, per_second: Option<f64> },
    /// Everything was scored with the labels of a revision.
    Rescored { revision: u64, scores: Vec<f32> },
    /// The labels of a revision could not be embedded; the position of the one that is to blame, where one is.
    LabelsFailed { revision: u64, label: Option<usize>, error: CrewError },
    /// Labels of a revision, by position, that mean nearly the same to the model.
    Alike { revision: u64, pairs: Vec<(usize, usize)> },
    /// A plan was made.
    Planned { plan: Box<Plan> },
    /// Transfers go on.
    Progress { tally: Tally, total: usize },
    /// A plan was carried out, as far as it was; why some were not, in words.
    Applied { run: Option<RunId>, tally: Tally, failures: Vec<String>, total: usize, head: String },
    /// A run was taken back.
    Undone { run: RunId, own: RunId, back: usize, removed: usize, failures: Vec<String>, head: String },
    /// Where pictures are in the destination now.
    Places { folders: Vec<(PictureId, Option<String>)> },
    /// A picture to look at; nothing where it cannot be shown.
    Viewed { number: u64, painted: Option<Painted> },
    /// ONNX Runtime was installed: its version. It is used from the next start on where another one runs already.
    Installed { version: String, is_for_later: bool },
    /// What was going on could not be done.
    Failed { error: CrewError },
    /// Something beside what is going on could not be done.
    Trouble { error: CrewError },
    /// Decisions of another session could not be taken over.
    NotTakenOver { error: CrewError },
}

/// A source that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Regular files with the name of a picture.
    pub pictures: usize,
    /// Other regular files.
    pub others: usize,
}

/// The threads, for as long as this is kept.
pub struct Crew {
    words: Sender<Asked>,
    keeper: Sender<Order>,
    viewer: Sender<Order>,
    checker: Sender<Order>,
    librarian: Sender<Order>,
    stop: Stop,
    switch: WatchSwitch,
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
        let switch = WatchSwitch::default();
        let follower = Follower::new(followed, scorer.clone());
        let runner = ToRunner { orders: runner, switch: switch.clone() };
        let desk = runner::Desk {
            surroundings,
            sayer,
            stop: stop.clone(),
            switch: switch.clone(),
            guide: Guide::new(to_follow),
            events: events.clone(),
            scorer: scorer.clone(),
            words: words.clone(),
        };
        let threads = vec![
            spawn("runner", move || runner::run(desk, &runner_orders)),
            spawn("words", {
                let events = events.clone();
                move || words::run(&words_orders, &scorer, &events)
            }),
            spawn("scorer", {
                let events = events.clone();
                move || scorer::run(&scorer_orders, &events)
            }),
            spawn("keeper", {
                let events = events.clone();
                move || keeper::run(&keeper_orders, &runner, follower, &events)
            }),
            spawn("viewer", {
                let (events, ending) = (events.clone(), ending.clone());
                move || viewer::run(&viewer_orders, painter.as_ref(), &ending, &events)
            }),
            spawn("checker", {
                let (events, ending) = (events.clone(), ending.clone());
                move || checker::run(&checker_orders, &ending, &events)
            }),
            spawn("librarian", {
                let ending = ending.clone();
                move || librarian::run(&librarian_orders, &ending, &events)
            }),
        ];
        let threads = threads.into_iter().flatten().collect();
        (Crew { words, keeper, viewer, checker, librarian, stop, switch, ending, threads }, told)
    }

    /// Sends an order to whoever carries it out.
    pub fn send(&self, order: Order) {
        if let Order::Rescore { revision, labels, template } = order {
            let _ = self.words.send(Asked::Labels { revision, labels, template });
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
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the crew panicked");
            }
        }
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
