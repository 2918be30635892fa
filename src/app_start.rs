//! The app's start: the command line says what the app opens with, and neither knows the other.

use std::path::PathBuf;

use crate::config::Defaults;
use crate::lang::Language;
use crate::use_cases::Machine;

/// Everything that the app begins with.
pub struct AppStart {
    /// The words.
    pub language: Language,
    /// The defaults, where nothing else is said.
    pub defaults: Defaults,
    /// The machine and the user.
    pub machine: Machine,
    /// Where the user's own key bindings and values are.
    pub config_folder: Option<PathBuf>,
    /// The log file, for what would disturb the screen.
    pub log: Option<PathBuf>,
    /// The first thing that the app opens.
    pub opening: Opening,
}

/// The first thing that the app opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// As at the last start, or with the choice between samples and own pictures.
    Welcome,
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
