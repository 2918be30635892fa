//! Names of files that are not for sorting yet.

use std::ffi::OsStr;
use std::path::Path;

/// The endings that programs which download give a file until it is whole.
const UNFINISHED_SUFFIXES: [&str; 8] =
    [".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".opdownload"];

/// True for a name that a program gives a file until it is whole.
pub(super) fn is_named_unfinished(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().to_lowercase();
    UNFINISHED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_not_finished() {
        for (path, unfinished) in
            [("a/b.jpg", false), ("b.jpg.part", true), ("B.JPG.CRDOWNLOAD", true), ("part.jpg", false)]
        {
            assert_eq!(is_named_unfinished(Path::new(path)), unfinished, "{path}");
        }
    }
}
