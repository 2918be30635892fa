//! Watching a folder for the app: turn by turn, and what people ask for in between, in the same session.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};

use super::change_feed::{ChangedPicture, ScoredWith, SessionDelta, hash_of};
use super::import_decisions::take_over;
use super::label_embedder::EmbedRequest;
use super::open_session::{self, shown};
use super::prepare_run::{self, Ready};
use super::runner::{ChosenRuntime, RunnerContext};
use super::scorer::ScorerCommand;
use super::sort_run::PendingPlan;
use super::watch_forwarder::WatchForwarder;
use super::{CrewError, Event, Order};
use crate::domain::choice::LeftOut;
use crate::domain::folder_name::folder_names;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::domain::template::Templates;
use crate::engine::runtime::select::cores;
use crate::files::scan;
use crate::jobs::begin::begin_classify;
use crate::jobs::effort::{Clocks, LimitOfLate};
use crate::jobs::embeddings::ModelCache;
use crate::jobs::kept::kept;
use crate::jobs::model::Model;
use crate::jobs::watch::{Watch, WatchRules, WatchTools, Watched};
use crate::store::session::{LabelSet, Session, Sorting, Which};

/// How long orders are waited for between two turns.
const LOOK: Duration = Duration::from_millis(100);

/// The folder that is to be watched, and how.
pub(super) struct WatchRequest {
    pub(super) number: u64,
    pub(super) settings: Settings,
    pub(super) table: PathBuf,
    pub(super) sorts: bool,
    pub(super) decisions_of: Option<PathBuf>,
}

/// Why a watch is over, or goes on in another way.
enum WatchOutcome {
    /// It was stopped, or the app is closed.
    Stopped,
    /// Something was asked for that ends it.
    For(Box<Order>),
    /// The session was sorted in another way, which the watch has to take over.
    Resorted(Box<Settings>),
}

/// Watches until something ends it: what was asked for then is given back.
pub(super) fn watch(
    context: &RunnerContext,
    wanted: WatchRequest,
    runtime: &mut ChosenRuntime,
    made: &mut Option<PendingPlan>,
    orders: &Receiver<Order>,
) -> Result<Option<Order>, CrewError> {
    let settings = &wanted.settings;
    scan::check(&settings.source)?;
    let Ready { model, text, mut session } = prepare_run::make_ready(context, settings, runtime.get(context)?)?;
    if !prepare_run::may_begin(context, 0, &LeftOut::default(), orders) {
        return Ok(None);
    }
    open_session::tell_decisions(context, &session)?;
    let _ = context.scorer.send(ScorerCommand::Begin(context.guide.begin()));
    let _ = context.words.send(EmbedRequest::Model(Box::new(text), model.rule));
    let (run, set) = begin_classify(&mut session, settings, &model, runtime.get(context)?, Some(wanted.sorts))?;
    show(context, &session, &set, &model, settings)?;
    let (number, sorts, sorting) = (wanted.number, wanted.sorts, Box::new(Sorting::from(settings)));
    context.tell_in_order(Event::WatchBegan { number, sorting, sorts });
    if context.stop.is_requested() {
        // It was stopped while it was getting ready: it ends where it begins.
        context.switch.stop();
    }
    let mut lookout = AppWatch { context, wanted, model, run, set, session, arrived: 0, sorted: 0, unkept: 0 };
    let ended = lookout.watch(runtime, made, orders);
    // From here on, what is new in the session comes from others.
    context.guide.ended();
    let (next, error) = match ended {
        Ok(next) => (next, None),
        Err(error) => (None, Some(error)),
    };
    context.tell_in_order(Event::WatchEnded { number, arrived: lookout.arrived, error });
    Ok(next)
}

