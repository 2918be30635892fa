//! The end of a run, in words.

use std::collections::BTreeMap;
use std::path::Path;

use super::console::Console;
use super::outcome::Run;
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Operation;
use crate::files::transfer::Outcome;
use crate::lang::{Language, Say, Values};

/// Pictures with something wrong that are named; all of them are in the table.
const NAMED: usize = 20;

/// Prints what happened: every row of counts, what is wrong with what, and what to do next.
pub(super) fn print(run: &Run<'_>, table: Option<&Path>, language: &Language, console: &mut Console) {
    let counts = run.counts();
    let mut say = |key: &str, values: Values<'_>| console.out(&language.say(key, values));
    if run.interrupted && run.transferred.is_empty() {
        let total = run.classification.waiting + run.classification.pictures.len() + others(run);
        let done = total - run.classification.waiting;
        say("classify.interrupted_classifying", &[("done", &done), ("total", &total)]);
    } else {
        say("classify.finished", &[("pictures", &counts.pictures())]);
    }
    let width = counts.pictures().to_string().len().max(5);
    let padded = |count: usize| format!("{count:>width$}");
    for ((label, folder), count) in run.settings.labels.iter().zip(run.folders).zip(&counts.by_label) {
        // The folder is told where its name is not the label's.
        let key = if *folder == label.text { "classify.label_row" } else { "classify.label_row_folder" };
        let label = printable_text(&label.text);
        say(key, &[("count", &padded(*count)), ("label", &label), ("folder", folder)]);
    }
    let sure = run.settings.sure;
    let rows = [
        ("classify.unsure_row", counts.unsure),
        ("classify.suspect_row", counts.suspect),
        ("classify.unsupported_row", counts.unsupported),
        ("classify.unreadable_row", counts.unreadable),
        ("classify.waiting_row", counts.waiting),
    ];
    for (key, count) in rows.into_iter().filter(|(_, count)| *count > 0) {
        let values: Values<'_> = &[("threshold", &sure.threshold), ("margin", &sure.margin)];
        say(key, &[values, &[("count", &padded(count))]].concat());
    }
    print_transfers(run, language, console);
    print_others(&run.classification.other_files, language, console);
    print_troubles(run, language, console);
    if let Some(table) = table {
        console.out(&language.say("classify.output", &[("path", &printable(table))]));
    }
    if counts.unsure > 0 {
        console.out(&language.text("classify.what_next_unsure"));
    }
    let (runtime, model) = (run.runtime, &run.settings.model);
    let values: Values<'_> = &[
        ("runtime", &runtime.name()),
        ("version", &runtime.version()),
        ("device", &runtime.device()),
        ("model", model),
    ];
    console.out(&language.say("classify.runtime", values));
}

fn others(run: &Run<'_>) -> usize {
    run.classification.other_files.values().sum()
}

fn print_transfers(run: &Run<'_>, language: &Language, console: &mut Console) {
    if run.dry_run {
        let key = match run.settings.operation {
            Operation::Copy => "classify.would_copy",
            Operation::Move => "classify.would_move",
        };
        console.out(&language.text("classify.dry_run"));
        console.out(&language.say(key, &[("count", &run.plan.len())]));
        return;
    }
    if run.interrupted && !run.transferred.is_empty() {
        let values: Values<'_> = &[("done", &run.transferred.len()), ("total", &run.plan.len())];
        console.out(&language.say("classify.interrupted_applying", values));
    }
    let parts = [
        ("classify.copied", run.ended(|outcome| matches!(outcome, Outcome::Copied { .. }))),
        ("classify.moved", run.ended(|outcome| matches!(outcome, Outcome::Moved { .. }))),
        ("classify.present", run.ended(|outcome| matches!(outcome, Outcome::AlreadyPresent { .. }))),
        ("classify.not_transferred", run.plan.len() - run.transferred.len() + run.transfers_failed()),
    ];
    let parts = parts.iter().filter(|(_, count)| *count > 0);
    let folder = printable(&run.settings.destination);
    let say = |(key, count): &(&str, usize)| language.say(key, &[("count", count), ("folder", &folder)]);
    let parts: Vec<String> = parts.map(say).collect();
    if !parts.is_empty() {
        console.out(&parts.join(", "));
    }
}

fn print_others(others: &BTreeMap<String, usize>, language: &Language, console: &mut Console) {
    let count: usize = others.values().sum();
    if count > 0 {
        let values: Values<'_> = &[("count", &count), ("kinds", &kinds(others, language))];
        console.out(&language.say("classify.others", values));
    }
}

/// `3 .txt, 1 .mp4, 2 without extension`.
pub(super) fn kinds(others: &BTreeMap<String, usize>, language: &Language) -> String {
    let kind = |(extension, count): (&String, &usize)| match extension.as_str() {
        "" => format!("{count} {}", language.text("classify.no_extension")),
        extension => format!("{count} .{}", printable_text(extension)),
    };
    others.iter().map(kind).collect::<Vec<_>>().join(", ")
}

fn print_troubles(run: &Run<'_>, language: &Language, console: &mut Console) {
    let pictures = &run.classification.pictures;
    let wrong = pictures.iter().filter_map(|c| c.trouble.as_ref().map(|trouble| (c, trouble)));
    let mut lines: Vec<String> = wrong
        .map(|(classified, trouble)| {
            let values: Values<'_> = &[
                ("path", &printable(&classified.picture.path)),
                ("state", &classified.picture.state),
                ("trouble", &trouble.say(language)),
            ];
            language.say("classify.picture_trouble", values)
        })
        .collect();
    lines.extend(run.transferred.iter().filter_map(|t| t.result.as_ref().err()).map(|error| error.say(language)));
    if run.unreadable_folders > 0 {
        console.out(&language.say("classify.folders_unreadable", &[("count", &run.unreadable_folders)]));
    }
    if lines.is_empty() {
        return;
    }
    console.out(&language.say("classify.troubles", &[("count", &lines.len())]));
    for line in lines.iter().take(NAMED) {
        console.out(&format!("  {line}"));
    }
    if lines.len() > NAMED {
        console.out(&language.say("classify.more_troubles", &[("count", &(lines.len() - NAMED))]));
    }
}
