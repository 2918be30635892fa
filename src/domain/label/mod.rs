//! Labels: what the user writes, one line each, or several separated by commas. A label means the same in both.
//!
//! A line is `label` or `label = prompt | prompt`. One that begins with `#` is a comment, and commas at its end are
//! left out, as lists often have them. A backslash before one of these four takes its meaning away. Quotes around a
//! label or a prompt are not of it, several blanks are one. A file or a list may be a list in JSON instead.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

mod spelling;

use super::name_fold::fold;
use spelling::{as_read_now, escaped, in_parts, split_at_special, squeezed, unescaped, unquoted};

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
                in_parts(format!("{text} = {}", prompts.join(" | ")))
            }
        }
    }

    /// True for the text of a label that was read to the letter, with its quotes and all its blanks, where this one is
    /// read now.
    pub fn was_read_as(&self, before: &str) -> bool {
        before != self.text && as_read_now(before) == self.text
    }
}

/// A text is not a list of labels.
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
    /// Two labels that are one but for capitals, or for how accents are written: their folders would be one on many
    /// disks.
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
    /// A list that begins as in JSON and is none.
    #[error("no list in JSON: line {line}, column {column}")]
    NoJson {
        /// The line of the fault, from one on.
        line: usize,
        /// Its column.
        column: usize,
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
    if let Some(labels) = from_json(list) {
        return labels;
    }
    let mut labels = Vec::new();
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let (label, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (text, after) = split_quoted(quoted)?;
                (Label::named(squeezed(text)), after)
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

/// Labels from a file: from lines, or from a list in JSON.
pub fn from_file(text: &str) -> Result<Vec<Label>, LabelError> {
    from_json(text).unwrap_or_else(|| from_lines(text))
}

/// Labels from a list in JSON, each as it is; none where the text is no such list and does not begin as one. Another
/// thing of JSON is no label.
pub fn from_json(text: &str) -> Option<Result<Vec<Label>, LabelError>> {
    if text.trim_start().starts_with('{') && serde_json::from_str::<serde_json::Value>(text).is_ok() {
        return Some(Err(LabelError::NoJson { line: 1, column: 1 }));
    }
    let inside = text.trim().strip_prefix('[')?;
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(texts) => {
            let labels = texts.iter().map(|text| Label::named(squeezed(text)));
            Some(checked(labels.filter(|label| !label.text.is_empty()).collect()))
        }
        Err(error) if inside.trim_start().starts_with(['"', '\'', '“', '[', '{']) => {
            Some(Err(LabelError::NoJson { line: error.line(), column: error.column() }))
        }
        Err(_) => None,
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
    if let Some(text) = unquoted(line) {
        return Ok(Label::named(squeezed(text)));
    }
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
    fn comma_list_is_split_into_labels() {
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
    fn label_in_a_list_equals_label_in_a_file() {
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
    fn line_is_parsed_into_label_and_prompts() {
        let labels = from_lines("weapon = a rifle | a pistol, held\r\n\r\nmemes\n  \n").unwrap();
        assert_eq!(labels[0].text, "weapon");
        assert_eq!(labels[0].prompts, ["a rifle", "a pistol, held"]);
        assert_eq!(labels[1], Label::named("memes"));
        assert!(matches!(from_lines("a\n= b"), Err(LabelError::EmptySide { .. })));
        assert!(matches!(from_lines("a\nb = | "), Err(LabelError::EmptySide { .. })));
        assert!(matches!(from_lines("a\nb\na"), Err(LabelError::Twice { .. })));
    }

    #[test]
    fn comments_and_trailing_commas_are_no_labels() {
        let two = vec![Label::named("a map"), Label::named("a chart")];
        assert_eq!(from_lines("# my labels\na map\n  #the rest\n\na chart"), Ok(two.clone()));
        assert_eq!(from_lines("a map,\n ,\na chart , ,"), Ok(two));
        assert_eq!(texts(from_lines("\\#1\na \\= b\nc\\,")), Ok(["#1", "a = b", "c,"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn quotes_and_repeated_blanks_are_not_part_of_a_label() {
        let named = |text: &str| Some(Label::named(text));
        for (line, label) in [
            ("\"a gun\"", named("a gun")),
            (" 'a gun',", named("a gun")),
            ("“a gun”", named("a gun")),
            ("«uma arma»", named("uma arma")),
            ("\"a = b | c\"", named("a = b | c")),
            ("\"# memes\"", named("# memes")),
            ("a \t  gun", named("a gun")),
            ("\" a  gun \"", named("a gun")),
            ("\"\"", None),
            // Not around all of it, or meant.
            ("\"a gun\" or \"a rifle\"", named("\"a gun\" or \"a rifle\"")),
            ("'it's'", named("'it's'")),
            ("a \"gun\"", named("a \"gun\"")),
            ("\"a gun'", named("\"a gun'")),
            ("\\\"a gun\"", named("\"a gun\"")),
            ("a\\ \\ gun", named("a  gun")),
        ] {
            assert_eq!(in_line(line), Ok(label), "{line}");
        }
        let prompts = in_line("\"gun\" = 'a pistol, held' |  a   rifle").unwrap().unwrap();
        assert_eq!(prompts, Label { text: "gun".into(), prompts: vec!["a pistol, held".into(), "a rifle".into()] });
        assert_eq!(texts(from_commas("'a gun', \"a  map\"")), Ok(vec!["a gun".to_owned(), "a map".to_owned()]));
        assert_eq!(from_lines("a gun\n\"a  gun\""), Err(LabelError::Twice { text: "a gun".to_owned() }));
    }

    #[test]
    fn json_list_is_read_as_labels() {
        let three = || Ok(["a gun", "a = b, c", "it's"].map(str::to_owned).to_vec());
        let list = "[\"a  gun\", \"a = b, c\",\n \"\", \"it's\"]\n";
        assert_eq!((texts(from_file(list)), texts(from_commas(list))), (three(), three()));
        let fault = |line, column| Err(LabelError::NoJson { line, column });
        assert_eq!(from_file("['a gun', 'a map']"), fault(1, 2));
        assert_eq!(from_file("[\n\"a gun\",\n\"a map\",\n]"), fault(4, 1));
        assert_eq!(from_file("{\"labels\": [\"a gun\", \"a map\"]}"), fault(1, 1));
        assert_eq!(from_file("[\"a\", \"a\"]"), Err(LabelError::Twice { text: "a".to_owned() }));
        assert_eq!(texts(from_file("[draft] a map\n[draft] a chart")).unwrap().len(), 2);
    }

    #[test]
    fn label_read_literally_is_recognised() {
        let gun = Label::named("a gun");
        assert!(["\"a gun\"", "'a gun'", "a  gun", "\"a\tgun\""].iter().all(|before| gun.was_read_as(before)));
        assert!(["a gun", "A gun", "\"a gun", "gun"].iter().all(|before| !gun.was_read_as(before)));
    }

    #[test]
    fn labels_that_differ_only_in_spelling_are_refused() {
        let error =
            |first: &str, second: &str| Err(LabelError::OneName { first: first.to_owned(), second: second.to_owned() });
        assert_eq!(from_commas("A map,a map"), error("A map", "a map"));
        assert_eq!(from_commas("caf\u{e9}, b, cafe\u{301}"), error("caf\u{e9}", "cafe\u{301}"));
    }

    #[test]
    fn a_blank_that_a_backslash_kept_at_the_beginning_stays() {
        let label = in_line("a = \\ b | c").unwrap().unwrap();
        assert_eq!(label.prompts, [" b", "c"]);
        assert_eq!(in_line(&label.line()), Ok(Some(label)));
    }

    proptest! {
        #[test]
        fn label_equals_itself_after_its_line(
            text in "[#=|,\\\\\"'“”a \t]{1,8}", prompts in proptest::collection::vec("[#=|,\\\\\"'b  \t]{1,8}", 0..3),
        ) {
            let trimmed = |part: &String| Some(part.trim().to_owned()).filter(|part| !part.is_empty());
            let Some(text) = trimmed(&text) else { return Ok(()) };
            let prompts: Vec<String> = prompts.iter().filter_map(trimmed).collect();
            let label = if prompts.is_empty() { Label::named(text) } else { Label { text, prompts } };
            prop_assert_eq!(in_line(&label.line()), Ok(Some(label)));
        }
    }
}
