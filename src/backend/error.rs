//! Errors of the app's threads.

use crate::domain::hub_model::HubModel;
use crate::domain::settings::ModelName;
use crate::engine::EngineError;
use crate::engine::runtime::install::InstallError;
use crate::files::destination::DestinationError;
use crate::files::scan::ScanError;
use crate::jobs::model::ModelError;
use crate::jobs::watch::WatchError;
use crate::store::StoreError;
use crate::use_cases::RunError;

/// An order of the app could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// A run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The labels' embeddings.
    #[error(transparent)]
    Engine(#[from] EngineError),
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
    /// Offline, nothing tells how a model's files should be.
    #[error("offline, {model} cannot be checked")]
    NotChecked {
        /// The model.
        model: HubModel,
    },
    /// There is no folder for what is installed.
    #[error("no data folder")]
    NoDataFolder,
    /// There is no plan that could be carried out.
    #[error("no plan")]
    NoPlan,
    /// There is nothing that could be taken back.
    #[error("nothing to take back")]
    NothingToUndo,
}

impl From<StoreError> for BackendError {
    fn from(error: StoreError) -> BackendError {
        BackendError::Run(error.into())
    }
}

impl From<ScanError> for BackendError {
    fn from(error: ScanError) -> BackendError {
        BackendError::Run(error.into())
    }
}

impl From<DestinationError> for BackendError {
    fn from(error: DestinationError) -> BackendError {
        BackendError::Run(error.into())
    }
}

impl From<ModelError> for BackendError {
    fn from(error: ModelError) -> BackendError {
        BackendError::Run(error.into())
    }
}

impl From<WatchError> for BackendError {
    fn from(error: WatchError) -> BackendError {
        BackendError::Run(error.into())
    }
}

impl BackendError {
    /// True where a session is not obeyed before the user says that it is to be trusted.
    pub fn asks_for_trust(&self) -> bool {
        matches!(self, BackendError::Run(error) if error.asks_for_trust())
    }

    /// The published model of which files may be damaged in the cache, where that is what the error is about.
    pub fn damaged_model(&self) -> Option<&HubModel> {
        match self {
            BackendError::Run(error) => error.damaged_model(),
            _ => None,
        }
    }
}