/// Tells what the session holds already.
fn show(
    context: &RunnerContext,
    session: &Session,
    set: &LabelSet,
    model: &Model,
    settings: &Settings,
) -> Result<(), CrewError> {
    let cache = context.surroundings.cache.as_ref();
    let since = session.revision()?;
    let texts = session.label_texts()?;
    let known = ModelCache::open(cache, &model.fingerprint, model.labels.ncols());
    let mut pictures = Vec::new();
    session.for_each_picture(Some(set), Which::All, |found| {
        let embedding = hash_of(&found).and_then(|hash| known.embedding(hash)).map(|remembered| remembered.embedding);
        pictures.push(ChangedPicture { seen: shown(found, &texts), embedding });
    })?;
    let with = Some(ScoredWith::of(&Sorting::from(settings)));
    let (begun, kept) = (context.guide.number(), 0);
    let followed = SessionDelta { begun, kept, is_own: false, are_arrivals: false, with, pictures };
    let _ = context.scorer.send(ScorerCommand::SessionDelta(followed));
    context.guide.shown(session.destination(), since, true);
    context.guide.memory(cache, model.fingerprint, model.labels.ncols());
    Ok(())
}

/// A watch at work for the app.
struct AppWatch<'d> {
    context: &'d RunnerContext,
    wanted: WatchRequest,
    model: Model,
    run: RunId,
    set: LabelSet,
    session: Session,
    /// Pictures that were classified in runs that are over.
    arrived: usize,
    /// Files that were copied or moved in those.
    sorted: usize,
    /// Sorted files that are without their times, permissions or attributes.
    unkept: usize,
}

impl AppWatch<'_> {
    /// Run after run, as the session is sorted in other ways.
    fn watch(
        &mut self,
        runtime: &mut ChosenRuntime,
        made: &mut Option<PendingPlan>,
        orders: &Receiver<Order>,
    ) -> Result<Option<Order>, CrewError> {
        loop {
            let settings = match self.one_run(runtime, made, orders)? {
                WatchOutcome::Stopped => return Ok(None),
                WatchOutcome::For(order) => return Ok(Some(*order)),
                WatchOutcome::Resorted(settings) => *settings,
            };
            let before = std::mem::replace(&mut self.wanted.settings, settings);
            // Nobody has asked for files to go by these labels without being asked.
            self.wanted.sorts = false;
            let (settings, runtime) = (&self.wanted.settings, runtime.get(self.context)?);
            if (&before.labels, before.template.text()) != (&settings.labels, settings.template.text()) {
                let folder = self.context.model_folder(&settings.model)?;
                self.model = self.context.open_model(&folder, settings, runtime, true)?.model;
            }
            (self.run, self.set) =
                begin_classify(&mut self.session, settings, &self.model, runtime, Some(self.wanted.sorts))?;
        }
    }

    /// One run: with the same labels from beginning to end.
    fn one_run(
        &mut self,
        runtime: &mut ChosenRuntime,
        made: &mut Option<PendingPlan>,
        orders: &Receiver<Order>,
    ) -> Result<WatchOutcome, CrewError> {
        let AppWatch { context, wanted, model, run, set, session, arrived, sorted, unkept } = self;
        let WatchRequest { number, settings, table, sorts, decisions_of } = wanted;
        let sorting = Sorting::from(&*settings);
        let watched = Watched {
            source: settings.source.clone(),
            recursive: settings.recursive,
            choice: settings.choice.clone(),
            kept: kept(session, settings)?,
            run: *run,
            folders: folder_names(&sorting.labels, &table.to_string_lossy()),
            sorting,
            set: set.clone(),
            table: table.clone(),
        };
        let mut watch = Watch::new(watched, session, WatchRules::usual(*sorts, settings.operation));
        watch.heed_when_sorting(context.switch.sorting.clone());
        let (clocks, mut limit) = (Clocks::default(), LimitOfLate::default());
        let stop = context.switch.stop.without_pause();
        let tools = WatchTools {
            model,
            cache: context.surroundings.cache.as_ref(),
            decoders: cores(),
            clocks: &clocks,
            say_trouble: &|trouble| context.sayer.trouble(trouble),
            say_transfer: &|error| context.sayer.transfer(error),
            stop: &stop,
        };
        let mut teller = WatchForwarder {
            context,
            texts: session.label_texts()?,
            before: *arrived,
            sorted: *sorted,
            unkept: *unkept,
            told: None,
        };
        let over = loop {
            context.switch.ready(*number);
            let mut is_more = false;
            if !context.switch.stop.is_paused() {
                is_more = match watch.turn(session, tools, &mut |told| teller.tell(told)) {
                    Ok(is_more) => is_more,
                    Err(error) => break Err(CrewError::Watch(error)),
                };
                let is_at_rest = !is_more && watch.backlog() == 0;
                if let Some(other) = decisions_of.take_if(|_| is_at_rest) {
                    take_decisions(context, &other, session);
                }
            }
            let now = Instant::now();
            teller.status(&watch, limit.at(now, &clocks), now);
            if stop.is_requested() {
                break Ok(WatchOutcome::Stopped);
            }
            match next_order(orders, is_more) {
                Next::None => {}
                Next::Closed => break Ok(WatchOutcome::Stopped),
                Next::Order(order @ (Order::Classify { .. } | Order::Watch { .. } | Order::Open { .. })) => {
                    break Ok(WatchOutcome::For(Box::new(order)));
                }
                Next::Order(order) => {
                    let resorted = resorted(&order, settings).map(Box::new);
                    let kept = Some((settings.destination.as_path(), &mut *session));
                    let done = context.carry_out(order, runtime, made, kept);
                    // An order that failed has not sorted the session in another way.
                    let resorted = resorted.filter(|_| done.is_ok());
                    if let Err(error) = done {
                        watch.recovers_first();
                        context.tell(Event::Failed { error });
                    }
                    // A session that cannot be read now is no reason to end the watch.
                    teller.texts = session.label_texts().unwrap_or(teller.texts);
                    if let Some(settings) = resorted {
                        break Ok(WatchOutcome::Resorted(settings));
                    }
                }
            }
        };
        if let Some(other) = decisions_of.take_if(|_| !matches!(over, Ok(WatchOutcome::Resorted(_)))) {
            take_decisions(context, &other, session);
        }
        *arrived += watch.pictures();
        // Where the watch has failed, what can be put right is put right all the same.
        let put_right = watch.end(session, &mut |told| teller.tell(told));
        (*sorted, *unkept) = (teller.sorted, teller.unkept);
        over.and_then(|over| put_right.map(|()| over).map_err(CrewError::Watch))
    }
}

