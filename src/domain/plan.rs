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
    let mut reserved = Reserved::default();
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
#[derive(Default)]
struct Reserved(HashMap<(String, Vec<u8>), ContentHash>);

impl Reserved {
    /// A name that an earlier run has given.
    fn take(&mut self, place: &Place, hash: ContentHash) {
        self.0.insert((place.folder.clone(), folded_bytes(&place.file_name)), hash);
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
            *self.0.entry(key).or_insert(hash) == hash
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
mod tests {
    use super::*;

    fn rules(folders: &[String]) -> PlanRules<'_> {
        PlanRules { destination: Path::new("/to"), operation: Operation::Copy, folders, resort: false }
    }

    fn folders() -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }

    fn candidate(path: &str, content: u8, wanted: &str) -> Candidate {
        Candidate {
            picture: PictureId(0),
            path: path.into(),
            hash: ContentHash([content; 32]),
            size: 1,
            wanted: Some(wanted.to_owned()),
            place: None,
            left_behind: None,
            decision: None,
        }
    }

    fn placed(folder: &str, name: &str) -> Place {
        Place { folder: folder.to_owned(), file_name: name.into(), is_ours: true }
    }

    fn names(candidates: impl IntoIterator<Item = Candidate>) -> Vec<String> {
        let planned = plan(candidates, [], rules(&folders()));
        planned.transfers.iter().map(|t| format!("{}/{}", t.folder, t.file_name.to_str().unwrap())).collect()
    }

    #[test]
    fn one_name_twice_becomes_two_names() {
        let pictures = [
            candidate("x/1.jpg", 0xaa, "a"),
            candidate("y/1.jpg", 0xbb, "a"),
            candidate("z/1.JPG", 0xcc, "a"),
            candidate("z/1.jpg", 0xaa, "a"),
            candidate("z/1.jpg", 0xdd, "b"),
        ];
        assert_eq!(names(pictures), ["a/1.jpg", "a/1~bbbbbbbb.jpg", "a/1~cccccccc.JPG", "a/1.jpg", "b/1.jpg"]);
    }

    #[test]
    fn a_name_that_looks_like_a_suffixed_one_is_not_taken_for_it() {
        let pictures =
            [candidate("1~bbbbbbbb.jpg", 1, "a"), candidate("x/1.jpg", 0xaa, "a"), candidate("y/1.jpg", 0xbb, "a")];
        assert_eq!(names(pictures), ["a/1~bbbbbbbb.jpg", "a/1.jpg", "a/1~bbbbbbbbbbbbbbbb.jpg"]);
    }

    #[test]
    fn names_of_earlier_runs_are_taken() {
        let earlier = (placed("a", "1.JPG"), ContentHash([1; 32]));
        let planned = plan([candidate("x/1.jpg", 0xaa, "a")], [earlier], rules(&folders()));
        assert_eq!(planned.transfers[0].file_name, "1~aaaaaaaa.jpg");
    }

    #[test]
    fn what_nobody_wants_stays_and_what_lies_right_is_left() {
        let nobody = Candidate { wanted: None, ..candidate("1.jpg", 1, "a") };
        let lying = Candidate { place: Some(placed("a", "3.jpg")), ..nobody.clone() };
        let right = Candidate { place: Some(placed("a", "2.jpg")), ..candidate("2.jpg", 2, "a") };
        let planned = plan([nobody, right, lying], [], rules(&folders()));
        assert_eq!((planned.transfers.len(), planned.in_place), (0, 1));
        assert_eq!((planned.left.len(), &planned.left[0].would_go_to), (1, &None));
    }

    #[test]
    fn a_changed_mind_moves_the_target() {
        let moved = Candidate { place: Some(placed("b", "1.jpg")), ..candidate("/from/1.jpg", 1, "a") };
        let all = [(placed("b", "1.jpg"), ContentHash([1; 32]))];
        let planned = plan([moved.clone()], all.clone(), rules(&folders()));
        assert_eq!(
            (planned.transfers[0].action, planned.transfers[0].source.as_path()),
            (Action::Move, Path::new("/to/b/1.jpg"))
        );
        // Another picture of the same name and content has its place there too: the first to go copies.
        let twice = [all[0].clone(), all[0].clone()];
        let planned = plan([moved.clone(), moved.clone()], twice, rules(&folders()));
        assert_eq!(planned.transfers.iter().map(|t| t.action).collect::<Vec<_>>(), [Action::Copy, Action::Move]);
        // A file that was there before is not ours to move.
        let theirs = Place { is_ours: false, ..placed("b", "1.jpg") };
        let beside = Candidate { place: Some(theirs.clone()), ..moved };
        let planned = plan([beside], [(theirs, ContentHash([1; 32]))], rules(&folders()));
        assert_eq!(planned.transfers[0].action, Action::Copy);
    }

    #[test]
    fn a_move_that_left_its_source_is_ended() {
        let (left, folders) = (Some("/from/1.jpg".into()), folders());
        let kept =
            Candidate { left_behind: left, place: Some(placed("a", "1.jpg")), ..candidate("/from/1.jpg", 1, "a") };
        let moving = PlanRules { operation: Operation::Move, ..rules(&folders) };
        let ended = plan([kept.clone()], [], moving).transfers.remove(0);
        assert_eq!((ended.action, ended.source.as_path()), (Action::Remove, Path::new("/from/1.jpg")));
        assert_eq!((ended.folder.as_str(), ended.file_name.as_os_str()), ("a", OsStr::new("1.jpg")));
        assert_eq!(plan([kept], [], rules(&folders)).in_place, 1, "a copy leaves its source");
    }

    #[test]
    fn a_removed_label_moves_nothing_unless_asked() {
        let in_removed = Candidate { place: Some(placed("gone", "1.jpg")), ..candidate("1.jpg", 1, "a") };
        let folders = folders();
        let planned = plan([in_removed.clone()], [], rules(&folders));
        assert_eq!((planned.transfers.len(), planned.left[0].would_go_to.as_deref()), (0, Some("a")));
        let planned = plan([in_removed], [], PlanRules { resort: true, ..rules(&folders) });
        assert_eq!((planned.transfers.len(), planned.left.len()), (1, 0));
    }

    #[test]
    fn suffixed_names_fit() {
        let long = OsString::from("\u{e9}".repeat(125) + ".jpeg");
        let hash = ContentHash([0xab; 32]);
        for candidate in name_candidates(&long, hash).skip(1) {
            assert!(candidate.len() <= 255 && candidate.to_str().unwrap().ends_with(".jpeg"), "{candidate:?}");
        }
        let bytes = OsStr::from_bytes(&[0xff; 255]);
        assert!(name_candidates(bytes, hash).all(|candidate| candidate.len() <= 255));
        assert_eq!(suffixed_name(OsStr::new(".hidden"), "12345678"), ".hidden~12345678");
        assert_eq!(suffixed_name(OsStr::new("a.tar.gz"), "12345678"), "a.tar~12345678.gz");
    }
}
