//! Calls of the system that fail, once or from then on, anywhere in a run: nothing is lost, what went wrong is told,
//! and the next run goes on.

mod classes;
pub(crate) mod strace;

use std::collections::BTreeMap;

use classes::{CLASSES, Class};
use strace::Call;

use crate::chance::{Chance, amount, how_to_repeat, seed};
use crate::evidence::{Sorting, ended};
use crate::judge::{Forgiven, Judge, kinds};
use crate::scene::Scene;
use crate::tools::can_trace;

/// How many faults are tried in each way of sorting: a number, or `all`.
const FAULTS: &str = "SIS_TEST_FAULTS";

/// Faults of a way in every run of the tests.
const A_FEW: usize = 10;

const PICTURES: usize = 6;

/// Rust itself aborts where a thread cannot have the stack on which it tells of a stack that is full. That is as if the
/// program were killed.
const NO_STACK: &str = "failed to allocate an alternative stack";

/// The words for times, modes or attributes that are lost.
const UNKEPT: [&str; 2] = ["not kept the times", "back without the times"];

/// A way of sorting, or of taking it back.
#[derive(Debug, Clone, Copy)]
struct Way {
    is_move: bool,
    is_across: bool,
    is_undo: bool,
}

/// A call and what happens to it.
#[derive(Debug, Clone)]
struct Fault {
    call: Call,
    class: &'static Class,
    /// `error=EIO`, or `retval=0`.
    what: &'static str,
    /// Every call of the name from this one on.
    lasts: bool,
}

impl Fault {
    fn injection(&self) -> String {
        format!("inject={}:{}:when={}{}", self.call.name, self.what, self.call.nth, if self.lasts { "+" } else { "" })
    }
}

fn fresh(scene: &Scene, way: Way) -> (Sorting, Judge) {
    scene.fresh(&scene.path("pictures"), way.is_move, way.is_undo)
}

/// Every fault that may be tried: of each call that has to do with the pictures, the destination or the user's own
/// files.
fn faults(scene: &Scene, way: Way) -> Vec<Fault> {
    let ((sorting, _), log) = (fresh(scene, way), scene.path("calls"));
    sorting.warm_up(&scene.path("pictures"));
    let names: Vec<&str> = CLASSES.iter().map(|class| class.name).collect();
    let traced = strace::traced(&sorting.command(way.is_undo), &names, &log, &[]);
    let ran = ended(traced);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let folders =
        [&sorting.source, &sorting.destination, &sorting.home].map(|folder| folder.to_str().unwrap().to_owned());
    let mut faults = vec![];
    for call in strace::calls(&log) {
        let Some(class) = CLASSES.iter().find(|class| class.name == call.name) else { continue };
        if class.is_anywhere || folders.iter().any(|folder| call.text.contains(folder)) {
            for what in class.faults {
                let fault = Fault { call: call.clone(), class, what, lasts: false };
                // A call that is interrupted for ever is rightly tried for ever.
                let may_last = class.may_last && *what != "error=EINTR";
                faults.extend(may_last.then(|| Fault { lasts: true, ..fault.clone() }));
                faults.push(fault);
            }
        }
    }
    faults.sort_by_key(Fault::injection);
    faults.dedup_by_key(|fault| fault.injection());
    faults
}

/// So many of the faults, of as many classes as can be.
fn chosen(faults: Vec<Fault>, count: usize, chance: &mut Chance) -> Vec<Fault> {
    if count >= faults.len() {
        return faults;
    }
    let mut by_class: BTreeMap<&str, Vec<Fault>> = BTreeMap::new();
    faults.into_iter().for_each(|fault| by_class.entry(fault.class.name).or_default().push(fault));
    let mut chosen = vec![];
    while chosen.len() < count && !by_class.is_empty() {
        let names: Vec<&str> = by_class.keys().copied().collect();
        for name in chance.sample(names, count - chosen.len()) {
            let of_class = by_class.get_mut(name).unwrap();
            chosen.push(of_class.swap_remove(chance.below(of_class.len())));
            if of_class.is_empty() {
                by_class.remove(name);
            }
        }
    }
    chosen
}

