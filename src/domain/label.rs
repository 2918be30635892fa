//! Labels: what the user writes, one line each, or several separated by commas. A label means the same in both.
//!
//! A line is `label` or `label = prompt | prompt`. One that begins with `#` is a comment, and commas at its end are left
//! out, as lists often have them. A backslash before one of these four takes its meaning away.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::folder_name::fold;

/// Characters with a meaning in a line. A backslash before one makes it a letter like others.
const SPECIAL: [char; 4] = ['#', '=', '|', ','];

/// One label: the name shown and counted, and the prompts that the model is given for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The label as written.
    pub text: String,
    /// The prompts that the model reads, one or more; the label's own text where nothing else was written.
    pub prompts: Vec<String>,
}

impl Label {
    /// A label that is its own prompt.
    pub fn named(text: impl Into<String>) -> Label {
        let text = text.into();
        Label { prompts: vec![text.clone()], text }
    }

    /// The line that [`in_line`] reads as this label.
    pub fn line(&self) -> String {
        let text = escaped(&self.text, |place, c| c == '=' || (c == '#' && place == 0));
        match self.prompts.as_slice() {
            [only] if *only == self.text => text,
            prompts => {
                let prompts: Vec<String> = prompts.iter().map(|prompt| escaped(prompt, |_, c| c == '|')).collect();
                format!("{text} = {}", prompts.join(" | "))
            }
        }
    }
}

/// Why a text is not a list of labels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Fewer than two: there is nothing to choose between.
    #[error("{found} labels, at least two are needed")]
    TooFew {
        /// How many there were.
        found: usize,
    },
    /// The same label twice.
    #[error("the label {text:?} is there twice")]
    Twice {
        /// The label.
        text: String,
    },
    /// Two labels that are one but for capitals, or for how accents are written: their folders would be one on many disks.
    #[error("the labels {first:?} and {second:?} are one but for their spelling")]
    OneName {
        /// The first.
        first: String,
        /// The second.
        second: String,
    },
    /// A double quote without its partner.
    #[error("a double quote is not closed after {text:?}")]
    OpenQuote {
        /// The text after the quote.
        text: String,
    },
    /// A prompt in a list that begins with a double quote and is cut at a comma.
    #[error("a prompt in double quotes is cut after {text:?}")]
    QuotedPrompt {
        /// The part before the comma.
        text: String,
    },
    /// Text right after a closing quote.
    #[error("{text:?} follows a closing quote without a comma")]
    AfterQuote {
        /// The text after the quote.
        text: String,
    },
    /// `= prompt` with nothing before it, or `label =` with nothing after it.
    #[error("the line {line:?} has an equals sign with an empty side")]
    EmptySide {
        /// The line.
        line: String,
    },
}

/// Labels from a list split at commas; one in double quotes is taken as it is, commas and all. Empty ones are dropped.
pub fn from_commas(list: &str) -> Result<Vec<Label>, LabelError> {
    let mut labels = Vec::new();
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let (label, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (text, after) = split_quoted(quoted)?;
                (Label::named(text.trim()), after)
            }
            None => {
                let (item, after) = split_at_special(rest, ',').unwrap_or((rest, ""));
                (from_line(item.trim())?, after)
            }
        };
        if !label.text.is_empty() {
            labels.push(uncut(label)?);
        }
        rest = after.trim_start();
    }
    checked(labels)
}

/// The text in quotes, and the text after the comma that follows.
fn split_quoted(quoted: &str) -> Result<(&str, &str), LabelError> {
    let (text, after) =
        quoted.split_once('"').ok_or_else(|| LabelError::OpenQuote { text: quoted.trim().to_owned() })?;
    match after.trim_start() {
        "" => Ok((text, "")),
        after => match after.strip_prefix(',') {
            Some(rest) => Ok((text, rest)),
            None => Err(LabelError::AfterQuote { text: after.trim().to_owned() }),
        },
    }
}

