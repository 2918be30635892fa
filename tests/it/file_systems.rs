//! File systems that are full, read-only, two, of another kind, or alive. What this machine cannot mount is skipped
//! aloud.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::XattrFlags;

use crate::skip::{Lacks, skip};
use crate::support::{Workspace, finish, hashes, of_kind, picture, sorted, tree};
use crate::tools::{can, image_made_by};

/// Something that is mounted until it is dropped.
pub(crate) struct Mounted(pub(crate) PathBuf);

impl Mounted {
    /// Mounts with these arguments of `mount`; none where that cannot be, which is said.
    pub(crate) fn new(at: &Path, arguments: &[&str]) -> Option<Mounted> {
        std::fs::create_dir_all(at).unwrap();
        let at_last = [arguments, &[at.to_str().unwrap()]].concat();
        can("mount", &at_last).then(|| Mounted(at.to_owned()))
    }

    /// A file system of a kind, made in a file.
    pub(crate) fn made_with(workspace: &Workspace, megabytes: u64, make: &[&str]) -> Option<Mounted> {
        let image = image_made_by(make, megabytes, workspace.root())?;
        Mounted::new(&workspace.path("mounted"), &["-o", "loop", image.to_str().unwrap()])
    }

    pub(crate) fn remount(&self, options: &str) {
        assert!(can("mount", &["-o", &format!("remount,{options}"), self.0.to_str().unwrap()]));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A picture of a hundred kilobytes.
fn large_picture(number: usize) -> Vec<u8> {
    let mut bytes = picture(number);
    bytes.resize(100_000, number as u8);
    bytes
}

fn write_large(workspace: &Workspace, count: usize) -> BTreeMap<PathBuf, String> {
    for number in 0..count {
        workspace.write(format!("source/{number}.jpg"), large_picture(number));
    }
    hashes(workspace.source())
}

/// Every content of the source is whole in it or in the destination, and nothing else is there.
fn assert_whole(workspace: &Workspace, before: &BTreeMap<PathBuf, String>, when: &str) {
    let (source, target) = (hashes(workspace.source()), sorted(workspace.destination()));
    let is_there =
        |hash: &String| source.values().any(|found| found == hash) || target.values().any(|found| found == hash);
    assert!(before.values().all(is_there), "{when}: a picture is lost");
    let wrong: Vec<_> = target.iter().filter(|(_, hash)| !before.values().any(|wanted| wanted == *hash)).collect();
    assert!(wrong.is_empty(), "{when}: {wrong:?}");
}

#[test]
fn destination_without_room_is_refused_at_start() {
    let workspace = Workspace::new();
    let before = write_large(&workspace, 40);
    let Some(_mounted) = Mounted::new(&workspace.destination(), &["-t", "tmpfs", "-o", "size=3m", "none"]) else {
        return;
    };
    let finished = workspace.classify().ends_with(1);
    assert!(finished.err.contains("has room for") && finished.err.contains("4000 kB"), "{}", finished.err);
    assert_eq!(hashes(workspace.source()), before);
    assert!(sorted(workspace.destination()).is_empty());
}

#[test]
fn a_disk_that_fills_up_on_the_way_loses_nothing() {
    let workspace = Workspace::new();
    let before = write_large(&workspace, 20);
    // Pictures fit and what is remembered of them does not, more or less of it.
    for (size, inodes) in [("2052k", 0), ("2100k", 0), ("2160k", 0), ("2240k", 0), ("3m", 12), ("3m", 20)] {
        let options = format!("size={size},nr_inodes={inodes}");
        let arguments = ["-t", "tmpfs", "-o", &options, "none"];
        let Some(mounted) = Mounted::new(&workspace.destination(), &arguments) else { return };
        let finished = workspace.classify().with("--operation", "move").run();
        assert!([1, 3].contains(&finished.code), "{options}: {}{}", finished.out, finished.err);
        assert!(!finished.err.contains("panicked"), "{options}: {}", finished.err);
        assert_whole(&workspace, &before, &options);
        mounted.remount(if inodes == 0 { "size=64m" } else { "size=64m,nr_inodes=1000" });
        workspace.classify().with("--operation", "move").run();
        assert_whole(&workspace, &before, &options);
        assert_eq!(sorted(workspace.destination()).len(), 20, "{options}: it goes on where there is room");
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
        assert_eq!(hashes(workspace.source()), before, "{options}");
    }
}

#[test]
fn a_source_that_cannot_be_written_is_copied_and_said() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "x/2.jpg"]);
    let source = workspace.source();
    let Some(mounted) = Mounted::new(&source, &["--bind", source.to_str().unwrap()]) else { return };
    mounted.remount("bind,ro");
    let before = tree(&source);
    workspace.classify().ends_with(0);
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    let finished = workspace.classify().with("--operation", "move").ends_with(3);
    assert!(finished.out.contains("the source was kept") || finished.out.contains("cannot be"), "{}", finished.out);
    assert_eq!(tree(&source), before);
    assert_eq!(sorted(workspace.destination()).len(), 2);
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert!(sorted(workspace.destination()).is_empty());
    assert_eq!(tree(&source), before);
}

