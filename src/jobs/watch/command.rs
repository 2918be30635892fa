//! A command for a label: read from what a person wrote, and filled in for a picture. No shell has a part in it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::store::session::SessionPicture;

/// The places in an argument that a path is put into.
const PATHS: [&str; 2] = ["{path}", "{source}"];

/// A command for a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCommand {
    /// The label's text.
    pub label: String,
    /// The program and its arguments, with places for values.
    pub words: Vec<String>,
}

/// A command for a label that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// There is no `=`, or nothing beside it.
    #[error("{given:?} is not LABEL=COMMAND")]
    Form {
        /// The value as it was given.
        given: String,
    },
    /// A quotation mark has no other one.
    #[error("a quotation mark in {given:?} is not closed")]
    Quotes {
        /// The value as it was given.
        given: String,
    },
    /// There is no such label.
    #[error("{label:?} is no label")]
    NoLabel {
        /// The label.
        label: String,
    },
    /// A label has two commands, of which only one could be run.
    #[error("{label:?} has two commands")]
    Twice {
        /// The label.
        label: String,
    },
}

impl LabelCommand {
    /// Reads commands for these labels, one for each label at most.
    pub fn parse_all(given: &[String], labels: &[String]) -> Result<Vec<LabelCommand>, BadCommand> {
        let mut commands: Vec<LabelCommand> = Vec::new();
        for given in given {
            let command = LabelCommand::parse(given, labels)?;
            if commands.iter().any(|other| other.label == command.label) {
                return Err(BadCommand::Twice { label: command.label });
            }
            commands.push(command);
        }
        Ok(commands)
    }

    /// Reads `LABEL=COMMAND` for one of these labels. The command is split into words as a shell would, without its
    /// other powers.
    pub fn parse(given: &str, labels: &[String]) -> Result<LabelCommand, BadCommand> {
        let bad_form = || BadCommand::Form { given: given.to_owned() };
        let (label, command) = given.split_once('=').ok_or_else(bad_form)?;
        let label = label.trim().to_owned();
        let words = shell_words::split(command).map_err(|_| BadCommand::Quotes { given: given.to_owned() })?;
        match (label.is_empty() || words.is_empty(), labels.contains(&label)) {
            (true, _) => Err(bad_form()),
            (false, false) => Err(BadCommand::NoLabel { label }),
            (false, true) => Ok(LabelCommand { label, words }),
        }
    }

    /// The words with the values of a picture in their places. The path comes last where nothing says where it belongs.
    pub(super) fn filled(&self, picture: &SessionPicture, path: &Path) -> Vec<OsString> {
        let score = picture.picture.prediction.as_ref().map(|prediction| format!("{:.4}", prediction.score));
        let hash = picture.picture.hash.map(|hash| hash.to_string());
        let values = [
            ("{path}", path.as_os_str()),
            ("{source}", picture.picture.path.as_os_str()),
            ("{label}", self.label.as_ref()),
            ("{score}", score.as_deref().unwrap_or_default().as_ref()),
            ("{sha256}", hash.as_deref().unwrap_or_default().as_ref()),
        ];
        let mut words: Vec<_> = self.words.iter().map(|word| fill(word, &values)).collect();
        let has_place = self.words.iter().any(|word| PATHS.iter().any(|place| word.contains(place)));
        if !has_place {
            words.push(path.into());
        }
        words
    }
}

/// A word with values in their places, byte for byte: a path need not be text. Text in a value that looks like a place
/// is none.
fn fill(word: &str, values: &[(&str, &OsStr)]) -> OsString {
    let mut filled = OsString::new();
    let mut rest = word;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push(before);
        let value = values.iter().find_map(|(place, value)| Some((from.strip_prefix(place)?, *value)));
        let (after, value) = value.unwrap_or_else(|| (&from[1..], "{".as_ref()));
        filled.push(value);
        rest = after;
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;
    use crate::domain::picture::{ContentHash, Picture, PictureId, PictureState};

    fn picture() -> SessionPicture {
        SessionPicture {
            id: PictureId(1),
            picture: Picture {
                path: "/from/a b.jpg".into(),
                hash: Some(ContentHash([0xab; 32])),
                stamp: None,
                state: PictureState::Ok,
                prediction: None,
            },
            label_set: None,
            shown: "a b.jpg".into(),
            trouble: None,
            decision: None,
            place: None,
            left_behind: None,
            placed_how: None,
            failure: None,
            is_replaced: false,
        }
    }

    fn parse(given: &str) -> Result<LabelCommand, BadCommand> {
        LabelCommand::parse(given, &["weapon".to_owned(), "a map".to_owned()])
    }

    #[test]
    fn a_command_is_words_and_no_shell() {
        let command = parse("weapon=notify 'a weapon; rm -rf /' {path} --score={score}").unwrap();
        assert_eq!(command.words, ["notify", "a weapon; rm -rf /", "{path}", "--score={score}"]);
        assert_eq!(command.filled(&picture(), Path::new("/to/$(x).jpg"))[2], "/to/$(x).jpg");
        assert_eq!(parse("a map=x").unwrap().filled(&picture(), Path::new("/to/1.jpg")), ["x", "/to/1.jpg"]);
        let words = parse("weapon=x {source} {label}-{sha256}").unwrap().filled(&picture(), Path::new("/to/1.jpg"));
        let expected = ["/from/a b.jpg".to_owned(), format!("weapon-{}", "ab".repeat(32))].map(OsString::from);
        assert_eq!(words[1..], expected);
    }

    #[test]
    fn values_are_filled_in_as_they_are() {
        let filled = |word: &str, path: &[u8]| {
            let command = LabelCommand { label: "weapon".to_owned(), words: vec!["x".to_owned(), word.to_owned()] };
            command.filled(&picture(), Path::new(OsStr::from_bytes(path)))[1].as_bytes().to_owned()
        };
        // A name that looks like a place is a name.
        assert_eq!(filled("--x={path}", b"/to/{sha256}{label}.jpg"), b"--x=/to/{sha256}{label}.jpg");
        // A name that is no text stays what it is.
        assert_eq!(filled("--x={path};{label}", b"/to/\xff\xfe.jpg"), b"--x=/to/\xff\xfe.jpg;weapon");
        assert_eq!(filled("{{path}{label}{}{other}{", b"/1"), b"{/1weapon{}{other}{");
    }

    #[test]
    fn a_label_has_one_command() {
        let labels = ["weapon".to_owned(), "a map".to_owned()];
        let parse_all = |given: &[&str]| {
            LabelCommand::parse_all(&given.iter().map(|given| (*given).to_owned()).collect::<Vec<_>>(), &labels)
        };
        assert_eq!(parse_all(&["weapon=x", "a map=x"]).unwrap().len(), 2);
        let twice = BadCommand::Twice { label: "weapon".to_owned() };
        assert_eq!(parse_all(&["weapon=x", "a map=x", " weapon =y"]), Err(twice));
    }

    #[test]
    fn what_is_no_command_is_said() {
        let form = |given: &str| BadCommand::Form { given: given.to_owned() };
        for given in ["weapon", "weapon=", "=x", "weapon=  "] {
            assert_eq!(parse(given), Err(form(given)));
        }
        assert!(matches!(parse("weapon='x"), Err(BadCommand::Quotes { .. })));
        assert_eq!(parse("other=x"), Err(BadCommand::NoLabel { label: "other".to_owned() }));
    }
}