/// The label, unless the list was split at a comma inside the quotes of a prompt: only a whole label is quoted.
fn uncut(label: Label) -> Result<Label, LabelError> {
    let begun = |prompt: &String| prompt.strip_prefix('"').filter(|rest| !rest.contains('"')).map(str::to_owned);
    match label.prompts.iter().filter(|prompt| **prompt != label.text).find_map(begun) {
        Some(text) => Err(LabelError::QuotedPrompt { text }),
        None => Ok(label),
    }
}

/// Labels from lines.
pub fn from_lines(lines: &str) -> Result<Vec<Label>, LabelError> {
    let labels = lines.lines().filter_map(|line| in_line(line).transpose());
    checked(labels.collect::<Result<_, _>>()?)
}

/// The label in a line; none in an empty one and in a comment.
pub fn in_line(line: &str) -> Result<Option<Label>, LabelError> {
    match line.trim() {
        comment if comment.starts_with('#') => Ok(None),
        line => from_line(without_last_commas(line)).map(|label| Some(label).filter(|label| !label.text.is_empty())),
    }
}

fn without_last_commas(line: &str) -> &str {
    match line.strip_suffix(',') {
        Some(before) if !before.ends_with('\\') => without_last_commas(before.trim_end()),
        _ => line,
    }
}

fn from_line(line: &str) -> Result<Label, LabelError> {
    let Some((text, mut rest)) = split_at_special(line, '=') else {
        return Ok(Label::named(unescaped(line)));
    };
    let mut prompts = Vec::new();
    while let Some((prompt, after)) = split_at_special(rest, '|') {
        prompts.push(prompt);
        rest = after;
    }
    prompts.push(rest);
    let prompts: Vec<String> = prompts.into_iter().map(unescaped).filter(|prompt| !prompt.is_empty()).collect();
    let text = unescaped(text);
    if text.is_empty() || prompts.is_empty() {
        return Err(LabelError::EmptySide { line: line.to_owned() });
    }
    Ok(Label { text, prompts })
}

/// The text before and after the first special character that has its meaning.
fn split_at_special(text: &str, special: char) -> Option<(&str, &str)> {
    let mut found = text.match_indices(special);
    let (place, _) = found.find(|(place, _)| !text[..*place].ends_with('\\'))?;
    Some((&text[..place], &text[place + special.len_utf8()..]))
}

/// A part of a line as it is meant: without the backslashes that take a meaning away.
fn unescaped(part: &str) -> String {
    let mut meant = String::with_capacity(part.len());
    let mut letters = part.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '\\' && SPECIAL.contains(next) => {}
            _ => meant.push(letter),
        }
    }
    meant
}

/// The part of a line that is read as this text. `is_read` says which characters, by their place, would have a meaning.
fn escaped(text: &str, is_read: impl Fn(usize, char) -> bool) -> String {
    let mut part = String::with_capacity(text.len());
    for (place, letter) in text.char_indices() {
        let is_last_comma = letter == ',' && place + 1 == text.len();
        // A backslash of the text itself would be taken for one that takes a meaning away.
        let follows_backslash = SPECIAL.contains(&letter) && text[..place].ends_with('\\');
        if is_last_comma || follows_backslash || is_read(place, letter) {
            part.push('\\');
        }
        part.push(letter);
    }
    part
}

