//! Every kind of file system that can be had here: pictures are copied and moved on it, onto it and off it, and come
//! back; or the program says at the start why not, and touches nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::evidence::{Sorting, draw};
use crate::file_systems::Mounted;
use crate::judge::{Forgiven, Judge};
use crate::scene::give_attributes;
use crate::skip::{Lacks, skip};
use crate::tools::{can, image_made_by};

const PICTURES: usize = 6;

/// A loop device, until it is dropped.
struct Loop(String);

impl Loop {
    /// A loop device of a new file that a command has made a file system in.
    fn made_by(make: &[&str], megabytes: u64, folder: &Path) -> Option<Loop> {
        let image = image_made_by(make, megabytes, folder)?;
        let found = Command::new("losetup").args(["--find", "--show"]).arg(image).output().ok()?;
        if !found.status.success() {
            skip(Lacks::FileSystem, "there is no loop device to be had here");
            return None;
        }
        Some(Loop(String::from_utf8(found.stdout).unwrap().trim().to_owned()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["--detach", &self.0]).status();
    }
}

/// A place to mount something at, in a folder with room for more.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(place.path("there")).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Mounts by a command that is told where at its end, and sorts.
    fn sorts_when_mounted_by(&self, kind: &str, mount: &[&str]) {
        let there = self.text("there");
        if !can(mount[0], &[&mount[1..], &[there.as_str()]].concat()) {
            return;
        }
        let mounted = Mounted(self.path("there"));
        let began = Instant::now();
        let is_mounted = || std::fs::read_to_string("/proc/self/mounts").unwrap().contains(&there);
        while !is_mounted() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        sorts_on(kind, &mounted.0);
    }
}

/// All four ways; each prints a line of a table.
fn sorts_on(kind: &str, there: &Path) {
    let here = tempfile::tempdir().unwrap();
    for (way, from, to, is_move) in [
        ("copied on it", there, there, false),
        ("moved on it", there, there, true),
        ("moved onto it", here.path(), there, true),
        ("moved off it", there, here.path(), true),
    ] {
        let said = sorts(from, to, is_move, &format!("{kind}, {way}"));
        println!("| {kind} | {way} | {said} |");
    }
}

fn sorts(from: &Path, to: &Path, is_move: bool, what: &str) -> String {
    let own = tempfile::tempdir().unwrap();
    let pictures = own.path().join("pictures");
    draw(&pictures, PICTURES);
    let (source, destination) = (from.join("from"), to.join("to"));
    put_as_can_be(&pictures, &source);
    give_attributes(&source);
    let (home, folder) = (own.path().join("home"), own.path().to_owned());
    std::fs::create_dir(&home).unwrap();
    let sorting = Sorting { home, folder, source, destination, is_move };
    // As they are there: such a disk may not keep all that they had.
    let mut judge = Judge::new(&sorting.source, &sorting.source, &sorting.destination);
    // The times of files that it uploads later change by themselves.
    let keeps_times = !what.starts_with("rclone");
    if !keeps_times {
        judge.forgiven = Forgiven::Metadata;
    } else if !has_attributes(to) {
        judge.forgiven = Forgiven::Attributes;
    }

    let ran = sorting.sort();
    let (is_told, is_so) = (ran.said.contains("not kept the times"), judge.is_any_unkept(false));
    assert!(is_told == is_so || !keeps_times, "{what}: {}", ran.said);
    assert_eq!([judge.lost(), judge.wrong_anywhere()].concat(), [""; 0], "{what}: {}", ran.said);
    let said = match ran.code {
        Some(0) => {
            let amiss = [judge.unsorted_yet(is_move), judge.left_behind(), judge.false_records()].concat();
            assert_eq!(amiss, [""; 0], "{what}: {}", ran.said);
            let verified = sorting.verify();
            assert_eq!(verified.code, Some(0), "{what}: {}", verified.said);
            let undone = sorting.undo();
            let amiss = [judge.not_back_yet(), judge.left_behind(), judge.false_records()].concat();
            assert!(undone.code == Some(0) && amiss.is_empty(), "{what}: {amiss:?}: {}", undone.said);
            let warned = ran.said.lines().find(|line| line.starts_with("Note: ") && !line.contains("demonstration"));
            format!("sorted, verified, taken back {}", warned.unwrap_or_default())
        }
        Some(1 | 2) => {
            assert_eq!(judge.not_back_yet(), [""; 0], "{what}: it was not to be touched: {}", ran.said);
            format!("refused: {}", ran.tail())
        }
        code => panic!("{what}: it ended with {code:?}: {}", ran.said),
    };
    for folder in [&sorting.source, &sorting.destination] {
        let _ = std::fs::remove_dir_all(folder);
    }
    said
}

/// Copies with the times and modes, as far as the disk keeps them.
fn put_as_can_be(from: &Path, to: &Path) {
    let copying = ["-r", "--preserve=mode,timestamps"];
    // It complains of what the disk does not keep.
    let _ = Command::new("cp").args(copying).arg(from).arg(to).stderr(Stdio::null()).status().unwrap();
}

/// True where files have attributes that people give them.
fn has_attributes(folder: &Path) -> bool {
    let file = tempfile::NamedTempFile::new_in(folder).unwrap();
    rustix::fs::setxattr(file.path(), c"user.origin", b"a card", rustix::fs::XattrFlags::empty()).is_ok()
}

