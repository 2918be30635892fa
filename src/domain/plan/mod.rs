//! Which file goes where: target names for a whole batch, made before anything is touched.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::decision::Decision;
use super::name_fold::fold;
use super::picture::{ContentHash, PictureId};
use super::run::Action;
use super::settings::Operation;

/// The longest file name that common file systems take, in bytes.
const LONGEST_FILE_NAME: usize = 255;

/// A picture as a plan sees it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The picture.
    pub picture: PictureId,
    /// Where it was found.
    pub path: PathBuf,
    /// Its content.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// The folder it is to be in, if any: its label's.
    pub wanted: Option<String>,
    /// Where an earlier run put it, if it is still there.
    pub place: Option<Place>,
    /// The file that an earlier run was to move there and could only copy, if it is still there.
    pub left_behind: Option<PathBuf>,
    /// The decision of a person, which the folder follows.
    pub decision: Option<Decision>,
}

/// A place in the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Folder in the destination.
    pub folder: String,
    /// Name in that folder.
    pub file_name: OsString,
    /// The file there was made or moved there by this program, and was not there before.
    pub is_ours: bool,
}

/// One file and the place it is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTransfer {
    /// The picture.
    pub picture: PictureId,
    /// A copy or a move, or the removal of a source that an earlier move left behind.
    pub action: Action,
    /// The file: the picture's own, or the one that an earlier run put into another label's folder.
    pub source: PathBuf,
    /// The file's name when the picture was found; what its names in the destination are made from.
    pub own_name: OsString,
    /// Its content.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// Folder in the destination.
    pub folder: String,
    /// Name in that folder.
    pub file_name: OsString,
    /// Where it is in the destination now, if an earlier run put it there.
    pub from: Option<Place>,
    /// The decision of a person when this was planned.
    pub decision: Option<Decision>,
}

/// A picture that stays where an earlier run put it, though it belongs elsewhere now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The picture.
    pub picture: PictureId,
    /// The folder it is in.
    pub folder: String,
    /// The folder it would go to; none where it belongs to no label.
    pub would_go_to: Option<String>,
}

impl Left {
    fn new(candidate: &Candidate, place: &Place, would_go_to: Option<String>) -> Left {
        Left { picture: candidate.picture, folder: place.folder.clone(), would_go_to }
    }
}

/// All transfers that are to be done, before anything is touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they are carried out.
    pub transfers: Vec<PlannedTransfer>,
    /// Pictures that lie where they belong already.
    pub in_place: usize,
    /// Pictures that stay where they do not belong: in the folder of a removed label, or without a label of their own.
    pub left: Vec<Left>,
    /// Pictures that an earlier run saw and the last one was told to leave out. They are no part of it.
    pub unwanted: usize,
}

/// Facts that a plan has to know beside the pictures.
#[derive(Debug, Clone, Copy)]
pub struct PlanRules<'r> {
    /// The destination, under which folders and places are.
    pub destination: &'r Path,
    /// Copy or move.
    pub operation: Operation,
    /// The folders of the labels that are there.
    pub folders: &'r [String],
    /// Pictures in folders of removed labels are moved too.
    pub resort: bool,
}

/// Plans where each picture goes.
///
/// Two pictures of one name and different content get different names, under the rules of file systems that ignore
/// case and Unicode form too; two of one name and the same content share one, and the second will be found to be
/// there already. A picture that an earlier run has put into another label's folder is moved from there, or copied if
/// another picture shares that file. Names that earlier runs have given are taken: `placed` has all of them.
pub fn plan(
    candidates: impl IntoIterator<Item = Candidate>,
    placed: impl IntoIterator<Item = (Place, ContentHash)>,
    rules: PlanRules<'_>,
) -> Plan {
    let mut users: HashMap<(String, OsString), Users> = HashMap::new();
    let mut reserved = Reserved::beside(rules.folders);
    for (place, hash) in placed {
        reserved.take(&place, hash);
        let users = users.entry((place.folder, place.file_name)).or_default();
        users.count += 1;
        users.is_ours |= place.is_ours;
    }
    let known: HashSet<&str> = rules.folders.iter().map(String::as_str).collect();
    let mut plan = Plan::default();
    for candidate in candidates {
        let Some(wanted) = candidate.wanted.clone() else {
            plan.left.extend(candidate.place.as_ref().map(|place| Left::new(&candidate, place, None)));
            continue;
        };
        match &candidate.place {
            Some(place) if place.folder == wanted => match ended_move(&candidate, place, rules.operation) {
                Some(removal) => plan.transfers.push(removal),
                None => plan.in_place += 1,
            },
            Some(place) if !known.contains(place.folder.as_str()) && !rules.resort => {
                plan.left.push(Left::new(&candidate, place, Some(wanted)))
            }
            Some(place) => {
                let users = users.entry((place.folder.clone(), place.file_name.clone())).or_default();
                let action = if users.is_ours && users.count <= 1 { Action::Move } else { Action::Copy };
                users.count = users.count.saturating_sub(1);
                let source = rules.destination.join(&place.folder).join(&place.file_name);
                plan.transfers.push(reserved.transfer(&candidate, action, source, wanted));
            }
            None => {
                let action = match rules.operation {
                    Operation::Copy => Action::Copy,
                    Operation::Move => Action::Move,
                };
                let source = candidate.path.clone();
                plan.transfers.push(reserved.transfer(&candidate, action, source, wanted));
            }
        }
    }
    plan
}

