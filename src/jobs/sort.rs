//! From what the session knows to a plan: which picture belongs where, and how many fall where.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use super::unwanted::Unwanted;
use crate::domain::count::Counts;
use crate::domain::decision::{LabelId, Standing};
use crate::domain::picture::{FileStamp, PictureState};
use crate::domain::plan::{Candidate, Plan, PlanRules, name_candidates, plan};
use crate::domain::settings::Operation;
use crate::file_system::is_gone;
use crate::files::folder::FileStat;
use crate::store::StoreError;
use crate::store::session::{LabelSet, Placed, Session, SessionPicture, Sorting, Which};

/// How the pictures of a session are sorted now.
#[derive(Debug, Clone, Copy)]
pub struct SortRules<'s> {
    /// Labels, threshold, margin, operation.
    pub sorting: &'s Sorting,
    /// The labels' numbers, and which predictions count.
    pub set: &'s LabelSet,
    /// One name a label.
    pub folders: &'s [String],
    /// Which pictures.
    pub which: Which,
    /// Pictures in folders of removed labels are moved too.
    pub resort: bool,
    /// Files that were not looked at.
    pub waiting: usize,
    /// Only pictures that stand for this label, or for one inside it.
    pub within: Option<LabelId>,
}

/// A picture with something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubled {
    /// Its path as it was given.
    pub path: PathBuf,
    /// Its state.
    pub state: PictureState,
    /// The fault, in words.
    pub trouble: String,
}

/// A label that pictures are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortedLabel {
    /// The label as people read it.
    pub name: String,
    /// Its folder in the destination.
    pub folder: String,
    /// Its pictures are among those that were sorted.
    pub is_sorted: bool,
}

/// The pictures of a session, sorted but not touched.
#[derive(Debug, Default)]
pub struct Sorted {
    /// The labels that they are sorted by, those inside others after them.
    pub labels: Vec<SortedLabel>,
    /// How many fall where.
    pub counts: Counts,
    /// The plan.
    pub plan: Plan,
    /// Pictures with something wrong.
    pub troubled: Vec<Troubled>,
    /// Pictures that were copied to where they belong, and whose sources a move does not remove.
    pub sources_stay: usize,
    /// Pictures that were put somewhere and are neither there nor where they came from.
    pub gone: Vec<PathBuf>,
    /// Pictures of which it cannot be told just now whether they are where they were put. They are left alone.
    pub unseen: Vec<Unseen>,
}

/// A picture of which it cannot be told where it is.
#[derive(Debug)]
pub struct Unseen {
    /// The file that could not be looked at.
    pub path: PathBuf,
    /// The system's error.
    pub error: io::Error,
}

/// The reason for which a picture is no candidate.
enum NotThere {
    Gone(PathBuf),
    Unseen(Unseen),
}

impl From<Unseen> for NotThere {
    fn from(unseen: Unseen) -> NotThere {
        NotThere::Unseen(unseen)
    }
}

