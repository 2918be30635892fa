//! Standings, names and folders of a small tree.

use proptest::prelude::*;

use super::*;
use crate::domain::count::Counts;
use crate::domain::decision::standing;
use crate::domain::picture::Picture;
use crate::domain::score::Prediction;

const SURE: SureRule = SureRule { threshold: 0.5, margin: 0.1 };

fn best(label: usize, score: f32) -> Option<BestLabel> {
    Some(BestLabel { label, score, margin: score })
}

/// A photo and a map; inside the photo indoors and outdoors; inside outdoors a street and a field.
fn tree() -> LabelTree {
    let id = LabelId;
    let parents = [(3, 1), (4, 1), (5, 4), (6, 4), (7, 1), (8, 2), (9, 6)].map(|(label, above)| (id(label), id(above)));
    let mut tree = LabelTree::new(&[(id(1), "a photo"), (id(2), "a map")], SURE, parents.into());
    assert_eq!(tree.narrow(0, &[(id(3), "indoors"), (id(4), "outdoors")], SURE), 1);
    assert_eq!(tree.narrow(3, &[(id(5), "a street"), (id(6), "a field")], SURE), 2);
    tree
}

fn at(tree: &LabelTree, decision: Option<Decision>, levels: [Option<BestLabel>; 3]) -> Standing {
    tree.standing(decision, PictureState::Ok, &|level| levels[level])
}

#[test]
fn sure_predictions_lead_inside_as_far_as_they_go() {
    let tree = tree();
    let of = |levels| at(&tree, None, levels);
    assert_eq!(of([best(1, 0.9), best(0, 0.9), None]), Standing::Label(1), "nothing is inside a map");
    assert_eq!(of([best(0, 0.9), best(0, 0.9), None]), Standing::Label(2));
    assert_eq!(of([best(0, 0.9), best(1, 0.9), best(1, 0.9)]), Standing::Label(5));
    assert_eq!(of([best(0, 0.9), best(1, 0.9), best(1, 0.2)]), Standing::UnsureInside(3));
    assert_eq!(of([best(0, 0.9), best(1, 0.2), best(1, 0.9)]), Standing::UnsureInside(0));
    assert_eq!(of([best(0, 0.9), None, None]), Standing::UnsureInside(0), "not scored inside");
    assert_eq!(of([best(0, 0.2), best(1, 0.9), best(1, 0.9)]), Standing::Unsure);
}

#[test]
fn a_decision_says_all_labels_that_it_is_inside() {
    let tree = tree();
    let map = [best(1, 0.9), best(0, 0.9), best(0, 0.9)];
    let of = |decision: Decision| at(&tree, Some(decision), map);
    assert_eq!(of(Decision::Reassigned(LabelId(6))), Standing::Label(5), "it outranks the root's prediction");
    assert_eq!(of(Decision::Accepted(LabelId(4))), Standing::Label(4), "the prediction below it is free");
    assert_eq!(of(Decision::Accepted(LabelId(1))), Standing::Label(2));
    assert_eq!(of(Decision::NoneInside(LabelId(1))), Standing::Label(0));
    assert_eq!(of(Decision::NoneInside(LabelId(4))), Standing::Label(3));
    assert_eq!(of(Decision::NoneOfThese), Standing::NoneOfThese);
    assert_eq!(of(Decision::Skipped), Standing::Label(1));
}

#[test]
fn a_decision_for_a_label_that_is_gone_is_not_acted_on_unless_its_level_is_gone() {
    let tree = tree();
    let of = |label| at(&tree, Some(Decision::Accepted(LabelId(label))), [best(1, 0.9), best(0, 0.9), None]);
    assert_eq!(of(7), Standing::LabelRemoved, "the photo has other labels inside now");
    assert_eq!(of(8), Standing::Label(1), "the map has none any more");
    assert_eq!(of(9), Standing::Label(5), "nor has the field");
    assert_eq!(of(10), Standing::LabelRemoved, "a label of the root");
}

#[test]
fn pictures_of_a_label_are_those_inside_it_too() {
    let tree = tree();
    let of = |standing, decided: Option<i64>, within| {
        tree.counts_within(standing, decided.map(|label| Decision::Accepted(LabelId(label))), LabelId(within))
    };
    assert!(
        of(Standing::Label(0), None, 1) && of(Standing::UnsureInside(3), None, 1) && of(Standing::Label(5), None, 1)
    );
    assert!(!of(Standing::Label(1), None, 1) && !of(Standing::Label(0), None, 4) && !of(Standing::Unsure, None, 1));
    assert!(of(Standing::LabelRemoved, Some(7), 1) && !of(Standing::LabelRemoved, Some(10), 1));
}

#[test]
fn parents_that_go_round_lead_nowhere() {
    let parents = [(LabelId(7), LabelId(8)), (LabelId(8), LabelId(7))];
    let tree = LabelTree::new(&[(LabelId(1), "a")], SURE, parents.into());
    let removed = tree.standing(Some(Decision::Accepted(LabelId(7))), PictureState::Ok, &|_| None);
    assert_eq!(removed, Standing::LabelRemoved);
}

