//! Errors that end a run.

use std::io;
use std::path::PathBuf;

use crate::built_in::UnpackError;
use crate::domain::file_filter::LeftOut;
use crate::domain::hub_model::HubModel;
use crate::domain::settings::ModelName;
use crate::engine::hub::HubError;
use crate::engine::runtime::RuntimeError;
use crate::files::defect::PictureDefect;
use crate::files::destination::DestinationError;
use crate::files::scan::ScanError;
use crate::jobs::classify::ClassifyError;
use crate::jobs::model::ModelError;
use crate::jobs::tables::TableError;
use crate::jobs::watch::WatchError;
use crate::store::StoreError;

/// An error that ends a run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The source cannot be searched.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The source has no files that are to be looked at.
    #[error("{folder} has no pictures")]
    NoFiles {
        /// The source.
        folder: PathBuf,
        /// Files that are not to be looked at.
        left_out: Box<LeftOut>,
    },
    /// All pictures of the source were moved to where they belong.
    #[error("{folder} has no pictures left")]
    SourceEmptied {
        /// The source.
        folder: PathBuf,
    },
    /// Source and destination do not go together.
    #[error(transparent)]
    Folders(DestinationError),
    /// The destination cannot take files.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The place of a table is taken by something that is no file.
    #[error("{path} is in the way of the table")]
    TableInTheWay {
        /// The place.
        path: PathBuf,
    },
    /// Nothing was classified into the destination yet.
    #[error("nothing was classified into {destination}")]
    NothingClassified {
        /// The destination.
        destination: PathBuf,
    },
    /// The session has no label of that name.
    #[error("no label {label:?}")]
    NoSuchLabel {
        /// The name that was given.
        label: String,
        /// The labels that there are.
        labels: Vec<String>,
    },
    /// The label has no labels inside.
    #[error("no labels inside {label:?}")]
    NotNarrowed {
        /// The label.
        label: String,
    },
    /// A label's folder would have a longer path than systems take.
    #[error("the path of {folder} is too long")]
    FolderTooLong {
        /// The folder.
        folder: PathBuf,
    },
    /// No picture of a label was found in a folder.
    #[error("no picture of the label {label} was found in {source_folder}")]
    NoneFromThere {
        /// The label.
        label: String,
        /// The folder.
        source_folder: PathBuf,
    },
    /// There is a file where a label's folder would be made.
    #[error("there is a file at {path}")]
    FileInTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The runtime.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The built-in model cannot be unpacked.
    #[error("cannot unpack into {folder}")]
    Unpack {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The hub, or the way to it.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Classifying.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// Watching.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The session.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Finding.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Somebody asked to stop before anything was begun.
    #[error("stopped")]
    Stopped,
}

/// Pictures of a session cannot be compared with what is looked for.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The session's model is not in the cache, and this is no moment to download it.
    #[error("{model} is not in the cache")]
    ModelNotHere {
        /// The model.
        model: HubModel,
    },
    /// The model that is there is not the one that the pictures went through.
    #[error("{model} is not the model that scored the session")]
    OtherModel {
        /// The model.
        model: ModelName,
    },
    /// No picture has an embedding that is remembered.
    #[error("of none of {pictures} pictures an embedding is remembered")]
    NoEmbeddings {
        /// How many pictures could have one.
        pictures: usize,
    },
    /// The sentence has more tokens than the model reads. It is not cut.
    #[error("{tokens} tokens, {limit} at most")]
    SentenceTooLong {
        /// Its tokens.
        tokens: usize,
        /// The most the model reads.
        limit: usize,
    },
    /// The sentence is empty.
    #[error("an empty sentence")]
    EmptySentence,
    /// The file to compare with has no picture that can be read.
    #[error("{path} cannot be compared with: {defect}")]
    NoPicture {
        /// The file.
        path: PathBuf,
        /// Why.
        defect: PictureDefect,
    },
}

impl From<UnpackError> for RunError {
    fn from(error: UnpackError) -> RunError {
        RunError::Unpack { folder: error.folder, source: error.source }
    }
}

impl RunError {
    /// True where somebody asked for the end.
    pub fn is_stop(&self) -> bool {
        match self {
            RunError::Stopped | RunError::Hub(HubError::Cancelled) => true,
            RunError::Model(ModelError::NoAnswer(error)) => error.is_wanted(),
            _ => false,
        }
    }

    /// True where a session is not obeyed before the user says that it is to be trusted.
    pub fn asks_for_trust(&self) -> bool {
        matches!(self, RunError::Store(error) if error.asks_for_trust())
    }

    /// The published model of which files may be damaged in the cache, where that is what the error is about.
    pub fn damaged_model(&self) -> Option<&HubModel> {
        match self {
            RunError::Model(error) | RunError::Classify(ClassifyError::Model(error)) => match error {
                ModelError::Cached { model, .. } => Some(model),
                ModelError::Engine(_) | ModelError::NoAnswer(_) => None,
            },
            _ => None,
        }
    }
}
