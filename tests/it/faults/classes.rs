//! Which calls are made to fail, and how.

/// Calls of one name.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: &'static str,
    /// The errors that `strace` injects.
    pub(super) faults: &'static [&'static str],
    /// It is also tried that every later one fails.
    pub(super) may_last: bool,
    /// Calls without a path of the evidence count too.
    pub(super) is_anywhere: bool,
    /// A run that goes on after it must not end as if nothing had been.
    pub(super) must_be_told: bool,
    /// A copy may be without times, mode or attributes then, which is told.
    pub(super) costs_attributes: bool,
}

const fn class(name: &'static str, faults: &'static [&'static str]) -> Class {
    Class { name, faults, may_last: false, is_anywhere: false, must_be_told: false, costs_attributes: false }
}

const fn lasting(name: &'static str, faults: &'static [&'static str]) -> Class {
    Class { may_last: true, ..class(name, faults) }
}

const fn sync(name: &'static str, faults: &'static [&'static str]) -> Class {
    Class { must_be_told: true, ..lasting(name, faults) }
}

const fn attribute(name: &'static str, faults: &'static [&'static str]) -> Class {
    Class { costs_attributes: true, ..class(name, faults) }
}

const fn anywhere(name: &'static str, faults: &'static [&'static str]) -> Class {
    Class { is_anywhere: true, ..class(name, faults) }
}

/// Every class.
pub(super) const CLASSES: [Class; 37] = [
    lasting("openat", &["error=EIO", "error=ENOSPC", "error=EMFILE", "error=EACCES", "error=ESTALE", "error=EINTR"]),
    lasting("read", &["error=EIO", "error=EINTR", "error=ESTALE", "retval=0"]),
    class("pread64", &["error=EIO", "error=EINTR", "retval=0"]),
    lasting("write", &["error=EIO", "error=ENOSPC", "error=EINTR", "error=EDQUOT", "retval=0"]),
    lasting("pwrite64", &["error=EIO", "error=ENOSPC", "error=EINTR", "error=EDQUOT"]),
    sync("fsync", &["error=EIO", "error=ENOSPC", "error=EINTR", "error=EDQUOT"]),
    sync("fdatasync", &["error=EIO", "error=ENOSPC", "error=EDQUOT"]),
    lasting(
        "renameat2",
        &["error=EIO", "error=ENOSPC", "error=EXDEV", "error=EINVAL", "error=EPERM", "error=EACCES", "error=ESTALE"],
    ),
    lasting("renameat", &["error=EIO", "error=ENOSPC", "error=EACCES", "error=EINTR"]),
    lasting("rename", &["error=EIO", "error=ENOSPC", "error=EACCES", "error=EINTR"]),
    lasting("unlink", &["error=EIO", "error=EACCES", "error=EPERM", "error=EROFS", "error=ESTALE", "error=EINTR"]),
    lasting("unlinkat", &["error=EIO", "error=EACCES", "error=EPERM", "error=EROFS", "error=ESTALE", "error=EINTR"]),
    lasting("link", &["error=EIO", "error=EPERM", "error=EMLINK"]),
    lasting("linkat", &["error=EIO", "error=EPERM", "error=EMLINK"]),
    lasting("mkdir", &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EROFS"]),
    lasting("mkdirat", &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EROFS"]),
    class("rmdir", &["error=EIO"]),
    class("ftruncate", &["error=EIO", "error=ENOSPC"]),
    class("fallocate", &["error=ENOSPC"]),
    class("newfstatat", &["error=EIO", "error=ESTALE", "error=ENOENT", "error=EACCES"]),
    class("statx", &["error=EIO", "error=ESTALE", "error=ENOENT"]),
    class("fstat", &["error=EIO"]),
    class("statfs", &["error=EIO"]),
    class("getdents64", &["error=EIO", "error=ESTALE"]),
    class("flock", &["error=ENOLCK", "error=EINTR", "error=EIO"]),
    class("fcntl", &["error=ENOLCK", "error=EIO", "error=EAGAIN"]),
    class("ioctl", &["error=EIO", "error=EOPNOTSUPP"]),
    attribute("flistxattr", &["error=EIO", "error=ENOMEM", "error=EPERM"]),
    attribute("fgetxattr", &["error=EIO", "error=EPERM"]),
    attribute("fsetxattr", &["error=EIO", "error=ENOSPC"]),
    attribute("fchmod", &["error=EIO", "error=EPERM"]),
    attribute("utimensat", &["error=EIO", "error=EPERM"]),
    class("fadvise64", &["error=EIO"]),
    class("lseek", &["error=EIO"]),
    class("sync_file_range", &["error=EIO"]),
    anywhere("clone3", &["error=EAGAIN"]),
    class("mmap", &["error=ENOMEM"]),
];
