//! Metadata that a copy keeps of its source: times, permissions, extended attributes.

use std::fs::{File, FileTimes, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use crate::domain::unkept::Unkept;
use crate::file_system::is_on_network;
use crate::files::read::{open_regular, stamp_of};

/// Names of attributes that the system gives by itself: a copy gets its own.
const SYSTEMS_OWN: &[u8] = b"security.";

/// The bits of a mode that are kept: who may read and write, and the set-id bits.
const MODE: u32 = 0o7777;

/// Set-user and set-group bits are not for a copy that may have another owner.
const MODE_OF_COPIES: u32 = 0o777;

/// Times a list is asked for that somebody else makes longer meanwhile.
const TRIES: usize = 8;

/// Extended attributes of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// Names and values, in the order of the names.
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// There are more, which the system does not let us read.
    is_partial: bool,
}

/// True where an error with attributes may say no more than that there are none: a program or another machine serves
/// the path.
fn is_served(path: &Path) -> bool {
    is_on_network(path)
}

impl Attributes {
    /// The attributes of a file at a path; none where its file system knows none. A failing disk is an error; one that
    /// a program or another machine serves may answer so as it knows no better, and then there may be some.
    pub(super) fn at(path: &Path, file: &File) -> io::Result<Attributes> {
        let unread = |error| match is_served(path) {
            true => Ok(Attributes { is_partial: true, ..Attributes::default() }),
            false => Err(error),
        };
        Attributes::of(file).or_else(unread)
    }

    fn of(file: &File) -> io::Result<Attributes> {
        let mut attributes = Attributes::default();
        let names = match names(file) {
            Ok(names) => names,
            Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(attributes),
            Err(error) => {
                attributes.is_partial = refused(Err(error.into()))?;
                return Ok(attributes);
            }
        };
        for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty() && !name.starts_with(SYSTEMS_OWN)) {
            match value(file, name) {
                Ok(value) => attributes.pairs.push((name.to_owned(), value)),
                // Somebody has removed it meanwhile.
                Err(Errno::NODATA) => {}
                Err(error) => attributes.is_partial |= refused(Err(error.into()))?,
            }
        }
        attributes.pairs.sort_unstable();
        Ok(attributes)
    }

    /// Gives a copy in a folder all that can be given. True where some could not.
    fn give(&self, copy: &File, folder: &Path) -> io::Result<bool> {
        let mut is_any_lost = self.is_partial;
        for (name, value) in &self.pairs {
            let name = name.as_slice();
            let given = rustix::fs::fsetxattr(copy, name, value, XattrFlags::empty()).map_err(Into::into);
            is_any_lost |= refused(given).or_else(|error| if is_served(folder) { Ok(true) } else { Err(error) })?;
        }
        Ok(is_any_lost)
    }
}

/// Gives the copy in a folder what the source has, or had before an earlier copy of it lost that: `restores`. Gives
/// what the copy has not got then, whether its file system refused it or took it and kept another. A failing disk is an
/// error.
pub(super) fn keep(
    (copy, folder): (&File, &Path),
    attributes: &Attributes,
    metadata: &Metadata,
    restores: Unkept,
) -> io::Result<Unkept> {
    let attributes = attributes.give(copy, folder)? | restores.attributes;
    let mode = restores.mode.unwrap_or(metadata.mode()) & MODE;
    refused(copy.set_permissions(Permissions::from_mode(mode & MODE_OF_COPIES)))?;
    let modified = restores.modified_ns.and_then(time_of).map_or_else(|| metadata.modified(), Ok)?;
    // Last: setting an attribute is a change too.
    refused(copy.set_times(FileTimes::new().set_accessed(metadata.accessed()?).set_modified(modified)))?;
    let now = copy.metadata()?;
    let modified_ns = restores.modified_ns.unwrap_or(stamp_of(metadata).modified_ns);
    Ok(Unkept {
        modified_ns: (stamp_of(&now).modified_ns != modified_ns).then_some(modified_ns),
        mode: (now.mode() & MODE != mode).then_some(mode),
        attributes,
    })
}

/// Gives a copy's owner the right to read it.
pub(super) fn let_owner_read(copy: &File) -> io::Result<()> {
    let mode = copy.metadata()?.mode() & MODE_OF_COPIES;
    copy.set_permissions(Permissions::from_mode(mode | 0o400))
}

