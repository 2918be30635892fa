//! Classifies, plans, applies and undoes, one after the other. It alone holds the session's lock.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};
use serde_json::json;

use super::beginning::Ready;
use super::following::Guide;
use super::pace::Pace;
use super::scorer::Told;
use super::taking_over::take_over;
use super::watch_switch::WatchSwitch;
use super::watching::Wanted;
use super::words::Asked;
use super::{CrewError, Event, Order, Sayer, Surroundings, Tally};
use super::{beginning, opening, watching};
use crate::built_in;
use crate::domain::collection::Entry;
use crate::domain::decision::LabelId;
use crate::domain::folder_name::folder_names;
use crate::domain::picture::PictureId;
use crate::domain::plan::Plan;
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::{ModelName, Settings};
use crate::engine::runtime::install::install;
use crate::engine::runtime::select::{RuntimeNote, cores, select};
use crate::engine::runtime::{Runtime, Uses};
use crate::files::destination;
use crate::files::scan::scan;
use crate::jobs::answering::Patience;
use crate::jobs::apply::apply;
use crate::jobs::begin::begin_classify;
use crate::jobs::classify::{Classification, Classified, Encoders, Pipeline, classify};
use crate::jobs::effort::{Clocks, LimitOfLate};
use crate::jobs::model::{ModelError, ModelToOpen, OpenedModel};
use crate::jobs::sink::{Hooks, SessionSink, SourceFolder};
use crate::jobs::sort::{SortRules, sort};
use crate::jobs::stop::Stop;
use crate::jobs::tables;
use crate::jobs::undo::{Undone, undo};
use crate::store::session::{Known, LabelSet, Session, Sorting, Which};

/// Failures that are told in words; all of them are in the table.
const TOLD: usize = 50;

/// What the runner works with.
pub(super) struct Desk {
    pub(super) surroundings: Surroundings,
    /// Destinations whose sessions were made or trusted in this start, and could not be noted as the user's own.
    pub(super) vouched: RefCell<HashSet<PathBuf>>,
    pub(super) sayer: Arc<dyn Sayer>,
    pub(super) stop: Stop,
    pub(super) switch: WatchSwitch,
    pub(super) guide: Guide,
    pub(super) events: Sender<Event>,
    pub(super) scorer: Sender<Told>,
    pub(super) words: Sender<Asked>,
}

/// The last plan, and what it was made with.
pub(super) struct Made {
    plan: Plan,
    gone: Vec<PathBuf>,
    sorting: Sorting,
    set: LabelSet,
}

pub(super) fn run(desk: Desk, orders: &Receiver<Order>) {
    let mut made = None;
    let mut runtime = ChosenRuntime::default();
    // What ended a watch is done after it.
    let mut next = None;
    loop {
        // What is asked for at once, as an earlier session to look at, does not wait for a runtime.
        let order = match next.take().map_or_else(|| orders.try_recv(), Ok) {
            Ok(order) => order,
            Err(_) => {
                if let Err(error) = runtime.at_first(&desk) {
                    desk.tell(Event::Trouble { error });
                }
                match orders.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                }
            }
        };
        let done = match order {
            Order::Watch { number, settings, table, sorts, decisions_of } => {
                let wanted = Wanted { number, settings: *settings, table, sorts, decisions_of };
                watching::watch(&desk, wanted, &mut runtime, &mut made, orders).map(|order| next = order)
            }
            Order::Classify { settings, table, decisions_of } => {
                let made = runtime.get(&desk);
                made.and_then(|runtime| desk.classify(&settings, &table, decisions_of.as_deref(), orders, runtime))
            }
            order => desk.carry_out(order, &mut runtime, &mut made, None),
        };
        if let Err(error) = done {
            // Nothing of the app's own goes on: what others do is followed.
            desk.guide.ended();
            desk.tell(Event::Failed { error });
        }
    }
}

/// The runtime, chosen when it is needed first. Where none can be had, it is looked for again the next time.
#[derive(Default)]
pub(super) struct ChosenRuntime {
    runtime: Option<Runtime>,
    was_tried: bool,
}

impl ChosenRuntime {
    pub(super) fn get(&mut self, desk: &Desk) -> Result<&Runtime, CrewError> {
        self.was_tried = true;
        match &mut self.runtime {
            Some(runtime) => Ok(runtime),
            none => Ok(none.insert(desk.choose_runtime()?)),
        }
    }

