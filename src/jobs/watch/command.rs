//! A command for a label: read from what a person wrote, and filled in for a picture. No shell has a part in it.

use std::ffi::OsString;
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

/// Why a command cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// There is no `=`, or nothing beside it.
    #[error("{given:?} is not LABEL=COMMAND")]
    Form {
        /// What was given.
        given: String,
    },
    /// A quotation mark has no other one.
    #[error("a quotation mark in {given:?} is not closed")]
    Quotes {
        /// What was given.
        given: String,
    },
    /// There is no such label.
    #[error("{label:?} is no label")]
    NoLabel {
        /// The label.
        label: String,
    },
}

impl LabelCommand {
    /// Reads `LABEL=COMMAND` for one of these labels. The command is split into words as a shell would, without its other
    /// powers.
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
        let mut words: Vec<_> = self
            .words
            .iter()
            .map(|word| match word.as_str() {
                // A path may have any bytes: it can be a word, and a part of one where it is text.
                "{path}" => path.into(),
                "{source}" => picture.picture.path.clone().into_os_string(),
                word => word
                    .replace("{path}", &path.to_string_lossy())
                    .replace("{source}", &picture.picture.path.to_string_lossy())
                    .replace("{label}", &self.label)
                    .replace("{score}", score.as_deref().unwrap_or_default())
                    .replace("{sha256}", hash.as_deref().unwrap_or_default())
                    .into(),
            })
            .collect();
        let has_place = self.words.iter().any(|word| PATHS.iter().any(|place| word.contains(place)));
        if !has_place {
            words.push(path.into());
        }
        words
    }
}

#[cfg(test)]
mod tests {
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
    fn what_is_no_command_is_said() {
        let form = |given: &str| BadCommand::Form { given: given.to_owned() };
        for given in ["weapon", "weapon=", "=x", "weapon=  "] {
            assert_eq!(parse(given), Err(form(given)));
        }
        assert!(matches!(parse("weapon='x"), Err(BadCommand::Quotes { .. })));
        assert_eq!(parse("other=x"), Err(BadCommand::NoLabel { label: "other".to_owned() }));
    }
}
