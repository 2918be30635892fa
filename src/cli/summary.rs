//! The end of a run, in words.

use std::collections::BTreeMap;
use std::path::Path;

use super::console::Console;
use super::outcome::{Classifying, NAMED, Report};
use crate::domain::count::Counts;
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::{Operation, Settings};
use crate::jobs::classify::Classification;
use crate::jobs::sort::SortedLabel;
use crate::lang::{ChosenIn, Language, Say, Values};

/// Prints what happened: every row of counts, what is wrong with what, and what to do next.
pub(super) fn print(report: &Report<'_>, table: Option<&Path>, language: &Language, console: &mut Console) {
    let counts = &report.sorted.counts;
    print_heading(report, language, console);
    print_counts(report, counts, language, console);
    print_transfers(report, language, console);
    print_left(report, language, console);
    if let Some(classifying) = &report.classifying {
        print_trusted(classifying.classification, language, console);
        print_others(classifying, language, console);
    }
    print_troubles(report, language, console);
    if let Some(table) = table {
        console.out(&language.say("classify.output", &[("path", &printable(table))]));
    }
    if counts.unsure > 0 {
        console.out(&language.text("classify.what_next_unsure"));
    }
    if report.was_watched() && !report.sorted.plan.transfers.is_empty() {
        let values: Values<'_> =
            &[("count", &report.sorted.plan.transfers.len()), ("destination", &printable(report.destination))];
        console.out(&language.say("watch.what_next_apply", values));
    }
    if let (Some(run), true) = (report.run, report.tally.changed()) {
        let values: Values<'_> = &[("run", &run.0), ("destination", &printable(report.destination))];
        console.out(&language.say("classify.what_next_undo", values));
    }
    if let Some(classifying) = &report.classifying {
        print_runtime(classifying, language, console);
    }
}

fn print_heading(report: &Report<'_>, language: &Language, console: &mut Console) {
    match &report.classifying {
        Some(classifying) if classifying.interrupted => {
            let classification = classifying.classification;
            let done = classification.pictures + classification.other_files.values().sum::<usize>();
            let values: Values<'_> = &[("done", &done), ("total", &(done + classification.waiting))];
            console.out(&language.say("classify.interrupted_classifying", values));
        }
        Some(Classifying { arrived: Some(arrived), .. }) => {
            let values: Values<'_> = &[("arrived", arrived), ("pictures", &report.sorted.counts.pictures())];
            console.out(&language.say("watch.ended", values));
        }
        Some(_) => console.out(&language.say("classify.finished", &[("pictures", &report.sorted.counts.pictures())])),
        None => console.out(&language.say("apply.heading", &[("pictures", &report.sorted.counts.pictures())])),
    }
}

fn print_counts(report: &Report<'_>, counts: &Counts, language: &Language, console: &mut Console) {
    let mut say = |key: &str, values: Values<'_>| console.out(&language.say(key, values));
    let width = counts.pictures().to_string().len().max(5);
    let padded = |count: usize| format!("{count:>width$}");
    let counted = report.sorted.labels.iter().zip(&counts.by_label).filter(|(label, _)| label.is_sorted);
    for (SortedLabel { name, folder, .. }, count) in counted {
        // The folder is told where its name is not the label's.
        let key = if folder == name { "classify.label_row" } else { "classify.label_row_folder" };
        let label = printable_text(name);
        say(key, &[("count", &padded(*count)), ("label", &label), ("folder", folder)]);
    }
    let sure = report.sorting.sure();
    let rows = [
        ("classify.unsure_inside_row", counts.all_unsure_inside()),
        ("classify.unsure_row", counts.unsure),
        ("classify.none_row", counts.none_of_these),
        ("classify.removed_row", counts.label_removed),
        ("classify.suspect_row", counts.suspect),
        ("classify.unsupported_row", counts.unsupported),
        ("classify.unreadable_row", counts.unreadable),
        ("classify.waiting_row", counts.waiting),
        ("classify.unwanted_row", report.sorted.plan.unwanted),
    ];
    for (key, count) in rows.into_iter().filter(|(_, count)| *count > 0) {
        let values: Values<'_> = &[("threshold", &sure.threshold), ("margin", &sure.margin)];
        say(key, &[values, &[("count", &padded(count))]].concat());
    }
}

fn print_transfers(report: &Report<'_>, language: &Language, console: &mut Console) {
    let (plan, tally) = (&report.sorted.plan, &report.tally);
    if report.dry_run {
        let moves = plan.transfers.iter().filter(|planned| planned.from.is_some()).count();
        let key = match report.sorting.operation {
            Operation::Copy => "classify.would_copy",
            Operation::Move => "classify.would_move",
        };
        console.out(&language.text("classify.dry_run"));
        console.out(&language.say(key, &[("count", &(plan.transfers.len() - moves))]));
        if moves > 0 {
            console.out(&language.say("classify.would_regroup", &[("count", &moves)]));
        }
        return;
    }
    if report.interrupted {
        let values: Values<'_> = &[("done", &tally.begun), ("total", &plan.transfers.len())];
        console.out(&language.say("classify.interrupted_applying", values));
    }
    // Pictures that a watch has sorted lie where they belong: that is not told twice.
    let in_place = if report.was_watched() { 0 } else { plan.in_place };
    let parts = [
        ("classify.copied", tally.copied),
        ("classify.moved", tally.moved),
        ("classify.regrouped", tally.regrouped),
        ("classify.present", tally.present),
        ("classify.in_place", in_place),
        ("classify.not_transferred", report.not_transferred()),
    ];
    let parts = parts.iter().filter(|(_, count)| *count > 0);
    let folder = printable(report.destination);
    let say = |(key, count): &(&str, usize)| language.say(key, &[("count", count), ("folder", &folder)]);
    let parts: Vec<String> = parts.map(say).collect();
    if !parts.is_empty() {
        console.out(&parts.join(", "));
    }
    if report.sorted.sources_stay > 0 {
        console.out(&language.say("classify.sources_stay", &[("count", &report.sorted.sources_stay)]));
    }
    if let Some(reason) = &tally.why_kept {
        let values: Values<'_> = &[("count", &tally.kept), ("folder", &folder), ("reason", reason)];
        console.out(&language.say("classify.sources_kept", values));
    }
    if tally.unkept > 0 {
        console.out(&language.say("classify.unkept", &[("count", &tally.unkept)]));
    }
}

