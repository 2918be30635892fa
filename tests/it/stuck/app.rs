//! The app with a model that does not answer.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use smart_image_sorter::backend::{Event, Order};
use smart_image_sorter::domain::settings::{ModelName, Settings};

use super::models::{model, slow_for_a_while};
use crate::support::Workspace;
use crate::working::{Working, settings};

/// The longest that something of two seconds may take, on a machine that does ten other things.
const SOON: Duration = Duration::from_secs(6);

/// Until the model has something to do.
const AT_WORK: Duration = Duration::from_secs(1);

fn listen(working: &mut Working) {
    let began = Instant::now();
    while began.elapsed() < AT_WORK {
        working.listen();
    }
}

/// A slow machine, or a model with a loop without an end.
#[test]
fn a_model_that_does_not_answer_keeps_nobody_in_the_app() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg"]);
    let model = model(&workspace, "vision_model.onnx", slow_for_a_while);
    let settings = Settings { model: ModelName::Folder(model), ..settings(&workspace) };
    let classify = || Order::Classify {
        settings: Box::new(settings.clone()),
        table: PathBuf::from("output.csv"),
        decisions_of: None,
    };
    let mut working = Working::start(&workspace);
    working.backend.send(classify());
    working.wait_for("the beginning", |event| matches!(event, Event::Found { .. }));
    listen(&mut working);
    working.backend.stop();
    let began = Instant::now();
    working.wait_until("the end", |events| {
        events.iter().any(|event| matches!(event, Event::Classified { waiting: 3, .. }))
    });
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // Leaving the app does not wait for it either.
    working.backend.send(classify());
    working.wait_for("the beginning", |event| matches!(event, Event::Found { .. }));
    listen(&mut working);
    let began = Instant::now();
    working.backend.end(|| {});
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}
