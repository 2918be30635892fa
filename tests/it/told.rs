//! Runs tell what they could not do and what a disk could not keep; an error that passes decides nothing.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use rustix::fs::XattrFlags;
use serde_json::Value as Json;

use crate::faults::strace::traced;
use crate::file_systems::Mounted;
use crate::skip::{Lacks, skip};
use crate::support::{Finished, Workspace, finish, hashes, of_kind, picture, set_time_and_mode, sorted, tree};
use crate::tools::{can, can_trace, image_made_by, second_file_system};

/// The sentence about files that came back incomplete.
const COPIES: &str = "not kept the times, permissions or extended attributes";
const BACK: &str = "back without the times, permissions or extended attributes";

/// All that gives a file its metadata is refused.
const REFUSED: &str = "inject=fchmod,utimensat,fsetxattr:error=EPERM";
const GIVING: [&str; 3] = ["fchmod", "utimensat", "fsetxattr"];

fn taken() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(1_577_934_245_678_000_001)
}

/// Two private pictures with an attribute, and a destination on another file system.
struct Across {
    workspace: Workspace,
    _elsewhere: tempfile::TempDir,
    destination: PathBuf,
}

impl Across {
    fn new() -> Option<Across> {
        let workspace = Workspace::new();
        let elsewhere = second_file_system()?;
        workspace.write_pictures(["1.jpg", "2.jpg"]);
        for name in ["1.jpg", "2.jpg"] {
            let path = workspace.source().join(name);
            if rustix::fs::setxattr(&path, c"user.origin", b"a card", XattrFlags::empty()).is_err() {
                skip(Lacks::FileSystem, "the file system for temporary files has no attributes");
                return None;
            }
            set_time_and_mode(&path, taken(), 0o600);
        }
        let destination = elsewhere.path().join("to");
        Some(Across { workspace, _elsewhere: elsewhere, destination })
    }

    fn moves(&self) -> Command {
        self.workspace.classify().with("--destination", &self.destination).with("--operation", "move").command()
    }

    fn on_destination(&self, command: &[&str]) -> Command {
        let mut program = self.workspace.program();
        program.args(command).arg("--destination").arg(&self.destination);
        program
    }

    /// Runs a command whose calls of these names meet a fault.
    fn faulty(&self, command: &Command, names: &[&str], fault: &str) -> Finished {
        finish(traced(command, names, &self.workspace.path("calls"), &["-e", fault]))
    }

    fn moved(&self) -> Finished {
        finish(self.moves()).ended_with(0)
    }
}

fn facts(path: &Path) -> (u32, i64, i64) {
    let metadata = std::fs::metadata(path).unwrap();
    (metadata.mode() & 0o7777, metadata.mtime(), metadata.mtime_nsec())
}

fn has_attribute(path: &Path) -> bool {
    rustix::fs::getxattr(path, c"user.origin", &mut [0u8; 32][..]).is_ok()
}

#[test]
fn attributes_that_cannot_be_read_keep_a_picture_where_it_is() {
    let Some(across) = Across::new().filter(|_| can_trace()) else { return };
    let before = tree(across.workspace.source());
    for (call, error) in [("flistxattr", "EIO"), ("flistxattr", "ENOMEM"), ("fgetxattr", "EIO")] {
        let ran = across.faulty(&across.moves(), &[call], &format!("inject={call}:error={error}"));
        assert!(ran.code == 3 && ran.out.contains("2 not transferred"), "{call}: {}", ran.out);
        assert!(tree(across.workspace.source()) == before, "{call}");
    }
    for call in ["flistxattr", "fgetxattr"] {
        let ran = across.faulty(&across.moves(), &[call], &format!("inject={call}:error=EPERM"));
        assert!(ran.code == 0 && ran.out.contains(COPIES), "{call}: {}", ran.out);
        let back = finish(across.on_destination(&["undo"])).ended_with(0);
        assert!(back.out.contains(BACK), "the attributes are lost: {}", back.out);
        let path = across.workspace.source().join("1.jpg");
        assert!(!has_attribute(&path));
        assert!(rustix::fs::setxattr(&path, c"user.origin", b"a card", XattrFlags::empty()).is_ok());
        set_time_and_mode(&path, taken(), 0o600);
    }
    // A file system that knows no attributes has none to lose.
    let ran = across.faulty(&across.moves(), &["flistxattr"], "inject=flistxattr:error=EOPNOTSUPP");
    assert!(ran.code == 0 && !ran.out.contains(COPIES), "{}", ran.out);
}

