//! What a person sets before a run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::label::Label;
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

/// Everything that one classification needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder with the pictures.
    pub source: PathBuf,
    /// Look into its sub-folders too.
    pub recursive: bool,
    /// The folder that receives one folder a label.
    pub destination: PathBuf,
    /// The checkpoint's folder.
    pub model: PathBuf,
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