#[test]
fn only_whole_pictures_go_further_than_a_person_said() {
    let tree = tree();
    let predicted = |level: usize| [best(0, 0.9), best(0, 0.9), None][level];
    let of = |decision| tree.standing(decision, PictureState::Suspect, &predicted);
    assert_eq!(of(None), Standing::NotOk(PictureState::Suspect));
    assert_eq!(of(Some(Decision::Accepted(LabelId(1)))), Standing::Label(0));
    assert_eq!(of(Some(Decision::Accepted(LabelId(3)))), Standing::Label(2));
}

#[test]
fn without_labels_inside_a_picture_stands_as_it_always_did() {
    let (one, two) = (LabelId(7), LabelId(9));
    let tree = LabelTree::new(&[(one, "a/b"), (two, "b")], SURE, HashMap::new());
    let decisions = [
        None,
        Some(Decision::Accepted(one)),
        Some(Decision::Reassigned(LabelId(8))),
        Some(Decision::NoneOfThese),
        Some(Decision::Skipped),
    ];
    let states = [PictureState::Ok, PictureState::Suspect, PictureState::Unsupported, PictureState::Unreadable];
    let predictions = [None, best(0, 0.9), best(1, 0.4)];
    for ((decision, state), predicted) in
        decisions.iter().flat_map(|d| states.map(|s| (*d, s))).flat_map(|ds| predictions.map(|p| (ds, p)))
    {
        let prediction = predicted.map(|best| Prediction {
            label: best.label,
            score: best.score,
            margin: best.margin,
            scores: [].into(),
        });
        let picture = Picture { path: "1.jpg".into(), hash: None, stamp: None, state, prediction };
        assert_eq!(
            tree.standing(decision, state, &|_| predicted),
            standing(&picture, decision, &[one, two], SURE),
            "{decision:?} {state:?} {predicted:?}"
        );
    }
    assert_eq!(tree.names(), ["a/b", "b"], "no path is written where there is none");
}

#[test]
fn rows_add_up_with_labels_inside() {
    let standings = [Standing::Label(2), Standing::UnsureInside(0), Standing::Label(0), Standing::Unsure];
    let counts = Counts::of(standings, 6, 1);
    assert_eq!(counts.by_label, [2, 0, 1, 0, 0, 0]);
    assert_eq!(counts.unsure_inside, [1, 0, 0, 0, 0, 0]);
    assert_eq!((counts.all_unsure_inside(), counts.pictures()), (1, 5));
}

#[test]
fn folders_are_nested_and_safe_in_each_part() {
    let id = LabelId;
    let mut tree = LabelTree::new(&[(id(1), "a/b"), (id(2), "..")], SURE, HashMap::new());
    tree.narrow(0, &[(id(3), "../x"), (id(4), "X"), (id(5), "x"), (id(6), ".sis"), (id(7), "output.csv")], SURE);
    tree.narrow(3, &[(id(8), "a"), (id(9), "A")], SURE);
    let folders = tree.folders(&["a_b".to_owned(), "_".to_owned()]);
    let inside = ["a_b/_._x", "a_b/X", "a_b/x (2)", "a_b/_sis", "a_b/output.csv (2)", "a_b/X/a", "a_b/X/A (2)"];
    assert_eq!(folders, [&["a_b", "_"][..], &inside].concat());
}

#[test]
fn a_label_is_found_by_its_path() {
    let mut tree = tree();
    assert_eq!(tree.names()[..3], ["a photo", "a map", "a photo/indoors"]);
    assert_eq!(tree.name(4), "a photo/outdoors/a street");
    for (position, name) in tree.names().iter().enumerate() {
        assert_eq!(tree.find(name), Some(position), "{name}");
    }
    assert_eq!((tree.find("indoors"), tree.find("a photo/"), tree.find("a map/indoors")), (None, None, None));
    tree.narrow(1, &[(LabelId(20), "a/b"), (LabelId(21), "\"q\"")], SURE);
    assert_eq!(tree.name(6), "a map/\"a/b\"");
    assert_eq!(tree.name(7), "a map/\"\"\"q\"\"\"");
    assert_eq!((tree.find("a map/\"a/b\""), tree.find("a map/a/b")), (Some(6), None));
    let slashed = LabelTree::new(&[(LabelId(1), "a/b"), (LabelId(2), "b")], SURE, HashMap::new());
    assert_eq!((slashed.find("a/b"), slashed.find("\"a/b\"")), (Some(0), Some(0)));
}

proptest! {
    #[test]
    fn parts_of_a_path_come_back(parts in prop::collection::vec("[a/\" é]{1,6}", 1..4)) {
        prop_assert_eq!(path_parts(&path_text(&parts)), Some(parts));
    }
}