/// True where two files have the same times, mode and attributes, or the first would have them once it was given what
/// it has lost. What cannot be looked at is not the same.
pub fn has_all_of(twin: &Path, file: &Path, lost: Unkept) -> bool {
    let all_of = |path: &Path| -> io::Result<(i128, u32, Attributes)> {
        let (file, metadata) = open_regular(path)?;
        Ok((stamp_of(&metadata).modified_ns, metadata.mode() & MODE, Attributes::of(&file)?))
    };
    let (Ok(twin), Ok(file)) = (all_of(twin), all_of(file)) else { return false };
    let wanted = (lost.modified_ns.unwrap_or(file.0), lost.mode.unwrap_or(file.1));
    (twin.0, twin.1) == wanted && (lost.attributes || (twin.2 == file.2 && !file.2.is_partial))
}

/// A time in nanoseconds since 1970, where the system has it.
fn time_of(nanoseconds: i128) -> Option<SystemTime> {
    let since = Duration::from_nanos(u64::try_from(nanoseconds.unsigned_abs()).ok()?);
    match nanoseconds < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(since),
        false => SystemTime::UNIX_EPOCH.checked_add(since),
    }
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

/// The names of a file's attributes, each with a NUL after it.
fn names(file: &File) -> Result<Vec<u8>, Errno> {
    whole(|| rustix::fs::flistxattr_query(file), |buffer| rustix::fs::flistxattr(file, buffer))
}

fn value(file: &File, name: &[u8]) -> Result<Vec<u8>, Errno> {
    whole(|| rustix::fs::fgetxattr_query(file, name), |buffer| rustix::fs::fgetxattr(file, name, buffer))
}

/// Bytes whose length has to be asked for first, and may be another one when they are read.
fn whole(
    length: impl Fn() -> Result<usize, Errno>,
    read: impl Fn(&mut [u8]) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    for _ in 0..TRIES {
        let mut bytes = vec![0; length()?];
        if bytes.is_empty() {
            return Ok(bytes);
        }
        match read(&mut bytes) {
            Err(Errno::RANGE) => {}
            read => {
                bytes.truncate(read?);
                return Ok(bytes);
            }
        }
    }
    Err(Errno::RANGE)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_list_that_grows_while_it_is_read_is_read_again() {
        let tries = Cell::new(0);
        let read = |buffer: &mut [u8]| {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { Err(Errno::RANGE) } else { Ok(buffer.len()) }
        };
        assert_eq!(whole(|| Ok(4), read), Ok(vec![0; 4]));
        assert_eq!(whole(|| Ok(4), |_| Err(Errno::RANGE)), Err(Errno::RANGE));
        assert_eq!(whole(|| Err(Errno::IO), |_| Ok(0)), Err(Errno::IO));
    }

    #[test]
    fn a_copy_without_set_id_bits_is_said_to_be_without_them() {
        let folder = tempfile::tempdir().unwrap();
        let [source, copy] = ["source", "copy"].map(|name| File::create_new(folder.path().join(name)).unwrap());
        source.set_permissions(Permissions::from_mode(0o2640)).unwrap();
        let metadata = source.metadata().unwrap();
        let unkept = keep((&copy, folder.path()), &Attributes::default(), &metadata, Unkept::default()).unwrap();
        assert_eq!(unkept, Unkept { mode: Some(0o2640), ..Unkept::default() });
        assert_eq!(copy.metadata().unwrap().mode() & MODE, 0o640);
    }

    #[test]
    fn a_copy_gets_what_an_earlier_one_lost() {
        let folder = tempfile::tempdir().unwrap();
        let [source, copy] = ["source", "copy"].map(|name| File::create_new(folder.path().join(name)).unwrap());
        let lost = Unkept { modified_ns: Some(1_577_934_245_678_000_001), mode: Some(0o600), attributes: true };
        let kept = keep((&copy, folder.path()), &Attributes::default(), &source.metadata().unwrap(), lost).unwrap();
        assert_eq!(kept, Unkept { attributes: true, ..Unkept::default() });
        let metadata = copy.metadata().unwrap();
        assert_eq!((metadata.mode() & MODE, stamp_of(&metadata).modified_ns), (0o600, 1_577_934_245_678_000_001));
    }
}
