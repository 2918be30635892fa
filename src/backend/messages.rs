//! Orders of the app to the backend, and events that the backend tells.

use std::path::PathBuf;
use std::sync::Arc;

use super::{
    BackendError, ModelChoice, NotRanked, NotShown, OutsideError, Part, PictureFacts, PictureLocation, PreviewSize,
    RankBy, RenderedPreview, ScoredWith, SessionRow, Viewed, WatchNews, WatchStatus,
};
use crate::domain::collection::Entry;
use crate::domain::file_filter::{FileFilter, LeftOut, LeftOutCounts};
use crate::domain::history::StepKind;
use crate::domain::hub_model::HubModel;
use crate::domain::label::Label;
use crate::domain::limit::Stage;
use crate::domain::picture::{ContentHash, PictureId};
use crate::domain::plan::Plan;
use crate::domain::ranking::Ranking;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::domain::template::Templates;
use crate::files::transfer::{Ended, Outcome, TransferError};
use crate::jobs::undo::Outlook;
use crate::store::session::{Origin, Sorting};
use crate::use_cases::Notice;

/// A person's decision on a picture; labels by their keys, which of the root's are their texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedDecision {
    /// This label is right, and it was predicted.
    Accepted(String),
    /// This label is right.
    Reassigned(String),
    /// This label is right, and none of those inside it.
    NoneInside(String),
    /// No label is right.
    NoneOfThese,
    /// Left for later.
    Skipped,
}

/// Decisions of a person on several pictures at once, or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionStep {
    /// How it came about.
    pub kind: StepKind,
    /// The decision on each picture.
    pub said: Vec<(PictureId, Option<NamedDecision>)>,
}

/// An order to the backend.
#[allow(missing_docs, reason = "the sentence of each variant tells what its fields are")]
#[derive(Debug, Clone)]
pub enum Order {
    /// Count the files of a source. The number comes back with the answer.
    Check { number: u64, source: PathBuf, recursive: bool, choice: FileFilter, destination: PathBuf },
    /// Complete the path of a folder.
    Complete { typed: String },
    /// List the models that there are without typing more.
    ListModels { typed: String },
    /// Look up where a model is.
    LookUpModel { name: String },
    /// Look for a model that can be used instead of one that is not on this machine.
    OfferModel { name: String },
    /// Open the session of a destination to review it, if there is one.
    Open { destination: PathBuf },
    /// Classify. Decisions about the same pictures are taken over from the session of another destination.
    Classify { settings: Box<Settings>, table: PathBuf, decisions_of: Option<PathBuf> },
    /// Classify what arrives in the source until it is stopped; with `sorts` sort it too, once the backend is told that
    /// it may. Decisions are taken over as by classify.
    Watch { number: u64, settings: Box<Settings>, table: PathBuf, sorts: bool, decisions_of: Option<PathBuf> },
    /// Begin the run whose files were found: what was decided before is kept.
    Begin,
    /// Score everything with other labels.
    Rescore { revision: u64, labels: Vec<Label>, template: Templates },
    /// Rank all pictures. The number comes back with the answer; of several orders the newest counts.
    Rank { number: u64, by: RankBy },
    /// Keep what a person said.
    Decide { destination: PathBuf, step: DecisionStep },
    /// Give a label another text.
    Rename { destination: PathBuf, from: String, to: String },
    /// Sort the pictures of a label, by its key, by labels inside it, with these scores, one row a picture.
    Narrow { destination: PathBuf, within: String, sorting: Box<Sorting>, scores: Vec<(PictureId, Vec<f32>)> },
    /// Make a plan from these scores, one row a picture.
    Plan { destination: PathBuf, sorting: Box<Sorting>, scores: Vec<(PictureId, Vec<f32>)> },
    /// Carry the last plan out.
    Apply { destination: PathBuf, table: PathBuf },
    /// Say what it would do to take back a run, or the last one. Nothing is touched.
    Foresee { destination: PathBuf, run: Option<RunId> },
    /// Take back a run, or the last one.
    Undo { destination: PathBuf, run: Option<RunId> },
    /// Show a picture or a part of it, and get ready those that may be looked at next. The number comes back with the
    /// picture.
    View { number: u64, sight: PictureLocation, part: Part, next: Vec<PictureLocation>, room: PreviewSize },
    /// Give a picture's file to a program with these arguments before it, or say where it is.
    OpenOutside { sight: PictureLocation, viewer: Option<Vec<String>> },
    /// Show a page of small pictures, and get ready those ahead. The number comes back with each of them.
    Tiles { number: u64, tiles: Vec<PictureLocation>, ahead: Vec<PictureLocation>, room: PreviewSize },
    /// Find stacks of near-duplicates among pictures, one a content. The number comes back with the answer.
    FindDuplicates { number: u64, pictures: Vec<(PictureId, ContentHash)> },
    /// Obey the session of a destination from now on, whoever made it.
    Trust { destination: PathBuf },
    /// Put ONNX Runtime into the data folder; with `gpu` the build for NVIDIA GPUs.
    InstallRuntime { gpu: bool },
    /// Look through what is in the cache of a published model, and download again what is damaged.
    Repair { model: HubModel },
}