/// The settings that the session is sorted with from now on, where an order brings others.
fn resorted(order: &Order, settings: &Settings) -> Option<Settings> {
    let Order::Plan { destination, sorting, .. } = order else { return None };
    if *destination != settings.destination || **sorting == Sorting::from(settings) {
        return None;
    }
    let mut resorted = settings.clone();
    resorted.labels.clone_from(&sorting.labels);
    resorted.template = Templates::new(&sorting.template).ok()?;
    (resorted.operation, resorted.sure) = (sorting.operation, sorting.sure());
    Some(resorted)
}

fn take_decisions(context: &RunnerContext, other: &Path, session: &mut Session) {
    context.tell_in_order(match take_over(other, session, &context.surroundings.known_sessions()) {
        Ok(step) => Event::TakenOver { step },
        Err(error) => Event::NotTakenOver { error: error.into() },
    });
}

/// The state of the orders' channel.
enum Next {
    None,
    Order(Order),
    Closed,
}

/// The next order; where there is nothing else to do, it is waited for.
fn next_order(orders: &Receiver<Order>, is_more: bool) -> Next {
    if is_more {
        return match orders.try_recv() {
            Ok(order) => Next::Order(order),
            Err(TryRecvError::Empty) => Next::None,
            Err(TryRecvError::Disconnected) => Next::Closed,
        };
    }
    match orders.recv_timeout(LOOK) {
        Ok(order) => Next::Order(order),
        Err(RecvTimeoutError::Timeout) => Next::None,
        Err(RecvTimeoutError::Disconnected) => Next::Closed,
    }
}
