//! Preparations before the first picture is looked at: the destination with its session, the model.

use std::cell::RefCell;
use std::path::Path;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::session::open_to_work;
use crate::domain::printable::printable;
use crate::domain::settings::Settings;
use crate::engine::runtime::select::cores;
use crate::engine::runtime::{Runtime, Workload};
use crate::files::{checksums, destination, staged_file};
use crate::jobs::answering::{NoAnswer, Patience};
use crate::jobs::embeddings::CachePlace;
use crate::jobs::model::{Model, ModelError, ModelToOpen, OpenedModel};
use crate::store::session::Session;

/// The destination's session, made where there is none, and the destination too.
pub(super) fn open_destination(
    destination: &Path,
    table_name: &Path,
    trust: bool,
    known: Option<Session>,
    context: &mut Context,
) -> Result<Session, Failure> {
    destination::prepare(destination).map_err(|error| Failure::of(&error, &context.language))?;
    check_table_place(&destination.join(table_name), context)?;
    check_table_place(&destination.join(checksums::FILE_NAME), context)?;
    known.map_or_else(|| open_to_work(destination, trust, context), Ok)
}

/// Opens the model for so many pictures, where that is known, and says what had to be assumed about it.
pub(super) fn open_model(
    settings: &Settings,
    runtime: &Runtime,
    cache: Option<&CachePlace>,
    pictures: Option<usize>,
    context: &mut Context,
) -> Result<Model, Failure> {
    let folder = context.model_folder(&settings.model)?;
    let (folder, uses, ahead) = (&folder, Workload::of(pictures), pictures != Some(0));
    let model = ModelToOpen { folder, settings, runtime, cores: cores(), cache, uses, ahead };
    let OpenedModel { model, scale_is_assumed, .. } = open_audibly(model, context)?;
    if scale_is_assumed {
        let note = context.language.text("engine.scale_assumed");
        context.note_text(&note);
    }
    Ok(model)
}

/// Opens a model, and says so, and if its weights have to be quantised.
pub(super) fn open_audibly(model: ModelToOpen<'_>, context: &mut Context) -> Result<OpenedModel, Failure> {
    let line = context.language.say("classify.opening", &[("model", &model.settings.model)]);
    context.console.err(&line);
    let quantising = context.language.text("classify.quantising");
    let stop = context.stop()?;
    let context = RefCell::new(context);
    let mut patience =
        Patience { is_stopped: &|| stop.is_requested(), on_silence: &mut || context.borrow_mut().say_silence() };
    let opened = model.open_or_stop(&mut || context.borrow_mut().console.err(&quantising), &mut patience);
    opened.map_err(|error| match &error {
        ModelError::NoAnswer(no_answer) => without_answer(no_answer, &context.borrow()),
        error => Failure::of(error, &context.borrow().language),
    })
}

/// The failure of a model that did not answer. That somebody stopped it has an exit code of its own.
pub(super) fn without_answer(error: &NoAnswer, context: &Context) -> Failure {
    let failure = Failure::of(error, &context.language);
    match error.is_wanted() {
        true => Failure { exit: Exit::Interrupted, ..failure },
        false => failure,
    }
}

fn check_table_place(path: &Path, context: &Context) -> Result<(), Failure> {
    match staged_file::is_free(path) {
        true => Ok(()),
        false => {
            let sentence = context.language.say("destination.table_in_the_way", &[("path", &printable(path))]);
            Err(Failure { chain: sentence.clone(), sentence, exit: Exit::Failed })
        }
    }
}
