//! The common part of the test's own file systems: both live in memory, belong to root and never change by themselves.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileType, Filesystem, INodeNo, MountOption, ReplyAttr, SessionACL,
};

/// How long the kernel may keep what it was told: nothing changes such a file system but the kernel's own calls.
pub(super) const KEPT: Duration = Duration::from_secs(3600);

/// Mounts a file system under a name, until the session is dropped.
pub(super) fn mount(
    served: impl Filesystem + 'static,
    name: &str,
    place: &Path,
    options: &[MountOption],
) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = [&[MountOption::FSName(name.to_owned())], options].concat();
    config.acl = SessionACL::All;
    fuser::spawn_mount(served, place, &config)
}

/// The attributes of something of root's; times are the beginning of time.
pub(super) fn attributes(inode: INodeNo, kind: FileType, size: u64, mode: u16) -> FileAttr {
    let time = SystemTime::UNIX_EPOCH;
    FileAttr {
        ino: inode,
        size,
        blocks: size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind,
        perm: mode,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

/// Answers with the attributes of something that may not be there.
pub(super) fn answer_attributes(found: Option<FileAttr>, reply: ReplyAttr) {
    match found {
        Some(attributes) => reply.attr(&KEPT, &attributes),
        None => reply.error(Errno::ENOENT),
    }
}