/// Pictures in folders of labels that are not there any more, by where they would go.
fn print_left(report: &Report<'_>, language: &Language, console: &mut Console) {
    let left = &report.sorted.plan.left;
    if left.is_empty() {
        return;
    }
    let mut ways: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for picture in left {
        *ways.entry((&picture.folder, picture.would_go_to.as_deref())).or_default() += 1;
    }
    console.out(&language.say("apply.left", &[("count", &left.len())]));
    for ((from, to), count) in ways.iter().take(NAMED) {
        let line = match to {
            Some(to) => language.say("apply.left_row", &[("count", count), ("from", from), ("to", to)]),
            None => language.say("apply.left_row_nowhere", &[("count", count), ("from", from)]),
        };
        console.out(&line);
    }
    if left.iter().any(|picture| picture.would_go_to.is_some()) {
        let destination = printable(report.destination);
        console.out(&language.say("apply.how_to_resort", &[("destination", &destination)]));
    }
}

fn print_runtime(classifying: &Classifying<'_>, language: &Language, console: &mut Console) {
    let (runtime, model) = (classifying.runtime, &classifying.settings.model);
    let values: Values<'_> = &[
        ("runtime", &runtime.name()),
        ("version", &runtime.version()),
        ("device", &runtime.computes_in(classifying.variant)),
        ("model", model),
    ];
    console.out(&language.say("classify.runtime", values));
}

fn print_trusted(classification: &Classification, language: &Language, console: &mut Console) {
    if classification.trusted > 0 {
        console.out(&language.say("classify.trusted", &[("count", &classification.trusted)]));
    }
}

fn print_others(classifying: &Classifying<'_>, language: &Language, console: &mut Console) {
    let classification = classifying.classification;
    let count = classification.others();
    if count > 0 {
        let values: Values<'_> = &[("count", &count), ("kinds", &kinds(classification, language))];
        console.out(&language.say("classify.others", values));
    }
    left_out(classification, classifying.settings, language).iter().for_each(|line| console.out(line));
}

/// The files that were left out, and what looks at them.
pub(super) fn left_out(classification: &Classification, settings: &Settings, language: &Language) -> Vec<String> {
    crate::lang::left_out(language, &classification.left_out, &settings.source, ChosenIn::CommandLine)
}

/// `3 .txt, 1 .mp4, 2 without extension, 5 litter`.
pub(super) fn kinds(classification: &Classification, language: &Language) -> String {
    let kind = |(extension, count): (&String, &usize)| match extension.as_str() {
        "" => format!("{count} {}", language.text("classify.no_extension")),
        extension => format!("{count} .{}", printable_text(extension)),
    };
    let litter = classification.left_out.counts().litter;
    let litter = (litter > 0).then(|| language.say("classify.litter", &[("count", &litter)]));
    classification.other_files.iter().map(kind).chain(litter).collect::<Vec<_>>().join(", ")
}

fn print_troubles(report: &Report<'_>, language: &Language, console: &mut Console) {
    let troubled = report.sorted.troubled.iter().map(|troubled| {
        let state = troubled.state.say(language);
        let values: Values<'_> =
            &[("path", &printable(&troubled.path)), ("state", &state), ("trouble", &troubled.trouble)];
        language.say("classify.picture_trouble", values)
    });
    let gone = report.sorted.gone.iter().map(|path| language.say("apply.gone", &[("path", &printable(path))]));
    let unseen =
        report.sorted.unseen.iter().map(|unseen| {
            language.say("apply.unseen", &[("path", &printable(&unseen.path)), ("detail", &unseen.error)])
        });
    let failures = report.tally.failures.iter().cloned();
    let sorted = report.sorted;
    let count = sorted.troubled.len() + sorted.gone.len() + sorted.unseen.len() + report.tally.failed;
    let unreadable_folders = report.classifying.as_ref().map_or(0, |classifying| classifying.unreadable_folders);
    if unreadable_folders > 0 {
        console.out(&language.say("classify.folders_unreadable", &[("count", &unreadable_folders)]));
    }
    if count == 0 {
        return;
    }
    console.out(&language.say("classify.troubles", &[("count", &count)]));
    for line in failures.chain(unseen).chain(troubled).chain(gone).take(NAMED) {
        console.out(&format!("  {line}"));
    }
    if count > NAMED {
        console.out(&language.say("classify.more_troubles", &[("count", &(count - NAMED))]));
    }
}