    /// Chooses it, unless that was tried before.
    fn at_first(&mut self, desk: &Desk) -> Result<(), CrewError> {
        if self.was_tried { Ok(()) } else { self.get(desk).map(drop) }
    }
}

impl Desk {
    /// Does what was asked for; in the session of a watch that goes on, where there is one.
    pub(super) fn carry_out(
        &self,
        order: Order,
        runtime: &mut ChosenRuntime,
        made: &mut Option<Made>,
        watched: Option<(&Path, &mut Session)>,
    ) -> Result<(), CrewError> {
        let mut opened = None;
        let session_of = |destination: &Path| match watched {
            Some((known, session)) if known == destination => Ok(session),
            _ => self.session(destination).map(|session| opened.insert(session)),
        };
        match order {
            Order::Open { destination } => opening::open(self, &destination, runtime),
            Order::Plan { destination, sorting, scores } => {
                let made = made.insert(self.plan(session_of(&destination)?, *sorting, &scores)?);
                if let Some(weakness) = destination::weakness(&destination).filter(|_| !made.plan.transfers.is_empty())
                {
                    self.tell(Event::Weak { weakness });
                }
                self.tell(Event::Planned { plan: Box::new(made.plan.clone()), gone: std::mem::take(&mut made.gone) });
                Ok(())
            }
            Order::Apply { destination, table } => {
                let plan = made.as_ref().ok_or(CrewError::NoPlan)?;
                self.apply(session_of(&destination)?, &table, plan)?;
                *made = None;
                Ok(())
            }
            Order::Undo { destination, .. } if !Session::exists(&destination) => Err(CrewError::NothingToUndo),
            Order::Undo { destination, run } => self.undo(session_of(&destination)?, run),
            Order::Trust { destination } => self.trust(destination),
            Order::InstallRuntime { gpu } => self.install_runtime(gpu, runtime),
            Order::Repair { model } => self.repair(&model),
            _ => Ok(()),
        }
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody is left to hear of it only when the app is closed.
        let _ = self.events.send(event);
    }

    /// Tells after all pictures that were handed to the scorer before.
    pub(super) fn tell_in_order(&self, event: Event) {
        let _ = self.scorer.send(Told::Pass(Box::new(event)));
    }

    fn choose_runtime(&self) -> Result<Runtime, CrewError> {
        let Surroundings { places, runtime, program, .. } = &self.surroundings;
        let selection = select(runtime, places, program, cores())?;
        let is_gpu_unused = selection.notes.iter().any(|note| matches!(note, RuntimeNote::GpuUnused));
        let runtime = selection.runtime;
        let name = format!("{} {}", runtime.name(), runtime.version());
        let is_built_in = matches!(runtime, Runtime::Tract);
        let device = runtime.computes();
        self.tell(Event::Runtime { runtime: name, device, is_built_in, is_gpu_unused });
        Ok(runtime)
    }

    /// Opens a model, with its image tower where pictures come at once, and tells where and in what it computes: not every one
    /// can in what was asked for.
    pub(super) fn open_model(
        &self,
        folder: &Path,
        settings: &Settings,
        runtime: &Runtime,
        ahead: bool,
    ) -> Result<OpenedModel, CrewError> {
        let cache = self.surroundings.cache.as_ref();
        let mut quantising = || self.tell(Event::Quantising);
        let (cores, uses) = (cores(), Uses::Many);
        let model = ModelToOpen { folder, settings, runtime, cores, cache, uses, ahead };
        let mut patience =
            Patience { is_stopped: &|| self.is_stopped(), on_silence: &mut || self.tell(Event::ModelSilent) };
        let opened = match model.open_or_stop(&mut quantising, &mut patience) {
            Err(ModelError::NoAnswer(error)) if error.is_wanted() => return Err(CrewError::Stopped),
            opened => opened?,
        };
        self.tell(Event::ModelOpened { device: runtime.computes_in(opened.model.variant()) });
        Ok(opened)
    }

    /// Installs ONNX Runtime, and uses it where none is running: a process can have one.
    fn install_runtime(&self, gpu: bool, runtime: &mut ChosenRuntime) -> Result<(), CrewError> {
        let Surroundings { data_folder, program, .. } = &self.surroundings;
        let folder = data_folder.as_deref().ok_or(CrewError::NoDataFolder)?;
        let installed = install(folder, gpu, program, &|| !self.stop.is_requested())?;
        let is_for_later = !matches!(runtime.get(self), Ok(Runtime::Tract) | Err(_));
        if !is_for_later {
            *runtime = ChosenRuntime::default();
            runtime.get(self)?;
        }
        self.tell(Event::Installed { version: installed.version, is_for_later });
        Ok(())
    }

