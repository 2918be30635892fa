//! What the app begins with: the command line says it, the app opens with it, and neither knows the other.

use std::path::PathBuf;

use crate::config::Defaults;
use crate::jobs::crew::Surroundings;
use crate::lang::Language;

/// What the app begins with.
pub struct AppStart {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// What was open last, or the choice between samples and own pictures.
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
        /// It is obeyed, whoever made it.
        trust: bool,
    },
}
