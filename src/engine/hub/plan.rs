//! Plans a download: asks the hub for a model's files and looks up which are in the cache.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::address::escaped;
use super::cache::conversion_of;
use super::hash::is_as_published;
use super::http_error::HttpError;
use super::listing::{self, Answered, ListedFile, Listing, is_hexadecimal};
use super::planned::{Plan, PlannedFile};
use super::selection::{CONFIG, FileSelection, RequiredFiles, choose, shards};
use super::{DownloadControl, Hub, HubError, Missing, conversion};
use crate::domain::hub_model::{HubModel, MAIN};
use crate::engine::families::{self, Family, FamilyError};
use crate::engine::image_processor::{self, ImageProcessor};

/// The largest configuration or list of shards that is read. The largest seen are some hundred kilobytes.
const LARGEST_CONFIG: u64 = 10_000_000;

/// The largest file that goes with the weights. The largest tokenizers have some 35 megabytes.
const LARGEST_SMALL: u64 = 200_000_000;

impl Hub {
    /// Asks the hub which files of a model are needed, and looks up what of them is in the cache. A model that the
    /// program could not use is refused here, before anything large is downloaded.
    pub fn plan(&self, model: &HubModel, control: &mut DownloadControl<'_>) -> Result<Plan, HubError> {
        if self.config.is_offline {
            return Err(HubError::Offline { id: model.to_string() });
        }
        let main = self.listing(model, model.revision_or_main(), control)?;
        let family = self.family(model, &main, control)?;
        let outer = self.json(model, &main, image_processor::OUTER_FILE, control)?;
        let needs = RequiredFiles::of(Some(&*family), outer.as_ref());
        let mut notes = vec![(model.revision_or_main().to_owned(), main.commit.clone())];
        let chosen = self.chosen(model, &main, &needs);
        let is_main = model.revision_or_main() == MAIN;
        let wants_conversion = is_main && chosen.as_ref().is_ok_and(|c| c.form.is_pickle());
        let converted = match wants_conversion {
            true => self.converted(model, &main, &needs, control)?,
            false => None,
        };
        let (listing, choice, conversion, original) = match converted {
            Some((revision, listing, choice)) => {
                notes.push((revision.clone(), listing.commit.clone()));
                notes.push((conversion_of(&main.commit), listing.commit.clone()));
                let same = choice.small.iter().filter(|name| listing.file(name) == main.file(name)).cloned().collect();
                (listing, choice, Some(revision), Some((main.commit, same)))
            }
            None => (main, chosen?, None, None),
        };
        self.check_processor(model, &listing, outer.as_ref(), &*family, control)?;
        let files = self.files(model, &listing, &choice, control)?;
        let (model, commit, form, small) = (model.clone(), listing.commit, choice.form, choice.small.len());
        let is_other = |other: &ListedFile| files.iter().all(|file| file.name != other.name);
        let others = listing.files.into_iter().filter(is_other).collect();
        Ok(Plan { model, family: family.name(), commit, form, conversion, files, small, others, original, notes })
    }

    /// The files of a revision, as the hub lists them.
    fn listing(
        &self,
        model: &HubModel,
        revision: &str,
        control: &mut DownloadControl<'_>,
    ) -> Result<Listing, HubError> {
        let path = format!("/api/models/{}/revision/{}?blobs=true", model.id, escaped(revision, ""));
        let answered: Result<Answered, HttpError> =
            self.client.json(&self.client.url(&path), listing::LARGEST, control);
        let answered = answered.map_err(|error| self.failed(model, error))?;
        let not_credible = |found| HubError::NotCredible { id: model.to_string(), found };
        let listing = Listing::checked(answered).map_err(not_credible)?;
        // A user who names a commit gets that one or none.
        match is_hexadecimal(revision, 40) && listing.commit != revision {
            true => Err(not_credible(format!("commit {}", listing.commit))),
            false => Ok(listing),
        }
    }

    /// The family of a model, from its `config.json`.
    fn family(
        &self,
        model: &HubModel,
        listing: &Listing,
        control: &mut DownloadControl<'_>,
    ) -> Result<Box<dyn Family>, HubError> {
        let id = model.to_string();
        let not_supported =
            |found: String| HubError::NotSupported { id: model.to_string(), found, known: families::KNOWN.to_vec() };
        let config = self.json(model, listing, CONFIG, control)?;
        let Some(config) = config else { return Err(not_supported(listing.library.clone())) };
        match families::from_config(&config) {
            Ok(family) => Ok(family),
            Err(FamilyError::Unknown { found, .. }) if found.is_empty() => Err(not_supported(listing.library.clone())),
            Err(FamilyError::OwnCode { .. }) => Err(not_supported(listing.library.clone())),
            Err(FamilyError::Unknown { found, .. }) => Err(not_supported(found)),
            Err(source) => Err(HubError::Configuration { id, source }),
        }
    }

    /// Refuses a model whose pictures cannot be prepared as it wants them.
    fn check_processor(
        &self,
        model: &HubModel,
        listing: &Listing,
        outer: Option<&Json>,
        family: &dyn Family,
        control: &mut DownloadControl<'_>,
    ) -> Result<(), HubError> {
        let (file, config) = match outer.and_then(image_processor::nested) {
            Some(config) => (image_processor::OUTER_FILE, Some(config.clone())),
            None => (image_processor::FILE, self.json(model, listing, image_processor::FILE, control)?),
        };
        let made = ImageProcessor::from_config(&config.unwrap_or_default(), family.name(), family.image_size());
        let refused = |source| HubError::Processor { id: model.to_string(), file: file.to_owned(), source };
        made.map(drop).map_err(refused)
    }

