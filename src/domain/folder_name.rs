//! Folder names for labels: each visible, harmless and unique.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::label::Label;
use super::name_fold::fold;
use super::portable_name::{is_refused, is_reserved};
use super::printable::is_disturbing;

/// The longest folder name made from a label, in bytes: room is left for suffixes on every common file system.
const LONGEST: usize = 100;

/// The folder of the session in a destination.
pub const SESSION_FOLDER: &str = ".sis";

/// The list of checksums in a destination.
pub const CHECKSUMS: &str = "SHA256SUMS";

/// Names in a destination that are the program's own.
pub const OWN_NAMES: [&str; 3] = [SESSION_FOLDER, "output.csv", CHECKSUMS];

/// One folder name a label, in the labels' order. Where two would coincide on a file system that ignores case or
/// Unicode form, the later gets ` (2)`; so does one that would take the place of the table or of another of the
/// program's own files.
pub fn folder_names(labels: &[Label], table: &str) -> Vec<String> {
    let mut taken: HashSet<String> = OWN_NAMES.into_iter().chain([table]).map(fold).collect();
    labels
        .iter()
        .map(|label| {
            let name = folder_name(&label.text);
            let unique = (2..).map(|n| format!("{name} ({n})"));
            let mut candidates = std::iter::once(name.clone()).chain(unique);
            candidates.find(|candidate| taken.insert(fold(candidate))).unwrap_or(name)
        })
        .collect()
}

/// A label's folder name: characters with a meaning to some file system become `_`, so that `a/b` and `ab` stay apart.
pub fn folder_name(label: &str) -> String {
    let replaced: String = label.nfc().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    let cut = cut_to(replaced.trim(), LONGEST);
    // A name of dots is a place, a leading dot hides, a leading dash is an option, and Windows drops final dots.
    let mut name: String = cut.trim_end_matches(['.', ' ']).to_owned();
    if name.starts_with(['.', '-']) {
        name.replace_range(..1, "_");
    }
    if name.is_empty() || is_reserved(&name) {
        name.push('_');
    }
    name
}

fn is_unsafe(c: char) -> bool {
    is_disturbing(c) || is_refused(c)
}

/// The longest start of `text` of at most `bytes` bytes that ends between two characters.
fn cut_to(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_of_any_labels_are_safe_and_unique() {
        for (label, name) in [
            ("a picture of a person", "a picture of a person"),
            ("../x", "_._x"),
            ("/etc/x", "_etc_x"),
            ("a/b", "a_b"),
            ("..", "_"),
            (".", "_"),
            (".hidden", "_hidden"),
            (".sis", "_sis"),
            ("-rf", "_rf"),
            ("ends. ", "ends"),
            ("nul", "nul_"),
            ("COM1.txt", "COM1.txt_"),
            ("\u{1b}[31m", "_[31m"),
            ("e\u{301}tude", "\u{e9}tude"),
            ("AK-47: rifle?", "AK-47_ rifle_"),
        ] {
            assert_eq!(folder_name(label), name, "{label:?}");
        }
        let labels: Vec<Label> = ["A", "a", "a (2)", "\u{c9}", "e\u{301}", "x/y", "x:y"].map(Label::named).into();
        assert_eq!(
            folder_names(&labels, "table.csv"),
            ["A", "a (2)", "a (2) (2)", "\u{c9}", "\u{e9} (2)", "x_y", "x_y (2)"]
        );
        let own: Vec<Label> = ["Output.csv", "SHA256SUMS", "table.csv"].map(Label::named).into();
        assert_eq!(folder_names(&own, "table.csv"), ["Output.csv (2)", "SHA256SUMS (2)", "table.csv (2)"]);
    }

    #[test]
    fn long_folder_name_is_cut_between_characters() {
        let name = folder_name(&"\u{1f600}".repeat(60));
        assert_eq!(name.len(), 100);
        assert_eq!(folder_name(&format!("{}\u{e9}", "x".repeat(99))).len(), 99);
    }
}
