//! Why the crew could not do something.

use crate::domain::hub_model::HubModel;
use crate::domain::settings::ModelName;
use crate::engine::EngineError;
use crate::engine::hub::HubError;
use crate::engine::runtime::RuntimeError;
use crate::engine::runtime::install::InstallError;
use crate::files::destination::DestinationError;
use crate::files::scan::ScanError;
use crate::files::transfer::TransferError;
use crate::jobs::classify::ClassifyError;
use crate::jobs::model::ModelError;
use crate::jobs::tables::TableError;
use crate::jobs::watch::WatchError;
use crate::store::{NoSecret, StoreError};

/// Why the crew could not do something.
#[derive(Debug, thiserror::Error)]
pub enum CrewError {
    /// The labels' embeddings.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The hub, or the way to it.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The runtime.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The source.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The destination.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The transfers that a killed run left cannot be finished yet.
    #[error(transparent)]
    Unfinished(TransferError),
    /// The session.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Classifying.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// Watching.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A label cannot get another text while another process sorts by it.
    #[error("another process sorts by the label {label:?}")]
    LabelInUse {
        /// The label's text.
        label: String,
    },
    /// A picture was decided for a label that the process which sorts does not know.
    #[error("the label {label:?} is not sorted by")]
    LabelUnknown {
        /// The label's text.
        label: String,
    },
    /// The built-in model or samples cannot be unpacked.
    #[error("cannot unpack into {folder}")]
    Unpack {
        /// The folder.
        folder: std::path::PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A runtime could not be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The model at hand is not the one that scored the session.
    #[error("{model} is not the model that scored the session")]
    OtherModel {
        /// The model.
        model: ModelName,
    },
    /// A model is not in the cache, and this is no moment to download it.
    #[error("{model} is not in the cache")]
    NotCached {
        /// The model.
        model: HubModel,
    },
    /// Nothing tells offline what a model's files should be.
    #[error("offline, {model} cannot be checked")]
    NotChecked {
        /// The model.
        model: HubModel,
    },
    /// There is no folder for what is installed.
    #[error("no data folder")]
    NoDataFolder,
    /// A session could not be noted as the user's own.
    #[error(transparent)]
    NotNoted(NoSecret),
    /// Transfers of a killed run would lead out, and are left as they are.
    #[error("{count} transfers are left as they are, the first because of {path}")]
    NotRecovered {
        /// How many.
        count: usize,
        /// Where the first leads.
        path: std::path::PathBuf,
    },
    /// Somebody asked to stop before anything was begun.
    #[error("stopped")]
    Stopped,
    /// There is no plan that could be carried out.
    #[error("no plan")]
    NoPlan,
    /// There is nothing that could be taken back.
    #[error("nothing to take back")]
    NothingToUndo,
}

impl CrewError {
    /// True where a session is not obeyed before the user says that it is to be trusted.
    pub fn asks_for_trust(&self) -> bool {
        matches!(self, CrewError::Store(error) if error.asks_for_trust())
    }

    /// The published model of which files may be damaged in the cache, where that is what it is about.
    pub fn damaged_model(&self) -> Option<&HubModel> {
        match self {
            CrewError::Model(error) | CrewError::Classify(ClassifyError::Model(error)) => match error {
                ModelError::Cached { model, .. } => Some(model),
                ModelError::Engine(_) | ModelError::NoAnswer(_) => None,
            },
            _ => None,
        }
    }
}
