//! The hub: models by name, got over the network and kept in the cache that Python's huggingface_hub uses too.
//!
//! Nothing here starts a thread: the caller waits, hears of every step and can ask to stop.

mod address;
mod backoff;
mod cache;
mod check;
mod config;
mod control;
mod conversion;
mod download;
mod error;
mod fetch;
mod hash;
mod http;
mod http_error;
pub mod known;
mod listing;
mod plan;
mod planned;
mod popular;
mod proxy;
mod selection;
mod stall;

use std::path::PathBuf;

use cache::Storage;
pub use check::Repaired;
pub use config::HubConfig;
pub use control::{DownloadControl, DownloadEvent};
pub use error::{HubError, Missing};
use http::Client;
use http_error::{HttpError, Refusal};
pub use planned::{Plan, PlannedFile};
pub use popular::PublishedModel;
pub use selection::WeightsForm;

use crate::domain::hub_model::{HubModel, MAIN};

/// A complete checkpoint in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedModel {
    /// Its folder: a snapshot of the cache.
    pub folder: PathBuf,
    /// The commit that it is of.
    pub commit: String,
    /// Its files by their paths in the folder, with their sizes in bytes.
    pub files: Vec<(String, u64)>,
}

/// The hub, and the cache of what was got from it.
pub struct Hub {
    config: HubConfig,
    client: Client,
}

impl Hub {
    /// The hub by a configuration. Nothing is asked of it yet.
    pub fn new(config: HubConfig) -> Hub {
        Hub { client: Client::new(&config), config }
    }

    /// Where the hub and the cache are.
    pub fn config(&self) -> &HubConfig {
        &self.config
    }

    /// The folder of a model's checkpoint: from the cache where it is complete there, which asks nothing of the
    /// network; downloaded otherwise.
    pub fn folder(&self, model: &HubModel, control: &mut DownloadControl<'_>) -> Result<PathBuf, HubError> {
        if let Some(cached) = self.cached(model) {
            return Ok(cached.folder);
        }
        let plan = self.plan(model, control)?;
        self.fetch(&plan, control)
    }

    /// A model that is complete in the cache, at the commit that the revision meant when the hub was last asked.
    pub fn cached(&self, model: &HubModel) -> Option<CachedModel> {
        let storage = self.storage(&model.id).ok()?;
        let revision = model.revision_or_main();
        let commit = storage.commit(revision)?;
        let complete = |commit: String| {
            let (folder, choice) = storage.complete(&commit)?;
            Some((commit, folder, choice))
        };
        // The same preference as in a plan, so that a repair checks the files that will be opened: a conversion comes
        // before its original.
        let noted = (revision == MAIN).then(|| storage.conversion(&commit)).flatten();
        let (commit, folder, choice) = noted.and_then(complete).or_else(|| complete(commit))?;
        let size = |name: &String| std::fs::metadata(folder.join(name)).map_or(0, |found| found.len());
        let files = choice.small.into_iter().chain(choice.weights).map(|name| (size(&name), name));
        let files = files.map(|(size, name)| (name, size)).collect();
        Some(CachedModel { folder, commit, files })
    }

    fn storage(&self, id: &str) -> Result<Storage, HubError> {
        let cache = self.config.cache.as_ref().ok_or(HubError::NoCache)?;
        Ok(Storage::of(cache, id))
    }

    /// The error for a failed request about a model.
    fn failed(&self, model: &HubModel, error: HttpError) -> HubError {
        let endpoint = self.config.endpoint.clone();
        match error {
            HttpError::NoConnection { detail } => HubError::NoNetwork { endpoint, detail },
            HttpError::Cut { detail } => HubError::Cut { endpoint, detail },
            HttpError::TooSlow => HubError::TooSlow { endpoint },
            HttpError::Nonsense { detail } => HubError::Answer { endpoint, detail },
            HttpError::Cancelled => HubError::Cancelled,
            HttpError::BadProxy(variable) => HubError::BadProxy { variable },
            HttpError::NoScheme => HubError::NoScheme { endpoint },
            HttpError::Refused(refusal) => self.refused(model, &refusal),
        }
    }

    fn refused(&self, model: &HubModel, refusal: &Refusal) -> HubError {
        let (id, endpoint, status) = (model.to_string(), self.config.endpoint.clone(), refusal.status);
        let is_anonymous = self.client.is_anonymous();
        match (refusal.code.as_str(), status) {
            ("RevisionNotFound", _) => {
                let revision = model.revision_or_main().to_owned();
                HubError::NoSuchRevision { id: model.id.clone(), revision }
            }
            ("GatedRepo", _) | ("", 403) => HubError::Gated { id, page: self.config.page(&model.id), is_anonymous },
            // A user who is not logged in is not told that a private model exists: the hub then answers with 401 for
            // both.
            ("RepoNotFound", _) | (_, 404) => HubError::NoSuchModel { id, endpoint, is_anonymous },
            (_, 401) => HubError::NeedsToken { id, was_refused: !is_anonymous },
            _ if refusal.is_passing() => HubError::Busy { endpoint, status },
            _ => HubError::Status { endpoint, status },
        }
    }
}
