//! The settings and the results of runs, as the ledger tells of them and the session keeps them.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::event::WITHIN;
use super::fields::{path_in, put, put_path, texts_in};
use crate::domain::file_filter::LeftOutCounts;
use crate::domain::run::RunId;

/// Words under which a run tells the folder that its pictures are from: as it was given, and without links.
const SOURCES: [&str; 2] = ["source", "real_source"];

/// The settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunSettings {
    /// Pictures of a folder are classified.
    Classify(Box<ClassifySettings>),
    /// Pictures of the session get scores for other labels.
    OtherLabels,
    /// Pictures of one label are scored for labels inside it.
    Within(Box<WithinSettings>),
    /// The label at the end of this path has no labels inside any more.
    Widened(Vec<String>),
    /// So many transfers are to be carried out, or taken back.
    Transfers(usize),
    /// Pictures are sorted as a watch finds them.
    OfWatch(RunId),
    /// Others, as they are.
    Other(Map<String, Json>),
}

/// The settings of a run that classifies: all that its result depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifySettings {
    /// The source folder as it was given, absolute.
    pub source: PathBuf,
    /// The same without links, where that is another path: what is done later with the files that came from there is
    /// held against both.
    pub real_source: Option<PathBuf>,
    /// Its sub-folders too.
    pub recursive: bool,
    /// Hidden files too.
    pub hidden: bool,
    /// Patterns of the only files that are looked at.
    pub include: Vec<String>,
    /// Patterns of files that are not.
    pub exclude: Vec<String>,
    /// The model, by the name that it was given under.
    pub model: String,
    /// Its fingerprint.
    pub model_fingerprint: String,
    /// The runtime and its version.
    pub runtime: String,
    /// The device that computes.
    pub device: String,
    /// The numbers that it computes with.
    pub variant: String,
    /// Files that are as they were are not read again.
    pub trust_unchanged: bool,
    /// The folder is watched; true where what arrives is sorted at once.
    pub watch: Option<bool>,
}

/// The settings of a run that scores the pictures of one label for labels inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithinSettings {
    /// The texts of the labels that this one is inside, the outermost first, and its own.
    pub within: Vec<String>,
    /// The model, by the name that it was given under.
    pub model: String,
    /// Its fingerprint.
    pub model_fingerprint: String,
    /// The runtime and its version.
    pub runtime: String,
    /// The device that computes.
    pub device: String,
    /// The numbers that it computes with.
    pub variant: String,
}

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RunResult {
    /// Pictures were classified.
    Classified {
        /// So many of them.
        pictures: usize,
        /// So many files were not looked at because the run was stopped.
        waiting: usize,
        /// So many files were not read, because they are as they were.
        trusted: usize,
        /// So many files were left out.
        left_out: LeftOutCounts,
    },
    /// Pictures of one label were scored for labels inside it.
    Within {
        /// So many of them.
        pictures: usize,
        /// So many could not be scored, or were not because the run was stopped.
        waiting: usize,
    },
    /// A folder was watched.
    Watched {
        /// So many pictures came.
        pictures: usize,
        /// So many files were left out.
        left_out: LeftOutCounts,
    },
    /// Transfers were carried out.
    Applied {
        /// So many are done.
        done: usize,
        /// So many are not.
        failed: usize,
    },
    /// A run was taken back.
    Undone {
        /// Files that are where they were before.
        back: usize,
        /// Copies that are gone.
        removed: usize,
        /// Copies that somebody had removed before.
        gone: usize,
        /// Files that could not be taken back.
        left: usize,
    },
    /// The run was killed, and a later one ended it.
    CutShort {
        /// True.
        cut_short: bool,
    },
    /// A run with no result to tell.
    None {},
}

impl RunResult {
    /// The result of a run that was killed.
    pub const CUT_SHORT: RunResult = RunResult::CutShort { cut_short: true };

    /// Its fields, in the order of the ledger.
    pub(in crate::store) fn fields(self) -> Map<String, Json> {
        json!(self).as_object().cloned().unwrap_or_default()
    }
}

impl RunSettings {
    /// None.
    pub fn none() -> RunSettings {
        RunSettings::Other(Map::new())
    }

    /// Their fields, in the order of the ledger.
    pub(in crate::store) fn fields(&self) -> Map<String, Json> {
        let mut fields = Map::new();
        match self {
            RunSettings::Classify(settings) => settings.put_into(&mut fields),
            RunSettings::OtherLabels => {
                put(&mut fields, SOURCES[0], "the pictures of the session, with other labels");
            }
            RunSettings::Within(settings) => settings.put_into(&mut fields),
            RunSettings::Widened(within) => put(&mut fields, WITHIN, within),
            RunSettings::Transfers(count) => put(&mut fields, "transfers", count),
            RunSettings::OfWatch(run) => put(&mut fields, "watch", run),
            RunSettings::Other(others) => fields.clone_from(others),
        }
        fields
    }
}

impl ClassifySettings {
    fn put_into(&self, fields: &mut Map<String, Json>) {
        put_path(fields, SOURCES[0], &self.source);
        if let Some(real) = &self.real_source {
            put_path(fields, SOURCES[1], real);
        }
        put(fields, "recursive", self.recursive);
        put(fields, "hidden", self.hidden);
        put(fields, "include", &self.include);
        put(fields, "exclude", &self.exclude);
        put(fields, "model", &self.model);
        put(fields, "model_fingerprint", &self.model_fingerprint);
        put(fields, "runtime", &self.runtime);
        put(fields, "device", &self.device);
        put(fields, "variant", &self.variant);
        put(fields, "trust_unchanged", self.trust_unchanged);
        if let Some(sorts) = self.watch {
            put(fields, "watch", true);
            put(fields, "apply", sorts);
        }
    }
}

impl WithinSettings {
    fn put_into(&self, fields: &mut Map<String, Json>) {
        put(fields, WITHIN, &self.within);
        put(fields, "model", &self.model);
        put(fields, "model_fingerprint", &self.model_fingerprint);
        put(fields, "runtime", &self.runtime);
        put(fields, "device", &self.device);
        put(fields, "variant", &self.variant);
    }
}

/// The label that the settings of a run say it sorted inside, by its path; nothing at the root.
pub(in crate::store) fn within_in(settings: &Map<String, Json>) -> Vec<String> {
    texts_in(settings, WITHIN)
}

/// The folders that the settings of a run say its pictures are from, absolute: the one that was given, and that one
/// without links. Version 0.1.0 told only of the first; the other is what it is now.
pub(in crate::store) fn sources_in(settings: &Map<String, Json>) -> Vec<PathBuf> {
    let told = SOURCES.iter().filter_map(|key| path_in(settings, key));
    let mut sources: Vec<PathBuf> = told.filter(|path| path.is_absolute()).collect();
    if let [given] = sources.as_slice()
        && let Some(real) = real_of(given)
    {
        sources.push(real);
    }
    sources
}

/// A path without links, where that is another one.
pub fn real_of(given: &Path) -> Option<PathBuf> {
    given.canonicalize().ok().filter(|real| real != given)
}
