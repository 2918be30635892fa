//! Stacks of near-duplicates: what was found, and what a person took out of them.

use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(crate) struct Stacks {
    /// The number of the last search.
    pub(crate) number: u64,
    /// How much of it is done, while it goes on.
    pub(crate) percent: Option<usize>,
    /// Pictures that could not be compared: nobody knows yet how they look.
    pub(crate) unknown: usize,
    /// Pictures of each stack, by position in the collection.
    members: Vec<Vec<usize>>,
    /// The stack of a picture.
    of: HashMap<usize, usize>,
    /// Pictures that a person took out of their stacks, as long as the app is open.
    taken_out: HashSet<usize>,
    /// Pictures that were shown small beside the others of their stacks.
    shown: HashSet<usize>,
}

impl Stacks {
    /// Takes the stacks that were found. What was taken out of them stays out.
    pub(crate) fn take(&mut self, members: Vec<Vec<usize>>) {
        let places = members.iter().enumerate();
        self.of = places.flat_map(|(stack, members)| members.iter().map(move |member| (*member, stack))).collect();
        self.members = members;
    }

    /// Another session: its pictures have other positions.
    pub(crate) fn forget(&mut self) {
        *self = Stacks { number: self.number + 1, ..Stacks::default() };
    }

    /// The number of a picture's stack; none for one that was taken out.
    pub(crate) fn stack_of(&self, index: usize) -> Option<usize> {
        self.of.get(&index).copied().filter(|_| !self.taken_out.contains(&index))
    }

    /// The pictures of a picture's stack, itself and those that were taken out among them. Empty where it has none.
    pub(crate) fn members(&self, index: usize) -> &[usize] {
        self.of.get(&index).and_then(|stack| self.members.get(*stack)).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many others are in a picture's stack with it.
    pub(crate) fn others(&self, index: usize) -> usize {
        let Some(stack) = self.stack_of(index) else { return 0 };
        self.members[stack].iter().filter(|other| **other != index && self.stack_of(**other) == Some(stack)).count()
    }

    /// Takes a picture out of its stack, or puts it back.
    pub(crate) fn toggle(&mut self, index: usize) {
        if !self.taken_out.remove(&index) {
            self.taken_out.insert(index);
        }
    }

    pub(crate) fn is_taken_out(&self, index: usize) -> bool {
        self.taken_out.contains(&index)
    }

    /// Takes note that a picture was shown beside the others of its stack.
    pub(crate) fn note_shown(&mut self, index: usize) {
        self.shown.insert(index);
    }

    pub(crate) fn was_shown(&self, index: usize) -> bool {
        self.shown.contains(&index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_out_stays_out_of_stacks_that_are_found_anew() {
        let mut stacks = Stacks::default();
        stacks.take(vec![vec![1, 4, 6], vec![2, 3]]);
        assert_eq!((stacks.others(4), stacks.others(2), stacks.others(5)), (2, 1, 0));
        stacks.toggle(4);
        assert_eq!((stacks.others(1), stacks.others(4), stacks.stack_of(4)), (1, 0, None));
        assert_eq!(stacks.members(4), [1, 4, 6]);
        stacks.take(vec![vec![1, 4, 6, 8]]);
        assert_eq!((stacks.others(1), stacks.others(4), stacks.others(2)), (2, 0, 0));
        stacks.toggle(4);
        assert_eq!(stacks.others(4), 3);
        stacks.note_shown(4);
        stacks.forget();
        assert_eq!((stacks.others(4), stacks.number, stacks.was_shown(4)), (0, 1, false));
    }
}
