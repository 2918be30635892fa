//! Patterns for the names of files and folders, as people write them after `--exclude` and `--include`.

use std::ffi::OsStr;
use std::path::Path;

use globset::{ErrorKind, GlobBuilder, GlobMatcher};

use super::litter::{is_hidden, is_litter_in_pattern};
use super::name_fold::fold;

/// Patterns that were written together.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    /// As it was written.
    text: String,
    glob: GlobMatcher,
    /// It is for whole paths, not for a name in them.
    is_path: bool,
    names: Named,
}

/// The kind of left-out names that a pattern names literally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Named {
    /// None that is left out.
    #[default]
    Visible,
    /// A hidden one.
    Hidden,
    /// Litter.
    Litter,
}

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {pattern} cannot be used: {fault:?}")]
pub struct BadPattern {
    /// As it was written.
    pub pattern: String,
    /// The fault.
    pub fault: PatternFault,
}

/// The fault of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternFault {
    /// It has no characters.
    Empty,
    /// A `[` without `]`.
    Bracket,
    /// A range such as `[z-a]`.
    Range,
    /// A `{` without `}`, or the other way round.
    Brace,
    /// A `\` at its end.
    Escape,
    /// It is too long.
    TooLong,
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Patterns) -> bool {
        self.texts().eq(other.texts())
    }
}

impl Eq for Patterns {}

impl Patterns {
    /// The patterns, if all of them can be used.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Patterns, BadPattern> {
        texts.into_iter().map(|text| Pattern::new(text.as_ref())).collect::<Result<_, _>>().map(Patterns)
    }

    /// The same from one line, on which blanks are between them. One with a blank stands in double quotes.
    pub fn from_line(line: &str) -> Result<Patterns, BadPattern> {
        Patterns::new(split(line))
    }

    /// The patterns as they were written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| pattern.text.as_str())
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many parts of a path there are up to the first that a pattern matches: that part is a file, or a folder with
    /// all its content.
    pub(super) fn reach(&self, path: &FoldedPath) -> Option<usize> {
        self.0.iter().filter_map(|pattern| pattern.reach(path)).min()
    }

    /// The names that a pattern for this path spells out.
    pub(super) fn named_for(&self, path: &FoldedPath) -> Named {
        let matching = self.0.iter().filter(|pattern| pattern.reach(path).is_some());
        matching.map(|pattern| pattern.names).max().unwrap_or_default()
    }

    /// True where a pattern narrows the files. One that only names litter adds it to the others.
    pub(super) fn narrow(&self) -> bool {
        self.0.iter().any(|pattern| pattern.names != Named::Litter)
    }

    /// The names that any pattern spells out.
    pub(super) fn named(&self) -> Named {
        self.0.iter().map(|pattern| pattern.names).max().unwrap_or_default()
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Pattern, BadPattern> {
        let bad = |fault| BadPattern { pattern: text.to_owned(), fault };
        let whole = text.strip_prefix("./").unwrap_or(text);
        let inside = whole.trim_end_matches('/').trim_start_matches('/');
        if inside.is_empty() {
            return Err(bad(PatternFault::Empty));
        }
        let glob = GlobBuilder::new(&fold(inside)).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| bad(PatternFault::of(error.kind())))?.compile_matcher();
        let last = inside.matches('/').count();
        let names = inside.split('/').enumerate().map(|(place, part)| match part {
            litter if is_litter_in_pattern(litter, place == last) => Named::Litter,
            hidden if is_hidden(OsStr::new(hidden)) => Named::Hidden,
            _ => Named::Visible,
        });
        Ok(Pattern {
            names: names.max().unwrap_or_default(),
            is_path: inside.contains('/') || whole.starts_with('/'),
            text: text.to_owned(),
            glob,
        })
    }

    fn reach(&self, path: &FoldedPath) -> Option<usize> {
        let mut begins = 0;
        path.ends.iter().enumerate().find_map(|(number, end)| {
            let part = if self.is_path { &path.text[..*end] } else { &path.text[begins..*end] };
            begins = end + 1;
            self.glob.is_match(part).then_some(number + 1)
        })
    }
}

impl PatternFault {
    fn of(kind: &ErrorKind) -> PatternFault {
        match kind {
            ErrorKind::UnclosedClass => PatternFault::Bracket,
            ErrorKind::InvalidRange(..) => PatternFault::Range,
            ErrorKind::UnopenedAlternates | ErrorKind::UnclosedAlternates | ErrorKind::NestedAlternates => {
                PatternFault::Brace
            }
            ErrorKind::DanglingEscape => PatternFault::Escape,
            _ => PatternFault::TooLong,
        }
    }
}

/// A path in a source, folded so that paths compare equal as on disks that ignore case and Unicode form.
pub(super) struct FoldedPath {
    text: String,
    /// Where each of its parts ends.
    ends: Vec<usize>,
}

