//! The menu of filters of the review queue.

use super::queue::rearranged;
use crate::domain::review::QueueFilter;
use crate::tui::effect::Effect;
use crate::tui::model::{Choice, Chooser, Model, Pick, Popup};

/// Opens the menu, with the filter in use marked.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let counts = model.filter_counts();
    let labels = (0..model.labels.current.len()).map(QueueFilter::Label);
    let choice = |filter: QueueFilter| {
        let letter = match filter {
            QueueFilter::Label(label) => digit(label),
            plain => model.filter_letter(plain),
        };
        let detail = counts.count(filter).to_string();
        let choice = Choice::new(&model.name_of_filter(filter), Pick::Filter(filter)).by_letter(letter);
        Choice { detail, ..choice }
    };
    let choices = QueueFilter::PLAIN.into_iter().chain(labels).map(choice).collect();
    let in_use = Pick::Filter(model.review.filter);
    let list = Chooser::new(model.language.text("app.filters"), choices).marking(|pick| *pick == in_use);
    model.popup = Some(Popup::Chooser(list));
    vec![]
}

/// The digit of a label, for the first ten.
pub(super) fn digit(label: usize) -> Option<char> {
    (label < 10).then(|| char::from_digit((label as u32 + 1) % 10, 10)).flatten()
}

/// Shows the pictures of a filter alone.
pub(super) fn choose(model: &mut Model, filter: QueueFilter) -> Vec<Effect> {
    if filter != model.review.filter {
        model.review.filter_before = std::mem::replace(&mut model.review.filter, filter);
    }
    // A grid that was opened for one label has been given another filter, which stays when it is left.
    model.review.grid.former = None;
    rearranged(model)
}

/// Goes back to the filter before this one.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    choose(model, model.review.filter_before)
}