    /// True once somebody asked to stop what runs, or the watch.
    fn is_stopped(&self) -> bool {
        self.stop.is_requested() || self.switch.stop.is_requested()
    }

    /// An error once somebody asked to stop: a run that has not begun leaves everything as it was.
    pub(super) fn check_goes_on(&self) -> Result<(), CrewError> {
        if self.stop.is_requested() { Err(CrewError::Stopped) } else { Ok(()) }
    }

    pub(super) fn model_folder(&self, model: &ModelName) -> Result<PathBuf, CrewError> {
        match model {
            ModelName::Folder(folder) => Ok(folder.clone()),
            ModelName::Hub(model) => self.published(model),
            ModelName::Demo => {
                let folder = &self.surroundings.built_in;
                built_in::unpack_model(folder).map_err(|source| CrewError::Unpack { folder: folder.clone(), source })
            }
        }
    }

    fn classify(
        &self,
        settings: &Settings,
        table: &Path,
        decisions_of: Option<&Path>,
        orders: &Receiver<Order>,
        runtime: &Runtime,
    ) -> Result<(), CrewError> {
        let Ready { model, text, mut session } = beginning::make_ready(self, settings, runtime)?;
        let found = scan(&settings.source, settings.recursive, &settings.destination)?;
        if !beginning::may_begin(self, found.files.len(), orders) {
            return Ok(());
        }
        opening::tell_decisions(self, &session)?;
        let cache = self.surroundings.cache.as_ref();
        let _ = self.scorer.send(Told::Begin(self.guide.begin()));
        let _ = self.words.send(Asked::Model(Box::new(text), model.rule));
        self.guide.shown(&settings.destination, session.revision()?, true);
        self.guide.memory(cache, model.fingerprint, model.labels.ncols());
        let (run, set) = begin_classify(&mut session, settings, &model, runtime, serde_json::Map::new())?;
        let clocks = Clocks::default();
        let pipeline = Pipeline {
            files: &found.files,
            model: &model,
            cache,
            decoders: cores(),
            clocks: &clocks,
            awaits_rest: &|_| false,
            trusts_unchanged: settings.trust_unchanged,
            stop: &self.stop,
        };
        let (mut pace, paused) = (Pace::new(), self.stop.paused());
        let classification = self.fill(&mut session, run, &set, settings, &pipeline, &mut pace)?;
        if let Some(other) = decisions_of {
            self.tell_in_order(match take_over(other, &mut session, &self.surroundings.known_sessions()) {
                Ok(step) => Event::TakenOver { step },
                Err(error) => Event::NotTakenOver { error: error.into() },
            });
        }
        session.end_run(run, classification.told())?;
        tables::write(&mut session, table, Some(&set), settings.sure)?;
        // From here on, what is new in the session comes from others.
        self.guide.ended();
        let Classification { remembered, waiting, .. } = classification;
        let per_second = pace.in_all(remembered, self.stop.paused().saturating_sub(paused));
        self.tell_in_order(Event::Classified { remembered, waiting, per_second });
        Ok(())
    }

    /// Runs the pipeline; what is in the session goes on to the scorer.
    fn fill(
        &self,
        session: &mut Session,
        run: RunId,
        set: &LabelSet,
        settings: &Settings,
        pipeline: &Pipeline<'_>,
        pace: &mut Pace,
    ) -> Result<Classification, CrewError> {
        let say = |trouble: &crate::files::trouble::Trouble| self.sayer.trouble(trouble);
        // Decisions refer to labels of the session by number; the app knows them by text.
        let texts = session.label_texts()?;
        let mut on_stored = |stored: Vec<(Known, Classified)>| self.tell_arrivals(stored, &texts);
        let mut others = 0;
        let mut limit = LimitOfLate::default();
        let mut on_picture = |classified: Option<&Classified>| {
            let now = Instant::now();
            if let Some(per_second) = pace.count(now) {
                self.tell(Event::Pace { per_second, limit: limit.at(now, pipeline.clocks) });
            }
            if classified.is_none() {
                others += 1;
                self.tell(Event::Passed { others });
            }
        };
        let hooks = Hooks {
            say: &say,
            alert: &|_| None,
            on_picture: &mut on_picture,
            on_silence: &mut || self.tell(Event::ModelSilent),
            on_stored: &mut on_stored,
        };
        let mut sink = SessionSink::new(session, run, set, SourceFolder::new(&settings.source), hooks);
        Ok(classify(pipeline, &mut Encoders::default(), &mut sink)?)
    }