fn checked(labels: Vec<Label>) -> Result<Vec<Label>, LabelError> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for Label { text, .. } in &labels {
        match seen.insert(fold(text), text) {
            Some(first) if first == text => return Err(LabelError::Twice { text: text.clone() }),
            Some(first) => return Err(LabelError::OneName { first: first.to_owned(), second: text.clone() }),
            None => {}
        }
    }
    if labels.len() < 2 {
        return Err(LabelError::TooFew { found: labels.len() });
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(labels: Result<Vec<Label>, LabelError>) -> Result<Vec<String>, LabelError> {
        labels.map(|labels| labels.into_iter().map(|label| label.text).collect())
    }

    #[test]
    fn comma_lists() {
        let two = || Ok(vec!["a b".to_owned(), "c".to_owned()]);
        assert_eq!(texts(from_commas("a b, c")), two());
        assert_eq!(texts(from_commas(" a b ,, c, ")), two());
        assert_eq!(texts(from_commas("\"a, b\", c")), Ok(vec!["a, b".to_owned(), "c".to_owned()]));
        assert_eq!(texts(from_commas("a, say \"b\"")), Ok(vec!["a".to_owned(), "say \"b\"".to_owned()]));
        assert_eq!(texts(from_commas("a,a")), Err(LabelError::Twice { text: "a".to_owned() }));
        assert_eq!(texts(from_commas("a")), Err(LabelError::TooFew { found: 1 }));
        assert_eq!(texts(from_commas("")), Err(LabelError::TooFew { found: 0 }));
        assert_eq!(texts(from_commas("\"a, b")), Err(LabelError::OpenQuote { text: "a, b".to_owned() }));
        assert_eq!(texts(from_commas("\"a\" b, c")), Err(LabelError::AfterQuote { text: "b, c".to_owned() }));
    }

    #[test]
    fn a_label_means_the_same_in_a_list_and_in_a_file() {
        let line = "place = a map | a plan\\, old, a chart";
        let listed = from_commas(line).unwrap();
        assert_eq!(listed[0].prompts, ["a map", "a plan, old"]);
        assert_eq!(listed, from_lines(&line.replace(", a", ",\na")).unwrap());
        // Quotes begin a field, not a line.
        assert_eq!(from_commas("\"a = b | c\", d").unwrap()[0], Label::named("a = b | c"));
        assert_eq!(from_commas("#1, d").unwrap()[0], Label::named("#1"));
        let cut = LabelError::QuotedPrompt { text: "a rifle".to_owned() };
        assert_eq!(from_commas("gun = a pistol | \"a rifle, held\", map"), Err(cut));
        assert!(matches!(from_commas("a =, b"), Err(LabelError::EmptySide { .. })));
    }

    #[test]
    fn lines() {
        let labels = from_lines("weapon = a rifle | a pistol, held\r\n\r\nmemes\n  \n").unwrap();
        assert_eq!(labels[0].text, "weapon");
        assert_eq!(labels[0].prompts, ["a rifle", "a pistol, held"]);
        assert_eq!(labels[1], Label::named("memes"));
        assert!(matches!(from_lines("a\n= b"), Err(LabelError::EmptySide { .. })));
        assert!(matches!(from_lines("a\nb = | "), Err(LabelError::EmptySide { .. })));
        assert!(matches!(from_lines("a\nb\na"), Err(LabelError::Twice { .. })));
    }

    #[test]
    fn comments_and_the_commas_of_lists_are_no_labels() {
        let two = vec![Label::named("a map"), Label::named("a chart")];
        assert_eq!(from_lines("# my labels\na map\n  #the rest\n\na chart"), Ok(two.clone()));
        assert_eq!(from_lines("a map,\n ,\na chart , ,"), Ok(two));
        assert_eq!(texts(from_lines("\\#1\na \\= b\nc\\,")), Ok(["#1", "a = b", "c,"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn one_name_in_two_spellings_is_no_two_labels() {
        let error =
            |first: &str, second: &str| Err(LabelError::OneName { first: first.to_owned(), second: second.to_owned() });
        assert_eq!(from_commas("A map,a map"), error("A map", "a map"));
        assert_eq!(from_commas("caf\u{e9}, b, cafe\u{301}"), error("caf\u{e9}", "cafe\u{301}"));
    }

    proptest! {
        #[test]
        fn the_line_of_a_label_is_read_as_that_label(
            text in "[#=|,\\\\a ]{1,8}", prompts in proptest::collection::vec("[#=|,\\\\b ]{1,8}", 0..3),
        ) {
            let trimmed = |part: &String| Some(part.trim().to_owned()).filter(|part| !part.is_empty());
            let Some(text) = trimmed(&text) else { return Ok(()) };
            let prompts: Vec<String> = prompts.iter().filter_map(trimmed).collect();
            let label = if prompts.is_empty() { Label::named(text) } else { Label { text, prompts } };
            prop_assert_eq!(in_line(&label.line()), Ok(Some(label)));
        }
    }
}
