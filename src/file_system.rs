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
    let found = rustix::fs::statfs(path).map(|system| system.f_type as u64 & 0xffff_ffff);
    found.is_ok_and(|found| [NFS, SMB, CIFS, SMB2, AFS, CEPH, CODA, PLAN9, FUSE].contains(&found))
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn is_on_network(_: &Path) -> bool {
    false
}
