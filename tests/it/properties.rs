//! What holds for any pictures, labels, decisions and ledgers, not only for those that somebody thought of.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::folder_name::{OWN_NAMES, folder_names};
use smart_image_sorter::domain::history::{Change, Changes, History, Step, StepKind};
use smart_image_sorter::domain::label::{Label, from_lines};
use smart_image_sorter::domain::name_fold::fold;
use smart_image_sorter::domain::picture::{ContentHash, PictureId};
use smart_image_sorter::domain::plan::{Candidate, Place, Plan, PlanRules, plan};
use smart_image_sorter::domain::run::Action;
use smart_image_sorter::domain::settings::Operation;
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::store::ledger::{BEFORE_THE_FIRST, Chain, hash_of, walk};
use unicode_normalization::UnicodeNormalization;

use crate::chance::Chance;

/// Names that disks without case, or with one form of accents, take for one another; and one that looks like a name
/// that a plan gives.
const NAMES: [&str; 10] = [
    "a.jpg",
    "A.jpg",
    "a.JPG",
    "\u{e9}.jpg",
    "e\u{301}.jpg",
    "\u{c9}.jpg",
    "stra\u{df}e",
    "STRA\u{1e9e}E",
    "STRASSE",
    "a~01010101.jpg",
];

const FOLDERS: [&str; 2] = ["cats", "dogs"];

/// A picture of a few contents, under one of the names; it may lie in a folder already, or belong to none.
fn candidate() -> impl Strategy<Value = Candidate> {
    let place = prop::option::weighted(0.3, (0..FOLDERS.len(), 0..NAMES.len(), any::<bool>()));
    (0..6i64, 0..NAMES.len(), 1..4u8, prop::option::weighted(0.9, 0..FOLDERS.len()), place).prop_map(
        |(number, name, content, wanted, place)| Candidate {
            picture: PictureId(number),
            path: Path::new("/from").join(number.to_string()).join(NAMES[name]),
            hash: ContentHash([content; 32]),
            size: 1,
            wanted: wanted.map(|folder| FOLDERS[folder].to_owned()),
            place: place.map(|(folder, name, is_ours)| Place {
                folder: FOLDERS[folder].to_owned(),
                file_name: NAMES[name].into(),
                is_ours,
            }),
            left_behind: None,
            decision: None,
        },
    )
}

/// The key under which a disk that ignores case and forms of accents keeps a name.
fn key(folder: &str, name: &OsString) -> (String, String) {
    (folder.to_owned(), fold(name.to_str().unwrap()))
}

/// The places of pictures that lie in the destination. A disk has one file under a key.
fn placed(candidates: &mut [Candidate]) -> HashMap<(String, String), (Place, ContentHash)> {
    let mut placed: HashMap<_, (Place, ContentHash)> = HashMap::new();
    for candidate in candidates {
        let Some(place) = candidate.place.clone() else { continue };
        let key = key(&place.folder, &place.file_name);
        let (there, hash) = placed.entry(key).or_insert((place, candidate.hash));
        candidate.place = Some(there.clone()).filter(|_| *hash == candidate.hash);
    }
    placed
}

fn planned(candidates: &[Candidate], placed: &HashMap<(String, String), (Place, ContentHash)>) -> Plan {
    let folders = FOLDERS.map(str::to_owned);
    let destination = Path::new("/to");
    let rules = PlanRules { destination, operation: Operation::Copy, folders: &folders, resort: false };
    plan(candidates.iter().cloned(), placed.values().cloned(), rules)
}