/// Sorts the pictures of a session, but for those that the last run was told to leave out. Nothing is touched; that
/// files are still in place is looked up.
pub fn sort(session: &Session, rules: SortRules<'_>) -> Result<Sorted, StoreError> {
    let mut sorted = Sorted::default();
    let mut standings = Vec::new();
    let mut candidates = Vec::new();
    let unwanted = Unwanted::of(session)?;
    let texts: Vec<&str> = rules.sorting.labels.iter().map(|label| label.text.as_str()).collect();
    let tree = session.tree(rules.set, &texts, rules.sorting.sure())?;
    let folders = tree.labels.folders(rules.folders);
    let mut failed = None;
    let (mut waiting, mut left_out) = (rules.waiting, 0);
    session.for_each_picture(Some(rules.set), rules.which, |picture| {
        if picture.is_replaced {
            return;
        }
        if unwanted.as_ref().is_some_and(|unwanted| unwanted.has(&picture)) {
            left_out += 1;
            return;
        }
        let inside = session.best_inside(picture.id, &tree).unwrap_or_else(|error| {
            failed.get_or_insert(error);
            vec![]
        });
        let standing = tree.standing(&picture, &inside);
        if rules.within.is_some_and(|within| !tree.labels.counts_within(standing, picture.decision, within)) {
            return;
        }
        // A whole picture that was not scored with these labels is not unsure: it waits for a classify.
        let is_scored = picture.picture.prediction.is_some() || picture.picture.state != PictureState::Ok;
        match standing == Standing::Unsure && !is_scored {
            true => waiting += 1,
            false => standings.push(standing),
        }
        if let (state, Some(trouble)) = (picture.picture.state, &picture.trouble) {
            sorted.troubled.push(Troubled { path: picture.shown.clone(), state, trouble: trouble.clone() });
        }
        match candidate(session, picture, standing, &folders) {
            Ok(Some(candidate)) => {
                sorted.sources_stay += usize::from(stays_in_source(&candidate, rules.sorting.operation));
                candidates.push(candidate);
            }
            Ok(None) => {}
            Err(NotThere::Gone(path)) => sorted.gone.push(path),
            Err(NotThere::Unseen(unseen)) => sorted.unseen.push(unseen),
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    sorted.counts = Counts::of(standings, tree.labels.labels().len(), waiting);
    let placed = placed_beside(session, rules, &candidates)?.into_iter().map(|placed| (placed.place, placed.hash));
    let plan_rules = PlanRules {
        destination: session.destination(),
        operation: rules.sorting.operation,
        folders: &folders,
        resort: rules.resort,
    };
    sorted.plan = Plan { unwanted: left_out, ..plan(candidates, placed, plan_rules) };
    let is_sorted = |position| {
        let standing = Standing::Label(position);
        rules.within.is_none_or(|within| tree.labels.counts_within(standing, None, within))
    };
    let labels = tree.labels.names().into_iter().zip(folders).enumerate();
    let label = |(position, (name, folder))| SortedLabel { name, folder, is_sorted: is_sorted(position) };
    sorted.labels = labels.map(label).collect();
    Ok(sorted)
}

/// The files in the destination that matter to a plan: all, or where only what changed is sorted, which may be asked
/// for many times a minute, what has one of the names that may be given.
fn placed_beside(session: &Session, rules: SortRules<'_>, candidates: &[Candidate]) -> Result<Vec<Placed>, StoreError> {
    if !matches!(rules.which, Which::ChangedSince(_)) {
        return session.placed();
    }
    let mut paths = BTreeSet::new();
    for candidate in candidates {
        let own_name = candidate.path.file_name().unwrap_or(candidate.path.as_os_str());
        let names = |folder: &String| {
            name_candidates(own_name, candidate.hash).map(|name| Path::new(folder).join(name)).collect()
        };
        paths.extend(candidate.wanted.as_ref().map_or_else(Vec::new, names));
        paths.extend(candidate.place.as_ref().map(|place| Path::new(&place.folder).join(&place.file_name)));
    }
    session.placed_at(paths.iter().map(PathBuf::as_path))
}

/// The picture as the plan sees it, where it is to go somewhere. That it is gone, or cannot be looked at, is an error.
fn candidate(
    session: &Session,
    picture: SessionPicture,
    standing: Standing,
    folders: &[String],
) -> Result<Option<Candidate>, NotThere> {
    let (Some(hash), Some(stamp)) = (picture.picture.hash, picture.picture.stamp) else { return Ok(None) };
    let wanted = standing.label().and_then(|label| folders.get(label).cloned());
    if wanted.is_none() && picture.place.is_none() {
        return Ok(None);
    }
    let path_of = |folder: &str, name: &std::ffi::OsStr| session.destination().join(folder).join(name);
    let (place, was_placed) = match picture.place {
        Some(place) if is_file(&path_of(&place.folder, &place.file_name))? => (Some(place), true),
        Some(_) => (None, true),
        None => (None, false),
    };
    // A file that somebody took away from where it was put is put there again, if it can be.
    if was_placed && place.is_none() && !is_file(&picture.picture.path)? {
        return Err(NotThere::Gone(picture.shown));
    }
    let left_behind = match picture.left_behind {
        Some(path) if is_as_found(&path, stamp)? => Some(path),
        _ => None,
    };
    Ok(Some(Candidate {
        picture: picture.id,
        path: picture.picture.path,
        hash,
        size: stamp.size,
        wanted,
        place,
        left_behind,
        decision: picture.decision,
    }))
}

/// True for a picture that is to be moved, was copied to its place before, and is where it was found too.
fn stays_in_source(candidate: &Candidate, operation: Operation) -> bool {
    let is_in_place = candidate.place.as_ref().is_some_and(|place| candidate.wanted.as_ref() == Some(&place.folder));
    let is_for_moving = operation == Operation::Move && is_in_place && candidate.left_behind.is_none();
    is_for_moving && candidate.path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// True where a file is still what it was when it was classified, as far as can be told without reading it.
fn is_as_found(path: &Path, stamp: FileStamp) -> Result<bool, Unseen> {
    let is_it =
        |now: FileStat| now.is_file && (now.stamp.size, now.stamp.modified_ns) == (stamp.size, stamp.modified_ns);
    Ok(found(path)?.is_some_and(|metadata| is_it(FileStat::of(&metadata))))
}

fn is_file(path: &Path) -> Result<bool, Unseen> {
    Ok(found(path)?.is_some_and(|metadata| metadata.is_file()))
}

/// The file or folder at a path, if there is one. An error that may pass does not say that nothing has it.
fn found(path: &Path) -> Result<Option<Metadata>, Unseen> {
    match std::fs::symlink_metadata(path) {
        Err(error) if is_gone(&error) => Ok(None),
        found => found.map(Some).map_err(|error| Unseen { path: path.to_owned(), error }),
    }
}
