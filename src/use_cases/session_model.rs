//! The model that the pictures of a session went through, opened again: for other labels, or for a sentence.

use std::path::{Path, PathBuf};

use super::{FindError, RunContext, RunError, open_model};
use crate::domain::file_filter::FileFilter;
use crate::domain::settings::{ModelName, Settings};
use crate::domain::template::Templates;
use crate::domain::variant::{Variant, VariantChoice};
use crate::engine::hub::{Hub, HubConfig};
use crate::store::session::{Origin, Sorting};

/// The folder of a session's model. One that would have to be downloaded is an error: looking at what was sorted is no
/// reason for that.
pub fn folder(context: &RunContext<'_>, model: &ModelName) -> Result<PathBuf, RunError> {
    match model {
        ModelName::Hub(published) => match Hub::new(HubConfig::from_environment()).cached(published) {
            Some(cached) => Ok(cached.folder),
            None => Err(FindError::ModelNotHere { model: published.clone() }.into()),
        },
        model => open_model::folder(context, model),
    }
}

/// The settings that a session was classified with, as far as opening its model needs them.
pub fn settings(destination: &Path, sorting: &Sorting, origin: &Origin) -> Settings {
    Settings {
        source: origin.source.clone().into(),
        recursive: origin.recursive,
        choice: FileFilter::default(),
        destination: destination.to_owned(),
        model: ModelName::new(&origin.model, Path::is_dir),
        labels: sorting.labels.clone(),
        template: Templates::new(&sorting.template).unwrap_or_default(),
        operation: sorting.operation,
        sure: sorting.sure(),
        batch_size: None,
        trust_unchanged: false,
    }
}

/// The variant that a session's pictures were scored in. Sessions from before there were others say nothing.
pub fn variant_of(origin: &Origin) -> VariantChoice {
    let variant = origin.variant.as_deref().and_then(|name| name.parse().ok());
    variant.unwrap_or(VariantChoice::Only(Variant::Fp32))
}
