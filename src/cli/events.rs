//! `--json`: one object a line, which scripts rely on.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::outcome::Report;
use crate::domain::file_filter::{LeftOut, LeftOutReason};
use crate::domain::limit::Stage;
use crate::domain::litter::pattern_for;
use crate::domain::plan::PlannedTransfer;
use crate::domain::printable::is_disturbing;
use crate::domain::settings::{ModelName, Settings};
use crate::files::output_csv::exact_bytes;
use crate::files::transfer::Ended;
use crate::jobs::classify::Classified;
use crate::jobs::watch::AlertEnd;
use crate::lang::{Language, Say};

/// One picture.
pub(super) fn picture(classified: &Classified, settings: &Settings, language: &Language) -> String {
    let picture = &classified.picture;
    let mut event = head("picture");
    put_path(&mut event, "path", &picture.path);
    put(&mut event, "sha256", picture.hash.map(|hash| hash.to_string()));
    put(&mut event, "status", picture.state.word());
    if let Some(prediction) = &picture.prediction {
        let labels = &settings.labels;
        let scores = labels.iter().zip(&prediction.scores).map(|(label, score)| (label.text.clone(), number(*score)));
        put(&mut event, "label", labels.get(prediction.label).map(|label| label.text.clone()));
        put(&mut event, "score", number(prediction.score));
        put(&mut event, "margin", number(prediction.margin));
        put(&mut event, "scores", Json::Object(scores.collect()));
        put(&mut event, "unsure", !settings.sure.is_sure(prediction));
    }
    put(&mut event, "reason", classified.trouble.as_ref().map(|trouble| trouble.say(language)));
    line(event)
}

/// One file that was copied, moved, or not.
pub(super) fn transfer(planned: &PlannedTransfer, ended: &Ended, language: &Language) -> String {
    let mut event = head("transfer");
    put_path(&mut event, "path", &planned.source);
    put(&mut event, "sha256", planned.hash.to_string());
    match ended {
        Ok(outcome) => {
            put(&mut event, "status", outcome.word());
            put_path(&mut event, "destination", outcome.target());
            if outcome.unkept().any() {
                put(&mut event, "unkept", outcome.unkept().words().collect::<Vec<_>>());
            }
        }
        Err(error) => {
            put(&mut event, "status", if error.target().is_some() { "copied" } else { "failed" });
            if let Some(target) = error.target() {
                put_path(&mut event, "destination", target);
            }
            put(&mut event, "reason", error.say(language));
        }
    }
    line(event)
}

/// A file that its writer has left unfinished.
pub(super) fn unfinished(path: &Path) -> String {
    let mut event = head("unfinished");
    put_path(&mut event, "path", path);
    line(event)
}

/// The files and folders that were not looked at, a line each, with the pattern that looks at litter of that name.
pub(super) fn left_out(left_out: &LeftOut) -> impl Iterator<Item = String> {
    left_out.reasons().map(|(path, why, files)| {
        let mut event = head("left_out");
        put_path(&mut event, "path", path);
        put(&mut event, "why", why.word());
        put(&mut event, "files", files);
        if let Some(pattern) = path.file_name().filter(|_| why == LeftOutReason::Litter).and_then(pattern_for) {
            put(&mut event, "include", pattern);
        }
        line(event)
    })
}

/// The fate of a watched folder.
pub(super) fn source(folder: &Path, state: &str) -> String {
    let mut event = head("source");
    put_path(&mut event, "path", folder);
    put(&mut event, "state", state);
    line(event)
}

/// A command that was run for an arrival.
pub(super) fn alert(path: &Path, label: &str, end: &AlertEnd) -> String {
    let mut event = head("alert");
    put_path(&mut event, "path", path);
    put(&mut event, "label", label);
    put(&mut event, "end", end.word());
    line(event)
}

