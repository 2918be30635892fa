//! Names of files that are not for sorting, or not yet.

use std::ffi::OsStr;
use std::path::Path;

/// The endings that programs which download give a file until it is whole.
const UNFINISHED_SUFFIXES: [&str; 8] =
    [".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".opdownload"];

/// Hidden files, and files in hidden folders, are what programs keep for themselves: rsync's unfinished ones, trash.
pub(super) fn is_hidden(inside: &Path) -> bool {
    inside.iter().any(|part| part.as_encoded_bytes().starts_with(b"."))
}

/// True for a name that a program gives a file until it is whole.
pub(super) fn is_named_unfinished(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().to_lowercase();
    UNFINISHED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_hidden_and_what_is_not_finished() {
        for (path, hidden, unfinished) in [
            ("a/b.jpg", false, false),
            ("a/.b.jpg.Xy12", true, false),
            (".rsync-partial/b.jpg", true, false),
            ("b.jpg.part", false, true),
            ("B.JPG.CRDOWNLOAD", false, true),
            ("part.jpg", false, false),
        ] {
            let path = Path::new(path);
            assert_eq!((is_hidden(path), is_named_unfinished(path)), (hidden, unfinished), "{path:?}");
        }
    }
}
