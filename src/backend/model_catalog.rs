//! Knows which models there are: the built-in one, those of the program's table, those in the cache, and checkpoints in
//! folders. It asks nothing of the network.

use std::path::Path;

use crossbeam_channel::Receiver;

use super::events::EventSender;
use super::newest::answer_newest;
use super::path_completion::{folders_in, split};
use super::{Event, Order};
use crate::domain::hub_model::HubModel;
use crate::domain::settings::ModelName;
use crate::engine::hub::known::{KnownModel, Strength, known_models};
use crate::engine::hub::{Hub, HubConfig};
use crate::jobs::cancel_token::CancelToken;

/// A file that every checkpoint's folder has.
const CONFIGURATION: &str = "config.json";

/// A model that can be named without typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    /// As the field takes it.
    pub name: String,
    /// Where it is.
    pub place: ModelPlace,
    /// Its line in the program's table.
    pub known: Option<&'static KnownModel>,
}

/// Where a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelPlace {
    /// In the program.
    BuiltIn,
    /// A folder on this machine.
    Folder,
    /// A text that is no name can only be a folder, and there is none.
    NoFolder,
    /// Complete in the cache, with so many bytes.
    Cached {
        /// The size of all its files.
        bytes: u64,
    },
    /// To be downloaded, about so many bytes where that is known without asking.
    ToDownload {
        /// The size of all its files.
        bytes: Option<u64>,
    },
}

pub(super) fn run(orders: &Receiver<Order>, ending: &CancelToken, events: &EventSender) {
    answer_newest(orders, ending, events, |order| match order {
        Order::ListModels { typed } => Some(Event::Models { found: models(&typed), typed }),
        Order::LookUpModel { name } => Some(Event::ModelFound { choice: looked_up(&name) }),
        Order::OfferModel { name } => Some(Event::ModelOffered { instead: instead_of(&name), name }),
        _ => None,
    });
}

/// Every model that there is: those on this machine come first, and before them those that have what is typed in their
/// name. A whole name that is typed chooses nothing.
fn models(typed: &str) -> Vec<ModelChoice> {
    let hub = Hub::new(HubConfig::from_environment());
    let known = known_models().iter().filter(|model| model.is_supported()).map(|model| model.id.clone());
    let mut names: Vec<String> = std::iter::once(ModelName::Demo.to_string()).chain(known).collect();
    names.extend(hub.in_cache().into_iter().map(|published| published.id));
    let (folder, _) = split(typed);
    let here = folders_in(folder).into_iter().map(|name| format!("{folder}{name}"));
    names.extend(here.filter(|path| Path::new(path).join(CONFIGURATION).is_file()));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let wanted = typed.trim().to_lowercase();
    let is_whole = names.contains(&wanted);
    let mut choices: Vec<ModelChoice> = names.iter().map(|name| choice(name, &hub)).collect();
    choices.sort_by_key(|choice| (!is_whole && !choice.name.to_lowercase().contains(&wanted), rank(choice.place)));
    choices
}

/// The order in which models are offered: what is built in knows drawings only.
fn rank(place: ModelPlace) -> u8 {
    match place {
        ModelPlace::Cached { .. } | ModelPlace::Folder => 0,
        ModelPlace::ToDownload { .. } => 1,
        ModelPlace::BuiltIn => 2,
        ModelPlace::NoFolder => 3,
    }
}

/// A model for photographs that can be used instead of a large one that would have to be downloaded: one that is on
/// this machine, else the smallest download of those that are faster.
fn instead_of(name: &str) -> Option<ModelChoice> {
    let is_for_photographs = |model: &KnownModel| model.good_at.contains(&Strength::Photographs);
    let wanted = known_models().iter().find(|model| model.id == name && is_for_photographs(model))?;
    let hub = Hub::new(HubConfig::from_environment());
    let others = known_models().iter().filter(|model| model.is_supported() && is_for_photographs(model));
    let others: Vec<ModelChoice> =
        others.filter(|model| model.id != name).map(|model| choice(&model.id, &hub)).collect();
    let is_here = |choice: &&ModelChoice| matches!(choice.place, ModelPlace::Cached { .. });
    let is_smaller = |choice: &&ModelChoice| {
        choice
            .known
            .is_some_and(|other| other.speed.times() < wanted.speed.times() && other.download_mb < wanted.download_mb)
    };
    let smallest = || {
        let cost = |choice: &&ModelChoice| choice.known.map(|known| (known.speed.times() as u64, known.download_mb));
        others.iter().filter(is_smaller).min_by_key(cost)
    };
    others.iter().find(is_here).or_else(smallest).cloned()
}

fn looked_up(name: &str) -> ModelChoice {
    choice(name, &Hub::new(HubConfig::from_environment()))
}

fn choice(name: &str, hub: &Hub) -> ModelChoice {
    let known = known_models().iter().find(|model| model.id == name);
    let place = match ModelName::new(name.trim(), Path::is_dir) {
        ModelName::Demo => ModelPlace::BuiltIn,
        ModelName::Folder(folder) if folder.is_dir() => ModelPlace::Folder,
        ModelName::Folder(_) => ModelPlace::NoFolder,
        ModelName::Hub(model) => in_hub(&model, known, hub),
    };
    ModelChoice { name: name.to_owned(), place, known }
}

fn in_hub(model: &HubModel, known: Option<&KnownModel>, hub: &Hub) -> ModelPlace {
    match hub.cached(model) {
        Some(cached) => ModelPlace::Cached { bytes: cached.files.iter().map(|(_, size)| size).sum() },
        None => ModelPlace::ToDownload { bytes: known.map(KnownModel::download_bytes) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_one_the_table_and_folders_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        for (name, file) in [("clip", CONFIGURATION), ("other", "notes.txt")] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join(file), "{}").unwrap();
        }
        let root = folder.path().to_str().unwrap();
        let found = models(&format!("{root}/c"));
        let names: Vec<&str> = found.iter().map(|choice| choice.name.as_str()).collect();
        assert!(names.contains(&format!("{root}/clip").as_str()) && !names.contains(&format!("{root}/other").as_str()));
        assert_eq!(names[0], format!("{root}/clip"), "what is typed comes first");
        assert!(names.contains(&"demo") && names.contains(&"openai/clip-vit-large-patch14"), "{names:?}");
        assert_eq!(looked_up("demo").place, ModelPlace::BuiltIn);
        assert_eq!(looked_up(root).place, ModelPlace::Folder);
        assert_eq!(looked_up("/no/such/folder").place, ModelPlace::NoFolder);
    }
}
