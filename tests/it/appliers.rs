//! Two appliers of one plan, and undos in any order: whoever comes second finds what is there, and stands in nobody's
//! way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Map, json};
use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::folder_name::folder_names;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::picture::{Picture, PictureId, PictureState};
use smart_image_sorter::domain::plan::Plan;
use smart_image_sorter::domain::run::{RunId, RunKind};
use smart_image_sorter::domain::settings::Operation;
use smart_image_sorter::files::read::{hash_file, stamp_of};
use smart_image_sorter::files::transfer::TransferError;
use smart_image_sorter::jobs::apply::apply;
use smart_image_sorter::jobs::cancel_token::CancelToken;
use smart_image_sorter::jobs::sort::{SortRules, sort};
use smart_image_sorter::jobs::undo::{Undone, outlook, undo};
use smart_image_sorter::store::Session;
use smart_image_sorter::store::ledger::{RunResult, RunSettings};
use smart_image_sorter::store::session::{Found, LabelSet, Sorting, Which};

use crate::chance::amount;
use crate::support::{Content, Workspace, sorted, tree};

/// Two pictures of the same name and content, another one, and one of that name and another content.
const PICTURES: [(&str, &str); 4] = [("x/1.jpg", "one"), ("y/1.jpg", "one"), ("2.jpg", "two"), ("z/1.jpg", "other")];

/// A session with pictures, whose folders are named after the labels.
struct Desk {
    workspace: Workspace,
    session: Session,
    sorting: Sorting,
    set: LabelSet,
    pictures: Vec<PictureId>,
    /// All that there was at the beginning.
    before: BTreeMap<PathBuf, Content>,
}

impl Desk {
    /// `own` files are in the destination before.
    fn new(operation: Operation, own: &[&str]) -> Desk {
        let workspace = Workspace::new();
        std::fs::create_dir(workspace.destination()).unwrap();
        for (name, content) in PICTURES {
            workspace.write(Path::new("source").join(name), content);
        }
        for name in own {
            workspace.write(Path::new("destination").join(name), "one");
        }
        let before = contents(&workspace);
        let mut session = Session::open_to_work(&workspace.destination(), &workspace.known_sessions()).unwrap();
        let labels = ["a", "b", "c"].map(Label::named).to_vec();
        let sorting = Sorting { labels, template: "{}".to_owned(), threshold: 0.0, margin: 0.0, operation };
        let set = session.label_set(&sorting.labels, &sorting.template, "no model").unwrap();
        let told = RunSettings::Other(Map::from_iter([("source".to_owned(), json!(workspace.source()))]));
        let run = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told).unwrap();
        let mut pictures = vec![];
        for (name, _) in PICTURES {
            let path = workspace.source().join(name);
            let stamp = stamp_of(&std::fs::metadata(&path).unwrap());
            let hash = hash_file(&path).unwrap();
            let picture =
                Picture { path, hash: Some(hash), stamp: Some(stamp), state: PictureState::Ok, prediction: None };
            let found = Found { picture: &picture, path: &picture.path, trouble: None, alert: None };
            pictures.push(session.put_pictures(run, &set, &[found]).unwrap()[0].id);
        }
        session.end_run(run, RunResult::None {}).unwrap();
        Desk { workspace, session, sorting, set, pictures, before }
    }

    fn decide(&mut self, picture: usize, label: &str) {
        let decision = Decision::Reassigned(self.session.label(label).unwrap());
        let said = vec![(self.pictures[picture], Some(decision))];
        self.session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
    }

    fn plan(&self) -> Plan {
        let folders = folder_names(&self.sorting.labels, "output.csv");
        let (sorting, set, which) = (&self.sorting, &self.set, Which::All);
        let rules = SortRules { sorting, set, folders: &folders, which, resort: true, waiting: 0, within: None };
        sort(&self.session, rules).unwrap().plan
    }

    fn apply(&mut self, plan: &Plan) -> Option<RunId> {
        apply(&mut self.session, plan, &|error| error.to_string(), &CancelToken::default(), &mut |_, _| {}).unwrap()
    }

    fn undo(&mut self, run: RunId) -> Undone {
        let run = self.session.run(run).unwrap().unwrap();
        let (foreseen, before) = (outlook(&self.session, run).unwrap().0, contents(&self.workspace));
        assert_eq!(contents(&self.workspace), before, "looking touches nothing");
        let say = |error: &TransferError| error.to_string();
        let undone = undo(&mut self.session, run, &say, &CancelToken::default(), &mut |_, _| {}).unwrap();
        // Each file of the run is foreseen once, whatever becomes of it.
        assert_eq!(foreseen.takes_back() + foreseen.left, undone.taken_back() + undone.left.len());
        if undone.left.is_empty() && foreseen.left == 0 {
            let (moved_or_copied, removed) = (foreseen.moved + foreseen.copied, foreseen.removed);
            assert_eq!((moved_or_copied, removed, foreseen.gone), (undone.back, undone.removed, undone.gone));
        }
        undone
    }

    /// `sis undo --all`. Gives how much it took back.
    fn undo_all(&mut self) -> usize {
        let runs = self.session.runs_in_force().unwrap();
        runs.into_iter().map(|run| self.undo(run.id)).map(|undone| undone.taken_back()).sum()
    }

    /// The files that `sis undo --all` leaves, and why.
    fn undo_all_left(&mut self) -> Vec<String> {
        let runs = self.session.runs_in_force().unwrap();
        let left = runs.into_iter().flat_map(|run| self.undo(run.id).left);
        left.map(|(path, error)| format!("{}: {error:?}", path.display())).collect()
    }

    /// Nothing is lost, and each place that the session tells of has the content that it tells of.
    fn check(&self, told: &str) {
        let there = contents(&self.workspace);
        for (path, content) in &self.before {
            assert!(there.values().any(|found| found == content), "{} is lost: {told}", path.display());
        }
        for placed in self.session.placed().unwrap() {
            let path = self.workspace.destination().join(&placed.place.folder).join(&placed.place.file_name);
            let found = hash_file(&path).ok();
            assert_eq!(found, Some(placed.hash), "{} is told of and not there: {told}", path.display());
        }
    }
}

