//! Ready lists of labels, in the language of the app.

use super::Model;
use crate::lang::Language;

/// The packs, as the language files name them. The first one is there at the first start.
pub(crate) const PACKS: [&str; 5] = ["general", "chat", "conflict", "documents", "places"];

impl Model {
    /// The lines of a pack in the label editor.
    pub(crate) fn pack_lines(&self, pack: &str) -> Vec<String> {
        lines(&self.language, pack)
    }
}

/// The lines of a pack.
pub(super) fn lines(language: &Language, pack: &str) -> Vec<String> {
    language.text(&format!("packs.{pack}_labels")).split(", ").map(str::to_owned).collect()
}
