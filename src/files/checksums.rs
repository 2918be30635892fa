//! `SHA256SUMS`: the hash of every sorted file, in the form that `sha256sum -c` reads.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::domain::folder_name::CHECKSUMS;
use crate::domain::picture::ContentHash;

/// The file's name in the destination.
pub const FILE_NAME: &str = CHECKSUMS;

/// Writes a line for each file, whose path is relative to the destination. As the GNU tools do it, a line whose name
/// has a backslash or an end of line begins with a backslash, and those characters are escaped.
pub fn write<'p>(out: &mut dyn Write, files: impl IntoIterator<Item = (&'p Path, ContentHash)>) -> io::Result<()> {
    for (path, hash) in files {
        let name = path.as_os_str().as_bytes();
        let needs_escape = name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
        if needs_escape {
            out.write_all(b"\\")?;
        }
        write!(out, "{hash}  ")?;
        for byte in name {
            match byte {
                b'\\' => out.write_all(b"\\\\")?,
                b'\n' => out.write_all(b"\\n")?,
                b'\r' => out.write_all(b"\\r")?,
                byte => out.write_all(&[*byte])?,
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}
