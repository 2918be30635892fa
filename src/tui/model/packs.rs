//! Ready lists of labels, in the language of the app.

use crate::lang::Language;

/// A ready list of labels, by the keys of its sentences in the language files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pack {
    /// The key of its name in the language files.
    pub(crate) name: &'static str,
    /// Its lines, with commas between.
    pub(crate) labels: &'static str,
}

/// The packs. The first one is there at the first start.
pub(crate) const PACKS: [Pack; 5] = [
    Pack { name: "packs.general", labels: "packs.general_labels" },
    Pack { name: "packs.chat", labels: "packs.chat_labels" },
    Pack { name: "packs.conflict", labels: "packs.conflict_labels" },
    Pack { name: "packs.documents", labels: "packs.documents_labels" },
    Pack { name: "packs.places", labels: "packs.places_labels" },
];

/// The lines of a pack in the label editor.
pub(crate) fn lines(language: &Language, pack: &Pack) -> Vec<String> {
    language.text(pack.labels).split(", ").map(str::to_owned).collect()
}
