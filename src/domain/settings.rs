//! The settings of a run.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file_filter::FileFilter;
use super::hub_model::HubModel;
use super::label::Label;
use super::printable::printable;
use super::score::SureRule;
use super::template::Templates;

/// Whether files are copied or moved.
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
    /// One that is published on the hub.
    Hub(HubModel),
    /// A checkpoint in a folder.
    Folder(PathBuf),
}

/// The name of the built-in model.
const DEMO: &str = "demo";

impl ModelName {
    /// The model that a person means by `name`. A folder that is there, as `is_folder` tells, is never taken for the
    /// name of a published model; nor is what can only be a path.
    pub fn new(name: impl Into<OsString>, is_folder: impl Fn(&Path) -> bool) -> ModelName {
        let name = name.into();
        if name == DEMO {
            return ModelName::Demo;
        }
        match name.to_str().and_then(HubModel::parse) {
            Some(model) if !is_folder(Path::new(&name)) => ModelName::Hub(model),
            _ => ModelName::Folder(name.into()),
        }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelName::Demo => f.write_str(DEMO),
            ModelName::Hub(model) => model.fmt(f),
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
    /// Which of its files are looked at.
    pub choice: FileFilter,
    /// The folder that receives one folder a label.
    pub destination: PathBuf,
    /// The model.
    pub model: ModelName,
    /// The labels to sort by.
    pub labels: Vec<Label>,
    /// The sentences around each prompt.
    pub template: Templates,
    /// Copy or move.
    pub operation: Operation,
    /// When a prediction is acted on.
    pub sure: SureRule,
    /// Pictures that go through the model together; chosen by the runtime where not set.
    pub batch_size: Option<usize>,
    /// A file that is as it was when it was hashed last, as far as the file system tells, is not read again.
    pub trust_unchanged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_folder_wins_over_a_hub_name() {
        let named = |name: &str, is_there: bool| ModelName::new(name, |_| is_there);
        assert_eq!(named("demo", true), ModelName::Demo);
        assert!(matches!(named("openai/clip", false), ModelName::Hub(model) if model.id == "openai/clip"));
        assert_eq!(named("openai/clip", true), ModelName::Folder("openai/clip".into()));
        for path in ["./openai/clip", "/openai/clip", "~/clip", "clip", "a/b/c", "openai/clip/"] {
            assert_eq!(named(path, false), ModelName::Folder(path.into()), "{path}");
        }
    }
}
