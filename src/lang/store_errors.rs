//! Sentences for what goes wrong with what is remembered.

use super::{Language, Say, Values};
use crate::domain::printable::{printable, printable_text};
use crate::jobs::classify::ClassifyError;
use crate::jobs::tables::TableError;
use crate::store::{NoSecret, StoreError};

impl Say for StoreError {
    fn say(&self, language: &Language) -> String {
        match self {
            StoreError::NoSession { destination } => {
                language.say("store.none", &[("destination", &printable(destination))])
            }
            StoreError::SessionLost { destination } => {
                language.say("store.session_lost", &[("destination", &printable(destination))])
            }
            StoreError::LedgerLost { destination } => {
                language.say("store.ledger_lost", &[("destination", &printable(destination))])
            }
            StoreError::Damaged { destination, source } => {
                let values: Values<'_> = &[("destination", &printable(destination)), ("detail", source)];
                language.say("store.session_damaged", values)
            }
            StoreError::Busy { destination } => language.say("store.busy", &[("destination", &printable(destination))]),
            StoreError::NotLocked { path, source } => {
                language.say("store.not_locked", &[("path", &printable(path)), ("detail", source)])
            }
            StoreError::EndedAlready { destination } => {
                language.say("store.ended_already", &[("destination", &printable(destination))])
            }
            StoreError::Newer { path, found, known } => {
                let values: Values<'_> = &[("path", &printable(path)), ("found", found), ("known", known)];
                language.say("store.newer", values)
            }
            StoreError::Foreign { path } => language.say("store.foreign", &[("path", &printable(path))]),
            StoreError::Database { path, source } => {
                language.say("store.damaged", &[("path", &printable(path)), ("detail", source)])
            }
            StoreError::NotAFile { path } => language.say("store.not_a_file", &[("path", &printable(path))]),
            StoreError::NotOwn { destination } => {
                language.say("store.not_own", &[("destination", &printable(destination))])
            }
            StoreError::OwnerUnknown { source, .. } if source.damaged().is_some() => source.say(language),
            StoreError::OwnerUnknown { destination, source } => {
                let (folder, detail) = folder_and_detail(source);
                let values: Values<'_> =
                    &[("destination", &printable(destination)), ("folder", &folder), ("detail", &detail)];
                language.say("store.owner_unknown", values)
            }
            StoreError::Altered { destination } => {
                language.say("store.altered", &[("destination", &printable(destination))])
            }
            StoreError::LedgerBroken { destination, line } => {
                language.say("store.ledger_broken", &[("destination", &printable(destination)), ("line", line)])
            }
            StoreError::RepairUnproved { destination } => {
                language.say("repair.unproved", &[("destination", &printable(destination))])
            }
            StoreError::NothingLeft { destination } => {
                language.say("repair.nothing_left", &[("destination", &printable(destination))])
            }
            StoreError::Disputed { destination, path } => {
                let values: Values<'_> = &[("destination", &printable(destination)), ("path", &printable(path))];
                language.say("store.disputed", values)
            }
            StoreError::ModelDisputed { destination, model } => {
                let values: Values<'_> = &[("destination", &printable(destination)), ("model", &printable_text(model))];
                language.say("store.model_disputed", values)
            }
            StoreError::Gone { destination } => language.say("store.gone", &[("destination", &printable(destination))]),
            StoreError::File { path, source } => {
                language.say("store.file", &[("path", &printable(path)), ("detail", source)])
            }
        }
    }
}

impl Say for NoSecret {
    fn say(&self, language: &Language) -> String {
        if let Some(file) = self.damaged() {
            return language.say("store.secret_damaged", &[("file", &printable(&file))]);
        }
        let (folder, detail) = folder_and_detail(self);
        language.say("store.not_noted", &[("folder", &folder), ("detail", &detail)])
    }
}

/// The data folder, and what is wrong with it. Without a home it is where it would be in one.
fn folder_and_detail(error: &NoSecret) -> (String, String) {
    let folder = error.folder.as_ref().map_or_else(|| "~/.local/share/sis".to_owned(), printable);
    (folder, printable_text(&error.source.to_string()))
}

impl Say for TableError {
    fn say(&self, language: &Language) -> String {
        match self {
            TableError::Store(error) => error.say(language),
            TableError::File { path, source } => {
                language.say("store.table", &[("path", &printable(path)), ("detail", source)])
            }
        }
    }
}

impl Say for ClassifyError {
    fn say(&self, language: &Language) -> String {
        match self {
            ClassifyError::Model(error) => error.say(language),
            ClassifyError::Sink(error) => error.say(language),
        }
    }
}
