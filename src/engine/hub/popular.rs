//! Lists models: those that the hub has for this task, and those in the cache.

use serde::Deserialize;

use super::cache::Storage;
use super::http_error::HttpError;
use super::selection::CONFIG;
use super::{DownloadControl, Hub, HubError};
use crate::domain::hub_model::HubModel;
use crate::engine::families;

/// The task, as the hub calls it.
const TASK: &str = "zero-shot-image-classification";

/// The most bytes of a list. A hundred models with their configurations have some two hundred kilobytes.
const LARGEST: u64 = 20_000_000;

/// A model that is published, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedModel {
    /// Owner and name.
    pub id: String,
    /// `model_type` of its configuration, else the library that it is for; empty where neither is told.
    pub kind: String,
    /// The program knows its family.
    pub is_supported: bool,
    /// Downloads of the last thirty days, where the hub was asked.
    pub downloads: Option<u64>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    downloads: Option<u64>,
    library_name: Option<String>,
    config: Option<ListedConfig>,
}

#[derive(Deserialize)]
struct ListedConfig {
    model_type: Option<String>,
}

impl Hub {
    /// The models that the hub lists for zero-shot image classification, the most downloaded first, `limit` at most. A
    /// model without a usable name is left out. None in offline mode.
    pub fn popular(&self, limit: usize, control: &mut DownloadControl<'_>) -> Result<Vec<PublishedModel>, HubError> {
        if self.config.is_offline {
            return Ok(vec![]);
        }
        let url = self
            .client
            .url(&format!("/api/models?pipeline_tag={TASK}&sort=downloads&direction=-1&limit={limit}&config=true"));
        let listed: Result<Vec<Listed>, HttpError> = self.client.json(&url, LARGEST, control);
        // No model is asked for: what would be wrong with one is wrong with the hub.
        let listed = listed.map_err(|error| match error {
            HttpError::Refused(refusal) => {
                HubError::Status { endpoint: self.config.endpoint.clone(), status: refusal.status }
            }
            error => self.failed(&HubModel { id: String::new(), revision: None }, error),
        })?;
        let listed = listed.into_iter().filter(|listed| HubModel::parse(&listed.id).is_some()).take(limit);
        Ok(listed.map(PublishedModel::from).collect())
    }

    /// The models in the cache that could be of use: those whose configuration names a family that the program knows,
    /// and those that are complete for it. Other programs keep models of every kind there.
    pub fn in_cache(&self) -> Vec<PublishedModel> {
        let Some(root) = &self.config.cache else { return vec![] };
        let models = Storage::ids(root).into_iter().filter_map(|id| HubModel::parse(&id));
        let kinds = models.filter_map(|model| Some((self.kind_in_cache(&model)?, model.id)));
        let known = kinds.filter(|(kind, _)| is_supported(kind));
        known.map(|(kind, id)| PublishedModel { id, kind, is_supported: true, downloads: None }).collect()
    }

    /// Bytes that a model takes in the cache, half-downloaded files with them; zero where it is not there.
    pub fn bytes_in_cache(&self, id: &str) -> u64 {
        self.config.cache.as_ref().map_or(0, |root| Storage::of(root, id).bytes())
    }

    /// `model_type` of a model, from what is in the cache of it.
    pub fn kind_in_cache(&self, model: &HubModel) -> Option<String> {
        let storage = Storage::of(self.config.cache.as_ref()?, &model.id);
        let bytes = storage.read(&storage.commit(model.revision_or_main())?, CONFIG);
        let commit = || self.cached(model).map(|cached| cached.commit);
        let bytes = bytes.or_else(|| storage.read(&commit()?, CONFIG))?;
        serde_json::from_slice::<ListedConfig>(&bytes).ok()?.model_type
    }
}

impl From<Listed> for PublishedModel {
    fn from(listed: Listed) -> PublishedModel {
        let model_type = listed.config.and_then(|config| config.model_type);
        let is_supported = model_type.as_deref().is_some_and(is_supported);
        let kind = model_type.or(listed.library_name).unwrap_or_default();
        PublishedModel { id: listed.id, kind, is_supported, downloads: listed.downloads }
    }
}

/// True for a `model_type` that the program knows.
pub(super) fn is_supported(kind: &str) -> bool {
    families::KNOWN.contains(&kind)
}