proptest! {
    #[test]
    fn plan_gives_no_two_contents_one_target(mut candidates in vec(candidate(), 1..12)) {
        let placed = placed(&mut candidates);
        let mut targets: HashMap<(String, String), ContentHash> =
            placed.iter().map(|(key, (_, hash))| (key.clone(), *hash)).collect();
        for transfer in planned(&candidates, &placed).transfers {
            prop_assert!(transfer.action != Action::Remove);
            let hash = *targets.entry(key(&transfer.folder, &transfer.file_name)).or_insert(transfer.hash);
            prop_assert_eq!(hash, transfer.hash, "{:?}", transfer);
        }
    }

    #[test]
    fn plan_forgets_no_picture(mut candidates in vec(candidate(), 1..12)) {
        let placed = placed(&mut candidates);
        let plan = planned(&candidates, &placed);
        let stay = candidates.iter().filter(|candidate| candidate.wanted.is_none() && candidate.place.is_none()).count();
        prop_assert_eq!(plan.transfers.len() + plan.in_place + plan.left.len() + stay, candidates.len());
        let sources: HashSet<PathBuf> = plan.transfers.iter().map(|transfer| transfer.source.clone()).collect();
        let moved = plan.transfers.iter().filter(|transfer| transfer.action == Action::Move).count();
        prop_assert!(moved <= sources.len(), "a file is moved twice");
    }

    #[test]
    fn folder_names_are_distinct_on_every_disk(texts in vec("[aAéÉ\u{301}e/:. ()2ßẞsS-]{1,6}|\\PC{1,130}", 1..12), table in "[a-c]{1,3}") {
        let labels: Vec<Label> = texts.into_iter().map(Label::named).collect();
        let names = folder_names(&labels, &table);
        prop_assert_eq!(names.len(), labels.len());
        let own = OWN_NAMES.into_iter().chain([table.as_str()]).map(fold).collect::<HashSet<_>>();
        let folded: HashSet<String> = names.iter().map(|name| fold(name)).collect();
        prop_assert_eq!(folded.len(), names.len(), "{:?}", names);
        prop_assert!(folded.is_disjoint(&own), "{:?}", names);
        for name in names {
            prop_assert!(name.len() <= 120 && !name.is_empty() && !name.starts_with(['.', '-']), "{:?}", name);
            prop_assert!(!name.contains(['/', '\\', '\0', ':']) && !name.ends_with(['.', ' ']), "{:?}", name);
        }
    }

    #[test]
    fn template_is_read_as_it_is_told(text in "[{}a|. \n]{0,12}|(a \\{\\}|seven|[ |\n]){1,4}") {
        if let Ok(templates) = Templates::new(&text) {
            prop_assert_eq!(Templates::new(&templates.text()), Ok(templates));
        }
    }

    #[test]
    fn labels_file_is_read_as_it_is_told(texts in vec(("[#=|,\\\\\"a-d \t]{1,8}", vec("[#=|,\\\\\"a-d \t]{1,8}", 0..3)), 2..6)) {
        let trimmed = |part: &String| Some(part.trim().to_owned()).filter(|part| !part.is_empty());
        let labels: Vec<Label> = texts.iter().filter_map(|(text, prompts)| {
            let (text, prompts) = (trimmed(text)?, prompts.iter().filter_map(trimmed).collect::<Vec<_>>());
            Some(if prompts.is_empty() { Label::named(text) } else { Label { text, prompts } })
        }).collect();
        let distinct: HashSet<String> = labels.iter().map(|label| fold(&label.text)).collect();
        prop_assume!(labels.len() >= 2 && distinct.len() == labels.len());
        let lines: Vec<String> = labels.iter().map(Label::line).collect();
        prop_assert_eq!(from_lines(&lines.join("\n")), Ok(labels));
    }

    #[test]
    fn history_redo_after_undo_changes_nothing(orders in vec((any::<u8>(), vec((0..5i64, decision()), 1..4)), 1..30)) {
        let mut desk = Desk::default();
        for (order, said) in orders {
            match order % 4 {
                0 => drop(desk.undo()),
                1 => drop(desk.redo()),
                _ => desk.decide(said),
            }
            let mut told = History::of(desk.steps.clone());
            // Which steps are from before a session was opened is not in it.
            told.allow_earlier();
            prop_assert_eq!(&told, &desk.history, "the session tells the same");
            let before = (desk.decisions(), desk.history.clone());
            if desk.undo() {
                prop_assert!(desk.redo());
                prop_assert_eq!(&(desk.decisions(), desk.history.clone()), &before);
            }
        }
        while desk.undo() {}
        prop_assert_eq!(desk.decisions(), BTreeMap::new());
    }
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![Just(Decision::Skipped), Just(Decision::NoneOfThese)]
}

