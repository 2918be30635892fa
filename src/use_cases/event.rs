//! The events of a run. Both faces match on them without a catch-all, so that a new one cannot be left out by either.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::domain::limit::Stage;
use crate::domain::plan::PlannedTransfer;
use crate::domain::settings::ModelName;
use crate::engine::hub::DownloadEvent;
use crate::engine::runtime::library::RejectedLibrary;
use crate::engine::runtime::select::{RuntimeNote, Selection};
use crate::files::destination::Weakness;
use crate::files::transfer::{Ended, TransferError};
use crate::jobs::classify::Classified;
use crate::jobs::watch::{Watch, WatchEvent};
use crate::store::NoSecret;
use crate::store::session::Known;

/// Something that happens in a run.
pub enum RunEvent<'e> {
    /// Something that people should know.
    Notice(Notice),
    /// The runtime was chosen.
    RuntimeChosen(&'e Selection),
    /// A step of getting a model from the hub.
    Fetching(DownloadEvent<'e>),
    /// The model's files are complete.
    Fetched,
    /// A model is being opened.
    OpeningModel(&'e ModelName),
    /// Its weights are being quantised, which is done once.
    Quantising,
    /// The model is open.
    ModelOpened {
        /// The device, with the numbers that it computes in.
        device: String,
    },
    /// The source was searched.
    Found {
        /// The source.
        source: &'e Path,
        /// Files that are to be looked at.
        files: usize,
    },
    /// A stage begins that comes to so many files: it looks at them, transfers them or takes them back.
    StageBegins {
        /// So many.
        total: usize,
    },
    /// A file was looked at.
    LookedAt {
        /// The picture; none for a file that is none.
        classified: Option<&'e Classified>,
        /// The stage of the pipeline that limits its speed, of late.
        limit: Option<Stage>,
    },
    /// Pictures are in the session, with what it knows of each.
    Stored(Vec<(Known, Classified)>),
    /// A file was copied or moved, or not.
    Transferred {
        /// The transfer.
        planned: &'e PlannedTransfer,
        /// Its end.
        ended: &'e Ended,
    },
    /// A file was taken back, or not.
    TakenBack {
        /// Its path.
        path: &'e Path,
        /// The end.
        ended: &'e Ended,
    },
    /// Something happened in a watch.
    Watch(WatchEvent<'e>),
    /// How a watch stands, after each turn.
    WatchStands {
        /// The watch.
        watch: &'e Watch,
        /// The stage of the pipeline that limits its speed, of late.
        limit: Option<Stage>,
        /// Now.
        at: Instant,
    },
    /// A watch ends after what it has in hand.
    WatchEnds,
}

/// Something that people should know of, and that is no failure of the run.
#[derive(Debug)]
pub enum Notice {
    /// A library of ONNX Runtime was found and could not be used.
    LibraryPassedOver(RejectedLibrary),
    /// Where the runtime computes is not where it was asked to, or could.
    Runtime(RuntimeNote),
    /// The built-in model is for trying the program.
    DemoModel,
    /// The model does not say its logit scale: that of its family was taken.
    ScaleAssumed,
    /// The model has not answered for long. It is waited for.
    ModelSilent,
    /// A folder of the source could not be read.
    UnreadableFolder {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        detail: String,
    },
    /// Symbolic links were not followed.
    LinksPassedOver {
        /// How many.
        count: usize,
        /// The first of them.
        first: PathBuf,
    },
    /// Pipes, devices and sockets were not opened.
    SpecialFilesPassedOver {
        /// How many.
        count: usize,
        /// The first of them.
        first: PathBuf,
    },
    /// Files and folders with names that the program keeps for its own were not looked at.
    OwnNamesPassedOver {
        /// How many.
        count: usize,
        /// The first of them.
        first: PathBuf,
    },
    /// Files are moved out of a folder which is the destination of another session.
    SourceIsSorted {
        /// The folder.
        folder: PathBuf,
    },
    /// A session could not be noted as the user's own.
    SessionNotNoted {
        /// Its destination.
        destination: PathBuf,
        /// Why.
        error: NoSecret,
    },
    /// Transfers that a killed run left were finished or cleaned up.
    TransfersRecovered {
        /// How many.
        count: usize,
    },
    /// Copies that a killed run had made are without their times, permissions or attributes.
    RecoveredUnkept {
        /// How many.
        count: usize,
    },
    /// Transfers that a killed run left would lead out of the destination, and are left as they are.
    TransfersRefused {
        /// How many.
        count: usize,
        /// Where the first leads.
        path: PathBuf,
    },
    /// Transfers that a killed run left cannot be finished yet.
    TransfersUnfinished(TransferError),
    /// The destination cannot keep a promise.
    Weak(Weakness),
    /// A file of somebody else's had the place of one of the program's own, and has another name now.
    KeptAside {
        /// Its path now.
        path: PathBuf,
    },
    /// Pictures of labels that have labels inside were scored for those.
    ScoredInside {
        /// How many.
        count: usize,
    },
    /// Such pictures have no scores for them, as their embeddings are not remembered.
    NotScoredInside {
        /// How many.
        count: usize,
    },
    /// Pictures that were sorted before and are not in the source were scored by the labels of now.
    Rescored {
        /// How many.
        count: usize,
        /// The destination.
        destination: PathBuf,
    },
    /// Such pictures keep the scores of other labels, as their embeddings are not remembered.
    NotRescored {
        /// How many.
        count: usize,
        /// The destination.
        destination: PathBuf,
    },
}

impl Notice {
    /// True where something that an earlier run began is still to be finished, or cannot be.
    pub fn leaves_unfinished(&self) -> bool {
        self.weight() == Weight::Unfinished
    }

    /// True where people should look at it before they go on.
    pub fn is_serious(&self) -> bool {
        self.weight() != Weight::Fact
    }

    fn weight(&self) -> Weight {
        match self {
            Notice::TransfersRefused { .. } | Notice::TransfersUnfinished(_) => Weight::Unfinished,
            Notice::RecoveredUnkept { .. } | Notice::SessionNotNoted { .. } => Weight::Loss,
            Notice::LibraryPassedOver(_)
            | Notice::Runtime(_)
            | Notice::DemoModel
            | Notice::ScaleAssumed
            | Notice::ModelSilent
            | Notice::UnreadableFolder { .. }
            | Notice::LinksPassedOver { .. }
            | Notice::SpecialFilesPassedOver { .. }
            | Notice::OwnNamesPassedOver { .. }
            | Notice::SourceIsSorted { .. }
            | Notice::TransfersRecovered { .. }
            | Notice::Weak(_)
            | Notice::KeptAside { .. }
            | Notice::ScoredInside { .. }
            | Notice::NotScoredInside { .. }
            | Notice::Rescored { .. }
            | Notice::NotRescored { .. } => Weight::Fact,
        }
    }
}

/// How much a notice matters.
#[derive(PartialEq, Eq)]
enum Weight {
    Fact,
    Loss,
    Unfinished,
}
