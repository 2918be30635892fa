//! Labels inside labels: the tree that pictures are sorted by when a label has a finer sort of its own.
//!
//! The labels of the root have the first positions, in their order, those of each level inside follow: without a finer
//! sort a label's position is the one that it has among the labels.

mod path;

use std::collections::HashMap;

use super::collection::BestLabel;
use super::decision::{Decision, LabelId, Standing, rank};
use super::folder_name::folder_names;
use super::label::Label;
use super::picture::PictureState;
use super::score::SureRule;

use path::BETWEEN;
pub use path::{key_path, key_text, label_key, path_parts, path_text};

/// A label of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeLabel {
    /// Its number in the session.
    pub id: LabelId,
    /// Its own text.
    pub text: String,
    /// The label that it is inside, by position.
    pub above: Option<usize>,
    /// The level inside it.
    level: Option<usize>,
}

/// Labels that compete with one another: the root's, or those inside one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The label that they are inside, by position; none at the root.
    pub inside: Option<usize>,
    /// The position of the first.
    pub first: usize,
    /// How many they are.
    pub count: usize,
    /// When a prediction among them is acted on.
    pub sure: SureRule,
}

/// All labels that pictures are sorted by.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelTree {
    labels: Vec<TreeLabel>,
    levels: Vec<Level>,
    /// Positions by numbers.
    positions: HashMap<LabelId, usize>,
    /// The label that each label inside another is in, of labels that are not in the tree too.
    parents: HashMap<LabelId, LabelId>,
}

/// The decision of a person, as the tree has it.
enum Said {
    /// For the label at this position; true where none of those inside it is right.
    For(usize, bool),
    /// For a label that is not there any more.
    Removed,
    /// For no label.
    NoLabel,
}

impl LabelTree {
    /// The labels of the root, in order. `parents` has the label that each label of the session is inside, those of the
    /// root left out.
    pub fn new(root: &[(LabelId, &str)], sure: SureRule, parents: HashMap<LabelId, LabelId>) -> LabelTree {
        let mut tree = LabelTree { labels: vec![], levels: vec![], positions: HashMap::new(), parents };
        tree.push_level(None, root, sure);
        tree
    }

    /// Adds the labels inside the one at a position, which has none yet. Gives the number of their level.
    pub fn narrow(&mut self, position: usize, labels: &[(LabelId, &str)], sure: SureRule) -> usize {
        let level = self.push_level(Some(position), labels, sure);
        if let Some(label) = self.labels.get_mut(position) {
            label.level = Some(level);
        }
        level
    }

    fn push_level(&mut self, inside: Option<usize>, labels: &[(LabelId, &str)], sure: SureRule) -> usize {
        let first = self.labels.len();
        self.levels.push(Level { inside, first, count: labels.len(), sure });
        for (id, text) in labels {
            self.positions.insert(*id, self.labels.len());
            self.labels.push(TreeLabel { id: *id, text: (*text).to_owned(), above: inside, level: None });
        }
        self.levels.len() - 1
    }

    /// All labels, by position.
    pub fn labels(&self) -> &[TreeLabel] {
        &self.labels
    }

    /// The levels: the root's first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The level inside the label at a position, by its number.
    pub fn level_inside(&self, position: usize) -> Option<usize> {
        self.labels.get(position)?.level
    }

    /// The level that the label at a position is of, by its number.
    pub fn level_of(&self, position: usize) -> Option<usize> {
        match self.labels.get(position)?.above {
            Some(above) => self.level_inside(above),
            None => Some(0),
        }
    }

    /// True where any label has labels inside.
    pub fn is_narrowed(&self) -> bool {
        self.levels.len() > 1
    }

    /// The position of a label.
    pub fn position(&self, label: LabelId) -> Option<usize> {
        self.positions.get(&label).copied()
    }

