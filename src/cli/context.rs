//! The context of every command: language, defaults, folders, the console.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::arguments::RuntimeOptions;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::log;
use crate::built_in::Unpacker;
use crate::config::{ConfigError, Defaults};
use crate::domain::printable::printable;
use crate::engine::quantised;
use crate::engine::runtime::find::LibrarySearchPath;
use crate::engine::runtime::select::RuntimeRequest;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::embedding_cache::EmbeddingCacheConfig;
use crate::lang::{Language, Say};
use crate::store::known::KnownSessions;
use crate::use_cases::Machine;

/// Set by tests and by people who want another one than the system's.
const DATA_FOLDER_VARIABLE: &str = "SIS_DATA_DIR";

/// The context before the command line is read: its help is in a language that the settings may choose.
pub(super) struct Beginning {
    pub(super) language: Language,
    /// Errors in the settings are said by the command that needs them, and not by one that prints help.
    defaults: Result<Defaults, ConfigError>,
    folders: Option<ProjectDirs>,
}

impl Beginning {
    /// Reads the settings. Where they cannot be read, the language is that of the environment.
    pub(super) fn new() -> Beginning {
        let folders = ProjectDirs::from("", "", "sis");
        let defaults = Defaults::load(folders.as_ref().map(ProjectDirs::config_dir));
        let language = Language::chosen(defaults.as_ref().ok().map(|defaults| defaults.language));
        Beginning { language, defaults, folders }
    }
}

/// The context of every command.
pub(super) struct Context {
    pub(super) language: Language,
    pub(super) console: Console,
    pub(super) defaults: Defaults,
    /// Where the program keeps what it installs; none without a home folder.
    pub(super) data_folder: Option<PathBuf>,
    /// The log file; none where it cannot be written.
    pub(super) log: Option<PathBuf>,
    folders: Option<ProjectDirs>,
    /// This program, to be started again for trying libraries.
    pub(super) program: PathBuf,
    /// Something that an earlier run began is still to be finished, or cannot be: the command has not ended well then.
    pub(super) is_unfinished: bool,
    /// Put up by Ctrl-C, once somebody listens.
    stop: Option<CancelToken>,
}

impl Context {
    /// Starts the log. On failure console and language come back.
    pub(super) fn new(beginning: Beginning, console: Console) -> Result<Context, (Console, Language, Failure)> {
        let Beginning { language, defaults, folders } = beginning;
        let data_folder = match std::env::var_os(DATA_FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
            Some(folder) => Some(PathBuf::from(folder)),
            None => folders.as_ref().map(|folders| folders.data_dir().to_owned()),
        };
        let state_folder = folders.as_ref().map(|folders| folders.state_dir().unwrap_or(folders.data_dir()).to_owned());
        let log = state_folder.and_then(|folder| log::start(&folder));
        let defaults = match defaults {
            Ok(defaults) => defaults,
            Err(error) => {
                let failure = Failure::of(&error, &language);
                return Err((console, language, failure));
            }
        };
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("sis"));
        Ok(Context {
            language,
            console,
            defaults,
            data_folder,
            log,
            folders,
            program,
            is_unfinished: false,
            stop: None,
        })
    }

    /// The machine, with the runtime that the options ask for.
    pub(super) fn machine(&self, options: &RuntimeOptions) -> Machine {
        Machine {
            places: self.places(),
            runtime: self.wanted(options),
            program: self.program.clone(),
            cache: self.cache_place(),
            built_in: Unpacker::new(built_in_in(self.folders.as_ref())),
            data_folder: self.data_folder.clone(),
        }
    }

    /// The choices of a runtime that the options make.
    pub(super) fn wanted(&self, options: &RuntimeOptions) -> RuntimeRequest {
        let quantised = self.cache_place().map(|place| place.folder.join(quantised::FOLDER));
        let variant = options.variant.unwrap_or(self.defaults.variant);
        RuntimeRequest { runtime: options.runtime.into(), device: options.device, variant, quantised }
    }

    /// The stop that Ctrl-C and its kin request; they are listened to from the first call on.
    pub(super) fn stop(&mut self) -> Result<CancelToken, Failure> {
        if let Some(stop) = &self.stop {
            return Ok(stop.clone());
        }
        let stop = interrupt::listen().map_err(interrupt::failure)?;
        Ok(self.stop.insert(stop).clone())
    }

    /// The sessions that are the user's own, by the data folder.
    pub(super) fn known_sessions(&self) -> KnownSessions {
        KnownSessions::in_folder(self.data_folder.as_deref())
    }

    /// Where embeddings are remembered; nowhere without a home folder.
    pub(super) fn cache_place(&self) -> Option<EmbeddingCacheConfig> {
        let folder = self.folders.as_ref()?.cache_dir().to_owned();
        Some(EmbeddingCacheConfig { folder, limit: self.defaults.embedding_cache_mb.saturating_mul(1_000_000) })
    }

    /// Where the user's own settings and keys are.
    pub(super) fn config_folder(&self) -> Option<PathBuf> {
        self.folders.as_ref().map(|folders| folders.config_dir().to_owned())
    }

    /// The failure of writing what is built in into a folder.
    pub(super) fn cannot_unpack(&self, folder: &Path, error: &std::io::Error) -> Failure {
        let values: crate::lang::Values<'_> = &[("folder", &printable(folder)), ("detail", error)];
        let sentence = self.language.say("demo.cannot_unpack", values);
        Failure { sentence, chain: error.to_string(), exit: Exit::Failed }
    }

    /// Says something that is no failure.
    pub(super) fn note(&mut self, note: &(impl Say + ?Sized)) {
        self.note_text(&note.say(&self.language));
    }

    /// Says a sentence that is no failure.
    pub(super) fn note_text(&mut self, sentence: &str) {
        tracing::warn!("{sentence}");
        let note = self.language.say("program.note", &[("sentence", &sentence)]);
        self.console.err(&note);
    }

    /// Where libraries of ONNX Runtime are looked for.
    pub(super) fn places(&self) -> LibrarySearchPath {
        LibrarySearchPath {
            setting: self.defaults.onnxruntime_library.clone(),
            variable: std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from),
            program_folder: self.program.parent().map(ToOwned::to_owned),
            data_folder: self.data_folder.clone(),
            loader: true,
            python: true,
        }
    }
}

fn built_in_in(folders: Option<&ProjectDirs>) -> Option<PathBuf> {
    Some(folders?.cache_dir().join("built-in"))
}
