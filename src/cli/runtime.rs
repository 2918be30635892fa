//! `sis runtime status` and `sis runtime install`.

use std::path::Path;

use super::arguments::RuntimeOptions;
use super::console::Console;
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use crate::domain::printable::printable;
use crate::engine::runtime::install::{self, InstallError};
use crate::engine::runtime::probe;
use crate::engine::runtime::select::Selection;
use crate::lang::Say;
use crate::use_cases::runtime;

/// Tries a library in this process and says what came of it: one line of JSON for the process that asked.
pub(super) fn probe(library: &Path, console: &mut Console) -> Exit {
    let answer = probe::answer(library);
    console.out(&serde_json::to_string(&answer).unwrap_or_default());
    Exit::Done
}

pub(super) fn status(options: &RuntimeOptions, context: &mut Context) -> Result<Exit, Failure> {
    let machine = context.machine(options);
    let selection = face::run(context, &machine, Output::default(), runtime::choose)?;
    say_runtime(&selection, context);
    Ok(Exit::Done)
}

/// Says which runtime is used, where it comes from and where it computes.
pub(super) fn say_runtime(selection: &Selection, context: &mut Context) {
    let runtime = &selection.runtime;
    let language = &context.language;
    let values: crate::lang::Values<'_> =
        &[("name", &runtime.name()), ("version", &runtime.version()), ("device", &runtime.computes())];
    let first = language.say("status.runtime", values);
    let second = match &selection.library {
        Some(library) => {
            let (path, origin) = (printable(&library.path), library.origin.say(language));
            language.say("status.library", &[("path", &path), ("origin", &origin)])
        }
        None => language.text("status.built_in"),
    };
    context.console.out(&first);
    context.console.out(&second);
}

pub(super) fn install(gpu: bool, context: &mut Context) -> Result<Exit, Failure> {
    let no_folder = || Failure {
        sentence: context.language.text("doctor.no_folder"),
        chain: "no home folder".to_owned(),
        exit: Exit::Failed,
    };
    let data_folder = context.data_folder.clone().ok_or_else(no_folder)?;
    let package = if gpu { "onnxruntime-gpu" } else { "onnxruntime" };
    let begin = context.language.say("install.begin", &[("package", &package)]);
    context.console.err(&begin);
    let installed = install::install(&data_folder, gpu, &context.program, &|| true).map_err(|error| {
        let failure = Failure::of(&error, &context.language);
        match error {
            InstallError::DoesNotWork { reason } => {
                Failure { chain: format!("{}: {reason:?}", failure.chain), ..failure }
            }
            _ => failure,
        }
    })?;
    let key = if installed.was_there { "install.was_there" } else { "install.done" };
    let library = printable(&installed.library);
    let sentence = context.language.say(key, &[("version", &installed.version), ("library", &library)]);
    context.console.out(&sentence);
    Ok(Exit::Done)
}
