//! Opening a model: its folder, which may have to be downloaded, then its towers.

use std::path::{Path, PathBuf};

use super::{Notice, RunContext, RunError, RunEvent};
use crate::domain::settings::{ModelName, Settings};
use crate::engine::EngineError;
use crate::engine::hub::{DownloadControl, Hub, HubConfig, HubError};
use crate::engine::runtime::select::cores;
use crate::engine::runtime::{Runtime, Workload};
use crate::jobs::model::{ModelError, ModelToOpen, OpenedModel};
use crate::jobs::watchdog::{Watchdog, answer_of};

/// The folder of a model's checkpoint. The built-in one is unpacked, and told to be what it is; a published one is
/// downloaded where the cache has not all of it.
pub fn folder(context: &RunContext<'_>, model: &ModelName) -> Result<PathBuf, RunError> {
    match model {
        ModelName::Folder(folder) => Ok(folder.clone()),
        ModelName::Hub(model) => {
            let folder = with_hub(context, |hub, control| hub.folder(model, control))?;
            context.tell(RunEvent::Fetched);
            Ok(folder)
        }
        ModelName::Demo => {
            context.note(Notice::DemoModel);
            Ok(context.machine.built_in.unpack()?)
        }
    }
}

/// Does something with the hub that can be stopped, and tells each step.
pub fn with_hub<T>(
    context: &RunContext<'_>,
    work: impl FnOnce(&Hub, &mut DownloadControl<'_>) -> Result<T, HubError>,
) -> Result<T, RunError> {
    let mut control =
        DownloadControl { stop: &context.stop.flag(), tell: &mut |step| context.tell(RunEvent::Fetching(step)) };
    Ok(work(&Hub::new(HubConfig::from_environment()), &mut control)?)
}

/// Opens the model of the settings for so many pictures, where that is known. Where they are zero, the image tower is
/// opened when one comes.
pub fn open(
    context: &RunContext<'_>,
    settings: &Settings,
    runtime: &Runtime,
    pictures: Option<usize>,
) -> Result<OpenedModel, RunError> {
    let folder = folder(context, &settings.model)?;
    context.check_goes_on()?;
    open_folder(context, settings, &folder, runtime, pictures)
}

/// The same for a model whose folder is known.
pub fn open_folder(
    context: &RunContext<'_>,
    settings: &Settings,
    folder: &Path,
    runtime: &Runtime,
    pictures: Option<usize>,
) -> Result<OpenedModel, RunError> {
    let (cache, uses, ahead) = (context.machine.cache.as_ref(), Workload::of(pictures), pictures != Some(0));
    let to_open = ModelToOpen { folder, settings, runtime, cores: cores(), cache, uses, ahead };
    let opened = open_to_use(context, to_open)?;
    if opened.scale_is_assumed {
        context.note(Notice::ScaleAssumed);
    }
    Ok(opened)
}

/// Opens a model, and tells in what it computes: not every one can in what was asked for.
pub fn open_to_use(context: &RunContext<'_>, to_open: ModelToOpen<'_>) -> Result<OpenedModel, RunError> {
    context.tell(RunEvent::OpeningModel(&to_open.settings.model));
    let runtime = to_open.runtime.clone();
    let mut patience =
        Watchdog { is_stopped: context.is_stopped, on_silence: &mut || context.note(Notice::ModelSilent) };
    match to_open.open_or_stop(&mut || context.tell(RunEvent::Quantising), &mut patience) {
        Err(error) => Err(error.into()),
        Ok(opened) => {
            context.tell(RunEvent::ModelOpened { device: runtime.computes_in(opened.model.variant()) });
            Ok(opened)
        }
    }
}

/// Has a model answer once, beside the pictures of a run; an error is one of that model.
pub fn answer<T: Send + 'static>(
    context: &RunContext<'_>,
    model: &ModelName,
    ask: impl FnOnce(&dyn Fn(())) -> Result<T, EngineError> + Send + 'static,
) -> Result<T, RunError> {
    let mut patience =
        Watchdog { is_stopped: context.is_stopped, on_silence: &mut || context.note(Notice::ModelSilent) };
    match answer_of(ask, &mut patience, &mut |()| {}) {
        Err(error) => Err(ModelError::from(error).into()),
        Ok(answer) => Ok(answer.map_err(|error| ModelError::of(model, error))?),
    }
}
