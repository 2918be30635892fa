//! Which kind of file system a path is on, and what its errors say.

use std::path::Path;

#[cfg(target_os = "linux")]
use numbers::*;

/// True where an error says that a file or folder is not there. Any other error may pass, and says nothing of it.
pub fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// The numbers that `statfs` gives kinds of file systems: `linux/magic.h` and the kernel's own headers.
#[cfg(target_os = "linux")]
mod numbers {
    pub(super) const NFS: u64 = 0x6969;
    pub(super) const SMB: u64 = 0x517b;
    pub(super) const CIFS: u64 = 0xff53_4d42;
    pub(super) const SMB2: u64 = 0xfe53_4d42;
    pub(super) const AFS: u64 = 0x5346_414f;
    pub(super) const CEPH: u64 = 0x00c3_6400;
    pub(super) const CODA: u64 = 0x7375_7245;
    pub(super) const PLAN9: u64 = 0x0102_1997;
    /// Any that a program serves: sshfs and its like, and disks of Windows by ntfs-3g.
    pub(super) const FUSE: u64 = 0x6573_5546;
    pub(super) const EXT: u64 = 0xef53;
    pub(super) const XFS: u64 = 0x5846_5342;
    pub(super) const BTRFS: u64 = 0x9123_683e;
    pub(super) const F2FS: u64 = 0xf2f5_2010;
    pub(super) const ZFS: u64 = 0x2fc1_2fc1;
    pub(super) const BCACHEFS: u64 = 0xca45_1a4e;
    pub(super) const TMPFS: u64 = 0x0102_1994;
}

/// File systems that other machines may have open too. A local one that a program serves loses nothing but some speed,
/// nor does one that does not tell what it is.
#[cfg(target_os = "linux")]
pub fn is_on_network(path: &Path) -> bool {
    kind_of(path).is_none_or(|kind| [NFS, SMB, CIFS, SMB2, AFS, CEPH, CODA, PLAN9, FUSE].contains(&kind))
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn is_on_network(_: &Path) -> bool {
    false
}

/// True where a file keeps its number when it is renamed or gets a second name. File systems that a program serves, and
/// some servers, invent the numbers.
#[cfg(target_os = "linux")]
pub fn keeps_file_numbers(path: &Path) -> bool {
    kind_of(path).is_none_or(|kind| ![SMB, CIFS, SMB2, PLAN9, FUSE].contains(&kind))
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn keeps_file_numbers(_: &Path) -> bool {
    true
}

/// `syncfs` tells of errors of writing since Linux 5.8: syncfs(2).
#[cfg(target_os = "linux")]
static SYNCFS_TELLS: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|release| is_at_least(&release, (5, 8)))
});

#[cfg(target_os = "linux")]
fn is_at_least(release: &str, wanted: (u32, u32)) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok());
    matches!((numbers.next(), numbers.next()), (Some(major), Some(minor)) if (major, minor) >= wanted)
}

/// True where `syncfs` brings all that was written to a file system to its disk, and tells when that fails: those of
/// this system's own kernel.
#[cfg(target_os = "linux")]
pub fn syncs_as_a_whole(path: &Path) -> bool {
    let is_known = kind_of(path).is_some_and(|kind| [EXT, XFS, BTRFS, F2FS, BCACHEFS, TMPFS].contains(&kind));
    is_known && *SYNCFS_TELLS
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn syncs_as_a_whole(_: &Path) -> bool {
    false
}

/// The identity of a file system on which the time of a file's last change is set by this system alone, in steps of a
/// second at most, and on which files keep their numbers. Not one on a disk of another machine, whose clock and memory
/// are its own, nor of a camera, which has no such time; not one that can only be read, such as an image, as others
/// have set its times; not one that lies over another.
#[cfg(target_os = "linux")]
pub fn keeping_change_times(path: &Path) -> Option<u64> {
    let keeps = |kind: &u64| [EXT, XFS, BTRFS, F2FS, ZFS, BCACHEFS, TMPFS].contains(kind);
    kind_of(path).filter(keeps)?;
    identity_of_writable(path)
}

/// The same, by name.
#[cfg(target_os = "macos")]
pub fn keeping_change_times(path: &Path) -> Option<u64> {
    let found = rustix::fs::statfs(path).ok()?;
    let name: Vec<u8> = found.f_fstypename.iter().map(|byte| byte.cast_unsigned()).take_while(|b| *b != 0).collect();
    if name == b"apfs" || name == b"hfs" { identity_of_writable(path) } else { None }
}

/// There is no telling.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn keeping_change_times(_: &Path) -> Option<u64> {
    None
}

/// Bytes that are free for this user where `folder` is or will be; `None` where the file system does not tell.
pub fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let system = rustix::fs::statvfs(there).ok()?;
    // A file system in memory may say that it has no blocks at all, of which none are free.
    (system.f_blocks > 0).then(|| system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn identity_of_writable(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    (!found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY)).then_some(found.f_fsid)
}

#[cfg(target_os = "linux")]
fn kind_of(path: &Path) -> Option<u64> {
    rustix::fs::statfs(path).ok().map(|system| system.f_type as u64 & 0xffff_ffff)
}

/// The name of a file system's kind where that keeps no journal: files that are written when it loses power may be
/// lost, and others with them. Nothing where it keeps one, or where the system does not tell.
#[cfg(target_os = "linux")]
pub fn without_journal(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(path).ok()?.dev();
    let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = mounts.lines().rev().find_map(|line| kind_of_mount(line, &number))?;
    KINDS_WITHOUT_JOURNAL.contains(&kind).then(|| kind.to_owned())
}

/// As the kernel names them: the disks of cameras, phones and Windows. `fuseblk` is ntfs-3g and exfat-fuse.
#[cfg(target_os = "linux")]
const KINDS_WITHOUT_JOURNAL: [&str; 11] =
    ["vfat", "msdos", "exfat", "fuseblk", "fuse.exfat", "ext2", "udf", "hfs", "hfsplus", "minix", "ufs"];

/// The kind in a line of `/proc/self/mountinfo` for a device: proc_pid_mountinfo(5).
#[cfg(target_os = "linux")]
fn kind_of_mount<'l>(line: &'l str, device: &str) -> Option<&'l str> {
    let (mount, file_system) = line.split_once(" - ")?;
    (mount.split(' ').nth(2)? == device).then(|| file_system.split(' ').next())?
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn without_journal(_: &Path) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{is_at_least, kind_of_mount};

    #[test]
    fn releases_are_compared_by_numbers() {
        for (release, is_new) in
            [("6.18.44-fc", true), ("5.8.0", true), ("5.10-x", true), ("5.4.1", false), ("", false)]
        {
            assert_eq!(is_at_least(release, (5, 8)), is_new, "{release:?}");
        }
    }

    #[test]
    fn the_kind_of_a_mount_is_read_from_its_line() {
        let line = "29 1 7:3 / /mnt/a\\040card rw,nosuid shared:1 - fuseblk /dev/loop3 rw,user_id=0";
        assert_eq!(kind_of_mount(line, "7:3"), Some("fuseblk"));
        assert_eq!(kind_of_mount(line, "7:4"), None);
        assert_eq!(kind_of_mount("nonsense", "7:3"), None);
    }
}
