//! What the app is to begin with: read from the command line here, opened by whoever knows both.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::context::Context;
use super::failure::Failure;
use crate::config::Defaults;
use crate::jobs::crew::Surroundings;
use crate::lang::Language;
use crate::store::session::Session;

/// What the app is to begin with.
pub struct AppStart {
    /// The words.
    pub language: Language,
    /// What is used where nothing else is said.
    pub defaults: Defaults,
    /// The machine and the user.
    pub surroundings: Surroundings,
    /// Where the user's own files are.
    pub config_folder: Option<PathBuf>,
    /// The log file.
    pub log: Option<PathBuf>,
    /// What is open at first.
    pub opening: AppOpening,
}

/// What is open at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppOpening {
    /// What was open last, or the choice between samples and own pictures.
    Start,
    /// The samples.
    Samples,
    /// The session of a destination.
    Session(PathBuf),
}

/// True where a person sits at a terminal, and no pipe.
pub(super) fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What the app needs, from what every command has at hand.
pub(super) fn start(opening: AppOpening, context: &mut Context) -> Result<AppStart, Failure> {
    if let AppOpening::Session(destination) = &opening
        && !Session::exists(destination)
    {
        let error = crate::store::StoreError::NoSession { destination: destination.clone() };
        return Err(Failure::of(&error, &context.language).into_usage());
    }
    let surroundings = Surroundings {
        places: context.places(),
        program: context.program.clone(),
        cache: context.cache_place(),
        built_in: context.built_in_folder()?,
        data_folder: context.data_folder.clone(),
    };
    Ok(AppStart {
        language: context.language.clone(),
        defaults: context.defaults.clone(),
        surroundings,
        config_folder: context.config_folder(),
        log: context.log.clone(),
        opening,
    })
}