/// How many files a transfer run has dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Copied, moved or removed.
    pub done: usize,
    /// There already.
    pub present: usize,
    /// Not transferred.
    pub failed: usize,
    /// Copied, but the source could not be removed: a part of the failed ones.
    pub kept: usize,
    /// Done, but the file is without its times, permissions or attributes where it is now.
    pub unkept: usize,
}

impl Tally {
    /// Takes account of one.
    pub(super) fn add(&mut self, ended: &Ended) {
        self.kept += usize::from(matches!(ended, Err(TransferError::SourceKept { .. })));
        self.unkept += usize::from(ended.as_ref().is_ok_and(|outcome| outcome.unkept().any()));
        *match ended {
            Ok(Outcome::AlreadyPresent { .. }) => &mut self.present,
            Ok(_) => &mut self.done,
            Err(_) => &mut self.failed,
        } += 1;
    }

    /// All that were dealt with.
    pub fn begun(self) -> usize {
        self.done + self.present + self.failed
    }
}

/// How many files of a run were taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UndoTally {
    /// Files that are where they were before.
    pub back: usize,
    /// Copies that are gone.
    pub removed: usize,
    /// Copies that somebody had removed before.
    pub gone: usize,
    /// Files that are left alone.
    pub left: usize,
    /// Files that are back without their times, permissions or attributes.
    pub unkept: usize,
}

impl UndoTally {
    /// All that are taken back.
    pub fn taken_back(self) -> usize {
        self.back + self.removed + self.gone
    }
}

