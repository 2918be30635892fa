//! Classifies, plans, applies and undoes, one after the other. It alone holds the session's lock.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::change_feed::ChangeFeedHandle;
use super::label_embedder::EmbedRequest;
use super::scorer::ScorerCommand;
use super::sort_run::PendingPlan;
use super::watch_control::WatchControl;
use super::watch_run::WatchRequest;
use super::{CrewError, Event, Order, Sayer, Surroundings};
use super::{open_session, watch_run};
use crate::built_in::{UnpackError, Unpacker};
use crate::domain::settings::{ModelName, Settings};
use crate::engine::runtime::install::install;
use crate::engine::runtime::select::{RuntimeNote, cores, select};
use crate::engine::runtime::{Runtime, Uses};
use crate::files::destination;
use crate::jobs::answering::Patience;
use crate::jobs::model::{ModelError, ModelToOpen, OpenedModel};
use crate::jobs::stop::Stop;
use crate::store::session::Session;

/// The runner's tools.
pub(super) struct RunnerContext {
    pub(super) surroundings: Surroundings,
    pub(super) built_in: Unpacker,
    /// Destinations whose sessions were made or trusted in this start, and could not be noted as the user's own.
    pub(super) vouched: RefCell<HashSet<PathBuf>>,
    pub(super) sayer: Arc<dyn Sayer>,
    pub(super) stop: Stop,
    pub(super) switch: WatchControl,
    pub(super) guide: ChangeFeedHandle,
    pub(super) events: Sender<Event>,
    pub(super) scorer: Sender<ScorerCommand>,
    pub(super) words: Sender<EmbedRequest>,
}

pub(super) fn run(context: RunnerContext, orders: &Receiver<Order>) {
    let mut made = None;
    let mut runtime = ChosenRuntime::default();
    // An order that ended a watch is carried out after it.
    let mut next = None;
    loop {
        // An order that comes at once, as for an earlier session to look at, does not wait for a runtime.
        let order = match next.take().map_or_else(|| orders.try_recv(), Ok) {
            Ok(order) => order,
            Err(_) => {
                if let Err(error) = runtime.at_first(&context) {
                    context.tell(Event::Trouble { error });
                }
                match orders.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                }
            }
        };
        let done = match order {
            Order::Watch { number, settings, table, sorts, decisions_of } => {
                let wanted = WatchRequest { number, settings: *settings, table, sorts, decisions_of };
                watch_run::watch(&context, wanted, &mut runtime, &mut made, orders).map(|order| next = order)
            }
            Order::Classify { settings, table, decisions_of } => {
                let made = runtime.get(&context);
                made.and_then(|runtime| context.classify(&settings, &table, decisions_of.as_deref(), orders, runtime))
            }
            order => context.carry_out(order, &mut runtime, &mut made, None),
        };
        if let Err(error) = done {
            // Nothing of the app's own goes on: what others do is followed.
            context.guide.ended();
            context.tell(Event::Failed { error });
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
    pub(super) fn get(&mut self, context: &RunnerContext) -> Result<&Runtime, CrewError> {
        self.was_tried = true;
        match &mut self.runtime {
            Some(runtime) => Ok(runtime),
            none => Ok(none.insert(context.choose_runtime()?)),
        }
    }

    /// Chooses it, unless that was tried before.
    fn at_first(&mut self, context: &RunnerContext) -> Result<(), CrewError> {
        if self.was_tried { Ok(()) } else { self.get(context).map(drop) }
    }
}

impl RunnerContext {
    /// Does what was asked for; in the session of a watch that goes on, where there is one.
    pub(super) fn carry_out(
        &self,
        order: Order,
        runtime: &mut ChosenRuntime,
        made: &mut Option<PendingPlan>,
        watched: Option<(&Path, &mut Session)>,
    ) -> Result<(), CrewError> {
        let mut opened = None;
        let session_of = |destination: &Path| match watched {
            Some((known, session)) if known == destination => Ok(session),
            _ => self.session(destination).map(|session| opened.insert(session)),
        };
        match order {
            Order::Open { destination } => open_session::open(self, &destination, runtime),
            Order::Plan { destination, sorting, scores } => {
                let made = made.insert(self.plan(session_of(&destination)?, *sorting, &scores)?);
                if let Some(weakness) = destination::weakness(&destination).filter(|_| !made.plan.transfers.is_empty())
                {
                    self.tell(Event::Weak { weakness });
                }
                let (gone, unseen) = (std::mem::take(&mut made.gone), std::mem::take(&mut made.unseen));
                self.tell(Event::Planned { plan: Box::new(made.plan.clone()), gone, unseen });
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
        let _ = self.scorer.send(ScorerCommand::Pass(Box::new(event)));
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

    /// Opens a model, with its image tower where pictures come at once, and tells where and in what it computes: not
    /// every one can in what was asked for.
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
                let unpacked = self.built_in.unpack();
                unpacked.map_err(|UnpackError { folder, source }| CrewError::Unpack { folder, source })
            }
        }
    }
}
