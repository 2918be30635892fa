//! Hands each event of the backend to the part of the app that it concerns.

use super::{
    failure, files, find, following, grid_page, inside, labels, models, outside, run, setup, stacks, start, trust,
    undo, watching,
};
use crate::backend::Event;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Takes an event.
pub(super) fn take(model: &mut Model, event: Event) -> Vec<Effect> {
    let effects = hand_on(model, event);
    // Work that goes on changes how many files wait.
    model.counts.waiting = model.waiting();
    effects
}

/// One line for each event. Some have effects, which are returned.
fn hand_on(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        // The fields of the setup.
        Event::Checked { number, result } => return setup::checked(model, number, result),
        Event::Completed { typed, text } => return setup::completed(model, &typed, text),

        // The model, its files, and what runs it.
        Event::Models { typed, found } => models::listed(model, &typed, found),
        Event::ModelFound { choice } => return start::found(model, choice),
        Event::ModelOffered { name, instead } => model.setup.instead = instead.map(|instead| (name, instead)),
        Event::Downloading { done, total, per_second } => models::downloading(model, done, total, per_second),
        Event::DownloadWaits { seconds } => model.say(model.language.say("hub.waiting", &[("seconds", &seconds)])),
        Event::DownloadLocked => model.say(model.language.text("hub.locked")),
        Event::Downloaded => return models::downloaded(model),
        Event::Checking { done, total } => models::checking(model, done, total),
        Event::Repaired { model: named, was_whole } => return models::repaired(model, &named, was_whole),
        Event::Runtime { runtime, device, is_built_in, is_gpu_unused } => {
            models::runtime_chosen(model, runtime, device, is_built_in, is_gpu_unused);
        }
        Event::ModelOpened { device } => models::opened(model, device),
        Event::Quantising => model.say(model.language.text("classify.quantising")),
        Event::Installed { version, is_for_later } => models::installed(model, &version, is_for_later),

        // A run, and its pictures.
        Event::Opened { sorting, origin } => return run::opened(model, sorting.map(|sorting| *sorting), origin),
        Event::Begun { begun } => following::begun(model, begun),
        Event::Found { files, left_out } => return run::found(model, files, &left_out),
        Event::Passed { others } => run::passed(model, others),
        Event::Arrived { revision, entries, scores } => return run::arrived(model, revision, entries, &scores),
        Event::Pace { per_second, limit } => (model.pace, model.limit) = (Some(per_second), limit),
        Event::Classified { remembered: _, waiting, rescored, per_second } => {
            return run::classified(model, waiting, rescored > 0, per_second);
        }
        Event::Notice { notice } => run::notice(model, &notice),
        Event::Failed { error } => return run::failed(model, &error),
        Event::NotTakenOver { error } | Event::Trouble { error } => failure::say(model, &error),

        // Changes by other processes, and the watch.
        Event::Followed { begun, kept, with, revision, joined, scores, changed, are_arrivals } => {
            let read = following::Read { kept, with, revision, joined, scores, changed, are_arrivals };
            return following::followed(model, begun, read);
        }
        Event::ScoredLate { revision, pictures, scores } => following::scored_late(model, revision, &pictures, &scores),
        Event::WatchBegan { number, sorting, sorts } => return watching::began(model, number, *sorting, sorts),
        Event::Watching { status } => watching::status(model, status),
        Event::WatchNews { news } => watching::news(model, news),
        Event::WatchEnded { number, arrived, error } => watching::ended(model, number, arrived, error),
        Event::Trusted { destination } => return trust::trusted(model, destination),

        // Labels and their scores.
        Event::Scorable { missing } => return labels::scorable(model, missing),
        Event::NotScorable { error } => labels::not_scorable(model, &error),
        Event::Rescored { revision, scores } => return inside::rescored(model, revision, scores),
        Event::Inside { labels } => inside::told(model, labels),
        Event::Ranked { begun, number, ranking } => return find::ranked(model, begun, number, ranking),
        Event::NotRanked { number, reason } => find::not_ranked(model, number, reason),
        Event::LabelsFailed { revision, label, error } => labels::failed(model, revision, label, &error),
        Event::Alike { revision, pairs } => labels::alike(model, revision, pairs),

        // Decisions, and the picture that is looked at.
        Event::Decided { steps } => undo::remember(model, steps),
        Event::TakenOver { step } => undo::taken_over(model, step),
        Event::OpenedOutside { opened, is_shown } => return outside::opened(model, opened, is_shown),
        Event::Viewed { number, viewed, facts } => super::preview::viewed(model, number, viewed, facts),
        Event::Tile { number, place, tile } => grid_page::painted(model, number, place, tile),
        Event::LookingForDuplicates { number, percent } => stacks::looking(model, number, percent),
        Event::NearDuplicates { number, stacks, unknown } => stacks::found(model, number, &stacks, unknown),

        // Files that are copied, moved or taken back.
        Event::Planned { plan, gone, unseen } => files::planned(model, plan, gone, unseen),
        Event::Progress { tally, total } => files::progress(model, tally, total),
        Event::Applied { run, tally, failures, total, head } => {
            files::applied(model, (run, tally, total), failures, head)
        }
        Event::Foreseen { outlook, failures } => files::foreseen(model, outlook, failures),
        Event::Undone { run, own, tally, failures, head } => files::undone(model, (run, own, tally), failures, head),
        Event::Places { folders } => files::placed(model, folders),
    }
    vec![]
}