/// The harm that a fault does; none where the run did not come by.
fn try_one(scene: &Scene, way: Way, fault: &Fault) -> Option<Vec<String>> {
    let ((sorting, mut judge), calls) = (fresh(scene, way), scene.path("calls"));
    judge.forgiven = match (fault.class.costs_attributes, way.is_undo) {
        (false, _) => Forgiven::Nothing,
        // Times and modes that a copy was not given come back with it.
        (true, false) => Forgiven::Attributes,
        (true, true) => Forgiven::Metadata,
    };
    let injected = fault.injection();
    let run = strace::traced(&sorting.command(way.is_undo), &[fault.call.name.as_str()], &calls, &["-e", &injected]);
    let ran = ended(run);
    let log = String::from_utf8_lossy(&std::fs::read(calls).unwrap()).into_owned();
    let hit = log.lines().find(|line| line.contains("(INJECTED)"))?.to_owned();
    let is_of_rust = ran.said.contains(NO_STACK);
    let mut faults = match ran.code {
        None if is_of_rust => vec![],
        None => vec![format!("hang or crash: {}", ran.tail())],
        Some(101 | 134) => vec![format!("panic: {}", ran.tail())],
        _ => vec![],
    };
    faults.extend(judge.lost());
    faults.extend(judge.wrong_anywhere());
    let unfinished = if way.is_undo { judge.not_back_yet() } else { judge.unsorted_yet(way.is_move) };
    if ran.code == Some(0) && !unfinished.is_empty() {
        faults.push(format!("silent: it ended with 0, and {unfinished:?}"));
    }
    let folders = [&sorting.source, &sorting.destination].map(|folder| folder.to_str().unwrap());
    // SQLite tells of what it cannot bring to disk where that matters; as it closes the database, nothing hangs on it,
    // nor where it syncs the session's folder after the program has.
    let is_of_sqlite = ["/session.db", "/.sis>"].iter().any(|name| hit.contains(name));
    let concerns_evidence = folders.iter().any(|folder| hit.contains(folder)) && !is_of_sqlite;
    if ran.code == Some(0) && fault.class.must_be_told && concerns_evidence && fault.what != "error=EINTR" {
        faults.push(format!("silent: what could not be brought to disk is not told: {hit}"));
    }
    let is_told = UNKEPT.iter().any(|words| ran.said.contains(words));
    if ran.code == Some(0) && judge.is_any_unkept(way.is_undo) && !is_told {
        faults.push("silent: times, modes or attributes are lost, which is not told".into());
    }
    if faults.is_empty() {
        faults.extend(sorting.recover(&judge, way.is_undo, &ran.said));
    }
    if !faults.is_empty() {
        println!("{injected} in {way:?}: {hit}\n    {}", faults.join("\n    "));
    }
    Some(faults)
}

/// Tries faults, which must do no harm.
fn sweep(test: &str, way: Way) {
    if !can_trace() {
        return;
    }
    let Some(scene) = Scene::new(PICTURES, way.is_across) else { return };
    let all = faults(&scene, way);
    let of = all.len();
    let chosen = chosen(all, amount(FAULTS, A_FEW), &mut Chance::for_test(test));
    let found: Vec<Vec<String>> = chosen.iter().filter_map(|fault| try_one(&scene, way, fault)).collect();
    let (reached, faulty) = (found.len(), found.iter().filter(|faults| !faults.is_empty()).count());
    let kinds = kinds(found.iter().flatten());
    println!("{test}: {reached} of {of} faults, {faulty} do harm, {kinds:?}, seed {}", seed());
    assert!(reached > 0 || chosen.is_empty(), "{test}: no fault of {} was reached", chosen.len());
    let repeat = how_to_repeat(FAULTS, &format!("faults::{test}"));
    assert!(faulty == 0, "{test}: {faulty} of {reached} faults do harm, as told above; {repeat}");
}

macro_rules! ways {
    ($($name:ident: $is_move:expr, $is_across:expr, $is_undo:expr;)*) => {$(
        #[test]
        fn $name() {
            sweep(stringify!($name), Way { is_move: $is_move, is_across: $is_across, is_undo: $is_undo });
        }
    )*};
}

ways! {
    copy: false, false, false;
    rename: true, false, false;
    across: true, true, false;
    undo_of_copy: false, false, true;
    undo_of_rename: true, false, true;
    undo_of_across: true, true, true;
}