/// Everything but the program's own.
fn contents(workspace: &Workspace) -> BTreeMap<PathBuf, Content> {
    let is_own = |path: &Path| path.iter().any(|part| part == ".sis");
    let all = tree(workspace.root()).into_iter();
    all.filter(|(path, _)| !is_own(path)).map(|(path, entry)| (path, entry.content)).collect()
}

#[test]
fn a_plan_that_two_have_carried_out_is_taken_back_in_any_order() {
    let orders: [&[usize]; 4] = [&[0, 1], &[1, 0], &[1], &[0]];
    for operation in [Operation::Copy, Operation::Move] {
        for order in orders {
            let mut desk = Desk::new(operation, &[]);
            for picture in 0..PICTURES.len() {
                desk.decide(picture, "a");
            }
            let plans = [desk.plan(), desk.plan()];
            let runs = plans.map(|plan| desk.apply(&plan).unwrap());
            desk.check("applied twice");
            assert_eq!(sorted(desk.workspace.destination()).len(), 3);
            for which in order {
                let undone = desk.undo(runs[*which]);
                assert!(undone.left.is_empty(), "{operation:?} {order:?}: {:?}", undone.left);
                assert_eq!(undone.back + undone.removed, if *which == 0 { 3 } else { 0 });
            }
            desk.undo_all();
            assert_eq!(contents(&desk.workspace), desk.before, "{operation:?} {order:?}");
            assert!(desk.session.placed().unwrap().is_empty() && desk.session.runs_in_force().unwrap().is_empty());
        }
    }
}

