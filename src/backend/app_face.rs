//! The app as the face of a run: events of the run become events of the app.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use super::context::RunnerContext;
use super::rate_meter::RateMeter;
use super::watch_forwarder::WatchForwarder;
use super::{Event, Tally};
use crate::domain::collection::Entry;
use crate::domain::decision::LabelId;
use crate::domain::limit::Stage;
use crate::engine::hub::DownloadEvent;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::{RuntimeNote, Selection};
use crate::files::transfer::Ended;
use crate::jobs::classify::Classified;
use crate::jobs::watch::WatchEvent;
use crate::store::session::Known;
use crate::use_cases::{Face, Localizer, Notice, RunContext, RunEvent};

use super::channels::ScorerCommand;

/// Failures that are told in words; all of them are in the table.
pub(super) const TOLD: usize = 50;

/// The face of one run.
pub(super) struct AppFace<'c> {
    context: &'c RunnerContext,
    is_stopped: Box<dyn Fn() -> bool + 'c>,
    state: RefCell<State>,
}

/// Everything that is counted while a run goes on.
#[derive(Default)]
struct State {
    /// Decisions refer to labels of the session by number; the app knows them by text.
    texts: HashMap<LabelId, String>,
    /// Files that were looked at.
    looked_at: RateMeter,
    /// Files that are no pictures.
    others: usize,
    /// Transfers of the stage that goes on.
    total: usize,
    tally: Tally,
    failures: Vec<String>,
    download: Download,
    watch: WatchForwarder,
}

/// Bytes that come from the hub, or are looked through.
#[derive(Default)]
struct Download {
    there: u64,
    rate: RateMeter,
    per_second: Option<f64>,
    checked: u64,
    checking: RateMeter,
}

impl<'c> AppFace<'c> {
    /// A face whose run is stopped as everything that runs is.
    pub(super) fn new(context: &'c RunnerContext) -> AppFace<'c> {
        AppFace::stopped_by(context, move || context.stop.is_requested())
    }

    /// A face whose run is given up, before it has begun, where this says so.
    pub(super) fn stopped_by(context: &'c RunnerContext, is_stopped: impl Fn() -> bool + 'c) -> AppFace<'c> {
        AppFace { context, is_stopped: Box::new(is_stopped), state: RefCell::default() }
    }

    /// The context of the run.
    pub(super) fn run(&self) -> RunContext<'_> {
        let RunnerContext { machine, stop, .. } = self.context;
        RunContext { machine, stop, is_stopped: &*self.is_stopped, face: self }
    }

    /// From now on decisions are told by these texts of labels.
    pub(super) fn know_labels(&self, texts: HashMap<LabelId, String>) {
        self.state.borrow_mut().texts = texts;
    }

    /// Pictures that went through the model in a second, where enough did to tell.
    pub(super) fn per_second(&self, remembered: usize, paused: std::time::Duration) -> Option<f64> {
        self.state.borrow().looked_at.in_all(remembered, paused)
    }

    /// How transfers ended, and the first failures in words.
    pub(super) fn transferred(&self) -> (Tally, Vec<String>) {
        let state = &mut *self.state.borrow_mut();
        (state.tally, std::mem::take(&mut state.failures))
    }

    /// A run of a watch ends with so many pictures: the next one counts on from there.
    pub(super) fn end_of_watch_run(&self, arrived: usize) {
        self.state.borrow_mut().watch.end_of_run(arrived);
    }

    /// Pictures that arrived in the runs of a watch that are over.
    pub(super) fn arrived(&self) -> usize {
        self.state.borrow().watch.arrived()
    }
}

impl Face for AppFace<'_> {
    fn tell(&self, event: RunEvent<'_>) {
        let (context, state) = (self.context, &mut *self.state.borrow_mut());
        match event {
            RunEvent::Notice(notice) => notice_of(context, notice),
            RunEvent::RuntimeChosen(selection) => context.tell(runtime_event(selection)),
            RunEvent::Fetching(step) => state.download.tell(&step, context),
            RunEvent::Fetched => context.tell(Event::Downloaded),
            RunEvent::OpeningModel(_) | RunEvent::WatchEnds => {}
            RunEvent::Quantising => context.tell(Event::Quantising),
            RunEvent::ModelOpened { device } => context.tell(Event::ModelOpened { device }),
            // The app is told of them when the model is open too, and the run may begin.
            RunEvent::Found { .. } => {}
            RunEvent::StageBegins { total } => (state.total, state.tally) = (total, Tally::default()),
            RunEvent::LookedAt { classified, limit } => state.looked_at(classified, limit, context),
            RunEvent::Stored(stored) => tell_arrivals(context, stored, &state.texts),
            RunEvent::Transferred { ended, .. } | RunEvent::TakenBack { ended, .. } => {
                state.transferred(ended, context)
            }
            RunEvent::Watch(WatchEvent::Arrived(arrived)) => tell_arrivals(context, arrived, &state.texts),
            RunEvent::Watch(told) => state.watch.tell(told, context),
            RunEvent::WatchStands { watch, limit, at } => state.watch.status(watch, limit, at, context),
        }
    }

    fn localizer(&self) -> &dyn Localizer {
        &*self.context.localizer
    }
}

