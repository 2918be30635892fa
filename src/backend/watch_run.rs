//! A watch of the app: turn by turn, and the orders of people in between, in the same session.

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};

use super::app_face::AppFace;
use super::channels::{ChangedPicture, EmbedRequest, ScorerCommand, SessionDelta};
use super::classify_run::may_begin;
use super::context::RunnerContext;
use super::import_decisions::import_decisions;
use super::orders::{RunnerState, carry_out};
use super::session_rows::{ScoredWith, embeddable_hash, label_keys, row_of, steps_by_text};
use super::{BackendError, Event, Order};
use crate::domain::file_filter::LeftOut;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::domain::template::Templates;
use crate::engine::runtime::Runtime;
use crate::jobs::embedding_cache::ModelCache;
use crate::jobs::model::Model;
use crate::jobs::watch::WatchRules;
use crate::store::session::{LabelSet, Session, Sorting, Which};
use crate::use_cases::watch::{ReadyWatch, WatchRequest, WatchRun, begin, prepare};
use crate::use_cases::{RunContext, open_model};

/// How long orders are waited for between two turns.
const LOOK: Duration = Duration::from_millis(100);

/// An order to watch.
pub(super) struct WatchOrder {
    pub(super) number: u64,
    pub(super) settings: Settings,
    pub(super) table: PathBuf,
    pub(super) sorts: bool,
    pub(super) decisions_of: Option<PathBuf>,
}

impl WatchOrder {
    fn request(&self, context: &RunnerContext) -> WatchRequest<'_> {
        let trust = context.is_vouched_for(&self.settings.destination);
        WatchRequest { settings: &self.settings, table: &self.table, trust, sorts: self.sorts }
    }
}

/// How a run of a watch ended.
enum RunEnd {
    /// It was stopped, or the app is closed.
    Stopped,
    /// Something was asked for that ends the watch.
    For(Box<Order>),
    /// The session was sorted in another way, which the watch has to take over.
    Resorted(Box<Settings>),
}

/// Watches until something ends it: the order that did is given back.
pub(super) fn watch(
    context: &RunnerContext,
    order: WatchOrder,
    state: &mut RunnerState,
    orders: &Receiver<Order>,
) -> Result<Option<Order>, BackendError> {
    let _working = context.own_work.begin(&order.settings.destination);
    let face = AppFace::stopped_by(context, || context.stop.is_requested() || context.control.stop.is_requested());
    let ready = prepare(&face.run(), order.request(context), &mut state.runtime)?;
    if !may_begin(context, 0, &LeftOut::default(), orders) {
        return Ok(None);
    }
    let ReadyWatch { model, text, runtime, mut session } = ready;
    context.tell(Event::Decided { steps: steps_by_text(&session)? });
    let _ = context.scorer.send(ScorerCommand::Begin(context.feed.begin()));
    let _ = context.embedder.send(EmbedRequest::Model(Box::new(text), model.rule));
    let (run, set) = begin(&mut session, &order.settings, &model, &runtime, order.sorts)?;
    show(context, &session, &set, &model, &order.settings)?;
    let (number, sorts, sorting) = (order.number, order.sorts, Box::new(Sorting::from(&order.settings)));
    context.tell_in_order(Event::WatchBegan { number, sorting, sorts });
    if context.stop.is_requested() {
        // It was stopped while it was getting ready: it ends where it begins.
        context.control.stop();
    }
    let mut watch = AppWatch { context, face: &face, order, runtime, model, run, set, session };
    let ended = watch.watch(state, orders);
    // From here on, what is new in the session comes from others.
    context.feed.ended();
    let (next, error) = match ended {
        Ok(next) => (next, None),
        Err(error) => (None, Some(error)),
    };
    context.tell_in_order(Event::WatchEnded { number, arrived: face.arrived(), error });
    Ok(next)
}

/// Tells what the session holds already.
fn show(
    context: &RunnerContext,
    session: &Session,
    set: &LabelSet,
    model: &Model,
    settings: &Settings,
) -> Result<(), BackendError> {
    let cache = context.machine.cache.as_ref();
    let since = session.revision()?;
    let texts = label_keys(session)?;
    let known = ModelCache::open(cache, &model.fingerprint, model.labels.ncols());
    let mut pictures = Vec::new();
    session.for_each_picture(Some(set), Which::All, |found| {
        let embedding =
            embeddable_hash(&found).and_then(|hash| known.embedding(hash)).map(|remembered| remembered.embedding);
        pictures.push(ChangedPicture { seen: row_of(found, &texts), embedding });
    })?;
    let with = Some(ScoredWith::of(&Sorting::from(settings)));
    let (epoch, kept) = (context.feed.epoch(), 0);
    let delta = SessionDelta { epoch, kept, is_own: false, are_arrivals: false, with, pictures };
    let _ = context.scorer.send(ScorerCommand::Changed(delta));
    context.feed.shown(session.destination(), since, true);
    context.remembers(model.fingerprint, model.labels.ncols());
    Ok(())
}

