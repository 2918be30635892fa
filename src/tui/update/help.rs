//! The list of all keys, from which each can be pressed.

use super::{dispatch, grid, labels, looks, panes, review};
use crate::tui::action::{Action, Section};
use crate::tui::effect::Effect;
use crate::tui::model::{Choice, Chooser, Look, Model, Pane, Pick, Popup};

/// Keys that are in no table, as there is one for each label, and the sentences about them.
const DIGITS: [(&str, &str); 2] = [
    ("key_help.review_digit_keys", "key_help.review_digit"),
    ("key_help.review_shift_digit_keys", "key_help.review_shift_digit"),
];

/// Opens the list: keys of the open pane first.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let own = sections(model);
    let others = Section::ALL.into_iter().filter(|section| !own.contains(section) && *section != Section::Everywhere);
    let order: Vec<Section> = own.iter().copied().chain([Section::Everywhere]).chain(others).collect();
    let mut choices = vec![];
    for section in order {
        let group = model.language.text(&section.heading());
        choices.extend(model.keys.actions(section).map(|action| Choice {
            keys: model.keys.names(action),
            also: model.language.text(&action.word()),
            group: group.clone(),
            ..Choice::new(&sentence(model, action), Pick::Press(action))
        }));
        if section == Section::Review {
            choices.extend(DIGITS.map(|(keys, sentence)| Choice {
                keys: model.language.text(keys),
                group: group.clone(),
                ..Choice::new(&model.language.text(sentence), Pick::Labels)
            }));
        }
    }
    model.popup = Some(Popup::Chooser(Chooser::new(model.language.text("app.help"), choices)));
    vec![]
}

/// The sentence about an action; its word where there is none.
fn sentence(model: &Model, action: Action) -> String {
    let sentence = action.sentence();
    model.language.text(&if model.language.has(&sentence) { sentence } else { action.word() })
}

/// Sections whose keys act in the open pane.
fn sections(model: &Model) -> &'static [Section] {
    match model.pane {
        Pane::Review if matches!(model.review.look, Look::Exact { .. }) => &[Section::Exact, Section::Review],
        Pane::Review if model.review.grid.is_open => &[Section::Grid, Section::Review],
        Pane::Setup | Pane::Log => &[Section::List],
        Pane::Labels => &[Section::Editor],
        Pane::Review => &[Section::Review],
        Pane::Files => &[Section::Files, Section::List],
    }
}

/// The pane in which a section's keys act; none where they act in every one.
fn home(section: Section) -> Option<Pane> {
    match section {
        Section::Everywhere => None,
        Section::List => Some(Pane::Setup),
        Section::Editor => Some(Pane::Labels),
        Section::Review | Section::Grid | Section::Exact => Some(Pane::Review),
        Section::Files => Some(Pane::Files),
    }
}

/// Presses the key of an action. One of another pane only opens that pane: nothing is done to what is not in sight.
pub(super) fn run(model: &mut Model, action: Action) -> Vec<Effect> {
    let section = action.section();
    if let Some(home) = home(section).filter(|_| !sections(model).contains(&section)) {
        let effects = panes::go_to(model, home);
        let sentence = sentence(model, action);
        let text = model.with_keys("app.help_there", &[("key", action)]);
        model.say(format!("{text} {sentence}"));
        return effects;
    }
    if section == Section::Editor {
        labels::begin(model);
    }
    // In the grid some keys of the review do something else.
    match action {
        Action::Review(action) if model.review.grid.is_open => return grid::act_of_review(model, action),
        Action::Review(action) => return review::act(model, action),
        Action::Grid(action) => return grid::act(model, action),
        Action::Exact(action) => return looks::press(model, action),
        Action::Everywhere(_) | Action::List(_) | Action::Editor(_) | Action::Files(_) => {}
    }
    let key = model.keys.pressing(action, model.is_typing());
    key.map(|key| dispatch(model, key)).unwrap_or_default()
}