/// The second half of a move that an earlier run could not do: the copy is in its place, and the file that it was made
/// of goes.
fn ended_move(candidate: &Candidate, place: &Place, operation: Operation) -> Option<PlannedTransfer> {
    let source = candidate.left_behind.clone().filter(|_| operation == Operation::Move)?;
    Some(PlannedTransfer {
        picture: candidate.picture,
        action: Action::Remove,
        own_name: source.file_name()?.to_owned(),
        source,
        hash: candidate.hash,
        size: candidate.size,
        folder: place.folder.clone(),
        file_name: place.file_name.clone(),
        from: None,
        decision: candidate.decision,
    })
}

/// The pictures that have a file in the destination as their place.
#[derive(Default)]
struct Users {
    count: usize,
    /// One of them put it there.
    is_ours: bool,
}

/// Target names given out so far, by folder and folded name.
struct Reserved {
    files: HashMap<(String, Vec<u8>), ContentHash>,
    /// Folders of labels inside others: no file beside them takes their names.
    folders: HashSet<(String, Vec<u8>)>,
}

impl Reserved {
    fn beside(folders: &[String]) -> Reserved {
        let nested = folders.iter().filter_map(|folder| folder.rsplit_once('/'));
        let folders = nested.map(|(above, own)| (above.to_owned(), folded_bytes(OsStr::new(own)))).collect();
        Reserved { files: HashMap::new(), folders }
    }

    /// A name that an earlier run has given.
    fn take(&mut self, place: &Place, hash: ContentHash) {
        self.files.insert((place.folder.clone(), folded_bytes(&place.file_name)), hash);
    }

    fn transfer(&mut self, candidate: &Candidate, action: Action, source: PathBuf, folder: String) -> PlannedTransfer {
        let own_name = candidate.path.file_name().unwrap_or(candidate.path.as_os_str()).to_owned();
        let file_name = self.reserve(&folder, &own_name, candidate.hash);
        PlannedTransfer {
            picture: candidate.picture,
            action,
            source,
            own_name,
            hash: candidate.hash,
            size: candidate.size,
            folder,
            file_name,
            from: candidate.place.clone(),
            decision: candidate.decision,
        }
    }

    fn reserve(&mut self, folder: &str, name: &OsStr, hash: ContentHash) -> OsString {
        let free = name_candidates(name, hash).find(|candidate| {
            let key = (folder.to_owned(), folded_bytes(candidate));
            !self.folders.contains(&key) && *self.files.entry(key).or_insert(hash) == hash
        });
        // The last candidate holds the whole hash: what has it has the same content.
        free.unwrap_or_else(|| name.to_owned())
    }
}

fn folded_bytes(name: &OsStr) -> Vec<u8> {
    match name.to_str() {
        Some(text) => fold(text).into_bytes(),
        None => name.as_bytes().to_owned(),
    }
}

/// Names for a file, in the order they are tried: its own, then with 8, 16 and all 64 digits of its hash.
pub fn name_candidates(name: &OsStr, hash: ContentHash) -> impl Iterator<Item = OsString> {
    let digits = hash.to_string();
    let suffixed = [8, 16, 64].map(|count| suffixed_name(name, &digits[..count]));
    std::iter::once(name.to_owned()).chain(suffixed)
}

/// `name.ext` as `name~suffix.ext`, the stem cut where the whole would be longer than a file name may be.
fn suffixed_name(name: &OsStr, suffix: &str) -> OsString {
    let bytes = name.as_bytes();
    let dot = bytes.iter().rposition(|b| *b == b'.').filter(|dot| *dot > 0 && bytes.len() - dot <= 16);
    let (stem, extension) = bytes.split_at(dot.unwrap_or(bytes.len()));
    let room = LONGEST_FILE_NAME.saturating_sub(1 + suffix.len() + extension.len());
    let stem = cut_between_characters(stem, room);
    OsString::from_vec([stem, b"~", suffix.as_bytes(), extension].concat())
}

/// The longest start of at most `room` bytes that does not split a UTF-8 character.
fn cut_between_characters(bytes: &[u8], room: usize) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(text) => &bytes[..text.floor_char_boundary(room)],
        Err(_) => &bytes[..room.min(bytes.len())],
    }
}

#[cfg(test)]
mod tests;