impl FoldedPath {
    pub(super) fn new(path: &Path) -> FoldedPath {
        let mut folded = FoldedPath { text: String::new(), ends: vec![] };
        for name in path {
            if !folded.ends.is_empty() {
                folded.text.push('/');
            }
            folded.text += &fold(&name.to_string_lossy());
            folded.ends.push(folded.text.len());
        }
        folded
    }
}

fn split(line: &str) -> Vec<String> {
    let (mut patterns, mut text, mut is_quoted, mut has_begun) = (Vec::new(), String::new(), false, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => (is_quoted, has_begun) = (!is_quoted, true),
            // The backslash and the character after it stay in the pattern.
            '\\' => {
                text.push(character);
                text.extend(characters.next());
            }
            blank if blank.is_whitespace() && !is_quoted => {
                if has_begun || !text.is_empty() {
                    patterns.push(std::mem::take(&mut text));
                }
                has_begun = false;
            }
            other => text.push(other),
        }
    }
    if has_begun || !text.is_empty() {
        patterns.push(text);
    }
    patterns
}

/// Patterns on one line, from which [`Patterns::from_line`] has them.
pub fn on_line<'p>(texts: impl IntoIterator<Item = &'p str>) -> String {
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// A pattern as it is written on a line with others.
fn quoted(text: &str) -> String {
    let mut written = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '"' {
            written.push('\\');
        }
        written.push(character);
        if character == '\\' {
            written.extend(characters.next());
        }
    }
    match text.contains(char::is_whitespace) {
        true => format!("\"{written}\""),
        false => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(pattern: &str, path: &str) -> Option<usize> {
        Patterns::new([pattern]).unwrap().reach(&FoldedPath::new(Path::new(path)))
    }

    #[test]
    fn pattern_matches_names_or_paths() {
        for (pattern, path, expected) in [
            ("*.png", "a/b.PNG", Some(2)),
            ("*.png", "a.png/b.jpg", Some(1)),
            ("raw", "2024/Raw/a.jpg", Some(2)),
            ("raw/", "2024/raw/a.jpg", Some(2)),
            ("raw", "raws/a.jpg", None),
            ("/raw", "raw/a.jpg", Some(1)),
            ("/raw", "2024/raw/a.jpg", None),
            ("2024/*.jpg", "2024/a.jpg", Some(2)),
            ("2024/*.jpg", "2024/x/a.jpg", None),
            ("./2024/**/*.jpg", "2024/x/y/a.jpg", Some(4)),
            ("**/a.jpg", "a.jpg", Some(1)),
            ("*.{png,gif}", "a.gif", Some(1)),
            ("IMG_[0-4]?.jpg", "img_37.jpg", Some(1)),
            ("ÉTÉ", "e\u{301}te\u{301}/a.jpg", Some(1)),
            ("*", "a b/c", Some(1)),
        ] {
            assert_eq!(reach(pattern, path), expected, "{pattern} for {path}");
        }
    }

    #[test]
    fn bad_pattern_reports_its_fault() {
        for (pattern, fault) in [
            ("", PatternFault::Empty),
            ("/", PatternFault::Empty),
            ("[a", PatternFault::Bracket),
            ("[z-a]", PatternFault::Range),
            ("{a,b", PatternFault::Brace),
            ("a}", PatternFault::Brace),
            ("a\\", PatternFault::Escape),
        ] {
            let bad = Patterns::new(["fine", pattern]).unwrap_err();
            assert_eq!((bad.pattern.as_str(), bad.fault), (pattern, fault));
        }
    }

    #[test]
    fn patterns_equal_themselves_after_their_line() {
        let of = |line: &str| Patterns::from_line(line).unwrap();
        let patterns = of(r##"  *.png "a b/**"  #recycle x\"y "##);
        assert_eq!(patterns.texts().collect::<Vec<_>>(), ["*.png", "a b/**", "#recycle", "x\\\"y"]);
        assert_eq!(of(&on_line(patterns.texts())), patterns);
        assert!(of(" ").is_empty() && Patterns::from_line("\"\"").is_err());
        assert_eq!(of(&on_line(["x\"y z"])).texts().collect::<Vec<_>>(), ["x\\\"y z"]);
    }

    #[test]
    fn pattern_names_the_kinds_it_spells_out() {
        let named = |pattern: &str| Patterns::new([pattern]).unwrap().named();
        assert_eq!(named("*.jpg"), Named::Visible);
        assert_eq!(named("a/.private/**"), Named::Hidden);
        assert_eq!(named("$RECYCLE.BIN/**"), Named::Litter);
        assert_eq!(named(".trashed-*"), Named::Litter);
    }
}
