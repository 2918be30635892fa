//! The start of a run: questions before it, the order for it, its beginning; and its end, if no picture came.

use super::models::look_up;
use super::panes::go_to;
use super::{labels, watching};
use crate::backend::{ModelChoice, ModelPlace, Order};
use crate::domain::collection::Collection;
use crate::tui::action::AppAction;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Files, Grid, Model, Ordered, Pane, Question, Readiness, Review, Work};

/// Begins to classify, if nothing stands in the way of it.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    model.setup.leave_field();
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    if let Err(problem) = model.settings() {
        model.say_error(problem);
        return vec![];
    }
    match model.readiness() {
        Readiness::Ready => {}
        Readiness::Counting => {
            model.setup.waits_for_count = true;
            model.say(model.language.text("app.start_waits"));
            return vec![];
        }
        Readiness::NoNames => {
            model.question = Some(Question::NoNames);
            return vec![];
        }
        Readiness::Problem(problem) => {
            model.say_error(problem);
            return vec![];
        }
    }
    start_with_pictures(model)
}

/// The same where it is known that there are pictures, or somebody says so.
pub(super) fn start_with_pictures(model: &mut Model) -> Vec<Effect> {
    let has_decisions = model.collection.entries().iter().any(|entry| entry.decision.is_some());
    if has_decisions && model.session() != model.destination() {
        model.question = Some(Question::OtherDestination);
        return vec![];
    }
    begin_with_model(model, false)
}

/// Begins to classify, after asking where a model has to be downloaded first.
pub(super) fn begin_with_model(model: &mut Model, takes_decisions: bool) -> Vec<Effect> {
    match model.setup.found().map(|found| found.place) {
        // Not known yet: it is looked up first, so that nothing large is downloaded unasked.
        None => {
            model.setup.begins = Some(takes_decisions);
            look_up(model)
        }
        Some(ModelPlace::ToDownload { .. }) => {
            model.question = Some(Question::Download { takes_decisions });
            vec![]
        }
        Some(_) => begin(model, takes_decisions),
    }
}

/// A model was looked up. Where a start waits for that, it goes on.
pub(super) fn found(model: &mut Model, choice: ModelChoice) -> Vec<Effect> {
    model.setup.model_found = Some(choice);
    if model.setup.found().is_none() {
        return vec![];
    }
    // A start is given up where other work was begun meanwhile: it would come as a surprise then.
    let mut effects = match model.setup.begins.take().filter(|_| !model.is_busy()) {
        Some(takes_decisions) => begin_with_model(model, takes_decisions),
        None => vec![],
    };
    let absent = model.setup.found().filter(|found| matches!(found.place, ModelPlace::ToDownload { .. }));
    effects.extend(absent.map(|absent| Effect::Order(Order::OfferModel { name: absent.name.clone() })));
    effects
}

/// Takes the model that was offered instead, and goes on with the start: it asks about that one, if need be.
pub(super) fn take_instead(model: &mut Model, takes_decisions: bool) -> Vec<Effect> {
    let Some(name) = model.setup.instead().map(|instead| instead.name.clone()) else { return vec![] };
    model.setup.model = InputLine::new(name);
    begin_with_model(model, takes_decisions)
}

/// Orders a run. With `takes_decisions`, those of the open session are copied into the new one.
pub(super) fn begin(model: &mut Model, takes_decisions: bool) -> Vec<Effect> {
    let Ok(settings) = model.settings() else { return vec![] };
    let decisions_of = match model.session() == settings.destination {
        // Remembered until they have come along, whatever comes between.
        true => model.takes_from.clone(),
        false => takes_decisions.then(|| model.session()),
    };
    let mut effects = labels::end(model);
    model.ordered = Some(Ordered { destination: settings.destination.clone(), takes_from: decisions_of.clone() });
    model.work = Work::Classifying { files: 0, others: 0 };
    (model.is_paused, model.lands_in_review) = (false, false);
    (model.pace, model.limit) = (None, None);
    model.remember_fields();
    effects.push(watching::start_order(model, settings, decisions_of));
    effects.extend(labels::rescore(model));
    effects.push(Effect::Remember(Box::new(model.last_settings.clone())));
    effects.extend(go_to(model, Pane::Labels));
    effects
}

/// The ordered run begins: its pictures replace those on the screen.
pub(super) fn begun(model: &mut Model, files: usize) -> Vec<Effect> {
    model.work = Work::Classifying { files, others: 0 };
    let Some(Ordered { destination, takes_from }) = model.ordered.take() else {
        return vec![Effect::Order(Order::Begin)];
    };
    if model.pane == Pane::Review {
        // A key that is pressed for the picture of before is none for another that comes in its place.
        model.pane = Pane::Labels;
        let review = model.keys.last_name(AppAction::Review);
        let text = model.language.say("app.begun", &[("review", &review)]);
        model.say(text);
    }
    watching::leave(model);
    model.is_same_session = !model.collection.is_empty() && model.session() == destination;
    model.session = Some(destination);
    model.takes_from = takes_from;
    make_room(model);
    model.setup.damaged = None;
    vec![Effect::Order(Order::Begin)]
}

/// The pictures of before are on the screen no longer: others come in their place, or the same ones once more.
pub(super) fn make_room(model: &mut Model) {
    model.collection = Collection::default();
    let (mut grid, mut stacks) = (Grid::default(), std::mem::take(&mut model.review.stacks));
    // Answers to what was asked before are none to what will be.
    grid.number = model.review.grid.number;
    stacks.forget();
    model.review = Review {
        order: model.review.order,
        filter: model.review.filter,
        preview: model.review.preview,
        generation: model.review.generation,
        hidden: model.review.hidden,
        view: model.review.view,
        grid,
        stacks,
        ..Review::default()
    };
    model.find.clear();
    model.files = Files::default();
    model.labels.scored = 0;
    model.labels.is_fixed = false;
}

/// A run is over. If it brought no picture and works in the same session, or has scored pictures anew that are not on
/// the screen, its session is opened again.
pub(super) fn ended(model: &mut Model, has_rescored: bool) -> Vec<Effect> {
    let is_same = std::mem::take(&mut model.is_same_session);
    let shows_too_little = has_rescored || is_same && model.collection.is_empty();
    if !shows_too_little || model.labels.is_editing {
        return vec![];
    }
    model.work = Work::Opening;
    vec![Effect::Order(Order::Open { destination: model.session() })]
}
