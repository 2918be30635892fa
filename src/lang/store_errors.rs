//! Sentences for what goes wrong with what is remembered.

use super::{Language, Say, Values};
use crate::domain::printable::{printable, printable_text};
use crate::jobs::classify::ClassifyError;
use crate::jobs::crew::CrewError;
use crate::jobs::tables::TableError;
use crate::store::StoreError;

impl Say for StoreError {
    fn say(&self, language: &Language) -> String {
        match self {
            StoreError::NoSession { destination } => {
                language.say("store.none", &[("destination", &printable(destination))])
            }
            StoreError::Busy { destination } => language.say("store.busy", &[("destination", &printable(destination))]),
            StoreError::Newer { path, found, known } => {
                let values: Values<'_> = &[("path", &printable(path)), ("found", found), ("known", known)];
                language.say("store.newer", values)
            }
            StoreError::Foreign { path } => language.say("store.foreign", &[("path", &printable(path))]),
            StoreError::Database { path, source } => {
                language.say("store.damaged", &[("path", &printable(path)), ("detail", source)])
            }
            StoreError::Gone { destination } => language.say("store.gone", &[("destination", &printable(destination))]),
            StoreError::File { path, source } => {
                language.say("store.file", &[("path", &printable(path)), ("detail", source)])
            }
        }
    }
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

impl Say for CrewError {
    fn say(&self, language: &Language) -> String {
        match self {
            CrewError::Engine(error) => error.say(language),
            CrewError::Model(error) => error.say(language),
            CrewError::Hub(error) => error.say(language),
            CrewError::Runtime(error) => error.say(language),
            CrewError::Scan(error) => error.say(language),
            CrewError::Destination(error) => error.say(language),
            CrewError::Store(error) => error.say(language),
            CrewError::Classify(error) => error.say(language),
            CrewError::Table(error) => error.say(language),
            CrewError::Watch(error) => error.say(language),
            CrewError::LabelInUse { label } => language.say("app.label_in_use", &[("label", &printable_text(label))]),
            CrewError::LabelUnknown { label } => {
                language.say("app.label_unknown", &[("label", &printable_text(label))])
            }
            CrewError::Unpack { folder, source } => {
                language.say("demo.cannot_unpack", &[("folder", &printable(folder)), ("detail", source)])
            }
            CrewError::Install(error) => error.say(language),
            CrewError::NotChecked { model } => language.say("models.not_checked", &[("model", model)]),
            CrewError::OtherModel { model } => language.say("app.other_model", &[("model", model)]),
            CrewError::NotCached { model } => language.say("app.model_not_here", &[("model", model)]),
            CrewError::NoDataFolder => language.text("doctor.no_folder"),
            CrewError::NotTrusted { destination } => {
                language.say("store.foreign_session", &[("destination", &printable(destination))])
            }
            CrewError::Stopped => language.text("app.stopped"),
            CrewError::NoPlan => language.text("app.no_plan"),
            CrewError::NothingToUndo => language.text("undo.nothing"),
        }
    }
}
