//! Errors of the crew, as sentences.

use std::path::PathBuf;

use super::{model, start, trust, watching};
use crate::jobs::crew::CrewError;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane, Work};

/// Something could not be done.
pub(super) fn say(app: &mut Model, error: &CrewError) {
    model::note_damage(app, error);
    let text = trust::sentence(app, error, app.session());
    app.say_error(text);
}

/// The work that was going on failed.
pub(super) fn failed(app: &mut Model, error: &CrewError) -> Vec<Effect> {
    let ordered = app.ordered.take();
    let (was_ordered, place) = (ordered.is_some(), ordered.map(|ordered| ordered.destination));
    let is_beginning = was_ordered || matches!(app.work, Work::Classifying { .. });
    // A person who reviews the pictures of before meanwhile goes on with it.
    let is_at_leisure = was_ordered && app.pane == Pane::Labels && !app.is_typing();
    if is_beginning && app.collection.is_empty() || is_at_leisure {
        // One of the fields is wrong.
        app.pane = Pane::Setup;
    }
    let was_fetching = matches!(app.work, Work::Downloading { .. } | Work::Checking { .. });
    app.rest();
    // A plan that could not be carried out is made anew.
    app.files.plan = None;
    app.recount();
    match is_beginning {
        true => say_of_start(app, error, place),
        false => say(app, error),
    }
    let mut effects = if is_beginning { start::ended(app) } else { vec![] };
    // Files may have come into the cache, or gone from it.
    effects.extend(if was_fetching { model::look_up(app) } else { vec![] });
    effects
}

/// A start into a destination has failed.
fn say_of_start(app: &mut Model, error: &CrewError, destination: Option<PathBuf>) {
    model::note_damage(app, error);
    let destination = destination.unwrap_or_else(|| app.session());
    let reason = trust::sentence(app, error, destination);
    let text = watching::given_up(app, reason);
    app.say_error(text);
}