#[test]
fn a_destination_that_cannot_be_written_is_said() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let before = tree(workspace.source());
    let Some(_mounted) = Mounted::new(&workspace.destination(), &["-t", "tmpfs", "-o", "ro", "none"]) else { return };
    for operation in ["copy", "move"] {
        let finished = workspace.classify().with("--operation", operation).ends_with(1);
        assert!(finished.err.contains("cannot be written to"), "{}", finished.err);
        assert_eq!(tree(workspace.source()), before);
    }
}

#[test]
fn copy_keeps_metadata_and_says_what_it_could_not() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let source = workspace.source().join("1.jpg");
    let set = |name: &str| rustix::fs::setxattr(&source, name, b"https://example.org/1", XattrFlags::empty());
    if let Err(error) = set("user.xdg.origin.url") {
        return skip(Lacks::FileSystem, format!("no extended attributes here: {error}"));
    }
    crate::support::set_time_and_mode(&source, std::time::SystemTime::UNIX_EPOCH, 0o440);
    workspace.classify().ends_with(0);
    let copy = sorted(workspace.destination()).into_keys().next().unwrap();
    let mut value = [0; 100];
    let length = rustix::fs::getxattr(&copy, "user.xdg.origin.url", &mut value).unwrap();
    assert_eq!(&value[..length], b"https://example.org/1");
    let (from, to) = (std::fs::metadata(&source).unwrap(), std::fs::metadata(&copy).unwrap());
    assert_eq!((from.mode(), from.mtime(), from.mtime_nsec()), (to.mode(), to.mtime(), to.mtime_nsec()));

    // A file system without attributes.
    let Some(elsewhere) = Mounted::new(&workspace.path("elsewhere"), &["-t", "ramfs", "none"]) else { return };
    if rustix::fs::setxattr(&elsewhere.0, "user.x", b"x", XattrFlags::empty()).is_ok() {
        return skip(Lacks::FileSystem, "every file system here has attributes");
    }
    let finished = workspace.classify().with("--destination", elsewhere.0.join("to")).ends_with(0);
    assert!(finished.out.contains("1 copy has not kept"), "{}", finished.out);
}

#[test]
fn blocks_are_shared_where_the_file_system_offers_it() {
    let workspace = Workspace::new();
    let Some(mounted) = Mounted::made_with(&workspace, 128, &["mkfs.btrfs", "-q"]) else { return };
    let (source, destination) = (mounted.0.join("source"), mounted.0.join("to"));
    std::fs::create_dir(&source).unwrap();
    for number in 0..20 {
        let mut bytes = picture(number);
        bytes.resize(2_000_000, number as u8);
        std::fs::write(source.join(format!("{number}.jpg")), bytes).unwrap();
    }
    let free = || {
        let _ = Command::new("sync").arg("--file-system").arg(&mounted.0).status();
        let system = rustix::fs::statvfs(&mounted.0).unwrap();
        system.f_bfree * system.f_frsize
    };
    let before = free();
    let sort = || workspace.classify().with("--source", &source).with("--destination", &destination).ends_with(0);
    sort();
    let used = before.saturating_sub(free());
    assert!(used < 20_000_000, "{used} bytes for copies of 40 MB");
    assert_eq!(sorted(&destination).into_values().collect::<std::collections::BTreeSet<_>>().len(), 20);
    let verified = workspace.sis(["verify".as_ref(), "--destination".as_ref(), destination.as_os_str()]);
    verified.ended_with(0);
}

