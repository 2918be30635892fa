//! `sis doctor`: checks what the program needs and says what is wrong.

use std::path::Path;

use super::arguments::DoctorArguments;
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::runtime::say_runtime;
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::ModelName;
use crate::engine::EngineError;
use crate::engine::checkpoint::Checkpoint;
use crate::engine::encoder::{ImageEncoder, TextEncoder};
use crate::engine::hub::HubConfig;
use crate::engine::runtime::select::cores;
use crate::engine::runtime::{Runtime, Workload};
use crate::use_cases::{open_model, runtime};

pub(super) fn run(arguments: &DoctorArguments, context: &mut Context) -> Result<Exit, Failure> {
    let say = |context: &mut Context, key: &str, values: crate::lang::Values<'_>| {
        let line = context.language.say(key, values);
        context.console.out(&line);
    };
    say(context, "doctor.program", &[("version", &env!("CARGO_PKG_VERSION"))]);
    say(context, "doctor.cores", &[("count", &cores())]);
    match context.data_folder.clone() {
        Some(folder) => say(context, "doctor.data_folder", &[("path", &printable(folder))]),
        None => say(context, "doctor.no_folder", &[]),
    }
    if let Some(log) = context.log.clone() {
        say(context, "doctor.log", &[("path", &printable(log))]);
    }
    let config = HubConfig::from_environment();
    let key = if config.is_offline { "doctor.models_offline" } else { "doctor.models" };
    let (folder, endpoint) = (printable(config.cache.unwrap_or_default()), printable_text(&config.endpoint));
    say(context, key, &[("folder", &folder), ("endpoint", &endpoint)]);
    let machine = context.machine(&arguments.runtime);
    let selection = face::run(context, &machine, Output::default(), runtime::choose)?;
    say_runtime(&selection, context);
    if let Some(name) = &arguments.model {
        let model = ModelName::new(name, Path::is_dir);
        let (folder, checkpoint) = face::run(context, &machine, Output::default(), |run| {
            let folder = open_model::folder(run, &model)?;
            let (to_try, runtime) = (folder.clone(), selection.runtime.clone());
            let try_it = move |_: &dyn Fn(())| try_model(&to_try, &runtime);
            Ok((folder, open_model::answer(run, &model, try_it)?))
        })?;
        let (family, side) = (checkpoint.family().name(), checkpoint.family().image_size());
        say(context, "doctor.model", &[("folder", &printable(folder)), ("family", &family), ("side", &side)]);
        say(context, "doctor.model_works", &[]);
    }
    say(context, "doctor.all_well", &[]);
    Ok(Exit::Done)
}

/// Puts a grey picture and a sentence through a checkpoint.
fn try_model(folder: &Path, runtime: &Runtime) -> Result<Checkpoint, EngineError> {
    let checkpoint = Checkpoint::open(folder)?;
    checkpoint.score_rule()?;
    TextEncoder::open(&checkpoint, runtime)?.encode(&["a picture".to_owned()])?;
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([128; 3]));
    let prepared = checkpoint.processor().prepare(&picture);
    for mut encoder in ImageEncoder::open(&checkpoint, runtime, 1, Workload::Few)? {
        encoder.encode(&[&prepared])?;
    }
    Ok(checkpoint)
}
