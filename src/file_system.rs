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

/// The identity of a file system on which the time of a file's last change is set by this system alone, in steps of a second at
/// most, and on which files keep their numbers. Not one on a disk of another machine, whose clock and memory are its own, nor of
/// a camera, which has no such time; not one that can only be read, such as an image, as others have set its times; not one that
/// lies over another.
#[cfg(target_os = "linux")]
pub fn keeping_change_times(path: &Path) -> Option<u64> {
    const EXT: u64 = 0xef53;
    const XFS: u64 = 0x5846_5342;
    const BTRFS: u64 = 0x9123_683e;
    const F2FS: u64 = 0xf2f5_2010;
    const ZFS: u64 = 0x2fc1_2fc1;
    const BCACHEFS: u64 = 0xca45_1a4e;
    const TMPFS: u64 = 0x0102_1994;
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

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn identity_of_writable(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    (!found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY)).then_some(found.f_fsid)
}

#[cfg(target_os = "linux")]
fn kind_of(path: &Path) -> Option<u64> {
    rustix::fs::statfs(path).ok().map(|system| system.f_type as u64 & 0xffff_ffff)
}
