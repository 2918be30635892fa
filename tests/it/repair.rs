//! `sis repair`: a session from its ledger, a ledger from its session, and what was there before kept.

use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::store::Session;
use smart_image_sorter::store::session::Which;

use crate::file_systems::Mounted;
use crate::support::{Workspace, finish, hashes, picture, sorted, tree};

/// Pictures that were sorted, decided for, sorted otherwise, taken back and sorted again. With their hashes by path as
/// they were.
fn worked_in(operation: &str) -> (Workspace, BTreeMap<PathBuf, String>) {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "x/3.jpg", "y/3.jpg", "same.jpg"]);
    workspace.write("source/twin.jpg", picture(4));
    let before = hashes(workspace.source());
    workspace.classify().with("--operation", operation).ends_with(0);
    workspace.classify().with("--operation", operation).with("--labels", "c, d").flag("--resort").run();
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    decide(&workspace);
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    (workspace, before)
}

/// Every picture called 3.jpg shows nothing of it.
fn decide(workspace: &Workspace) {
    let mut session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let mut said = vec![];
    let each = |found: smart_image_sorter::store::session::SessionPicture| {
        if found.shown.ends_with("3.jpg") {
            said.push((found.id, Some(Decision::NoneOfThese)));
        }
    };
    session.for_each_picture(None, Which::All, each).unwrap();
    assert_eq!(said.len(), 2);
    session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
}

fn decided(workspace: &Workspace) -> usize {
    let session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let mut decided = 0;
    session.for_each_picture(None, Which::All, |found| decided += usize::from(found.decision.is_some())).unwrap();
    decided
}

