//! The list of all labels: one of them is given, or a new one.

use super::decisions::reassign;
use super::filters::digit;
use super::{labels, sweep};
use crate::tui::effect::Effect;
use crate::tui::model::{Choice, Chooser, Model, Pick, Popup};

/// Labels with a key of their own: ten digits, without and with the shift key.
const WITH_KEYS: usize = 20;

/// Opens the list for the picture that is looked at: the labels that score best come first.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(index) = model.review.current() else {
        let text = model.language.text("app.nothing_to_label");
        model.say_error(text);
        return vec![];
    };
    let scores = if model.is_scored() { model.collection.scores(index) } else { &[] };
    let score = |label: usize| scores.get(label).copied().filter(|score| score.is_finite());
    let mut order: Vec<usize> = (0..model.labels.current.len()).collect();
    order.sort_by(|a, b| score(*b).unwrap_or(0.0).total_cmp(&score(*a).unwrap_or(0.0)));
    let choices = order.into_iter().filter_map(|label| {
        let text = &model.labels.current.get(label)?.text;
        let number = *model.labels.numbers.get(label)?;
        let count = model.counts.by_label.get(label).filter(|_| model.is_scored()).map(usize::to_string);
        let score = score(label).map(|score| format!("{score:.2}")).unwrap_or_default();
        let choice = Choice::new(text, Pick::Label(number)).by_letter(digit(label));
        let detail = format!("{score} {:>6}", count.unwrap_or_default());
        Some(Choice { keys: keys_of(model, label), detail, ..choice })
    });
    let title = match meant(model) {
        0 => model.language.say("app.label_list", &[("name", &model.file_name(index))]),
        count => model.language.say("app.label_list_marked", &[("count", &count)]),
    };
    let list = Chooser::new(title, choices.collect()).taking_new().about(model.in_hand());
    model.popup = Some(Popup::Chooser(list));
    vec![]
}

/// How many pictures get the label together; none where it is the one in hand alone.
fn meant(model: &Model) -> usize {
    let review = &model.review;
    let on_page = review.grid.tiles.iter().map(|(index, _)| index);
    match (review.grid.is_open, &review.grid.stack) {
        (false, _) => review.marked.len(),
        (true, None) => on_page.filter(|index| review.marked.contains(index)).count(),
        (true, Some(_)) => on_page.filter(|index| !review.stacks.is_taken_out(**index)).count(),
    }
}

/// The keys that give a label at once.
fn keys_of(model: &Model, label: usize) -> String {
    match (digit(label), digit(label.wrapping_sub(10)).filter(|_| label < WITH_KEYS)) {
        (Some(digit), _) => digit.to_string(),
        (None, Some(digit)) => model.language.say("app.shift_digit", &[("digit", &digit)]),
        (None, None) => String::new(),
    }
}

/// Makes a label of a line, as the editor would, and gives it.
pub(super) fn add_and_give(model: &mut Model, line: &str) -> Vec<Effect> {
    let Some(mut effects) = labels::add(model, line) else { return vec![] };
    let last = model.labels.numbers.len().saturating_sub(1);
    effects.extend(give(model, last));
    effects
}

/// Gives a label by its position, as a digit does.
pub(super) fn give(model: &mut Model, label: usize) -> Vec<Effect> {
    match model.review.grid.is_open {
        true => sweep::give_label(model, label),
        false => reassign(model, label),
    }
}
