//! Whatever happens, in whatever order: nothing panics, and no picture is lost.

use proptest::prelude::*;

use super::*;

/// Something that can happen.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..120)
}

/// Keys that are pressed.
const KEYS: [&str; 41] = [
    "<enter>",
    "<esc>",
    "<tab>",
    "<up>",
    "<down>",
    "<space>",
    "<backspace>",
    "<f2>",
    "<f3>",
    "<f4>",
    "<f5>",
    "<f6>",
    "a",
    "x",
    "s",
    "u",
    "U",
    "v",
    "n",
    "o",
    "f",
    "F",
    "/",
    "=",
    "l",
    "h",
    ":",
    "?",
    "<end>",
    "<pagedown>",
    "<ctrl-l>",
    "1",
    "g",
    "A",
    "m",
    "D",
    "<ctrl-s>",
    "W",
    "R",
    "y",
    "p",
];

/// A key or an event for a byte, so that every sequence of bytes is a story.
fn happen(model: &mut Model, byte: u8) -> Vec<Effect> {
    let revision = model.labels.revision;
    match byte {
        0..=149 => press(model, KEYS[byte as usize % KEYS.len()]),
        150..=169 => {
            let first = model.collection.len() as i64;
            let entries: Vec<_> = (1..=i64::from(byte % 4)).map(|number| (entry(first + number), None)).collect();
            let scores = vec![f32::from(byte) / 200.0; entries.len() * model.labels.numbers.len()];
            told(model, Event::Arrived { revision, entries, scores })
        }
        170..=189 => {
            let count = model.collection.len() * model.labels.numbers.len();
            told(
                model,
                Event::Rescored { revision: revision.saturating_sub(u64::from(byte % 2)), scores: vec![0.5; count] },
            )
        }
        190..=199 => told(model, found(usize::from(byte))),
        200..=209 => told(
            model,
            Event::Classified {
                remembered: 0,
                waiting: usize::from(byte % 3),
                rescored: 0,
                per_second: Some(f64::from(byte)),
            },
        ),
        210..=219 => told(model, planned(plan())),
        220..=229 => {
            let tally = Tally { done: 1, failed: usize::from(byte % 2), ..Tally::default() };
            told(model, Event::Applied { run: None, tally, failures: vec![], total: 2, head: String::new() })
        }
        230..=233 => click(model, u16::from(byte) * 7 % 90, u16::from(byte) * 11 % 26),
        234 => update(model, Message::Resized(u16::from(byte), 40)),
        235 => {
            let number = model.find.awaited.as_ref().map_or(0, |(number, _)| *number);
            let ranking = crate::domain::ranking::Ranking::of(vec![0.5; model.collection.len()], None);
            told(model, Event::Ranked { begun: model.live.begun, number, ranking })
        }
        236..=237 => {
            let (number, place) = (model.review.grid.number, usize::from(byte % 3));
            let tile = Ok(crate::backend::RenderedPreview(std::sync::Arc::new(())));
            told(model, Event::Tile { number, place, tile })
        }
        238 => {
            let members: Vec<PictureId> = model.collection.entries().iter().step_by(2).map(|entry| entry.id).collect();
            let number = model.review.stacks.number;
            told(model, Event::NearDuplicates { number, stacks: vec![members], unknown: 1 })
        }
        239 => told(model, Event::Viewed { number: model.review.view, viewed: Err(NotShown::Gone), facts: None }),
        _ => update(model, Message::Paste("a, b\n\u{1b}[31m = | c".to_owned())),
    }
}

proptest! {
    #[test]
    fn nothing_that_happens_panics_or_loses_a_picture(story in anything(), width in 1u16..200, height in 1u16..60) {
        let mut model = classified();
        for byte in story {
            happen(&mut model, byte);
            prop_assert_eq!(model.counts.pictures(), model.collection.len() + model.waiting());
            prop_assert!(model.review.queue.iter().all(|index| *index < model.collection.len()));
        }
        screen(&model, width, height);
    }
}
