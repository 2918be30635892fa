//! Names that disks of Windows take: on FAT, exFAT and NTFS, and on shares of Windows servers.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

/// Names that Windows gives to devices, whatever their extension: a file or folder of that name cannot be opened there.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// True for characters that have a meaning in paths there.
pub fn is_refused(c: char) -> bool {
    c.is_ascii_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// True for the name of a device.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&stem(name).trim_end().to_ascii_lowercase().as_str())
}

fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// A file's name with `_` for each character that such a disk refuses, for bytes that are no text, and for final dots
/// and spaces, which it drops. A name that it takes stays as it is.
pub fn portable_file_name(name: &OsStr) -> OsString {
    let text: Cow<'_, str> = name.to_string_lossy();
    let is_text = matches!(text, Cow::Borrowed(_));
    let lossy = |c: char| !is_text && c == char::REPLACEMENT_CHARACTER;
    let mut safe: String = text.chars().map(|c| if is_refused(c) || lossy(c) { '_' } else { c }).collect();
    let kept = safe.trim_end_matches(['.', ' ']).len();
    let dropped = safe.len() - kept;
    safe.replace_range(kept.., &"_".repeat(dropped));
    if is_reserved(&safe) {
        safe.insert(stem(&safe).len(), '_');
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn portable_name_replaces_only_refused_characters() {
        for (name, safe) in [
            ("Screenshot 10:15:20.jpg", "Screenshot 10_15_20.jpg"),
            ("what?.png", "what_.png"),
            ("a\tb\nc.jpg", "a_b_c.jpg"),
            ("ends.. ", "ends___"),
            ("con.jpg", "con_.jpg"),
            ("NUL", "NUL_"),
            ("console.jpg", "console.jpg"),
            ("foto \u{e9} \u{1f600}.jpg", "foto \u{e9} \u{1f600}.jpg"),
            (".hidden.jpg", ".hidden.jpg"),
        ] {
            assert_eq!(portable_file_name(OsStr::new(name)), safe, "{name:?}");
        }
        assert_eq!(portable_file_name(OsStr::from_bytes(b"a\xffb.jpg")), "a_b.jpg");
    }

    #[test]
    fn portable_name_of_a_portable_name_is_itself() {
        for name in ["a:b", "con", "x. .", "\u{fffd}", "...", ""] {
            let safe = portable_file_name(OsStr::new(name));
            assert_eq!(portable_file_name(&safe), safe, "{name:?}");
        }
    }
}
