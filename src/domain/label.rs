//! Labels: what the user writes, one line each.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

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
    /// A double quote without its partner.
    #[error("a double quote is not closed after {text:?}")]
    OpenQuote {
        /// The text after the quote.
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

/// Labels from a list split at commas; one in double quotes may hold commas. Empty ones are dropped.
pub fn from_commas(list: &str) -> Result<Vec<Label>, LabelError> {
    let mut labels = Vec::new();
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let (text, after) = match rest.strip_prefix('"') {
            Some(quoted) => split_quoted(quoted)?,
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        if !text.trim().is_empty() {
            labels.push(Label::named(text.trim()));
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

/// Labels from lines, `label` or `label = prompt | prompt`. Empty lines are dropped.
pub fn from_lines(lines: &str) -> Result<Vec<Label>, LabelError> {
    let lines = lines.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
    checked(lines.map(from_line).collect::<Result<_, _>>()?)
}

fn from_line(line: &str) -> Result<Label, LabelError> {
    let Some((text, prompts)) = line.split_once('=') else {
        return Ok(Label::named(line));
    };
    let prompts: Vec<String> = prompts.split('|').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
    if text.trim().is_empty() || prompts.is_empty() {
        return Err(LabelError::EmptySide { line: line.to_owned() });
    }
    Ok(Label { text: text.trim().to_owned(), prompts })
}

fn checked(labels: Vec<Label>) -> Result<Vec<Label>, LabelError> {
    let mut seen = HashSet::new();
    if let Some(twice) = labels.iter().find(|label| !seen.insert(label.text.as_str())) {
        return Err(LabelError::Twice { text: twice.text.clone() });
    }
    if labels.len() < 2 {
        return Err(LabelError::TooFew { found: labels.len() });
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
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
    fn lines() {
        let labels = from_lines("\u{feff}weapon = a rifle | a pistol, held\r\n\nmemes\n  \n").unwrap();
        assert_eq!(labels[0].text, "weapon");
        assert_eq!(labels[0].prompts, ["a rifle", "a pistol, held"]);
        assert_eq!(labels[1], Label::named("memes"));
        assert!(matches!(from_lines("a\n= b"), Err(LabelError::EmptySide { .. })));
        assert!(matches!(from_lines("a\nb = | "), Err(LabelError::EmptySide { .. })));
        assert!(matches!(from_lines("a\nb\na"), Err(LabelError::Twice { .. })));
    }
}
