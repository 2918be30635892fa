//! The command line and the app tell the same of one run: a source with everything in it that is not looked at, a model
//! that does not say its scale, a library that is none, a destination with a file of somebody else's.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};
use smart_image_sorter::backend::{Event, Order};
use smart_image_sorter::built_in::Unpacker;
use smart_image_sorter::domain::settings::{ModelName, Operation, Settings};
use smart_image_sorter::engine::runtime::find::LibrarySearchPath;
use smart_image_sorter::engine::runtime::select::{RuntimeChoice, RuntimeRequest};
use smart_image_sorter::jobs::embedding_cache::EmbeddingCacheConfig;
use smart_image_sorter::lang::{Language, Say};
use smart_image_sorter::store::session::Sorting;
use smart_image_sorter::use_cases::Machine;

use crate::support::{Finished, Workspace, fixtures, program};
use crate::working::{self, Working};

/// A library of ONNX Runtime that is none.
const LIBRARY: &str = "libonnxruntime.so";

/// Everything that is odd about a source and a destination.
fn odd() -> Workspace {
    let workspace = Workspace::new();
    let source = workspace.source();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    symlink("1.jpg", source.join("link.jpg")).unwrap();
    mknodat(CWD, source.join("pipe.jpg"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    // The destination of another session: files that are moved from there are missed by it.
    std::fs::create_dir(source.join(".sis")).unwrap();
    std::fs::write(source.join(".sis/session.db"), "").unwrap();
    unreadable_folder(&source);
    workspace.write(LIBRARY, "no library");
    std::fs::create_dir_all(workspace.destination()).unwrap();
    std::fs::write(workspace.destination().join("output.csv"), "my,own,table\n").unwrap();
    workspace
}

/// Folders in one another until their path is longer than the system takes: the last cannot be read, by root neither.
fn unreadable_folder(at: &Path) {
    let name = "d".repeat(250);
    let mut folder = openat(CWD, at, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..17 {
        mkdirat(&folder, &name, Mode::RWXU).unwrap();
        folder = openat(&folder, &name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
}

/// The facts in sentences, without the folder that they are about.
fn facts(workspace: &Workspace, sentences: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let root = workspace.root().to_str().unwrap().to_owned();
    sentences.into_iter().map(|sentence| sentence.replace(&root, "ROOT")).collect()
}

fn told_by_the_command_line(workspace: &Workspace) -> Finished {
    let model = fixtures().join("clip-onnx");
    let classify = workspace.classify().with("--model", model).with("--operation", "move").with("--labels", "a, b");
    let mut command = classify.with("--threshold", "0").with("--margin", "0").command();
    command.env("SIS_RUNTIME", "auto").env("ORT_DYLIB_PATH", workspace.path(LIBRARY));
    crate::support::finish(command)
}

fn app_on(workspace: &Workspace) -> Working {
    let machine = Machine {
        places: LibrarySearchPath {
            variable: Some(workspace.path(LIBRARY)),
            program_folder: program().parent().map(Path::to_owned),
            data_folder: Some(workspace.home().join("data/sis")),
            loader: true,
            python: true,
            ..LibrarySearchPath::default()
        },
        runtime: RuntimeRequest { runtime: RuntimeChoice::Auto, ..RuntimeRequest::default() },
        program: program().to_owned(),
        cache: Some(EmbeddingCacheConfig { folder: workspace.home().join("cache"), limit: 1 << 30 }),
        built_in: Unpacker::new(Some(workspace.home().join("built-in"))),
        data_folder: Some(workspace.home().join("data/sis")),
    };
    Working::on(machine)
}

fn settings(workspace: &Workspace) -> Settings {
    Settings {
        model: ModelName::Folder(fixtures().join("clip-onnx")),
        operation: Operation::Move,
        ..working::settings(workspace)
    }
}

fn classify(settings: &Settings) -> Order {
    Order::Classify { settings: Box::new(settings.clone()), table: "output.csv".into(), decisions_of: None }
}

fn notices(app: &Working) -> Vec<String> {
    let language = Language::english();
    let said = app.events.iter().filter_map(|event| match event {
        Event::Notice { notice } => Some(notice.say(&language)),
        _ => None,
    });
    said.collect()
}

/// The app refuses the same run, before it may begin, with the sentence of the command line.
fn fails_alike_in_the_app(workspace: &Workspace, finished: &Finished) {
    let mut app = Working::start(workspace);
    app.backend.send(classify(&settings(workspace)));
    app.wait_for("the error", |event| matches!(event, Event::Failed { .. } | Event::Found { .. }));
    let Some(Event::Failed { error }) = app.events.last() else { panic!("the run goes on") };
    let said = error.say(&Language::english());
    assert!(finished.err.contains(&said), "{said:?} is not in {:?}", finished.err);
}

#[test]
fn an_odd_source_is_told_alike_by_both_faces() {
    let workspace = odd();
    let finished = told_by_the_command_line(&workspace);
    let notes = finished.err.lines().filter_map(|line| line.strip_prefix("Note: ")).map(str::to_owned);
    let by_command_line = facts(&workspace, notes);

    let workspace = odd();
    let settings = settings(&workspace);
    let mut app = app_on(&workspace);
    app.backend.send(classify(&settings));
    app.wait_for("the end", |event| matches!(event, Event::Classified { .. } | Event::Failed { .. }));
    assert_eq!(app.plan(&workspace, &Sorting::from(&settings)), 2);
    app.backend.send(Order::Apply { destination: workspace.destination(), table: "output.csv".into() });
    app.wait_for("the transfers", |event| matches!(event, Event::Applied { .. } | Event::Failed { .. }));
    let by_app = facts(&workspace, notices(&app));

    assert_eq!(by_app, by_command_line);
    let parts = ["link.jpg", "pipe.jpg", "/dddd", "scale", LIBRARY, "kept as", "sorted into before"];
    for part in parts {
        assert!(by_app.iter().any(|fact| fact.contains(part)), "nothing tells of {part}: {by_app:#?}");
    }
}

#[test]
fn a_table_in_the_way_is_told_before_a_picture_is_looked_at() {
    let in_the_way = |workspace: &Workspace| -> PathBuf {
        let table = workspace.destination().join("output.csv");
        std::fs::create_dir_all(&table).unwrap();
        table
    };
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let table = in_the_way(&workspace);
    let finished = told_by_the_command_line(&workspace).ended_with(1);
    assert!(finished.err.contains(table.to_str().unwrap()), "{}", finished.err);
    assert!(!finished.err.contains("Opening"), "the model was opened: {}", finished.err);
    fails_alike_in_the_app(&workspace, &finished);
}

#[test]
fn a_source_without_pictures_is_told_alike_by_both_faces() {
    let workspace = Workspace::new();
    let finished = told_by_the_command_line(&workspace).ended_with(1);
    fails_alike_in_the_app(&workspace, &finished);
}
