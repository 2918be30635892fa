//! The plan of a download: its files, and what is in the cache of each.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::atomic::AtomicBool;

use super::cache::Storage;
use super::error::HubError;
use super::hash::{Hash, is_whole};
use super::listing::ListedFile;
use super::selection::WeightsForm;
use crate::domain::hub_model::HubModel;

/// A plan: the files of a model, and which of them have to be downloaded.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The model.
    pub model: HubModel,
    /// Its `model_type`.
    pub family: &'static str,
    /// The commit that is taken.
    pub commit: String,
    /// The form of the weights.
    pub form: WeightsForm,
    /// The revision that the files come from where it is not the one that was asked for: the hub's own conversion.
    pub conversion: Option<String>,
    /// The files, small ones first.
    pub files: Vec<PlannedFile>,
    /// How many of them are small: all but the weights.
    pub(super) small: usize,
    /// The other files that the hub lists for the commit.
    pub(super) others: Vec<ListedFile>,
    /// For a conversion: the commit that was converted, and the files that are the same in it: they are put there too,
    /// so that what `main` stands for is in the cache, as Python wants it.
    pub(super) original: Option<(String, BTreeSet<String>)>,
    /// Revisions and the commits that they stand for, noted when all of the model is there.
    pub(super) notes: Vec<(String, String)>,
}

impl Plan {
    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.size))
    }

    /// Bytes that are in the cache already.
    pub fn there(&self) -> u64 {
        self.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.there))
    }

    /// Bytes that have to be downloaded.
    pub fn missing(&self) -> u64 {
        self.size() - self.there()
    }

    /// True where every file is complete and in place.
    pub fn is_whole(&self) -> bool {
        self.files.iter().all(|file| file.there == file.size && file.is_in_place)
    }
}

/// A file that is needed.
#[derive(Debug, Clone)]
pub struct PlannedFile {
    /// Its path in the repository.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Bytes of it that are in the cache already, judged by the content of a small file and the length of a large one.
    pub there: u64,
    pub(super) hash: Hash,
    /// It is read before the weights are downloaded.
    pub(super) is_small: bool,
    /// It lies where it belongs in the commit's snapshot.
    pub(super) is_in_place: bool,
}

impl PlannedFile {
    /// A file of a commit, with what is in the cache of it.
    pub(super) fn looked_up(
        file: ListedFile,
        is_small: bool,
        storage: &Storage,
        commit: &str,
        stop: &AtomicBool,
    ) -> Result<PlannedFile, HubError> {
        let ListedFile { name, size, hash } = file;
        let mut there = None;
        for place in storage.places(commit, &name, &hash) {
            let is_there = match is_small {
                true => is_whole(&place, size, &hash, stop, &mut |_| {}),
                false => place.metadata().map(|found| found.len() == size),
            };
            match is_there {
                Ok(true) => there = Some(size),
                Err(error) if error.kind() == ErrorKind::Interrupted => return Err(HubError::Cancelled),
                // A file that cannot be read is of no use; that is said where it is to be replaced.
                Ok(false) | Err(_) => {}
            }
        }
        let incomplete = || std::fs::metadata(storage.incomplete(&hash)).ok().map(|found| found.len());
        let there = there.or_else(|| incomplete().filter(|there| *there <= size)).unwrap_or(0);
        let is_in_place = storage.is_in_place(commit, &name, &hash);
        Ok(PlannedFile { name, size, there, hash, is_small, is_in_place })
    }
}