    /// The content of a small file as JSON; none where it is not there.
    fn json(
        &self,
        model: &HubModel,
        listing: &Listing,
        name: &str,
        control: &mut DownloadControl<'_>,
    ) -> Result<Option<Json>, HubError> {
        let Some(file) = listing.file(name) else { return Ok(None) };
        let bytes = self.small(model, listing, file, control)?;
        let broken = |_| HubError::Broken { id: model.to_string(), file: name.to_owned() };
        serde_json::from_slice(&bytes).map(Some).map_err(broken)
    }

    /// The bytes of a small file: from the cache, or downloaded into memory.
    fn small(
        &self,
        model: &HubModel,
        listing: &Listing,
        file: &ListedFile,
        control: &mut DownloadControl<'_>,
    ) -> Result<Vec<u8>, HubError> {
        let (id, name) = (model.to_string(), file.name.clone());
        if file.size > LARGEST_CONFIG {
            return Err(HubError::NotCredible { id, found: format!("{name} of {} bytes", file.size) });
        }
        let is_right = |bytes: &Vec<u8>| is_as_published(bytes, &file.hash);
        let cached = self.storage(&model.id).ok().and_then(|storage| storage.read(&listing.commit, &name));
        if let Some(bytes) = cached.filter(is_right) {
            return Ok(bytes);
        }
        let url = self.address(&model.id, &listing.commit, &name);
        let bytes = self.client.bytes(&url, file.size, control).map_err(|error| self.failed(model, error))?;
        Some(bytes).filter(is_right).ok_or(HubError::Damaged { id, file: name })
    }

    /// Which files of a listing are needed.
    fn chosen(&self, model: &HubModel, listing: &Listing, needs: &RequiredFiles) -> Result<FileSelection, HubError> {
        let names: BTreeSet<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        choose(&names, needs).map_err(|missing| HubError::Incomplete { id: model.to_string(), missing })
    }

    /// The hub's own conversion of a model without safetensors, if there is one. Where it is no whole checkpoint, there
    /// is none: what the owner has published is there still. Where it cannot be looked for, it is the one that was
    /// taken before, if any.
    fn converted(
        &self,
        model: &HubModel,
        main: &Listing,
        needs: &RequiredFiles,
        control: &mut DownloadControl<'_>,
    ) -> Result<Option<(String, Listing, FileSelection)>, HubError> {
        let revision = match conversion::find(&self.client, &model.id, &main.commit, control) {
            Ok(found) => found,
            Err(HttpError::Cancelled) => return Err(HubError::Cancelled),
            Err(error) => {
                tracing::warn!("a conversion to safetensors could not be looked for: {error:?}");
                self.storage(&model.id)?.conversion(&main.commit)
            }
        };
        let Some(revision) = revision else { return Ok(None) };
        let found = self.listing(model, &revision, control).and_then(|listing| {
            let choice = self.chosen(model, &listing, needs)?;
            Ok((revision, listing, choice))
        });
        match found {
            Ok(found) if found.2.form.is_safetensors() => Ok(Some(found)),
            Err(HubError::Cancelled) => Err(HubError::Cancelled),
            _ => Ok(None),
        }
    }

    /// The files of a choice, with what is in the cache of them.
    fn files(
        &self,
        model: &HubModel,
        listing: &Listing,
        choice: &FileSelection,
        control: &mut DownloadControl<'_>,
    ) -> Result<Vec<PlannedFile>, HubError> {
        let id = model.to_string();
        let mut names: Vec<&str> = choice.small.iter().chain(&choice.weights).map(String::as_str).collect();
        let index = choice.weights.first().and_then(|name| listing.file(name));
        let shards = match (index, choice.form.shard_ending()) {
            (Some(index), Some(ending)) => {
                let bytes = self.small(model, listing, index, control)?;
                let broken = || HubError::Broken { id: id.clone(), file: index.name.clone() };
                shards(&bytes, ending).ok_or_else(broken)?
            }
            _ => BTreeSet::new(),
        };
        names.extend(shards.iter().map(String::as_str));
        let storage = self.storage(&model.id)?;
        let mut files = Vec::with_capacity(names.len());
        for name in names {
            let missing = || HubError::Incomplete { id: id.clone(), missing: Missing::Weights };
            let file = listing.file(name).ok_or_else(missing)?;
            let is_small = choice.small.iter().any(|small| small == name);
            if is_small && file.size > LARGEST_SMALL {
                return Err(HubError::NotCredible { id, found: format!("{name} of {} bytes", file.size) });
            }
            // An index was read to know the shards.
            let is_small = is_small || (!shards.is_empty() && choice.weights.iter().any(|index| index == name));
            files.push(PlannedFile::looked_up(file.clone(), is_small, &storage, &listing.commit, control.stop)?);
        }
        Ok(files)
    }

    /// The address of a file. It names the commit, so that a branch that moves on meanwhile does no harm.
    pub(super) fn address(&self, id: &str, commit: &str, name: &str) -> String {
        self.client.url(&format!("/{id}/resolve/{commit}/{}", escaped(name, "/")))
    }
}
