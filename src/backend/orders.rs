//! Orders that are carried out at once, also while a watch goes on in the session that they are about.

use std::path::Path;

use super::app_face::AppFace;
use super::context::RunnerContext;
use super::sort_run::PendingPlan;
use super::{BackendError, Event, Order, narrow_run, open_session, repair_model, sort_run};
use crate::engine::runtime::Runtime;
use crate::engine::runtime::install::install;
use crate::store::session::Session;
use crate::use_cases;
use crate::use_cases::runtime::ChosenRuntime;

/// The runner's state from order to order.
#[derive(Default)]
pub(super) struct RunnerState {
    pub(super) runtime: ChosenRuntime,
    pub(super) plan: Option<PendingPlan>,
}

/// Does what was asked for; in the session of a watch that goes on, where there is one.
pub(super) fn carry_out(
    context: &RunnerContext,
    order: Order,
    state: &mut RunnerState,
    watched: Option<(&Path, &mut Session)>,
) -> Result<(), BackendError> {
    let face = AppFace::new(context);
    let run = face.run();
    // Declared first, so that it ends after the session has given its lock back.
    let mut working = None;
    let mut opened = None;
    let session_of = |destination: &Path| match watched {
        Some((known, session)) if known == destination => Ok(session),
        _ => {
            working = Some(context.own_work.begin(destination));
            let trust = context.is_vouched_for(destination);
            use_cases::open_session::open(&run, destination, trust).map(|session| opened.insert(session))
        }
    };
    match order {
        Order::Open { destination } => open_session::open(context, &destination, &mut state.runtime),
        Order::Narrow { destination, within, sorting, scores } => {
            let runtime = state.runtime.get(&run).map_err(BackendError::from)?.clone();
            narrow_run::keep(session_of(&destination)?, &within, *sorting, &scores, &runtime)
        }
        Order::Plan { destination, sorting, scores } => {
            state.plan = Some(sort_run::plan(&run, session_of(&destination)?, *sorting, &scores, context)?);
            Ok(())
        }
        Order::Apply { destination, table } => {
            let plan = state.plan.as_ref().ok_or(BackendError::NoPlan)?;
            sort_run::apply(&run, session_of(&destination)?, &table, plan, &face, context)?;
            state.plan = None;
            Ok(())
        }
        Order::Undo { destination, .. } | Order::Foresee { destination, .. } if !Session::exists(&destination) => {
            Err(BackendError::NothingToUndo)
        }
        Order::Foresee { destination, run: wanted } => {
            let trust = context.is_vouched_for(&destination);
            sort_run::foresee(session_of(&destination)?, wanted, trust, context)
        }
        Order::Undo { destination, run: wanted } => {
            let trust = context.is_vouched_for(&destination);
            sort_run::undo(&run, session_of(&destination)?, wanted, trust, context)
        }
        Order::Trust { destination } => {
            use_cases::open_session::open(&run, &destination, true)?;
            context.vouched.borrow_mut().insert(destination.clone());
            context.tell(Event::Trusted { destination });
            Ok(())
        }
        Order::InstallRuntime { gpu } => install_runtime(context, gpu, &mut state.runtime),
        Order::Repair { model } => repair_model::repair(&run, model, context),
        _ => Ok(()),
    }
}

/// Installs ONNX Runtime, and uses it where none is running: a process can have one.
fn install_runtime(context: &RunnerContext, gpu: bool, runtime: &mut ChosenRuntime) -> Result<(), BackendError> {
    let face = AppFace::new(context);
    let run = face.run();
    let folder = context.machine.data_folder.as_deref().ok_or(BackendError::NoDataFolder)?;
    let installed = install(folder, gpu, &context.machine.program, &|| !context.stop.is_requested())?;
    let is_for_later = !matches!(runtime.get(&run), Ok(Runtime::Tract) | Err(_));
    if !is_for_later {
        *runtime = ChosenRuntime::default();
        runtime.get(&run)?;
    }
    context.tell(Event::Installed { version: installed.version, is_for_later });
    Ok(())
}
