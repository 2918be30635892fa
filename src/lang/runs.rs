//! Sentences for what a run tells beside its results, and for what ends it.

use super::{ChosenIn, Language, Say, Values, left_out};
use crate::domain::printable::{printable, printable_text};
use crate::files::defect::PictureDefect;
use crate::files::transfer::TransferError;
use crate::jobs::watch::WatchBlocked;
use crate::use_cases::{Localizer, Notice, RunError};

impl Localizer for Language {
    fn trouble(&self, trouble: &PictureDefect) -> String {
        trouble.say(self)
    }

    fn transfer(&self, error: &TransferError) -> String {
        error.say(self)
    }

    fn waits(&self, waits: WatchBlocked<'_>) -> String {
        waits.say(self)
    }
}

impl Say for Notice {
    fn say(&self, language: &Language) -> String {
        match self {
            Notice::LibraryPassedOver(library) => library.say(language),
            Notice::Runtime(note) => note.say(language),
            Notice::DemoModel => language.text("demo.note"),
            Notice::ScaleAssumed => language.text("engine.scale_assumed"),
            Notice::ModelSilent => language.text("engine.silent"),
            Notice::UnreadableFolder { folder, detail } => {
                let values: Values<'_> = &[("path", &printable(folder)), ("detail", detail)];
                language.say("source.unreadable_folder", values)
            }
            Notice::LinksPassedOver { count, first } => {
                language.say("source.links", &[("count", count), ("path", &printable(first))])
            }
            Notice::SpecialFilesPassedOver { count, first } => {
                language.say("source.special", &[("count", count), ("path", &printable(first))])
            }
            Notice::OwnNamesPassedOver { count, first } => {
                language.say("source.own_names", &[("count", count), ("path", &printable(first))])
            }
            Notice::SourceIsSorted { folder } => language.say("source.is_sorted", &[("folder", &printable(folder))]),
            Notice::SessionNotNoted { error, .. } => error.say(language),
            Notice::TransfersRecovered { count } => language.say("store.recovered", &[("count", count)]),
            Notice::RecoveredUnkept { count } => language.say("classify.unkept", &[("count", count)]),
            Notice::TransfersRefused { count, path } => {
                language.say("store.not_recovered", &[("count", count), ("path", &printable(path))])
            }
            Notice::TransfersUnfinished(error) => error.say(language),
            Notice::Weak(weakness) => weakness.say(language),
            Notice::KeptAside { path } => language.say("classify.kept_aside", &[("path", &printable(path))]),
            Notice::ScoredInside { count } => language.say("within.scored_inside", &[("count", count)]),
            Notice::NotScoredInside { count } => language.say("within.not_scored_inside", &[("count", count)]),
            Notice::Rescored { count, destination } => {
                language.say("classify.rescored", &[("count", count), ("destination", &printable(destination))])
            }
            Notice::NotRescored { count, destination } => {
                language.say("classify.not_rescored", &[("count", count), ("destination", &printable(destination))])
            }
        }
    }
}

impl Say for RunError {
    fn say(&self, language: &Language) -> String {
        match self {
            RunError::Scan(error) => error.say(language),
            RunError::NoFiles { folder, left_out: files } => {
                let sentence = language.say("source.no_pictures", &[("folder", &printable(folder))]);
                let more = left_out(language, files, folder, ChosenIn::Setup);
                std::iter::once(sentence).chain(more).collect::<Vec<_>>().join(" ")
            }
            RunError::SourceEmptied { folder } => language.say("source.emptied", &[("folder", &printable(folder))]),
            RunError::Folders(error) | RunError::Destination(error) => error.say(language),
            RunError::TableInTheWay { path } => {
                language.say("destination.table_in_the_way", &[("path", &printable(path))])
            }
            RunError::NothingClassified { .. } => language.text("store.nothing_classified"),
            RunError::NoSuchLabel { label, labels } => {
                let known: Vec<String> = labels.iter().map(|label| format!("“{}”", printable_text(label))).collect();
                let values: Values<'_> = &[("label", &printable_text(label)), ("labels", &known.join(", "))];
                language.say("within.no_such_label", values)
            }
            RunError::NotNarrowed { label } => {
                language.say("within.not_narrowed", &[("label", &printable_text(label))])
            }
            RunError::FolderTooLong { folder } => {
                language.say("within.folder_too_long", &[("folder", &printable(folder))])
            }
            RunError::NoneFromThere { label, source_folder } => {
                let values: Values<'_> = &[("label", &printable_text(label)), ("source", &printable(source_folder))];
                language.say("within.none_from_there", values)
            }
            RunError::FileInTheWay { path } => language.say("within.file_in_the_way", &[("path", &printable(path))]),
            RunError::Runtime(error) => error.say(language),
            RunError::Unpack { folder, source } => {
                language.say("demo.cannot_unpack", &[("folder", &printable(folder)), ("detail", source)])
            }
            RunError::Hub(error) => error.say(language),
            RunError::Model(error) => error.say(language),
            RunError::Classify(error) => error.say(language),
            RunError::Watch(error) => error.say(language),
            RunError::Store(error) => error.say(language),
            RunError::Table(error) => error.say(language),
            RunError::Find(error) => error.say(language),
            RunError::Stopped => language.text("app.stopped"),
        }
    }
}