fn of_session(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.destination().join(".sis").join(name)
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

type Damage = fn(&Workspace);

fn remove_session(workspace: &Workspace) {
    for name in ["session.db", "session.db-wal", "session.db-shm"] {
        let _ = std::fs::remove_file(of_session(workspace, name));
    }
}

fn overwrite_session(workspace: &Workspace) {
    let path = of_session(workspace, "session.db");
    for page in 1..std::fs::metadata(&path).unwrap().len() / 4096 {
        overwrite(&path, page * 4096, &[0xa5; 2048]);
    }
}

fn cut_session(workspace: &Workspace) {
    std::fs::File::options().write(true).open(of_session(workspace, "session.db")).unwrap().set_len(9000).unwrap();
}

fn remove_ledger(workspace: &Workspace) {
    std::fs::remove_file(of_session(workspace, "ledger.jsonl")).unwrap();
}

fn cut_ledger(workspace: &Workspace) {
    let path = of_session(workspace, "ledger.jsonl");
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
}

fn flip_ledger(workspace: &Workspace) {
    let path = of_session(workspace, "ledger.jsonl");
    let at = std::fs::metadata(&path).unwrap().len() / 2;
    let byte = std::fs::read(&path).unwrap()[at as usize] ^ 1;
    overwrite(&path, at, &[byte]);
}

/// Another time in a line of the middle: nothing that would be needed.
fn change_time(workspace: &Workspace) {
    let path = of_session(workspace, "ledger.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let change = |(number, line): (usize, &str)| match number {
        9 => line.replacen("\"time\":\"20", "\"time\":\"19", 1) + "\n",
        _ => format!("{line}\n"),
    };
    std::fs::write(&path, text.lines().enumerate().map(change).collect::<String>()).unwrap();
}

fn remove_line(workspace: &Workspace) {
    let path = of_session(workspace, "ledger.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept = text.lines().enumerate().filter(|(number, _)| *number != 4).map(|(_, line)| format!("{line}\n"));
    std::fs::write(&path, kept.collect::<String>()).unwrap();
}

/// A session that was made anew does not know the content of its tables, and keeps them when it writes them.
fn pictures_in(destination: &Path) -> BTreeMap<PathBuf, String> {
    sorted(destination).into_iter().filter(|(path, _)| path.extension().is_some_and(|name| name == "jpg")).collect()
}

/// Everything is taken back, and each file is where it was.
fn assert_all_comes_back(workspace: &Workspace, before: &BTreeMap<PathBuf, String>, what: &str) {
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert_eq!(hashes(workspace.source()), *before, "{what}");
    assert_eq!(pictures_in(&workspace.destination()), BTreeMap::new(), "{what}");
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn either_is_made_from_the_other_and_all_comes_back() {
    let damages: [(&str, &[Damage]); 8] = [
        ("no session", &[remove_session]),
        ("session overwritten", &[overwrite_session]),
        ("session cut", &[cut_session]),
        ("no ledger", &[remove_ledger]),
        ("ledger cut", &[cut_ledger]),
        ("ledger with another bit", &[flip_ledger]),
        ("ledger without a line", &[remove_line]),
        ("no session, ledger with another time", &[remove_session, change_time]),
    ];
    for operation in ["copy", "move"] {
        for (what, damage) in damages {
            let (workspace, before) = worked_in(operation);
            let (in_place, decisions) = (sorted(workspace.destination()), decided(&workspace));
            damage.iter().for_each(|damage| damage(&workspace));
            let damaged = tree(workspace.destination());
            let finished = workspace.sis_on_destination(&["repair"]).ended_with(2);
            assert!(finished.err.contains("--trust"), "{what}: {}", finished.err);
            assert_eq!(tree(workspace.destination()).len(), damaged.len(), "{what}: nothing is changed unasked");
            let finished = workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
            assert!(finished.out.contains("before-repair-1"), "{what}: {}", finished.out);
            // Everything that was there is there still.
            for (path, entry) in
                damaged.iter().filter(|(path, _)| path.parent() == of_session(&workspace, "x").parent())
            {
                let kept = path.parent().unwrap().join("before-repair-1").join(path.file_name().unwrap());
                let content = std::fs::read(&kept).ok().map(crate::support::sha256);
                let is_kept = content.is_some_and(|hash| entry.content == crate::support::Content::File(hash));
                assert!(is_kept || path.ends_with("lock"), "{what}: {}", path.display());
            }
            assert_eq!(sorted(workspace.destination()), in_place, "{what}");
            assert_eq!(decided(&workspace), decisions, "{what}");
            let finished = workspace.sis_on_destination(&["repair"]).ended_with(0);
            assert!(finished.out.contains("nothing to repair"), "{what}: {}", finished.out);
            assert_all_comes_back(&workspace, &before, &format!("{operation}, {what}"));
        }
    }
}

#[test]
fn a_session_that_is_made_anew_goes_on_with_what_people_decided() {
    let (workspace, _) = worked_in("copy");
    remove_session(&workspace);
    workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    workspace.classify().ends_with(0);
    let rows = workspace.rows();
    assert_eq!(rows.len(), 6, "every picture once: {rows:?}");
    let said = rows.iter().filter(|row| row["image_name"].ends_with("3.jpg"));
    assert!(said.clone().count() == 2 && said.clone().all(|row| row["decision"] == "none of these"), "{rows:?}");
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn a_ledger_that_is_made_anew_tells_which_files_are_tables() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    for name in ["first.csv", "second.csv"] {
        workspace.classify().with("--output-file", name).ends_with(0);
    }
    remove_ledger(&workspace);
    workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    workspace.write("destination/third.csv", "somebody's");
    workspace.meddle("INSERT INTO session VALUES ('own third.csv', x'')");
    let verified = workspace.sis_on_destination(&["verify"]).ended_with(3);
    let named = ["first", "second", "third"].map(|name| verified.out.contains(&format!("{name}.csv")));
    assert_eq!(named, [false, false, true], "{}", verified.out);
}

#[test]
fn a_session_that_is_made_anew_knows_its_tables() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().with("--output-file", "first.csv").ends_with(0);
    remove_session(&workspace);
    workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    // An undo writes the table and the sums that there are.
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(std::fs::read_to_string(workspace.destination().join("SHA256SUMS")).unwrap(), "");
    workspace.classify().ends_with(0);
    remove_ledger(&workspace);
    workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn what_is_whole_is_left_as_it_is() {
    let (workspace, _) = worked_in("move");
    let before = tree(workspace.root());
    let finished = workspace.sis_on_destination(&["repair"]).ended_with(0);
    assert!(finished.out.contains("nothing to repair"), "{}", finished.out);
    assert_eq!(tree(workspace.root()), before);
    let nowhere = workspace.path("nowhere");
    let finished = workspace.sis(["repair".as_ref(), "--destination".as_ref(), nowhere.as_os_str()]).ended_with(2);
    assert!(finished.err.contains("has no session"), "{}", finished.err);
}

#[test]
fn what_is_sealed_is_repaired_without_being_trusted() {
    // Rows that are not as the sealed ledger tells, and bytes behind the sealed line.
    let changed: Damage = |workspace| workspace.meddle("UPDATE transfers SET source = CAST('/evil' AS BLOB)");
    let longer: Damage = |workspace| {
        let path = of_session(workspace, "ledger.jsonl");
        overwrite(&path, std::fs::metadata(&path).unwrap().len(), b"{\"line\":99}\n");
    };
    for damage in [changed, longer] {
        let (workspace, before) = worked_in("move");
        damage(&workspace);
        workspace.sis_on_destination(&["repair"]).ended_with(0);
        assert_all_comes_back(&workspace, &before, "sealed");
    }
}

#[test]
fn ledger_lost_does_not_vouch_for_changed_session() {
    let (workspace, _) = worked_in("move");
    let evil = workspace.home().join("evil.jpg");
    workspace.meddle(&format!("UPDATE transfers SET source = CAST('{}' AS BLOB) WHERE step = 'done'", evil.display()));
    remove_ledger(&workspace);
    workspace.sis_on_destination(&["repair"]).ended_with(2);
    workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    // The sources of its runs hold all the same.
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(3);
    assert!(!evil.exists());
}

#[test]
fn where_nothing_is_left_that_is_said() {
    let (workspace, _) = worked_in("copy");
    let before = sorted(workspace.destination());
    remove_session(&workspace);
    std::fs::write(of_session(&workspace, "ledger.jsonl"), [0xa5; 5000]).unwrap();
    let finished = workspace.sis_on_destination(&["repair", "--trust"]).ended_with(1);
    assert!(finished.err.contains("nothing to repair them from"), "{}", finished.err);
    assert_eq!(sorted(workspace.destination()), before);
}

#[test]
fn a_repair_that_is_killed_is_done_again() {
    for damage in [remove_session as Damage, remove_ledger, cut_ledger] {
        for moment in 1..=3 {
            let (workspace, before) = worked_in("move");
            damage(&workspace);
            let mut command = workspace.program();
            command.args(["repair", "--trust", "--destination"]).arg(workspace.destination());
            command.env("SIS_CRASH_AT", format!("ledger-appended:{moment}"));
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            let _ = command.status().unwrap();
            workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
            assert_all_comes_back(&workspace, &before, "killed");
        }
    }
}

/// A full disk for temporary files is no damage of a session.
#[test]
fn a_full_temporary_folder_is_no_damage() {
    let workspace = Workspace::new();
    workspace.write_pictures((0..40).map(|number| format!("{number}.jpg")));
    workspace.classify().ends_with(0);
    let database = std::fs::read(of_session(&workspace, "session.db")).unwrap();
    let size = database.len() / 1024;
    for kilobytes in (size.saturating_sub(24)..size + 120).step_by(12) {
        let options = format!("size={kilobytes}k");
        let Some(full) = Mounted::new(&workspace.path("full"), &["-t", "tmpfs", "-o", &options, "tmpfs"]) else {
            return;
        };
        for trust in [&["repair", "--destination"][..], &["repair", "--trust", "--destination"]] {
            let mut command = workspace.program();
            command.args(trust).arg(workspace.destination()).env("TMPDIR", &full.0);
            let finished = finish(command);
            let is_whole = finished.code == 0 && finished.out.contains("nothing to repair");
            assert!(
                is_whole || finished.code == 1 && finished.err.contains("free some space"),
                "{kilobytes}: {finished:?}"
            );
            assert_eq!(std::fs::read(of_session(&workspace, "session.db")).unwrap(), database, "{kilobytes}");
        }
    }
}

/// The ledger tells on which disk a picture lay: nothing comes back into the bare place of a disk that is not
/// connected.
#[test]
fn after_a_repair_nothing_goes_into_the_bare_place_of_a_disk() {
    let workspace = Workspace::new();
    let Some(card) = Mounted::new(&workspace.path("card"), &["-t", "tmpfs", "tmpfs"]) else { return };
    for number in 0..2 {
        workspace.write(format!("card/DCIM/{number}.jpg"), picture(number));
    }
    let source = card.0.join("DCIM");
    workspace.classify().with("--source", &source).with("--operation", "move").ends_with(0);
    drop(card);
    let before = sorted(workspace.destination());
    remove_session(&workspace);
    let finished = workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    assert!(!finished.out.contains("On which disk"), "{}", finished.out);
    workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert_eq!(pictures_in(&workspace.destination()), before);
    assert!(!source.exists());
    // Earlier versions did not tell: that is said.
    let path = of_session(&workspace, "ledger.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let without = text.lines().map(|line| {
        let mut line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        line.remove("device");
        serde_json::Value::Object(line).to_string() + "\n"
    });
    std::fs::write(&path, without.collect::<String>()).unwrap();
    remove_session(&workspace);
    let finished = workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    assert!(finished.out.contains("On which disk 2 pictures lay"), "{}", finished.out);
}