#[test]
fn disks_of_linux() {
    for (make, megabytes) in
        [(&["mkfs.ext4", "-q"][..], 64), (&["mkfs.xfs", "-q"], 304), (&["mkfs.btrfs", "-q"], 128), (&["mkfs.vfat"], 64)]
    {
        let place = Place::new();
        let Some(device) = Loop::made_by(make, megabytes, place.folder.path()) else { continue };
        place.sorts_when_mounted_by(make[0].trim_start_matches("mkfs."), &["mount", &device.0]);
    }
}

#[test]
fn memory_and_layers() {
    Place::new().sorts_when_mounted_by("tmpfs", &["mount", "-t", "tmpfs", "none"]);
    let place = Place::new();
    let memory = place.path("memory");
    let Some(_memory) = Mounted::new(&memory, &["-t", "tmpfs", "none"]) else { return };
    ["lower", "upper", "work"].into_iter().for_each(|name| std::fs::create_dir(memory.join(name)).unwrap());
    let folder = |name: &str| memory.join(name).to_str().unwrap().to_owned();
    let layers = format!("lowerdir={},upperdir={},workdir={}", folder("lower"), folder("upper"), folder("work"));
    place.sorts_when_mounted_by("overlay", &["mount", "-t", "overlay", "-o", &layers, "none"]);
}

#[test]
fn disks_of_cameras_and_windows() {
    let exfat = Place::new();
    if let Some(device) = Loop::made_by(&["mkfs.exfat"], 64, exfat.folder.path()) {
        exfat.sorts_when_mounted_by("exFAT by FUSE", &["mount.exfat-fuse", &device.0]);
    }
    for (kind, mount, options) in [
        ("NTFS by ntfs-3g", "ntfs-3g", "windows_names"),
        ("NTFS by lowntfs-3g", "lowntfs-3g", "windows_names,ignore_case"),
    ] {
        let ntfs = Place::new();
        if let Some(device) = Loop::made_by(&["mkfs.ntfs", "-q", "-F", "-f"], 64, ntfs.folder.path()) {
            ntfs.sorts_when_mounted_by(kind, &[mount, "-o", options, &device.0]);
        }
    }
}

#[test]
fn folders_over_folders() {
    let with_folders = || {
        let place = Place::new();
        ["a", "b"].into_iter().for_each(|name| std::fs::create_dir(place.path(name)).unwrap());
        place
    };
    let place = with_folders();
    place.sorts_when_mounted_by("bindfs", &["bindfs", &place.text("a")]);
    let place = with_folders();
    place.sorts_when_mounted_by("mergerfs", &["mergerfs", &format!("{}:{}", place.text("a"), place.text("b"))]);
    let place = with_folders();
    let branches = format!("{}=RW:{}=RO", place.text("a"), place.text("b"));
    place.sorts_when_mounted_by("unionfs", &["unionfs-fuse", "-o", "cow", &branches]);
}

#[test]
fn a_disk_in_the_cloud() {
    let place = Place::new();
    std::fs::create_dir(place.path("a")).unwrap();
    let remote = format!(":local:{}", place.text("a"));
    let mount = ["rclone", "mount", "--daemon", "--vfs-cache-mode", "writes", "--config", "/dev/null", &remote];
    place.sorts_when_mounted_by("rclone mount", &mount);
}

/// A server of the test's own, on this machine alone, with keys of its own; ended when it is dropped.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn server(place: &Place, port: u16) -> Option<Server> {
    for key in ["host", "user"] {
        if !can("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &place.text(key)]) {
            return None;
        }
    }
    let sshd = Path::new("/usr/sbin/sshd");
    if !sshd.exists() {
        skip(Lacks::Program, "there is no sshd here (openssh-server)");
        return None;
    }
    // It wants this folder to be there, wherever it is started from.
    let _ = std::fs::create_dir_all("/run/sshd");
    std::fs::copy(place.path("user.pub"), place.path("allowed")).unwrap();
    let settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n",
        place.text("host"),
        place.text("allowed"),
    );
    std::fs::write(place.path("sshd_config"), settings).unwrap();
    let mut command = Command::new(sshd);
    command.args(["-D", "-e", "-f"]).arg(place.path("sshd_config"));
    let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (server, began) = (Server(server), Instant::now());
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if began.elapsed() > Duration::from_secs(10) {
            skip(Lacks::System, "sshd does not answer here");
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

#[test]
fn a_disk_of_another_machine() {
    let place = Place::new();
    // One that is free now; sshd takes no open socket.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(_server) = server(&place, port) else { return };
    std::fs::create_dir(place.path("remote")).unwrap();
    let user = std::env::var("USER").unwrap_or_else(|_| "root".into());
    let remote = format!("{user}@127.0.0.1:{}", place.text("remote"));
    let key = format!("IdentityFile={}", place.text("user"));
    for (kind, links) in [("sshfs", None), ("sshfs without links", Some("disable_hardlink"))] {
        let port = port.to_string();
        let mut mount = vec!["sshfs", "-p", &port, "-o", &key, "-o", "StrictHostKeyChecking=no"];
        mount.extend(["-o", "UserKnownHostsFile=/dev/null"]);
        mount.extend(links.into_iter().flat_map(|option| ["-o", option]));
        mount.push(&remote);
        place.sorts_when_mounted_by(kind, &mount);
    }
}