    /// The position of a label and of those that it is inside, the innermost first.
    pub fn with_those_above(&self, position: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(position), |at| self.labels.get(*at)?.above)
    }

    /// How a picture counts. `predicted` gives its best label of a level, by its position in that level.
    ///
    /// The root's ranking has the first word. From the label that it gives, or that a person decided for, the way goes
    /// on to labels inside as far as predictions are sure; of a picture that is not whole only as far as the decision.
    pub fn standing(
        &self,
        decision: Option<Decision>,
        state: PictureState,
        predicted: &dyn Fn(usize) -> Option<BestLabel>,
    ) -> Standing {
        let sure = |level: usize| {
            let rule = self.levels.get(level)?.sure;
            predicted(level).filter(|best| rule.accepts(best.score, best.margin)).map(|best| best.label)
        };
        match decision.map_or(Said::NoLabel, |decision| self.said(decision)) {
            Said::Removed => Standing::LabelRemoved,
            Said::For(position, true) => Standing::Label(position),
            Said::For(position, false) => self.on_from(position, state, &sure),
            Said::NoLabel => {
                // Only the root's labels are decided among here.
                let standing = rank(decision, state, sure(0), &[]);
                match standing {
                    Standing::Label(position) => self.on_from(position, state, &sure),
                    other => other,
                }
            }
        }
    }

    /// The way on from a label to those inside it.
    fn on_from(&self, mut position: usize, state: PictureState, sure: &dyn Fn(usize) -> Option<usize>) -> Standing {
        while let Some(level) = self.level_inside(position).filter(|_| state == PictureState::Ok) {
            match (sure(level), self.levels.get(level)) {
                (Some(label), Some(inside)) if label < inside.count => position = inside.first + label,
                _ => return Standing::UnsureInside(position),
            }
        }
        Standing::Label(position)
    }

    /// The label of a decision. One that is not in the tree, and was inside a label that has no labels inside now, is a
    /// decision for that one: the person has said that too.
    fn said(&self, decision: Decision) -> Said {
        let Some(label) = decision.label() else { return Said::NoLabel };
        if let Some(position) = self.position(label) {
            return Said::For(position, matches!(decision, Decision::NoneInside(_)));
        }
        // No label is inside itself; a session that says so leads nowhere.
        let above = std::iter::successors(self.parents.get(&label), |label| self.parents.get(*label));
        let known = above.take(self.parents.len()).find_map(|label| self.position(*label));
        match known.filter(|position| self.level_inside(*position).is_none()) {
            Some(position) => Said::For(position, false),
            None => Said::Removed,
        }
    }

    /// True for a picture that stands for a label or for one inside it, and for one that a person decided for a label
    /// there that is gone.
    pub fn counts_within(&self, standing: Standing, decision: Option<Decision>, within: LabelId) -> bool {
        match (standing.label(), decision.and_then(Decision::label)) {
            (Some(position), _) => {
                let mut above = self.with_those_above(position);
                above.any(|at| self.labels.get(at).is_some_and(|label| label.id == within))
            }
            (None, Some(label)) if standing == Standing::LabelRemoved => {
                let above = std::iter::successors(self.parents.get(&label), |label| self.parents.get(*label));
                above.take(self.parents.len()).any(|label| *label == within)
            }
            _ => false,
        }
    }

    /// The texts of a label and of those that it is inside, the outermost first.
    pub fn path(&self, position: usize) -> Vec<&str> {
        let mut texts: Vec<&str> =
            self.with_those_above(position).filter_map(|at| Some(self.labels.get(at)?.text.as_str())).collect();
        texts.reverse();
        texts
    }

    /// A label as people read it: its own text, or where any label has labels inside, its path.
    pub fn name(&self, position: usize) -> String {
        match self.is_narrowed() {
            true => path_text(&self.path(position)),
            false => self.labels.get(position).map(|label| label.text.clone()).unwrap_or_default(),
        }
    }

    /// All names, by position.
    pub fn names(&self) -> Vec<String> {
        (0..self.labels.len()).map(|position| self.name(position)).collect()
    }

    /// The label that people mean by a path; else the label of the root that has this very text.
    pub fn find(&self, name: &str) -> Option<usize> {
        let by_path = path_parts(name).and_then(|parts| {
            let mut found: Option<usize> = None;
            for part in parts {
                let level = self.levels.get(found.map_or(Some(0), |above| self.level_inside(above))?)?;
                let own = self.labels.get(level.first..level.first + level.count)?;
                found = Some(level.first + own.iter().position(|label| label.text == part)?);
            }
            found
        });
        let root = self.levels.first().and_then(|root| self.labels.get(..root.count)).unwrap_or_default();
        by_path.or_else(|| root.iter().position(|label| label.text == name))
    }

    /// The folder of each label in the destination, by position: those of labels inside are inside too. `root` has the
    /// folders of the root's labels.
    pub fn folders(&self, root: &[String]) -> Vec<String> {
        let mut folders: Vec<String> = Vec::with_capacity(self.labels.len());
        for level in &self.levels {
            let labels = self.labels.get(level.first..level.first + level.count).unwrap_or_default();
            match level.inside.map(|above| folders.get(above).cloned().unwrap_or_default()) {
                None => folders.extend(labels.iter().enumerate().map(|(at, label)| {
                    root.get(at).cloned().unwrap_or_else(|| super::folder_name::folder_name(&label.text))
                })),
                Some(above) => {
                    let labels: Vec<Label> = labels.iter().map(|label| Label::named(label.text.as_str())).collect();
                    folders.extend(folder_names(&labels, "").into_iter().map(|own| format!("{above}{BETWEEN}{own}")));
                }
            }
        }
        folders
    }
}

#[cfg(test)]
mod tests;