impl State {
    fn looked_at(&mut self, classified: Option<&Classified>, limit: Option<Stage>, context: &RunnerContext) {
        if let Some(per_second) = self.looked_at.count(Instant::now()) {
            context.tell(Event::Pace { per_second, limit });
        }
        if classified.is_none() {
            self.others += 1;
            context.tell(Event::Passed { others: self.others });
        }
    }

    fn transferred(&mut self, ended: &Ended, context: &RunnerContext) {
        self.tally.add(ended);
        if let Err(error) = ended
            && self.failures.len() < TOLD
        {
            self.failures.push(context.localizer.transfer(error));
        }
        context.tell(Event::Progress { tally: self.tally, total: self.total });
    }
}

impl Download {
    fn tell(&mut self, step: &DownloadEvent<'_>, context: &RunnerContext) {
        match step {
            DownloadEvent::Begin(plan) => {
                self.there = plan.there();
                let (done, total, per_second) = (self.there, plan.size(), self.per_second);
                context.tell(Event::Downloading { done, total, per_second });
            }
            DownloadEvent::Bytes { done, total } => {
                let more = usize::try_from(done.saturating_sub(self.there)).unwrap_or(0);
                self.there = *done;
                if let Some(now) = self.rate.add(more, Instant::now()) {
                    self.per_second = Some(now);
                    context.tell(Event::Downloading { done: *done, total: *total, per_second: Some(now) });
                }
            }
            DownloadEvent::Checking { done, total } => {
                let more = usize::try_from(done.saturating_sub(self.checked)).unwrap_or(0);
                self.checked = *done;
                if self.checking.add(more, Instant::now()).is_some() {
                    context.tell(Event::Checking { done: *done, total: *total });
                }
            }
            DownloadEvent::Waiting { pause } => context.tell(Event::DownloadWaits { seconds: pause.as_secs().max(1) }),
            DownloadEvent::TooSlow => context.tell(Event::DownloadWaits { seconds: 1 }),
            DownloadEvent::Locked => context.tell(Event::DownloadLocked),
        }
    }
}

fn notice_of(context: &RunnerContext, notice: Notice) {
    match &notice {
        // Each order opens the session anew: it is told once.
        Notice::SessionNotNoted { destination, .. } => {
            if context.vouched.borrow_mut().insert(destination.clone()) {
                context.tell(Event::Notice { notice });
            }
        }
        // The runtime's own line says so for as long as it is so.
        Notice::Runtime(RuntimeNote::GpuUnused) => {}
        _ => context.tell(Event::Notice { notice }),
    }
}

fn runtime_event(selection: &Selection) -> Event {
    let runtime = &selection.runtime;
    Event::Runtime {
        runtime: format!("{} {}", runtime.name(), runtime.version()),
        device: runtime.computes(),
        is_built_in: matches!(runtime, Runtime::Tract),
        is_gpu_unused: selection.notes.contains(&RuntimeNote::GpuUnused),
    }
}

/// Pictures that are in the session go on to the scorer.
fn tell_arrivals(context: &RunnerContext, stored: Vec<(Known, Classified)>, texts: &HashMap<LabelId, String>) {
    let pictures = stored.into_iter().map(|(known, classified)| {
        let decided = known.decision.and_then(|d| d.label()).and_then(|label| texts.get(&label).cloned());
        let trouble = classified.trouble.as_ref().map(|trouble| context.localizer.trouble(trouble));
        let Classified { picture, embedding, .. } = classified;
        let entry = Entry {
            id: known.id,
            path: picture.path,
            hash: picture.hash,
            state: picture.state,
            trouble,
            decision: known.decision,
            placed: known.folder,
        };
        (entry, decided, embedding)
    });
    let _ = context.scorer.send(ScorerCommand::Arrived(pictures.collect()));
}
