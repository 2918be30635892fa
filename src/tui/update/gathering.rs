//! The queue of the grid has one picture of each stack.

use std::collections::HashMap;

use crate::tui::model::Model;

/// Leaves one picture of each stack in a queue: the first of those that nobody decided and that the model gives the
/// same label. The others are with it.
pub(super) fn gathered(model: &Model, queue: Vec<usize>) -> (Vec<usize>, HashMap<usize, Vec<usize>>) {
    let mut firsts = HashMap::new();
    let mut with: HashMap<usize, Vec<usize>> = HashMap::new();
    let is_first = |index: &usize| {
        let Some(stack) = model.review.stacks.stack_of(*index) else { return true };
        if model.collection.decision(*index).is_some() {
            return true;
        }
        let label = model.collection.best(*index).map(|best| best.label);
        let first = *firsts.entry((stack, label)).or_insert(*index);
        if first != *index {
            with.entry(first).or_default().push(*index);
        }
        first == *index
    };
    let queue = queue.into_iter().filter(is_first).collect();
    (queue, with)
}
