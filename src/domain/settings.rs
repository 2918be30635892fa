//! What a person sets before a run.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::label::Label;
use super::printable::printable;
use super::score::SureRule;
use super::template::Template;

/// What happens to the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// The source stays as it is.
    #[default]
    Copy,
    /// The source is removed once its copy has been verified.
    Move,
}

/// Which model scores the pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelName {
    /// The built-in one, which knows drawn pictures only.
    Demo,
    /// A checkpoint in a folder.
    Folder(PathBuf),
}

/// What the built-in model is called.
const DEMO: &str = "demo";

impl From<OsString> for ModelName {
    fn from(name: OsString) -> ModelName {
        if name == DEMO { ModelName::Demo } else { ModelName::Folder(name.into()) }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelName::Demo => f.write_str(DEMO),
            ModelName::Folder(folder) => f.write_str(&printable(folder)),
        }
    }
}

/// Everything that one classification needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder with the pictures.
    pub source: PathBuf,
    /// Look into its sub-folders too.
    pub recursive: bool,
    /// The folder that receives one folder a label.
    pub destination: PathBuf,
    /// The model.
    pub model: ModelName,
    /// What to sort by.
    pub labels: Vec<Label>,
    /// The sentence around each prompt.
    pub template: Template,
    /// Copy or move.
    pub operation: Operation,
    /// When a prediction is acted on.
    pub sure: SureRule,
    /// Pictures that go through the model together; chosen by the runtime where not set.
    pub batch_size: Option<usize>,
}