#[test]
fn times_and_modes_that_a_disk_did_not_take_come_back() {
    let Some(across) = Across::new().filter(|_| can_trace()) else { return };
    let path = across.workspace.source().join("1.jpg");
    let before = facts(&path);
    let mut command = across.moves();
    command.arg("--json");
    let ran = across.faulty(&command, &GIVING, REFUSED).ended_with(0);
    let events = ran.events();
    let transfer = of_kind(&events, "transfer").next().unwrap();
    assert_eq!(transfer["unkept"], serde_json::json!(["times", "attributes"]), "a new file is private: {transfer}");
    assert_eq!(of_kind(&events, "summary").next().unwrap()["unkept"], 2);
    let back = finish(across.on_destination(&["undo"])).ended_with(0);
    assert_eq!(facts(&path), before);
    // Metadata that the disk does not keep is told again.
    assert!(!has_attribute(&path) && back.out.contains(BACK), "{}", back.out);
    let ledger = std::fs::read_to_string(across.destination.join(".sis/ledger.jsonl")).unwrap();
    let of_transfer = |line: &&str| line.contains("\"event\":\"transfer\"");
    let told: Json = serde_json::from_str(ledger.lines().find(of_transfer).unwrap()).unwrap();
    assert_eq!(told["unkept"]["modified"], "2020-01-02T03:04:05.678000001Z", "{told}");
    finish(across.on_destination(&["verify"])).ended_with(0);
}

#[test]
fn an_undo_tells_what_it_could_not_give_back() {
    let Some(across) = Across::new().filter(|_| can_trace()) else { return };
    let moved = across.moved();
    assert!(!moved.out.contains(COPIES), "{}", moved.out);
    let back = across.faulty(&across.on_destination(&["undo"]), &GIVING, REFUSED);
    assert!(back.code == 0 && back.out.contains("2 files are back without"), "{}", back.out);
    let again = across.faulty(&across.on_destination(&["undo", "--run", "3"]), &GIVING, REFUSED);
    assert!(again.code == 0 && again.out.contains(COPIES), "what is done again: {}", again.out);
}

#[test]
fn what_a_killed_run_could_not_keep_is_told_by_the_next() {
    let Some(across) = Across::new().filter(|_| can_trace()) else { return };
    let path = across.workspace.source().join("1.jpg");
    let before = facts(&path);
    let mut command = across.moves();
    command.env("SIS_CRASH_AT", "published-recorded");
    across.faulty_and_killed(&command);
    let next = finish(across.on_destination(&["apply"]));
    assert!(next.err.contains(COPIES), "{} {}", next.out, next.err);
    finish(across.on_destination(&["undo", "--all"])).ended_with(0);
    assert_eq!(facts(&path), before);
}

impl Across {
    /// The same for a run that ends itself: it has no exit code.
    fn faulty_and_killed(&self, command: &Command) {
        let mut traced = traced(command, &GIVING, &self.workspace.path("calls"), &["-e", REFUSED]);
        let status = traced.output().unwrap().status;
        assert_eq!(status.code(), None, "it was to be killed");
    }
}

#[test]
fn a_session_made_anew_from_its_ledger_knows_what_was_lost() {
    let Some(across) = Across::new().filter(|_| can_trace()) else { return };
    let path = across.workspace.source().join("1.jpg");
    let before = facts(&path);
    across.faulty(&across.moves(), &GIVING, REFUSED).ended_with(0);
    std::fs::write(across.destination.join(".sis/session.db"), "damaged").unwrap();
    let repaired = finish(across.on_destination(&["repair", "--trust"]));
    assert_eq!(repaired.code, 0, "{} {}", repaired.out, repaired.err);
    finish(across.on_destination(&["undo", "--all"])).ended_with(0);
    assert_eq!(facts(&path), before);
}

#[test]
fn exfat_loses_modes_and_fractions_and_says_so() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    ["1.jpg", "2.jpg"].iter().for_each(|name| set_time_and_mode(&workspace.source().join(name), taken(), 0o600));
    let before = tree(workspace.source());
    let there = workspace.path("disk");
    std::fs::create_dir(&there).unwrap();
    let Some(image) = image_made_by(&["mkfs.exfat"], 64, workspace.root()) else { return };
    if !can("mount.exfat-fuse", &[image.to_str().unwrap(), there.to_str().unwrap()]) {
        return;
    }
    let _mounted = Mounted(there.clone());
    let destination = there.join("to");
    let moved = workspace.classify().with("--destination", &destination).with("--operation", "move").ends_with(0);
    assert!(moved.out.contains("2 copies have not kept"), "{}", moved.out);
    assert!(sorted(&destination).keys().all(|name| facts(&destination.join(name)).0 != 0o600));
    let back = workspace.sis(["undo", "--destination", destination.to_str().unwrap()]).ended_with(0);
    assert!(!back.out.contains("without"), "{}", back.out);
    assert!(tree(workspace.source()) == before, "times and modes are back");
}

/// The label of the picture, as it was sorted, and the other one.
fn folders(workspace: &Workspace, name: &str) -> (&'static str, &'static str) {
    let is_a = workspace.destination().join("a").join(name).exists();
    if is_a { ("a", "b") } else { ("b", "a") }
}

fn reassign(workspace: &Workspace, from: &str, to: &str, name: &str) {
    workspace.meddle(&format!(
        "UPDATE pictures SET decision = 'reassigned', decided = (SELECT id FROM labels WHERE text = '{to}')
         WHERE placed = CAST('{from}/{name}' AS BLOB)"
    ));
}

