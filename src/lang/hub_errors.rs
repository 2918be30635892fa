//! Sentences for what goes wrong with the hub.

use super::{Language, Say, Values, size};
use crate::domain::printable::{printable, printable_text};
use crate::engine::families::FamilyError;
use crate::engine::hub::known::{Speed, Strength};
use crate::engine::hub::{HubError, Missing};

impl Say for HubError {
    fn say(&self, language: &Language) -> String {
        match self {
            HubError::Offline { id } => language.say("hub.offline", &[("model", id)]),
            HubError::NoCache => language.text("hub.no_cache"),
            HubError::BadProxy { variable } => language.say("hub.bad_proxy", &[("variable", variable)]),
            HubError::NoScheme { endpoint } => {
                language.say("hub.no_scheme", &[("endpoint", &printable_text(endpoint))])
            }
            HubError::NoNetwork { endpoint, detail } => at(language, "hub.no_network", endpoint, detail),
            HubError::TooSlow { endpoint } => language.say("hub.too_slow", &[("endpoint", &printable_text(endpoint))]),
            HubError::Cut { endpoint, detail } => at(language, "hub.cut", endpoint, detail),
            HubError::Answer { endpoint, detail } => at(language, "hub.answer", endpoint, detail),
            HubError::Busy { endpoint, status } => {
                language.say("hub.busy", &[("endpoint", &printable_text(endpoint)), ("status", status)])
            }
            HubError::Status { endpoint, status } => {
                language.say("hub.status", &[("endpoint", &printable_text(endpoint)), ("status", status)])
            }
            HubError::NoSuchModel { id, endpoint, is_anonymous } => {
                let key = if *is_anonymous { "hub.no_such_model_anonymous" } else { "hub.no_such_model" };
                language.say(key, &[("model", id), ("endpoint", &printable_text(endpoint))])
            }
            HubError::NoSuchRevision { id, revision } => {
                language.say("hub.no_such_revision", &[("model", id), ("revision", revision)])
            }
            HubError::NeedsToken { id, was_refused } => {
                language.say(if *was_refused { "hub.token_refused" } else { "hub.needs_token" }, &[("model", id)])
            }
            HubError::Gated { id, page, is_anonymous } => {
                let key = if *is_anonymous { "hub.gated_anonymous" } else { "hub.gated" };
                language.say(key, &[("model", id), ("page", &printable_text(page))])
            }
            HubError::NotSupported { id, found, known } => {
                let key = if found.is_empty() { "hub.no_type" } else { "hub.not_supported" };
                let (found, known) = (printable_text(found), known.join(", "));
                language.say(key, &[("model", id), ("found", &found), ("known", &known)])
            }
            HubError::Configuration { id, source } => configuration(language, id, source),
            HubError::Processor { id, file, source } => {
                let (key, found) = (&source.key, &printable_text(&source.found));
                language.say("hub.bad_processor", &[("file", file), ("model", id), ("key", key), ("found", found)])
            }
            HubError::Unusable { id, .. } => language.say("hub.unusable", &[("model", id)]),
            HubError::Incomplete { id, missing } => match missing {
                Missing::Processor => language.say("hub.no_processor", &[("model", id)]),
                Missing::Tokenizer { parts } => {
                    language.say("hub.no_tokenizer", &[("model", id), ("parts", &parts.join(", "))])
                }
                Missing::TokenizerConfig => language.say("hub.no_tokenizer_config", &[("model", id)]),
                Missing::Scale => language.say("hub.no_scale", &[("model", id)]),
                Missing::Weights => language.say("hub.no_weights", &[("model", id)]),
            },
            HubError::NotCredible { id, found } => {
                language.say("hub.not_credible", &[("model", id), ("found", &printable_text(found))])
            }
            HubError::Damaged { id, file } => language.say("hub.damaged", &[("model", id), ("file", file)]),
            HubError::Broken { id, file } => language.say("hub.broken", &[("model", id), ("file", file)]),
            HubError::WrongLength { id, file, expected } => {
                language.say("hub.wrong_length", &[("model", id), ("file", file), ("expected", expected)])
            }
            HubError::NoRoom { folder, free, needed } => {
                let free = size(free.unwrap_or_default());
                let values: Values<'_> = &[("folder", &printable(folder)), ("free", &free), ("needed", &size(*needed))];
                language.say("hub.no_room", values)
            }
            HubError::File { path, source } => {
                language.say("hub.file", &[("path", &printable(path)), ("detail", source)])
            }
            HubError::Cancelled => language.text("hub.cancelled"),
        }
    }
}

fn at(language: &Language, key: &str, endpoint: &str, detail: &str) -> String {
    language.say(key, &[("endpoint", &printable_text(endpoint)), ("detail", &printable_text(detail))])
}

fn configuration(language: &Language, id: &str, error: &FamilyError) -> String {
    match error {
        FamilyError::BadValue { key, found } => {
            let values: Values<'_> = &[("model", &id), ("key", key), ("found", &printable_text(found))];
            language.say("hub.bad_value", values)
        }
        FamilyError::Unknown { known, .. } | FamilyError::OwnCode { known } => {
            language.say("hub.no_type", &[("model", &id), ("known", &known.join(", "))])
        }
    }
}

impl Say for Strength {
    fn say(&self, language: &Language) -> String {
        language.text(match self {
            Strength::Photographs => "models.photographs",
            Strength::Places => "models.places",
            Strength::Chinese => "models.chinese",
            Strength::Languages => "models.languages",
            Strength::Small => "models.small",
        })
    }
}

impl Say for Speed {
    fn say(&self, language: &Language) -> String {
        language.text(match self {
            Speed::Fast => "models.fast",
            Speed::Medium => "models.medium",
            Speed::Slow => "models.slow",
        })
    }
}