/// A watch at work for the app.
struct AppWatch<'w> {
    context: &'w RunnerContext,
    face: &'w AppFace<'w>,
    order: WatchOrder,
    runtime: Runtime,
    model: Model,
    run: RunId,
    set: LabelSet,
    session: Session,
}

impl AppWatch<'_> {
    /// Run after run, as the session is sorted in other ways.
    fn watch(&mut self, state: &mut RunnerState, orders: &Receiver<Order>) -> Result<Option<Order>, BackendError> {
        loop {
            let settings = match self.one_run(state, orders)? {
                RunEnd::Stopped => return Ok(None),
                RunEnd::For(order) => return Ok(Some(*order)),
                RunEnd::Resorted(settings) => *settings,
            };
            let before = std::mem::replace(&mut self.order.settings, settings);
            // Nobody has asked for files to go by these labels without being asked.
            self.order.sorts = false;
            let settings = &self.order.settings;
            if (&before.labels, before.template.text()) != (&settings.labels, settings.template.text()) {
                // A request to stop what was asked for meanwhile is none to the watch.
                let stop = self.context.control.stop.without_pause();
                let is_stopped = || stop.is_requested();
                let run = RunContext { stop: &stop, is_stopped: &is_stopped, ..self.face.run() };
                self.model = open_model::open(&run, settings, &self.runtime, None)?.model;
            }
            (self.run, self.set) = begin(&mut self.session, settings, &self.model, &self.runtime, self.order.sorts)?;
        }
    }

    /// One run: with the same labels from beginning to end.
    fn one_run(&mut self, state: &mut RunnerState, orders: &Receiver<Order>) -> Result<RunEnd, BackendError> {
        let AppWatch { context, face, order, model, run, set, session, .. } = self;
        let (context, face) = (*context, *face);
        let stop = context.control.stop.without_pause();
        let is_stopped = || stop.is_requested();
        let machine = &context.machine;
        let run_context = RunContext { machine, stop: &stop, is_stopped: &is_stopped, face };
        let request = order.request(context);
        let rules = WatchRules::usual(request.sorts, request.settings.operation);
        let mut watch = WatchRun::new(run_context, model, session, request, (*run, set), rules)?;
        watch.set_sorting_token(context.control.sorting.clone());
        face.know_labels(label_keys(session)?);
        let mut decisions_of = order.decisions_of.take();
        let end = loop {
            context.control.ready(order.number);
            let mut is_more = false;
            if !context.control.stop.is_paused() {
                is_more = match watch.turn(session) {
                    Ok(is_more) => is_more,
                    Err(error) => break Err(error.into()),
                };
                let is_at_rest = !is_more && watch.watch().backlog() == 0;
                if let Some(other) = decisions_of.take_if(|_| is_at_rest) {
                    import_decisions(context, &other, session);
                }
            }
            watch.tell_status();
            if stop.is_requested() {
                break Ok(RunEnd::Stopped);
            }
            let next = match next_order(orders, is_more) {
                Next::None => continue,
                Next::Closed => break Ok(RunEnd::Stopped),
                Next::Order(next @ (Order::Classify { .. } | Order::Watch { .. } | Order::Open { .. })) => {
                    break Ok(RunEnd::For(Box::new(next)));
                }
                Next::Order(next) => next,
            };
            let resorted = resorted(&next, &order.settings).map(Box::new);
            let done = carry_out(context, next, state, Some((order.settings.destination.as_path(), &mut *session)));
            // An order that failed has not sorted the session in another way.
            let resorted = resorted.filter(|_| done.is_ok());
            if let Err(error) = done {
                watch.recover_first();
                context.tell(Event::Failed { error });
            }
            // A session that cannot be read now is no reason to end the watch.
            if let Ok(texts) = label_keys(session) {
                face.know_labels(texts);
            }
            if let Some(settings) = resorted {
                break Ok(RunEnd::Resorted(settings));
            }
        };
        if let Some(other) = decisions_of.take_if(|_| !matches!(end, Ok(RunEnd::Resorted(_)))) {
            import_decisions(context, &other, session);
        }
        face.end_of_watch_run(watch.watch().pictures());
        // Where the watch has failed, what can be put right is put right all the same.
        let put_right = watch.end(session);
        order.decisions_of = decisions_of;
        end.and_then(|end| put_right.map(|()| end).map_err(BackendError::from))
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
