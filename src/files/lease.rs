//! Whether a program has a file open for writing, asked by a lease, which leaves no gap for another program.
//!
//! Linux grants a read lease only where nobody has the file open for writing, and makes whoever then opens it for
//! writing wait until the lease is given back: `fcntl(2)`, "Leases". Unsafe because no crate used here offers the call.

#![cfg_attr(target_os = "linux", allow(unsafe_code))]

use std::fs::File;

/// The system's answer on a file's writers.
#[derive(Debug)]
pub enum Writers<'f> {
    /// There are none, and there will be none as long as this is held.
    None(Lease<'f>),
    /// There are some.
    Some,
    /// The file system or the file's owner does not let us know.
    Unknown,
}

/// Keeps others from opening a file for writing. Hold it for a moment only: the system revokes it after
/// `/proc/sys/fs/lease-break-time`, by default 45 seconds.
#[derive(Debug)]
pub struct Lease<'f> {
    file: &'f File,
}

impl Lease<'_> {
    /// False once another program waits for the lease in order to write.
    pub fn is_undisputed(&self) -> bool {
        system::is_held(self.file)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        system::give_back(self.file);
    }
}

/// Asks who has a file open for writing. The file must be open for reading only.
pub fn writers(file: &File) -> Writers<'_> {
    match system::take(file) {
        system::Answer::Granted => Writers::None(Lease { file }),
        system::Answer::InUse => Writers::Some,
        system::Answer::Unknown => Writers::Unknown,
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io::{Error, ErrorKind};
    use std::os::fd::AsRawFd;

    use libc::{F_GETLEASE, F_RDLCK, F_SETLEASE, F_UNLCK, SIGURG, c_int, fcntl};

    /// `F_SETSIG` of `asm-generic/fcntl.h`, which the crate does not name.
    const F_SETSIG: c_int = 10;

    pub(super) enum Answer {
        Granted,
        InUse,
        Unknown,
    }

    pub(super) fn take(file: &File) -> Answer {
        let descriptor = file.as_raw_fd();
        // SAFETY: the descriptor is open as long as the file is borrowed, and both calls take a number and change
        // nothing in memory. The signal that tells of a dispute would end the program if it were the usual one, SIGIO;
        // SIGURG is ignored by whoever does not ask for it.
        let taken = unsafe {
            fcntl(descriptor, F_SETSIG, SIGURG);
            fcntl(descriptor, F_SETLEASE, c_int::from(F_RDLCK as i16))
        };
        match taken {
            0 => Answer::Granted,
            _ if Error::last_os_error().kind() == ErrorKind::WouldBlock => Answer::InUse,
            _ => Answer::Unknown,
        }
    }

    pub(super) fn is_held(file: &File) -> bool {
        // SAFETY: as above.
        unsafe { fcntl(file.as_raw_fd(), F_GETLEASE) == c_int::from(F_RDLCK as i16) }
    }

    pub(super) fn give_back(file: &File) {
        // SAFETY: as above.
        unsafe { fcntl(file.as_raw_fd(), F_SETLEASE, c_int::from(F_UNLCK as i16)) };
    }
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;

    #[allow(dead_code, reason = "the answers of a system that can tell")]
    pub(super) enum Answer {
        Granted,
        InUse,
        Unknown,
    }

    pub(super) fn take(_: &File) -> Answer {
        Answer::Unknown
    }

    pub(super) fn is_held(_: &File) -> bool {
        false
    }

    pub(super) fn give_back(_: &File) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::skip::{Lacks, skip};

    const NO_LEASES: &str = "this file system has no leases";

    #[test]
    fn lease_is_refused_for_a_writer_and_granted_beside_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let _reader = File::open(&path).unwrap();
        let file = File::open(&path).unwrap();
        match writers(&file) {
            Writers::None(lease) => assert!(lease.is_undisputed()),
            Writers::Some => panic!("nobody writes"),
            Writers::Unknown => return skip(Lacks::System, NO_LEASES),
        }
        let _writer = File::options().append(true).open(&path).unwrap();
        assert!(matches!(writers(&file), Writers::Some));
    }

    #[test]
    fn writer_disputes_the_lease_and_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let file = File::open(&path).unwrap();
        let Writers::None(lease) = writers(&file) else { return skip(Lacks::System, NO_LEASES) };
        let mut writer = std::process::Command::new("sh").arg("-c").arg(": >> \"$0\"").arg(&path).spawn().unwrap();
        while lease.is_undisputed() {
            assert!(writer.try_wait().unwrap().is_none(), "it did not wait");
            std::thread::yield_now();
        }
        assert!(writer.try_wait().unwrap().is_none(), "it did not wait");
        drop(lease);
        assert!(writer.wait().unwrap().success());
    }
}
