//! The app's start, made of the context that every command has.

use std::io::IsTerminal;

use super::arguments::RuntimeOptions;
use super::context::Context;
use super::failure::Failure;
use crate::app_start::{AppStart, Opening};
use crate::built_in;
use crate::store::session::Session;

/// True where a person sits at a terminal that can be drawn on, and no pipe.
pub(super) fn has_terminal() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !is_dumb
}

/// The samples, in a folder of their own.
pub(super) fn samples(context: &Context) -> Result<Opening, Failure> {
    let folder = built_in::samples_folder();
    let folder = folder.map_err(|error| context.cannot_unpack(&std::env::temp_dir(), &error))?;
    Ok(Opening::Samples { folder })
}

/// Everything that the app needs to open.
pub(super) fn start(opening: Opening, runtime: &RuntimeOptions, context: &mut Context) -> Result<AppStart, Failure> {
    if let Opening::Session { destination, .. } = &opening
        && !Session::exists(destination)
    {
        let error = Session::absent(destination);
        return Err(Failure::of(&error, &context.language).into_usage());
    }
    if !has_terminal() {
        return Err(Failure::usage(context.language.text("program.no_terminal")));
    }
    Ok(AppStart {
        language: context.language.clone(),
        defaults: context.defaults.clone(),
        machine: context.machine(runtime),
        config_folder: context.config_folder(),
        log: context.log.clone(),
        opening,
    })
}
