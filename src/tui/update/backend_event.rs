//! An event of the crew, handed to the part of the app that it concerns.

use super::{decisions, failure, files, following, labels, model, run, setup, start, trust, watching};
use crate::jobs::crew::Event;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Takes an event.
pub(super) fn take(model: &mut Model, event: Event) -> Vec<Effect> {
    let effects = hand_on(model, event);
    // Work that goes on changes how many files wait.
    model.counts.waiting = model.waiting();
    effects
}

/// A line for each event: those that ask for something outside return it.
fn hand_on(app: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        // The fields of the setup.
        Event::Checked { number, result } => setup::checked(app, number, result),
        Event::Completed { typed, text } => return setup::completed(app, &typed, text),

        // The model, its files, and what runs it.
        Event::Models { typed, found } => model::listed(app, &typed, found),
        Event::ModelFound { choice } => return start::found(app, choice),
        Event::Downloading { done, total, per_second } => model::downloading(app, done, total, per_second),
        Event::DownloadWaits { seconds } => app.say(app.language.say("hub.waiting", &[("seconds", &seconds)])),
        Event::DownloadLocked => app.say(app.language.text("hub.locked")),
        Event::Downloaded => return model::downloaded(app),
        Event::Checking { done, total } => model::checking(app, done, total),
        Event::Repaired { model, was_whole } => return model::repaired(app, &model, was_whole),
        Event::Runtime { runtime, device, is_built_in, is_gpu_unused } => {
            model::runtime_chosen(app, runtime, device, is_built_in, is_gpu_unused);
        }
        Event::ModelOpened { device } => model::opened(app, device),
        Event::ModelSilent => app.say(app.language.text("engine.silent_in_app")),
        Event::Quantising => app.say(app.language.text("classify.quantising")),
        Event::Installed { version, is_for_later } => model::installed(app, &version, is_for_later),

        // A run, and its pictures.
        Event::Opened { sorting, origin } => return run::opened(app, sorting.map(|sorting| *sorting), origin),
        Event::Begun { begun } => following::begun(app, begun),
        Event::Found { files, left_out } => return run::found(app, files, &left_out),
        Event::Passed { others } => run::passed(app, others),
        Event::Arrived { revision, entries, scores } => return run::arrived(app, revision, entries, &scores),
        Event::Pace { per_second, limit } => (app.pace, app.limit) = (Some(per_second), limit),
        Event::Classified { remembered: _, waiting, per_second } => return run::classified(app, waiting, per_second),
        Event::Weak { weakness } => run::weak(app, weakness),
        Event::Failed { error } => return failure::failed(app, &error),
        Event::NotTakenOver { error } | Event::Trouble { error } => failure::say(app, &error),

        // What others do in the session, and a watch.
        Event::Followed { begun, kept, with, revision, joined, scores, changed, are_arrivals } => {
            let read = following::Read { kept, with, revision, joined, scores, changed, are_arrivals };
            return following::followed(app, begun, read);
        }
        Event::ScoredLate { revision, pictures, scores } => following::scored_late(app, revision, &pictures, &scores),
        Event::WatchBegan { number, sorting, sorts } => return watching::began(app, number, *sorting, sorts),
        Event::Watching { status } => watching::status(app, status),
        Event::WatchNews { news } => watching::news(app, news),
        Event::WatchEnded { number, arrived, error } => watching::ended(app, number, arrived, error),
        Event::Trusted { destination } => return trust::trusted(app, destination),

        // Labels and their scores.
        Event::Scorable { missing } => return labels::scorable(app, missing),
        Event::NotScorable { error } => labels::not_scorable(app, &error),
        Event::Rescored { revision, scores } => labels::rescored(app, revision, scores),
        Event::LabelsFailed { revision, label, error } => labels::failed(app, revision, label, &error),
        Event::Alike { revision, pairs } => labels::alike(app, revision, pairs),

        // Decisions, and the picture that is looked at.
        Event::Decided { steps } => decisions::remember(app, steps),
        Event::TakenOver { step } => decisions::taken_over(app, step),
        Event::Viewed { number, painted } => super::preview::viewed(app, number, painted),

        // Files that are copied, moved or taken back.
        Event::Planned { plan, gone, unseen } => files::planned(app, plan, gone, unseen),
        Event::Progress { tally, total } => files::progress(app, tally, total),
        Event::Applied { run, tally, failures, total, head } => {
            files::applied(app, (run, tally, total), failures, head)
        }
        Event::Undone { run, own, tally, failures, head } => files::undone(app, (run, own, tally), failures, head),
        Event::RecoveredUnkept { count } => app.say_error(app.language.say("classify.unkept", &[("count", &count)])),
        Event::Places { folders } => files::placed(app, folders),
    }
    vec![]
}
