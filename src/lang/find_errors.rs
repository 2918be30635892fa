//! Sentences for searches that find nothing to compare.

use super::{Language, Say};
use crate::domain::printable::printable;
use crate::use_cases::FindError;

impl Say for FindError {
    fn say(&self, language: &Language) -> String {
        match self {
            FindError::ModelNotHere { model } => language.say("find.model_not_here", &[("model", model)]),
            FindError::OtherModel { model } => language.say("find.other_model", &[("model", model)]),
            FindError::NoEmbeddings { pictures } => language.say("find.no_embeddings", &[("count", pictures)]),
            FindError::SentenceTooLong { tokens, limit } => {
                language.say("find.too_long", &[("tokens", tokens), ("limit", limit)])
            }
            FindError::EmptySentence => language.text("find.empty"),
            FindError::NoPicture { path, defect } => {
                language.say("find.no_picture", &[("path", &printable(path)), ("reason", &defect.say(language))])
            }
        }
    }
}