/// Decisions as a person makes them and takes them back, and what a session notes of that.
#[derive(Default)]
struct Desk {
    said: BTreeMap<PictureId, Option<Decision>>,
    history: History,
    steps: Vec<Step>,
}

impl Desk {
    fn decisions(&self) -> BTreeMap<PictureId, Decision> {
        self.said.iter().filter_map(|(picture, said)| Some((*picture, (*said)?))).collect()
    }

    fn set(&mut self, kind: StepKind, said: impl IntoIterator<Item = (PictureId, Option<Decision>)>) -> Changes {
        let said: Vec<_> = said.into_iter().collect();
        let change = |(picture, is)| Change { picture, was: self.said.insert(picture, is).flatten(), is };
        let changes = said.iter().copied().map(change).collect();
        self.steps.push(Step { kind, said });
        changes
    }

    fn decide(&mut self, said: Vec<(i64, Decision)>) {
        let said: BTreeMap<_, _> = said.into_iter().map(|(picture, said)| (PictureId(picture), Some(said))).collect();
        let changes = self.set(StepKind::Decide, said);
        self.history.decided(changes);
    }

    fn undo(&mut self) -> bool {
        let Some(changes) = self.history.to_take_back() else { return false };
        let inverse = self.set(StepKind::Undo, changes.into_iter().map(|change| (change.picture, change.was)));
        self.history.taken_back(inverse);
        true
    }

    fn redo(&mut self) -> bool {
        let Some(changes) = self.history.to_do_again() else { return false };
        let inverse = self.set(StepKind::Redo, changes.into_iter().map(|change| (change.picture, change.was)));
        self.history.done_again(inverse);
        true
    }
}

/// A disk that ignores case may do it by capitals or by small letters.
#[test]
fn fold_makes_one_of_what_differs_in_case_alone() {
    for character in '\0'..=char::MAX {
        let own = character.to_string();
        let written = [own.to_lowercase(), own.to_uppercase(), own.nfd().collect()];
        for other in written.iter().filter(|other| **other != own) {
            assert_eq!(fold(other), fold(&own), "{own:?}, {other:?}");
        }
    }
}

/// A ledger of so many lines, as the program writes them.
pub(crate) fn ledger(lines: usize) -> Vec<u8> {
    let mut text = String::new();
    let mut previous = BEFORE_THE_FIRST.to_owned();
    for number in 1..=lines {
        let line =
            json!({"line": number, "previous": previous, "event": "decide", "path": format!("/from/{number}.jpg")});
        previous = hash_of(&line.to_string());
        text += &format!("{line}\n");
    }
    text.into_bytes()
}

fn walked(path: &Path, bytes: &[u8]) -> Chain {
    std::fs::write(path, bytes).unwrap();
    walk(path, &[], 0).unwrap()
}

/// The session's seal vouches for a ledger's number of lines and for its head: with those, nothing can be changed.
#[test]
fn ledger_notices_every_cut_and_every_flipped_bit() {
    let folder = crate::fuzz::folder();
    let path = folder.path().join("ledger.jsonl");
    let bytes = ledger(6);
    let whole = walked(&path, &bytes);
    assert_eq!((whole.lines, whole.broken_at), (6, None));
    let is_noticed = |bytes: &[u8]| {
        let chain = walked(&path, bytes);
        chain.broken_at.is_some() || (chain.lines, &chain.head) != (whole.lines, &whole.head)
    };
    for length in 0..bytes.len() {
        assert!(is_noticed(&bytes[..length]), "cut to {length} of {}", bytes.len());
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(is_noticed(&flipped), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn ledger_notices_lines_that_are_moved_removed_or_doubled() {
    let folder = crate::fuzz::folder();
    let path = folder.path().join("ledger.jsonl");
    let bytes = ledger(8);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let mut chance = Chance::for_test("ledger_notices_lines");
    for _ in 0..500 {
        let mut changed = lines.clone();
        let (from, to) = (chance.below(8), chance.below(8));
        match chance.below(3) {
            0 if from != to => changed.swap(from, to),
            1 if from < 7 => drop(changed.remove(from)),
            2 => changed.insert(to, lines[from]),
            _ => continue,
        }
        assert!(walked(&path, &changed.concat()).broken_at.is_some(), "{from}, {to}");
    }
}
