//! What kind of file system a path is on.

use std::path::Path;

/// File systems that other machines may have open too, by the number that `statfs` gives them: `linux/magic.h` and the
/// kernel's own headers.
#[cfg(target_os = "linux")]
pub fn is_on_network(path: &Path) -> bool {
    const NFS: u64 = 0x6969;
    const SMB: u64 = 0x517b;
    const CIFS: u64 = 0xff53_4d42;
    const SMB2: u64 = 0xfe53_4d42;
    const AFS: u64 = 0x5346_414f;
    const CEPH: u64 = 0x00c3_6400;
    const CODA: u64 = 0x7375_7245;
    const PLAN9: u64 = 0x0102_1997;
    const FUSE: u64 = 0x6573_5546; // sshfs and its like; a local one loses nothing but some speed
    kind_of(path).is_some_and(|kind| [NFS, SMB, CIFS, SMB2, AFS, CEPH, CODA, PLAN9, FUSE].contains(&kind))
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn is_on_network(_: &Path) -> bool {
    false
}

/// True where the time of a file's last change is set by the system alone, in steps of a second at most, and files keep their
/// numbers: not on disks of other machines, whose clocks and memories are their own, nor on those of cameras, which have no
/// such time.
#[cfg(target_os = "linux")]
pub fn keeps_change_times(path: &Path) -> bool {
    const EXT: u64 = 0xef53;
    const XFS: u64 = 0x5846_5342;
    const BTRFS: u64 = 0x9123_683e;
    const F2FS: u64 = 0xf2f5_2010;
    const ZFS: u64 = 0x2fc1_2fc1;
    const BCACHEFS: u64 = 0xca45_1a4e;
    const TMPFS: u64 = 0x0102_1994;
    const OVERLAY: u64 = 0x794c_7630;
    kind_of(path).is_some_and(|kind| [EXT, XFS, BTRFS, F2FS, ZFS, BCACHEFS, TMPFS, OVERLAY].contains(&kind))
}

/// The same, by name.
#[cfg(target_os = "macos")]
pub fn keeps_change_times(path: &Path) -> bool {
    let Ok(found) = rustix::fs::statfs(path) else { return false };
    let name: Vec<u8> = found.f_fstypename.iter().map(|byte| byte.cast_unsigned()).take_while(|b| *b != 0).collect();
    name == b"apfs" || name == b"hfs"
}

/// There is no telling.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn keeps_change_times(_: &Path) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn kind_of(path: &Path) -> Option<u64> {
    rustix::fs::statfs(path).ok().map(|system| system.f_type as u64 & 0xffff_ffff)
}