    /// What is in the session goes on to the scorer.
    pub(super) fn tell_arrivals(&self, stored: Vec<(Known, Classified)>, texts: &HashMap<LabelId, String>) {
        let pictures = stored.into_iter().map(|(known, classified)| {
            let decided = known.decision.and_then(|d| d.label()).and_then(|label| texts.get(&label).cloned());
            let trouble = classified.trouble.as_ref().map(|trouble| self.sayer.trouble(trouble));
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
        let _ = self.scorer.send(Told::Arrived(pictures.collect()));
    }

    /// Puts the scores of now into the session, and makes a plan of them.
    fn plan(
        &self,
        session: &mut Session,
        sorting: Sorting,
        scores: &[(PictureId, Vec<f32>)],
    ) -> Result<Made, CrewError> {
        let known = session.sorting()?;
        let set = match known {
            Some((known, set)) if known == sorting => set,
            known => {
                let model = known.map(|(_, set)| session.model_of(&set)).transpose()?.flatten().unwrap_or_default();
                let set = session.label_set(&sorting.labels, &sorting.template, &model)?;
                let told = [("source".to_owned(), json!("the pictures of the session, with other labels"))];
                let told = told.into_iter().collect();
                let run = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told)?;
                session.put_scores(run, &set, scores)?;
                session.end_run(run, serde_json::Map::new())?;
                set
            }
        };
        let folders = self.folders(session, &sorting)?;
        let rules =
            SortRules { sorting: &sorting, set: &set, folders: &folders, which: Which::All, resort: true, waiting: 0 };
        let sorted = sort(session, rules)?;
        Ok(Made { plan: sorted.plan, gone: sorted.gone, sorting, set })
    }

    fn folders(&self, session: &Session, sorting: &Sorting) -> Result<Vec<String>, CrewError> {
        let table = tables::table_name(session)?.unwrap_or_default();
        Ok(folder_names(&sorting.labels, &table.to_string_lossy()))
    }

    fn apply(&self, session: &mut Session, table: &Path, made: &Made) -> Result<(), CrewError> {
        destination::check_room(session.destination(), &made.plan.transfers)?;
        let total = made.plan.transfers.len();
        let mut tally = Tally::default();
        let mut failures = Vec::new();
        let run = apply(session, &made.plan, &|error| self.sayer.transfer(error), &self.stop, &mut |_, ended| {
            tally.add(ended);
            if let Err(error) = ended
                && failures.len() < TOLD
            {
                failures.push(self.sayer.transfer(error));
            }
            self.tell(Event::Progress { tally, total });
        })?;
        tables::write(session, table, Some(&made.set), made.sorting.sure())?;
        self.tell_places(session)?;
        let (_, head) = session.ledger_head()?;
        self.tell(Event::Applied { run, tally, failures, total, head });
        Ok(())
    }

    fn undo(&self, session: &mut Session, wanted: Option<RunId>) -> Result<(), CrewError> {
        let run = match wanted {
            Some(id) => session.run(id)?,
            None => session.runs_in_force()?.into_iter().next(),
        };
        let Some(run) = run else { return Err(CrewError::NothingToUndo) };
        let total = session.reversible(run.id)?.len();
        let mut tally = Tally::default();
        let undone = undo(session, run, &|error| self.sayer.transfer(error), &self.stop, &mut |_, ended| {
            tally.add(ended);
            self.tell(Event::Progress { tally, total });
        })?;
        if let (Some((sorting, set)), Some(name)) = (session.sorting()?, tables::table_name(session)?) {
            tables::write(session, &name, Some(&set), sorting.sure())?;
        }
        self.tell_places(session)?;
        let (_, head) = session.ledger_head()?;
        let failures = undone.left.iter().take(TOLD).map(|(_, error)| self.sayer.transfer(error)).collect();
        let Undone { run, own, back, removed, left, waiting, .. } = undone;
        let left = left.len() + waiting;
        self.tell(Event::Undone { run, own, back, removed, left, failures, head });
        Ok(())
    }

    fn tell_places(&self, session: &Session) -> Result<(), CrewError> {
        let mut folders = Vec::new();
        session.for_each_picture(None, Which::All, |picture| {
            folders.push((picture.id, picture.place.map(|place| place.folder)));
        })?;
        self.tell(Event::Places { folders });
        Ok(())
    }
}
