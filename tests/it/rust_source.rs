//! Rust as the house's rules read it: what is code, what is text in it, and which modules of the crate it names.

use std::collections::BTreeSet;
use std::path::Path;

/// A source without its comments.
pub(crate) struct Source {
    /// Words and signs, `::` as one; a piece of text is `""`.
    pub(crate) tokens: Vec<String>,
    /// What stands between quotation marks, as it is written.
    pub(crate) literals: Vec<String>,
}

impl Source {
    pub(crate) fn new(text: &str) -> Source {
        let (mut tokens, mut literals) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                length_of_comment(rest)
            } else if let Some((literal, length)) = literal_at(rest) {
                tokens.push("\"\"".to_owned());
                literals.push(literal.to_owned());
                length
            } else if let Some(length) = length_of_char(rest) {
                length
            } else {
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                let length = match rest.find(|c| !is_word(c)) {
                    Some(0) if rest.starts_with("::") => 2,
                    Some(0) => first.len_utf8(),
                    end => end.unwrap_or(rest.len()),
                };
                tokens.extend(Some(rest[..length].to_owned()).filter(|_| !first.is_whitespace()));
                length
            };
            rest = &rest[length..];
        }
        Source { tokens, literals }
    }

    /// Every module at the top of the crate that the code in this file names: by `crate`, by the crate's own name, or
    /// by as many `super` as lead there.
    pub(crate) fn top_modules(&self, path: &Path) -> BTreeSet<String> {
        let file = path.with_extension("");
        let own = file.iter().filter(|part| !["mod", "lib", "main"].iter().any(|name| part == name)).count();
        let (mut used, mut braces, mut inline) = (BTreeSet::new(), 0, Vec::new());
        let at = |index: usize| self.tokens.get(index).map_or("", String::as_str);
        for index in 0..self.tokens.len() {
            match at(index) {
                "{" => {
                    braces += 1;
                    if index >= 2 && at(index - 2) == "mod" {
                        inline.push(braces);
                    }
                }
                "}" => {
                    inline.pop_if(|opened| *opened == braces);
                    braces -= 1;
                }
                "crate" | "smart_image_sorter" if at(index + 1) == "::" => self.names(index + 2, &mut used),
                "super" if index == 0 || at(index - 1) != "::" => {
                    let count =
                        (0..).take_while(|n| at(index + 2 * n) == "super" && at(index + 2 * n + 1) == "::").count();
                    if count == own + inline.len() {
                        self.names(index + 2 * count, &mut used);
                    }
                }
                _ => {}
            }
        }
        used
    }

    /// The name at a place, or those of the group that opens there.
    fn names(&self, from: usize, into: &mut BTreeSet<String>) {
        let mut depth = 0;
        for index in from..self.tokens.len() {
            match self.tokens[index].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," | "::" => {}
                name if depth == 0 || depth == 1 && ["{", ","].contains(&self.tokens[index - 1].as_str()) => {
                    into.insert(name.to_owned());
                }
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

fn length_of_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The piece of text that begins here, plain or raw: what is between its quotation marks, and the length of it all.
fn literal_at(text: &str) -> Option<(&str, usize)> {
    let (before, inner) = text.split_once('"')?;
    let (letters, marks) = before.split_at(before.trim_end_matches('#').len());
    let is_raw = letters.contains('r');
    if !["", "b", "c", "r", "br", "cr"].contains(&letters) || !(is_raw || marks.is_empty()) {
        return None;
    }
    let mut is_escaped = false;
    let ends_plain = |byte: u8| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    };
    let length = if is_raw { inner.find(&format!("\"{marks}")) } else { inner.bytes().position(ends_plain) };
    let literal = &inner[..length.expect("a piece of text has an end")];
    Some((literal, before.len() + 1 + literal.len() + 1 + marks.len()))
}

/// The length of a character between quotation marks that begins here; none for a lifetime.
fn length_of_char(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    match inner.chars().next()? {
        '\\' => Some(4 + inner[2..].find('\'')?),
        character => inner[character.len_utf8()..].starts_with('\'').then(|| 2 + character.len_utf8()),
    }
}

#[test]
fn code_is_told_from_comments_and_text() {
    let text = r##"a /* crate::b /* */ */ "c \" // d" 'e' '"' '\'' &'f str // crate::g
        r#"h "i" j"# b"k""##;
    let source = Source::new(text);
    assert_eq!(source.tokens.join(" "), r#"a "" & ' f str "" """#);
    assert_eq!(source.literals, [r#"c \" // d"#, r#"h "i" j"#, "k"]);
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let used = |path: &str, text: &str| Vec::from_iter(Source::new(text).top_modules(Path::new(path)));
    assert_eq!(used("a/b.rs", "use crate::cli::Exit;"), ["cli"]);
    assert_eq!(used("a/b.rs", "let x = crate\n    ::jobs::cancel_token::CancelToken::default();"), ["jobs"]);
    assert_eq!(used("a/b.rs", "use crate::{\n    cli::{Exit, exit},\n    jobs,\n};"), ["cli", "jobs"]);
    assert_eq!(used("a/b.rs", "use super::c; use super::super::tui;"), ["tui"]);
    assert_eq!(
        used("a/mod.rs", "use super::{tui, lang::Say}; mod c; mod d { use super::super::cli; }"),
        ["cli", "lang", "tui"]
    );
    assert_eq!(used("a/b.rs", "mod tests { use super::super::c; } use super::super::cli;"), ["cli"]);
    assert!(used("a/b.rs", "// crate::cli is above us\nlet a = \"crate::cli\"; mycrate::tui();").is_empty());
}
