//! Sentences for what happens while a folder is watched.

use super::{Language, Say, Values, size};
use crate::domain::printable::{printable, printable_text};
use crate::files::destination::DestinationError;
use crate::files::watcher::WatcherUnavailable;
use crate::jobs::tables::TableError;
use crate::jobs::watch::{AlertEnd, BadCommand, WatchBlocked, WatchError};

impl Say for WatchError {
    fn say(&self, language: &Language) -> String {
        match self {
            WatchError::Model(error) => error.say(language),
            WatchError::Store(error) => error.say(language),
        }
    }
}

impl Say for WatchBlocked<'_> {
    fn say(&self, language: &Language) -> String {
        match *self {
            WatchBlocked::NoRoom(DestinationError::Full { folder, free, needed }) => {
                let (free, needed) = (size(*free), size(*needed));
                let values: Values<'_> = &[("folder", &printable(folder)), ("free", &free), ("needed", &needed)];
                language.say("watch.waits_room", values)
            }
            WatchBlocked::NoRoom(error) => error.say(language),
            WatchBlocked::Failing(error) | WatchBlocked::NoTable(TableError::Store(error)) => {
                let detail = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
                language.say("watch.waits_session", &[("detail", &detail)])
            }
            WatchBlocked::NoTable(TableError::File { path, source }) => {
                language.say("watch.waits_table", &[("path", &printable(path)), ("detail", source)])
            }
        }
    }
}

impl Say for WatcherUnavailable {
    fn say(&self, language: &Language) -> String {
        match self {
            WatcherUnavailable::Network => language.text("watch.no_events_network"),
            WatcherUnavailable::Limit => language.text("watch.no_events_limit"),
            WatcherUnavailable::Refused { detail } => language.say("watch.no_events_refused", &[("detail", detail)]),
        }
    }
}

impl Say for BadCommand {
    fn say(&self, language: &Language) -> String {
        match self {
            BadCommand::Form { given } => language.say("watch.bad_command", &[("given", &printable_text(given))]),
            BadCommand::Quotes { given } => language.say("watch.bad_quotes", &[("given", &printable_text(given))]),
            BadCommand::NoLabel { label } => language.say("watch.no_such_label", &[("label", &printable_text(label))]),
            BadCommand::Twice { label } => language.say("watch.two_commands", &[("label", &printable_text(label))]),
        }
    }
}

impl Say for AlertEnd {
    fn say(&self, language: &Language) -> String {
        match self {
            AlertEnd::Done => language.text("watch.alert_done"),
            AlertEnd::Failed { code: Some(code) } => language.say("watch.alert_failed", &[("code", code)]),
            AlertEnd::Failed { code: None } => language.text("watch.alert_killed"),
            AlertEnd::TimedOut => language.text("watch.alert_timed_out"),
            AlertEnd::NotStarted { detail } => language.say("watch.alert_not_started", &[("detail", detail)]),
        }
    }
}