/// Version 0.1.0 noted a transfer that found its picture's own file as the one that had put it there.
#[test]
fn what_an_earlier_version_noted_is_taken_back_too() {
    for operation in [Operation::Copy, Operation::Move] {
        let mut desk = Desk::new(operation, &[]);
        desk.decide(0, "a");
        desk.decide(2, "b");
        let plans = [desk.plan(), desk.plan(), desk.plan()];
        let runs = plans.map(|plan| desk.apply(&plan).unwrap());
        let workspace = desk.workspace;
        drop(desk.session);
        let database = rusqlite::Connection::open(workspace.destination().join(".sis/session.db")).unwrap();
        let as_before = "UPDATE pictures SET placed_by = (SELECT max(id) FROM transfers WHERE picture = pictures.id)
                             WHERE placed IS NOT NULL;
                         UPDATE transfers SET was_by = (SELECT max(id) FROM transfers AS earlier
                             WHERE earlier.picture = transfers.picture AND earlier.id < transfers.id);";
        database.execute_batch(as_before).unwrap();
        let present = "SELECT count(*) FROM pictures JOIN transfers ON transfers.id = placed_by WHERE step = 'present'";
        assert_eq!(database.query_row(present, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
        drop(database);
        let session = Session::open_to_work(&workspace.destination(), &workspace.known_sessions()).unwrap();
        let mut desk = Desk { workspace, session, ..desk };
        let undone = desk.undo(runs[0]);
        assert!(undone.left.is_empty(), "{operation:?}: {:?}", undone.left);
        assert_eq!(contents(&desk.workspace), desk.before);
        assert!(desk.session.placed().unwrap().is_empty());
        // And done again.
        assert_eq!(desk.undo(undone.own).left.len(), 0);
        desk.check("done again");
        assert_eq!(sorted(desk.workspace.destination()).len(), 2);
        desk.undo_all();
        assert_eq!(contents(&desk.workspace), desk.before);
    }
}

/// A picture whose file is taken away on behalf of another, which shared it, is nowhere else. Where it was moved, its
/// content comes back from the other one.
#[test]
fn a_picture_that_lost_its_place_with_another_can_be_taken_back() {
    for operation in [Operation::Copy, Operation::Move] {
        let mut desk = Desk::new(operation, &[]);
        desk.decide(0, "a");
        desk.decide(1, "b");
        let plan = desk.plan();
        let first = desk.apply(&plan).unwrap();
        // Its file goes: the one of the other picture is there already.
        desk.decide(1, "a");
        let plan = desk.plan();
        desk.apply(&plan);
        desk.undo(first);
        while desk.undo_all() > 0 {}
        assert_eq!(contents(&desk.workspace), desk.before, "{operation:?}");
        assert_eq!(desk.undo_all_left(), Vec::<String>::new(), "{operation:?}");
    }
}

/// The run that made a folder is taken back while another one's file is in it.
#[test]
fn a_folder_goes_with_the_last_run_that_is_taken_back() {
    let mut desk = Desk::new(Operation::Copy, &[]);
    desk.decide(2, "a");
    let plan = desk.plan();
    let first = desk.apply(&plan).unwrap();
    desk.decide(0, "a");
    let plan = desk.plan();
    desk.apply(&plan);
    desk.undo(first);
    while desk.undo_all() > 0 {}
    assert_eq!(contents(&desk.workspace), desk.before);
}

/// A file of somebody else's that has the name and the content already: the picture's place is there, and what was put
/// elsewhere before can be taken back all the same.
#[test]
fn what_was_there_before_stands_in_no_ones_way() {
    let mut desk = Desk::new(Operation::Copy, &["b/1.jpg"]);
    desk.decide(0, "a");
    desk.decide(1, "a");
    let plan = desk.plan();
    let first = desk.apply(&plan).unwrap();
    desk.decide(0, "b");
    let plan = desk.plan();
    desk.apply(&plan);
    let undone = desk.undo(first);
    assert!(undone.left.is_empty(), "{:?}", undone.left);
    assert_eq!(contents(&desk.workspace), desk.before);
    desk.check("taken back");
}

/// Two pictures share a file, which goes there and back; then both are found where they belong already.
#[test]
fn what_is_found_in_its_place_again_can_be_taken_back() {
    for operation in [Operation::Copy, Operation::Move] {
        let mut desk = Desk::new(operation, &[]);
        for (label, is_taken_back) in [("a", false), ("b", true), ("a", false)] {
            desk.decide(0, label);
            desk.decide(1, label);
            let plan = desk.plan();
            let run = desk.apply(&plan);
            if is_taken_back {
                desk.undo(run.unwrap());
            }
        }
        while desk.undo_all() > 0 {}
        assert_eq!(contents(&desk.workspace), desk.before, "{operation:?}");
        desk.check("taken back");
    }
}

/// Another picture of the same name comes to a path that a run has taken a file from, and is taken from there too.
#[test]
fn what_came_to_a_path_later_is_another_file() {
    for operation in [Operation::Copy, Operation::Move] {
        let mut desk = Desk::new(operation, &[]);
        let mut runs = vec![];
        for (picture, label) in [(0, "a"), (0, "b"), (3, "a"), (3, "c")] {
            desk.decide(picture, label);
            let plan = desk.plan();
            runs.extend(desk.apply(&plan));
        }
        // The first is back in a folder in which the other one was.
        desk.undo(runs[1]);
        while desk.undo_all() > 0 {}
        assert_eq!(contents(&desk.workspace), desk.before, "{operation:?}");
        assert_eq!(desk.undo_all_left(), Vec::<String>::new());
    }
}

/// The second of two who regroup a picture finds it there: nothing failed.
#[test]
fn the_second_of_two_who_regroup_has_nothing_to_do() {
    let mut desk = Desk::new(Operation::Copy, &[]);
    desk.decide(2, "a");
    let plan = desk.plan();
    desk.apply(&plan);
    desk.decide(2, "b");
    let plans = [desk.plan(), desk.plan()];
    let mut ended = vec![];
    for plan in &plans {
        let say = |error: &smart_image_sorter::files::transfer::TransferError| error.to_string();
        apply(&mut desk.session, plan, &say, &CancelToken::default(), &mut |_, end| ended.push(end.is_ok())).unwrap();
    }
    assert_eq!(ended, [true, true]);
    desk.check("regrouped twice");
    desk.undo_all();
    assert_eq!(contents(&desk.workspace), desk.before);
}

/// One thing that somebody does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Decide {
        picture: usize,
        label: &'static str,
    },
    /// The two that share a name and a content are put into one folder.
    PutTogether {
        label: &'static str,
    },
    /// Plans that are carried out later, by whoever made them.
    Plan {
        by: usize,
    },
    Apply {
        by: usize,
    },
    /// One of the runs that there were.
    Undo {
        which: usize,
    },
    UndoAll,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..PICTURES.len(), prop::sample::select(&["a", "b", "c"]))
            .prop_map(|(picture, label)| Deed::Decide { picture, label }),
        prop::sample::select(&["a", "b", "c"]).prop_map(|label| Deed::PutTogether { label }),
        (0..2usize).prop_map(|by| Deed::Plan { by }),
        (0..2usize).prop_map(|by| Deed::Apply { by }),
        (0..2usize).prop_map(|by| Deed::Apply { by }),
        (0..8usize).prop_map(|which| Deed::Undo { which }),
        Just(Deed::UndoAll),
    ]
}