#[test]
fn names_differing_in_case_stay_two() {
    let workspace = Workspace::new();
    let kinds: [&[&str]; 3] =
        [&["mkfs.vfat"], &["mkfs.ext4", "-q", "-O", "casefold"], &["mkfs.xfs", "-q", "-n", "version=ci"]];
    let Some(mounted) = kinds.into_iter().find_map(|make| Mounted::made_with(&workspace, 330, make)) else { return };
    let destination = mounted.0.join("to");
    std::fs::create_dir(&destination).unwrap();
    let _ = Command::new("chattr").arg("+F").arg(&destination).stderr(Stdio::null()).status();
    workspace.write_pictures(["x/1.jpg", "y/1.JPG", "z/1.Jpg"]);
    workspace.classify().with("--destination", &destination).ends_with(0);
    let found: std::collections::BTreeSet<_> = sorted(&destination).into_values().collect();
    assert_eq!(found, hashes(workspace.source()).into_values().collect());
}

#[test]
fn other_names_of_a_file_and_special_files_are_no_trap() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let (first, second) = (workspace.source().join("1.jpg"), workspace.path("outside.jpg"));
    std::fs::hard_link(&first, &second).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, workspace.source().join("pipe.jpg"), rustix::fs::Mode::RUSR).unwrap();
    std::os::unix::net::UnixListener::bind(workspace.source().join("socket.jpg")).unwrap();
    std::os::unix::fs::symlink(&second, workspace.source().join("link.jpg")).unwrap();
    std::os::unix::fs::symlink("..", workspace.source().join("loop")).unwrap();
    let finished = workspace.classify().with("--operation", "move").ends_with(0);
    assert!(finished.err.contains("2 symbolic links were not followed"), "{}", finished.err);
    assert!(finished.err.contains("2 pipes, devices or sockets were not opened"), "{}", finished.err);
    // The sorted picture cannot be changed through the file's other name.
    std::fs::write(&second, "changed later").unwrap();
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 1);
}

#[test]
fn file_changed_before_apply_is_left_alone() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().with("--threshold", "1").ends_with(0);
    let grown = workspace.source().join("1.jpg");
    let mut bytes = std::fs::read(&grown).unwrap();
    bytes.extend(b"more");
    std::fs::write(&grown, &bytes).unwrap();
    for operation in ["copy", "move"] {
        let apply = ["apply", "--threshold", "0", "--json", "--operation", operation];
        let finished = workspace.sis_on_destination(&apply).ended_with(3);
        let events = finished.events();
        let failed: Vec<_> = of_kind(&events, "transfer").filter(|event| event["status"] == "failed").collect();
        assert_eq!(failed.len(), 1, "{events:?}");
        assert!(failed[0]["reason"].as_str().unwrap().contains("changed since and was left alone"));
        assert_eq!(std::fs::read(&grown).unwrap(), bytes);
        assert_eq!(sorted(workspace.destination()).len(), 1);
    }
}

#[test]
fn a_source_that_vanishes_loses_nothing_that_was_sorted() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    let before = sorted(workspace.destination());
    std::fs::remove_dir_all(workspace.source()).unwrap();
    workspace.classify().ends_with(1);
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    let finished = workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert!(finished.out.contains("2 files were left alone"), "{}", finished.out);
    assert_eq!(sorted(workspace.destination()), before);
}

/// Somebody else's file that its owner may not read, and everybody else may: the copy has another owner, who has to
/// verify it and to take it back.
#[test]
fn a_copy_can_be_read_by_who_made_it() {
    if !rustix::process::geteuid().is_root() {
        return skip(Lacks::User, "only root can give files away");
    }
    if !can("setpriv", &["true"]) {
        return;
    }
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let picture = workspace.source().join("1.jpg");
    std::fs::set_permissions(&picture, Permissions::from_mode(0o044)).unwrap();
    // Root without the right to read everything. It is still the owner of what it makes.
    let limited = |command: Command| {
        let without = "-dac_override,-dac_read_search";
        let mut limited = Command::new("setpriv");
        limited.args(["--bounding-set", without, "--inh-caps", without]).arg(command.get_program());
        limited.args(command.get_args()).current_dir(workspace.root());
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        limited.envs(variables);
        finish(limited)
    };
    // Not its own: it reads by the right of everybody.
    std::os::unix::fs::chown(&picture, Some(65_534), Some(65_534)).unwrap();
    let sorted = limited(workspace.classify().command());
    assert_eq!(sorted.code, 0, "{} {}", sorted.out, sorted.err);
    assert!(sorted.out.contains("permissions"), "what the copy could not be given is told: {}", sorted.out);
    for command in ["verify", "undo"] {
        let mut program = workspace.program();
        program.arg(command).arg("--destination").arg(workspace.destination());
        let ended = limited(program);
        assert_eq!(ended.code, 0, "{command}: {} {}", ended.out, ended.err);
    }
}
