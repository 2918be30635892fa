//! The app on a full screen: model, message, update, view (The Elm Architecture). `update` is pure; what is to be done
//! outside goes as effects to the crew, and `view` only reads.

mod effect;
mod event_loop;
mod keys;
mod line;
mod message;
mod model;
mod preview;
mod screen;
mod terminal_query;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod values;
mod view;

use std::path::PathBuf;

use crate::config::Defaults;
use crate::domain::settings::ModelName;
use crate::jobs::crew::Surroundings;
use crate::lang::Language;

pub use event_loop::run;

/// What the app begins with.
pub struct Start {
    /// The words.
    pub language: Language,
    /// What is used where nothing else is said.
    pub defaults: Defaults,
    /// The machine and the user.
    pub surroundings: Surroundings,
    /// Where the user's own key bindings and values are.
    pub config_folder: Option<PathBuf>,
    /// The log file, for what would disturb the screen.
    pub log: Option<PathBuf>,
    /// What is open at first.
    pub opening: Opening,
}

/// What is open at first.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// The two doors.
    Doors,
    /// The samples, unpacked into a folder.
    Samples {
        /// The folder.
        folder: PathBuf,
    },
    /// An earlier session.
    Session {
        /// Its destination.
        destination: PathBuf,
    },
}

/// The model's name of the samples.
const SAMPLES_MODEL: ModelName = ModelName::Demo;