/// How many random histories are tried.
fn histories() -> u32 {
    u32::try_from(amount("SIS_TEST_HISTORIES", 300)).expect("a number of histories")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_can_be_taken_back(
        moves in any::<bool>(),
        has_own in any::<bool>(),
        deeds in prop::collection::vec(deed(), 1..24),
    ) {
        let operation = if moves { Operation::Move } else { Operation::Copy };
        let mut desk = Desk::new(operation, if has_own { &["b/1.jpg"] } else { &[] });
        let (mut plans, mut runs) = ([Plan::default(), Plan::default()], vec![]);
        for (number, deed) in deeds.iter().enumerate() {
            match *deed {
                Deed::Decide { picture, label } => desk.decide(picture, label),
                Deed::PutTogether { label } => {
                    desk.decide(0, label);
                    desk.decide(1, label);
                    let plan = desk.plan();
                    runs.extend(desk.apply(&plan));
                }
                Deed::Plan { by } => plans[by] = desk.plan(),
                Deed::Apply { by } => {
                    let plan = plans[by].clone();
                    runs.extend(desk.apply(&plan));
                }
                Deed::Undo { which } if !runs.is_empty() => {
                    let undone = desk.undo(runs[which % runs.len()]);
                    runs.push(undone.own);
                }
                Deed::Undo { .. } => {}
                Deed::UndoAll => drop(desk.undo_all()),
            }
            desk.check(&format!("{operation:?} {:?}", &deeds[..=number]));
        }
        while desk.undo_all() > 0 {}
        prop_assert_eq!(contents(&desk.workspace), desk.before.clone());
        prop_assert_eq!(desk.undo_all_left(), Vec::<String>::new());
    }
}