#[test]
fn somebody_elses_twin_takes_nobodys_place() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    set_time_and_mode(&workspace.source().join("1.jpg"), taken(), 0o640);
    let before = tree(workspace.source());
    workspace.classify().with("--operation", "move").ends_with(0);
    let (from, to) = folders(&workspace, "1.jpg");
    let twin = workspace.write(format!("destination/{to}/1.jpg"), picture(0));
    set_time_and_mode(&twin, SystemTime::now(), 0o600);
    let theirs = facts(&twin);
    reassign(&workspace, from, to, "1.jpg");
    let applied = workspace.sis_on_destination(&["apply"]).ended_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 2, "both are there: {}", applied.out);
    assert_eq!(facts(&twin), theirs);
    let undone = workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert!(tree(workspace.source()) == before, "{}", undone.out);
    assert_eq!(sorted(workspace.destination()).into_keys().collect::<Vec<_>>(), std::slice::from_ref(&twin));
    assert_eq!(facts(&twin), theirs);
}

#[test]
fn a_twin_in_the_source_is_not_taken_for_what_comes_back() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let path = workspace.source().join("1.jpg");
    set_time_and_mode(&path, taken(), 0o640);
    let before = tree(workspace.source());
    workspace.classify().with("--operation", "move").ends_with(0);
    workspace.write("source/1.jpg", picture(0));
    let left = workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert!(left.out.contains("has the same content, but other times"), "{}", left.out);
    assert_eq!(sorted(workspace.destination()).len(), 1, "the one with the true time stays");
    std::fs::remove_file(&path).unwrap();
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert!(tree(workspace.source()) == before);
}

#[test]
fn an_error_that_passes_is_not_taken_for_a_file_that_is_gone() {
    if !can_trace() {
        return;
    }
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    let (from, to) = folders(&workspace, "1.jpg");
    reassign(&workspace, from, to, "1.jpg");
    let before = sorted(workspace.destination());
    let place = workspace.destination().join(from).join("1.jpg");
    let mut apply = workspace.program();
    apply.args(["apply", "--destination"]).arg(workspace.destination());
    let at = ["-P", place.to_str().unwrap(), "-e", "inject=statx:error=EIO:when=1"];
    let ran = finish(traced(&apply, &["statx"], &workspace.path("calls"), &at));
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    assert!(ran.out.contains("cannot be looked at just now") && ran.out.contains("1 not transferred"), "{}", ran.out);
    assert_eq!(sorted(workspace.destination()), before, "it was left alone");
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 2);
    assert!(workspace.destination().join(to).join("1.jpg").exists());
}

#[test]
fn run_after_unfinishable_run_fails() {
    if !can_trace() {
        return;
    }
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let status = workspace.classify().command().env("SIS_CRASH_AT", "copied").output().unwrap().status;
    assert_eq!(status.code(), None, "it was to be killed");
    let fault = ["-e", "inject=unlinkat:error=EIO"];
    let classify = traced(&workspace.classify().command(), &["unlinkat"], &workspace.path("calls"), &fault);
    let ran = finish(classify);
    assert!(ran.err.contains("cannot be finished yet"), "{}", ran.err);
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    workspace.classify().ends_with(0);
}

#[test]
fn sources_that_stay_are_told_with_the_reason() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let card = workspace.path("card");
    let Some(mounted) = Mounted::new(&card, &["--bind", workspace.source().to_str().unwrap()]) else { return };
    mounted.remount("bind,ro");
    let classify = || workspace.classify().with("--source", &card).with("--operation", "move");
    let ran = classify().ends_with(3);
    assert!(ran.out.contains("2 copied into") && ran.out.contains("their sources stayed: "), "{}", ran.out);
    assert!(!ran.out.contains("not transferred"), "{}", ran.out);
    assert_eq!((hashes(workspace.source()).len(), sorted(workspace.destination()).len()), (2, 2));
    for row in workspace.rows() {
        assert_eq!(row["status"], "copied");
        assert!(row["reason"].contains("cannot be removed"), "{row:?}");
    }
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    drop(mounted);
    assert!(workspace.rows().iter().all(|row| row["reason"].is_empty()));
}

#[test]
fn set_id_bits_that_a_copy_is_without_are_told() {
    let Some(across) = Across::new() else { return };
    let path = across.workspace.source().join("1.jpg");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o2640)).unwrap();
    let moved = across.moved();
    assert!(moved.out.contains("1 copy has not kept"), "{}", moved.out);
}

/// A file with a second name is copied within its own disk, and goes back by copying too: what the copy lost is not
/// passed over.
#[test]
fn what_a_copy_on_the_same_disk_lost_is_told_on_its_way_back() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let path = workspace.source().join("1.jpg");
    std::fs::hard_link(&path, workspace.path("second.jpg")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o2640)).unwrap();
    let moved = workspace.classify().with("--operation", "move").ends_with(0);
    assert!(moved.out.contains("1 copy has not kept"), "{}", moved.out);
    let back = workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert!(back.out.contains("1 file is back without"), "{}", back.out);
}