/// The summary of everything. Always the last line.
pub(super) fn summary(report: &Report<'_>) -> String {
    let (counts, tally) = (&report.sorted.counts, &report.tally);
    let counted = report.sorted.labels.iter().zip(&counts.by_label).filter(|(label, _)| label.is_sorted);
    let by_label: Map<String, Json> = counted.map(|(label, count)| (label.name.clone(), Json::from(*count))).collect();
    let mut event = head("summary");
    put(&mut event, "pictures", counts.pictures() - counts.waiting);
    put(&mut event, "counts", Json::Object(by_label));
    put(&mut event, "unsure", counts.unsure);
    put(&mut event, "unsure_inside", counts.all_unsure_inside());
    put(&mut event, "none_of_these", counts.none_of_these);
    put(&mut event, "label_removed", counts.label_removed);
    put(&mut event, "suspect", counts.suspect);
    put(&mut event, "unsupported", counts.unsupported);
    put(&mut event, "unreadable", counts.unreadable);
    put(&mut event, "failed", counts.failed());
    put(&mut event, "waiting", counts.waiting);
    put(&mut event, "planned", report.sorted.plan.transfers.len());
    put(&mut event, "in_place", report.sorted.plan.in_place);
    put(&mut event, "left", report.sorted.plan.left.len());
    put(&mut event, "unwanted", report.sorted.plan.unwanted);
    put(&mut event, "copied", tally.copied);
    put(&mut event, "moved", tally.moved);
    put(&mut event, "regrouped", tally.regrouped);
    put(&mut event, "already_present", tally.present);
    put(&mut event, "unkept", tally.unkept);
    put(&mut event, "transfers_failed", tally.failed);
    put(&mut event, "sources_kept", tally.kept);
    put(&mut event, "sources_stay", report.sorted.sources_stay);
    put(&mut event, "gone", report.sorted.gone.len());
    put(&mut event, "unseen", report.sorted.unseen.len());
    put(&mut event, "interrupted", report.was_interrupted());
    put(&mut event, "dry_run", report.dry_run);
    if let Some(classifying) = &report.classifying {
        let classification = classifying.classification;
        put(&mut event, "remembered", classification.remembered);
        put(&mut event, "trusted", classification.trusted);
        put(&mut event, "other_files", classification.others());
        put(&mut event, "left_out", json!(classification.left_out.counts()));
        put(&mut event, "unreadable_folders", classifying.unreadable_folders);
        put(&mut event, "runtime", format!("{} {}", classifying.runtime.name(), classifying.runtime.version()));
        put(&mut event, "device", classifying.runtime.device().to_string());
        put(&mut event, "variant", classifying.variant.name());
        put(&mut event, "limited_by", classifying.limit.map(Stage::word));
        match &classifying.settings.model {
            model @ (ModelName::Demo | ModelName::Hub(_)) => put(&mut event, "model", model.to_string()),
            ModelName::Folder(folder) => put_path(&mut event, "model", folder),
        }
    }
    line(event)
}

pub(super) fn head(kind: &str) -> Map<String, Json> {
    Map::from_iter([("event".to_owned(), json!(kind))])
}

pub(super) fn put(event: &mut Map<String, Json>, key: &str, value: impl Into<Json>) {
    event.insert(key.to_owned(), value.into());
}

/// A path as text; its exact bytes in base64 beside it where it is not UTF-8.
pub(super) fn put_path(event: &mut Map<String, Json>, key: &str, path: &Path) {
    match path.to_str() {
        Some(text) => put(event, key, text),
        None => {
            put(event, key, path.to_string_lossy().into_owned());
            put(event, &format!("{key}_bytes"), exact_bytes(path.as_os_str()));
        }
    }
}

/// A score with all the digits that single precision has.
pub(super) fn number(score: f32) -> Json {
    Json::from(score)
}

/// The object as a line. JSON lets some characters stand that would disturb a terminal: they are escaped as well.
pub(super) fn line(event: Map<String, Json>) -> String {
    let text = Json::Object(event).to_string();
    match text.chars().any(is_disturbing) {
        true => text.chars().map(escaped).collect(),
        false => text,
    }
}

fn escaped(c: char) -> String {
    if is_disturbing(c) { format!("\\u{:04x}", c as u32) } else { c.to_string() }
}
