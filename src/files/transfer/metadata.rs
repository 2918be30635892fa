//! Metadata that a copy keeps of its source: times, permissions, extended attributes.

use std::fs::{File, FileTimes, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;

use rustix::fs::XattrFlags;

/// Metadata that a copy could not be given, because its file system has no such thing or does not let us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unkept {
    /// The times of access and modification.
    pub times: bool,
    /// Who may read and write.
    pub permissions: bool,
    /// Extended attributes, such as where a file was downloaded from.
    pub attributes: bool,
}

impl Unkept {
    /// True where something was lost.
    pub fn any(self) -> bool {
        self.times || self.permissions || self.attributes
    }
}

/// Names of attributes that the system gives by itself: a copy gets its own.
const SYSTEMS_OWN: &[u8] = b"security.";

/// Gives the copy what the source has. What the file system refuses for good is in the answer; a failing disk is an
/// error.
pub(super) fn keep(copy: &File, source: &File, metadata: &Metadata) -> io::Result<Unkept> {
    let attributes = refused(copy_attributes(source, copy))?;
    let times = FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?);
    // Set-user and set-group bits are not for a copy that may have another owner.
    let permissions = refused(copy.set_permissions(Permissions::from_mode(metadata.permissions().mode() & 0o777)))?;
    // Last: setting an attribute is a change too.
    let times = refused(copy.set_times(times))?;
    Ok(Unkept { times, permissions, attributes })
}

/// Gives a copy's owner the right to read it.
pub(super) fn let_owner_read(copy: &File) -> io::Result<()> {
    let mode = copy.metadata()?.permissions().mode() & 0o777;
    copy.set_permissions(Permissions::from_mode(mode | 0o400))
}

/// True where the file system refuses; other errors stay errors.
fn refused(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(false),
        Err(error) => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded if error.raw_os_error().is_none() => Err(error),
            ErrorKind::PermissionDenied | ErrorKind::Unsupported | ErrorKind::InvalidInput => Ok(true),
            // Attributes have limits of their own, which are told as a full disk or as a list too long.
            ErrorKind::StorageFull | ErrorKind::ArgumentListTooLong | ErrorKind::QuotaExceeded => Ok(true),
            _ => Err(error),
        },
    }
}

fn copy_attributes(source: &File, copy: &File) -> io::Result<()> {
    let length = match rustix::fs::flistxattr_query(source) {
        // A file system without attributes has none to keep.
        Err(_) | Ok(0) => return Ok(()),
        Ok(length) => length,
    };
    let mut names = vec![0u8; length];
    let length = rustix::fs::flistxattr(source, &mut names[..])?;
    let mut failure = Ok(());
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if name.starts_with(SYSTEMS_OWN) {
            continue;
        }
        let value = attribute(source, name);
        // Every one is tried, whatever becomes of the others.
        if let Err(error) = value.and_then(|value| Ok(rustix::fs::fsetxattr(copy, name, &value, XattrFlags::empty())?))
        {
            failure = Err(error);
        }
    }
    failure
}

fn attribute(file: &File, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0u8; rustix::fs::fgetxattr_query(file, name)?];
    let length = rustix::fs::fgetxattr(file, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}
