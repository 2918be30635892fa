//! Names of files made safe to show: a name can carry escape sequences that drive a terminal, or characters that
//! reverse the text around them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// True for characters that must not reach a terminal or a log as they are: C0, DEL, C1, line and paragraph
/// separators, and the characters that change the direction of the text around them.
pub fn is_disturbing(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with every disturbing character written as an escape: `\n`, `\x1b`, `\u{202e}`.
pub fn printable_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => shown.push_str(&format!("\\x{:02x}", c as u32)),
            c if is_disturbing(c) => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => shown.push(c),
        }
    }
    shown
}

/// A file name or path as text: bytes that are not UTF-8 as `\xff`, disturbing characters escaped.
pub fn printable(name: impl AsRef<OsStr>) -> String {
    let mut shown = String::new();
    for chunk in name.as_ref().as_bytes().utf8_chunks() {
        shown.push_str(&printable_text(chunk.valid()));
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

/// True where [`printable`] shows the name as it is, so that nothing of it is lost in text.
pub fn is_plain(name: impl AsRef<OsStr>) -> bool {
    name.as_ref().to_str().is_some_and(|text| !text.chars().any(is_disturbing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_escapes_only_disturbing_characters() {
        for (name, shown) in [
            (&b"plain name.jpg"[..], "plain name.jpg"),
            ("são paulo \u{1f600}.jpg".as_bytes(), "são paulo \u{1f600}.jpg"),
            (b"\x1b[31mred\x07.jpg", "\\x1b[31mred\\x07.jpg"),
            (b"two\nlines\r.jpg", "two\\nlines\\r.jpg"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            ("gpj.\u{202e}exe".as_bytes(), "gpj.\\u{202e}exe"),
            (b"\xff\xfe.jpg", "\\xff\\xfe.jpg"),
        ] {
            assert_eq!(printable(OsStr::from_bytes(name)), shown);
            assert_eq!(is_plain(OsStr::from_bytes(name)), name == shown.as_bytes());
        }
    }
}