/// An event that the backend tells.
#[allow(missing_docs, reason = "the sentence of each variant tells what its fields are")]
#[derive(Debug)]
pub enum Event {
    /// A source was counted.
    Checked { number: u64, result: Result<Checked, BackendError> },
    /// A path was completed, as far as it goes.
    Completed { typed: String, text: String },
    /// Models that there are.
    Models { typed: String, found: Vec<ModelChoice> },
    /// A model was looked up.
    ModelFound { choice: ModelChoice },
    /// The model that can be used instead of one, if there is one.
    ModelOffered { name: String, instead: Option<ModelChoice> },
    /// A model is being downloaded: bytes that are there and that are needed, and how many come in a second, of late.
    Downloading { done: u64, total: u64, per_second: Option<f64> },
    /// The hub has no time, or the connection was cut: the download goes on by itself after so many seconds.
    DownloadWaits { seconds: u64 },
    /// Another program downloads the same file.
    DownloadLocked,
    /// The model is there.
    Downloaded,
    /// A model's files are being looked through: bytes that were and that have to be.
    Checking { done: u64, total: u64 },
    /// A model's files are as they were published; true where they were before.
    Repaired { model: HubModel, was_whole: bool },
    /// The runtime was chosen: its name with version, its device, and what should be known of the choice.
    Runtime { runtime: String, device: String, is_built_in: bool, is_gpu_unused: bool },
    /// Something that people should know.
    Notice { notice: Notice },
    /// The model's weights are being quantised, which is done once.
    Quantising,
    /// A model was opened: its device, with what it computes in.
    ModelOpened { device: String },
    /// An earlier session was opened: how it sorts and what it was made of, if anything was classified.
    Opened { sorting: Option<Box<Sorting>>, origin: Option<Origin> },
    /// The labels inside others that the session sorts by: each of those by its key.
    Inside { labels: Vec<(String, Sorting)> },
    /// Another session begins: what came before it is of no use.
    Begun { begun: u64 },
    /// Pictures came to the session or changed there, by whoever works in it; `kept` steps of this app's decisions are
    /// in that. Pictures that joined have scores for the labels of a revision beside the session's own.
    Followed {
        begun: u64,
        kept: u64,
        with: Option<ScoredWith>,
        revision: u64,
        joined: Vec<SessionRow>,
        scores: Vec<f32>,
        changed: Vec<SessionRow>,
        are_arrivals: bool,
    },
    /// The scores, for the labels of a revision, of pictures that were shown before they could be scored.
    ScoredLate { revision: u64, pictures: Vec<PictureId>, scores: Vec<f32> },
    /// A watch has begun: how it sorts.
    WatchBegan { number: u64, sorting: Box<Sorting>, sorts: bool },
    /// How the watch stands.
    Watching { status: WatchStatus },
    /// Something happened to what is watched.
    WatchNews { news: WatchNews },
    /// The watch has ended, by itself where there is an error.
    WatchEnded { number: u64, arrived: usize, error: Option<BackendError> },
    /// Every decision that was made in a session, step by step.
    Decided { steps: Vec<DecisionStep> },
    /// Decisions of another session were taken over into this one, at once.
    TakenOver { step: DecisionStep },
    /// The pictures of a session that was opened can be scored with other labels, but for those that are missing in the
    /// cache.
    Scorable { missing: usize },
    /// The pictures of a session that was opened cannot be scored with other labels.
    NotScorable { error: BackendError },
    /// Files to classify were found, and others that are not to be looked at; nothing stands in the way of the run any
    /// more: it begins with `Order::Begin`.
    Found { files: usize, left_out: LeftOut },
    /// Pictures came, with their scores for the labels of a revision; labels decided for by their texts.
    Arrived { revision: u64, entries: Vec<(Entry, Option<String>)>, scores: Vec<f32> },
    /// So many files that are no pictures were passed over.
    Passed { others: usize },
    /// Files that are looked at in a second, of late, and the stage that limits them.
    Pace { per_second: f64, limit: Option<Stage> },
    /// Classifying is over. How many pictures went through the model in a second, where enough did to tell.
    Classified { remembered: usize, waiting: usize, rescored: usize, per_second: Option<f64> },
    /// Everything was scored with the labels of a revision.
    Rescored { revision: u64, scores: Vec<f32> },
    /// All pictures of a session, by its number, were ranked.
    Ranked { begun: u64, number: u64, ranking: Ranking },
    /// They could not be.
    NotRanked { number: u64, reason: NotRanked },
    /// The labels of a revision could not be embedded; the position of the one that is to blame, where one is.
    LabelsFailed { revision: u64, label: Option<usize>, error: BackendError },
    /// Labels of a revision, by position, that mean nearly the same to the model.
    Alike { revision: u64, pairs: Vec<(usize, usize)> },
    /// A plan was made. Pictures that are neither where they were put nor where they were found are in none.
    Planned { plan: Box<Plan>, gone: Vec<PathBuf>, unseen: Vec<PathBuf> },
    /// Transfers go on.
    Progress { tally: Tally, total: usize },
    /// A plan was carried out, as far as it was; why some were not, in words.
    Applied { run: Option<RunId>, tally: Tally, failures: Vec<String>, total: usize, head: String },
    /// It is known what taking back a run would do; why some files would be left alone, in words.
    Foreseen { outlook: Outlook, failures: Vec<String> },
    /// A run was taken back, but for the files that are left; why some of those are, in words.
    Undone { run: RunId, own: RunId, tally: UndoTally, failures: Vec<String>, head: String },
    /// Where pictures are in the destination now.
    Places { folders: Vec<(PictureId, Option<String>)> },
    /// A picture to look at, or why it is not shown; and what is known of its file, where that was read.
    Viewed { number: u64, viewed: Result<Viewed, NotShown>, facts: Option<Arc<PictureFacts>> },
    /// Where the file of a picture is, which a program was given if it `is_shown`; or why it was not.
    OpenedOutside { opened: Result<PathBuf, OutsideError>, is_shown: bool },
    /// A small picture of a page, by its place there; or why it is not shown.
    Tile { number: u64, place: usize, tile: Result<RenderedPreview, NotShown> },
    /// So much of the search for near-duplicates is done.
    LookingForDuplicates { number: u64, percent: usize },
    /// The stacks of near-duplicates, each in the order in which its pictures were told; and how many pictures could
    /// not be compared, as nobody knows yet how they look.
    NearDuplicates { number: u64, stacks: Vec<Vec<PictureId>>, unknown: usize },
    /// The session of a destination is obeyed from now on.
    Trusted { destination: PathBuf },
    /// ONNX Runtime was installed: its version. It is used from the next start on where another one runs already.
    Installed { version: String, is_for_later: bool },
    /// The work that was going on failed.
    Failed { error: BackendError },
    /// Something beside what is going on could not be done.
    Trouble { error: BackendError },
    /// Decisions of another session could not be taken over.
    NotTakenOver { error: BackendError },
}

/// A source that was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Regular files with the name of a picture.
    pub pictures: usize,
    /// Other regular files, but for those that are left out.
    pub others: usize,
    /// Files that are not looked at.
    pub left_out: LeftOutCounts,
}
