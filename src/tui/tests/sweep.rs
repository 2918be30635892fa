//! How many keys a sweep over 2,000 pictures takes, one by one and by pages.

use super::grid::{all_drawn, decided_count};
use super::*;
use crate::tui::grid_layout::page_length;
use crate::tui::model::Grid;

/// Numbers that look like chance: a linear congruential generator with Knuth's constants.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

const SWEPT: usize = 2_000;

/// Ten labels and 2,000 pictures, each sure of one; and the label that is right, another for one picture in ten.
fn to_sweep() -> (Model, Vec<usize>) {
    let labels = 10;
    let mut model = model();
    model.set_labels((0..labels).map(|number| format!("label {number}")).collect());
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(SWEPT));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let (mut chance, mut scores, mut right) = (Chance(5), Vec::new(), Vec::new());
    for _ in 0..SWEPT {
        let predicted = chance.below(labels) as usize;
        let best = 0.75 + chance.below(200) as f32 / 1000.0;
        let mut row = vec![(1.0 - best) / 9.0; labels as usize];
        row[predicted] = best;
        scores.extend(row);
        let is_wrong = chance.below(10) == 0;
        right.push(if is_wrong { (predicted + 1 + chance.below(labels - 1) as usize) % 10 } else { predicted });
    }
    let entries = (1..=SWEPT as i64).map(|number| (Entry { hash: None, ..entry(number) }, None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    model.size = (200, 60);
    press(&mut model, "<f4>");
    (model, right)
}

/// What is counted of the decisions: label by label those that are as they should be.
fn all_right(model: &Model, right: &[usize]) -> bool {
    let labels = &model.labels.numbers;
    let entries = model.collection.entries().iter().zip(right);
    entries.into_iter().all(|(entry, right)| entry.decision.and_then(Decision::label) == Some(labels[*right]))
}

fn digit(label: usize) -> String {
    ((label + 1) % 10).to_string()
}

/// A person who sees at once what a picture shows goes through all of them, one by one and by pages.
#[test]
fn a_sweep_by_pages_takes_a_fifth_of_the_keys() {
    let (mut model, right) = to_sweep();
    let mut one_by_one = 0;
    while let Some(index) = model.review.current().filter(|_| one_by_one < SWEPT) {
        let is_right = model.collection.best(index).is_some_and(|best| best.label == right[index]);
        press(&mut model, if is_right { "a".to_owned() } else { digit(right[index]) }.as_str());
        one_by_one += 1;
    }
    assert!(all_right(&model, &right));

    let (mut model, right) = to_sweep();
    let mut keys = 2;
    press(&mut model, "gm");
    while decided_count(&model) < SWEPT {
        all_drawn(&mut model);
        assert_eq!(page_length(model.size), 60);
        let page: Vec<usize> = model.review.grid.tiles.iter().map(|(index, _)| *index).collect();
        let predicted = |index: usize| model.collection.best(index).map(|best| best.label);
        let open = |index: usize| model.collection.entries()[index].decision.is_none();
        let mut wrong: Vec<(usize, usize)> = page
            .iter()
            .enumerate()
            .filter(|(_, index)| open(**index) && predicted(**index) != Some(right[**index]))
            .map(|(place, index)| (right[*index], place))
            .collect();
        wrong.sort_unstable();
        for of_one in wrong.chunk_by(|(label, _), (other, _)| label == other) {
            for (_, place) in of_one {
                press(&mut model, &Grid::letter(*place).unwrap().to_string());
            }
            press(&mut model, &digit(of_one[0].0));
            keys += of_one.len() + 1;
        }
        press(&mut model, "A");
        keys += 1;
    }
    assert!(all_right(&model, &right));
    println!("{SWEPT} pictures: {one_by_one} keys one by one, {keys} by pages");
    assert!(keys * 4 < one_by_one, "{keys} keys");
}
