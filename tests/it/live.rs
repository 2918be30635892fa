//! The app on a terminal while pictures arrive: it watches itself, or another process watches and it follows.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::store::Session;
use smart_image_sorter::store::session::{SessionPicture, Which};

use crate::support::{Workspace, sorted};
use crate::terminal::{copy_drawings, copy_more_drawings, samples_folder, table};
use crate::tmux::{Terminal, computes_nothing, process_in, wait_until};
use crate::watch::Watching;

#[test]
fn counts_rise_without_a_key_while_the_app_watches() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 100, 30, "demo") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    // From the start up to what few people change, and down to what becomes of arrivals.
    terminal.press(&["Up", "Enter"], "Watching");
    terminal.press(&["Down", "Down", "Down", "Down", "Down", "Down", "Space"], "classify what arrives");
    terminal.press(&["C-s"], "watching: 48 arrived, 0 waiting");
    terminal.press(&["F3"], "48  pictures in all");
    let source = samples_folder(&workspace).join("samples");
    copy_more_drawings(&source, 0, 5);
    terminal.wait_for("53  pictures in all");
    terminal.wait_for("watching: 53 arrived, 0 waiting");
    terminal.press(&["F6"], "Arrived last:");
    // Pictures that are there can be sorted and taken back meanwhile.
    terminal.press(&["F5"], "applies this");
    terminal.press(&["W"], "Apply: copies");
    terminal.press(&["y"], "Ledger head:");
    assert!(sorted(samples_folder(&workspace).join("sorted")).len() >= 40);
    terminal.press(&["R"], "Take run");
    terminal.press(&["y"], "does it again");
    terminal.press(&["F4"], "reviewed 0");
    let Some(process) = process_in(&terminal) else { return };
    computes_nothing(process);
    copy_more_drawings(&source, 5, 2);
    terminal.wait_for("watching: 55 arrived, 0 waiting");
    // The source goes and comes back.
    std::fs::rename(&source, source.with_extension("away")).unwrap();
    terminal.wait_for("the source is gone");
    std::fs::rename(source.with_extension("away"), &source).unwrap();
    terminal.wait_for("is there again");
    terminal.press(&["q"], "y = yes");
    terminal.press(&["y"], "ended 0");
    // Work that the watch has begun is ended: every picture is in the table.
    assert_eq!(table(&samples_folder(&workspace).join("sorted")).len(), 55);
}

#[test]
fn what_the_app_is_started_with_is_sorted_until_it_shows_something_else() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 120, 30, "demo") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    terminal.press(&["Up", "Enter"], "Watching");
    let down = ["Down", "Down", "Down", "Down", "Down", "Down", "Space", "Space"];
    terminal.press(&down, "and sort what is sure");
    terminal.press(&["C-s"], "watching: 48 arrived, 0 waiting");
    let destination = samples_folder(&workspace).join("sorted");
    wait_until("what is sure is sorted", || sorted(&destination).len() >= 40);
    terminal.press(&["F3", "Enter", "C-End", "Enter"], "Esc done");
    terminal.type_text("a bicycle");
    terminal.press(&["Escape"], "not sorting");
    let before = sorted(&destination);
    copy_more_drawings(samples_folder(&workspace).join("samples"), 0, 5);
    terminal.wait_for("watching: 53 arrived, 0 waiting");
    assert_eq!(sorted(&destination), before);
    // A plan with the labels of now can be made; a start sorts by them.
    terminal.press(&["F5"], "applies this");
    terminal.press(&["C-s"], "sorted where it is sure");
    wait_until("what came is sorted", || sorted(&destination).len() > before.len());
    terminal.press(&["q"], "y = yes");
    terminal.press(&["y"], "ended 0");
}

/// `sis watch --apply` on the workspace, with the built-in model.
fn watch(workspace: &Workspace) -> Watching {
    let mut command: Command = workspace.program();
    command.args(["watch", "--json", "--model", "demo", "--labels", "a map, a page of text", "--threshold", "0"]);
    command.args(["--margin", "0", "--settle", "0.3", "--apply", "--operation", "move"]);
    command.arg("--source").arg(workspace.source()).arg("--destination").arg(workspace.destination());
    Watching::spawn(command)
}

/// The folder of each sorted picture, by its hash.
fn folders(destination: &Path) -> BTreeMap<String, String> {
    let folder = |path: &Path| Some(path.parent()?.file_name()?.to_str()?.to_owned());
    sorted(destination).into_iter().filter_map(|(path, hash)| Some((hash, folder(&path)?))).collect()
}

#[test]
fn decision_in_app_is_carried_out_by_watch_elsewhere() {
    const TOTAL: usize = 24;
    let workspace = Workspace::new();
    copy_drawings(&workspace, 10);
    let mut watching = watch(&workspace);
    watching.wait_for_pictures(10);
    let destination = workspace.destination();
    let arguments = format!("review --destination '{}'", destination.display());
    let Some(terminal) = Terminal::open(&workspace, 120, 30, &arguments) else { return };
    terminal.wait_for(" 10 pictures");
    terminal.press(&["F4"], "reviewed 0");
    // Pictures come by themselves, and the person stays where they are.
    copy_more_drawings(workspace.source(), 10, TOTAL - 10);
    let screen = terminal.wait_for(&format!("/{TOTAL} "));
    assert!(screen.lines().any(|line| line.starts_with("1/24 ")), "{screen}");
    for number in 0..8 {
        terminal.press(&[["1", "2"][number % 2]], &format!("reviewed {}", number + 1));
    }
    // Somebody else decides, too: the app shows it.
    let mut session = Session::open_to_review(&destination, &workspace.known_sessions()).unwrap();
    let open = || {
        let mut open: Vec<PictureId> = vec![];
        let each = |found: SessionPicture| open.extend(found.decision.is_none().then_some(found.id));
        Session::open_to_review(&destination, &workspace.known_sessions())
            .unwrap()
            .for_each_picture(None, Which::All, each)
            .unwrap();
        open
    };
    // A decision on the screen is in the session a moment later.
    wait_until("every decision is kept", || open().len() == TOTAL - 8);
    let open = open();
    let said = vec![(open[0], Some(Decision::NoneOfThese)), (open[1], Some(Decision::NoneOfThese))];
    session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
    terminal.wait_for("reviewed 10");
    // Only one process works in a session.
    terminal.press(&["F5"], "Another sis is at work");
    // Every decision is carried out, and no picture is lost.
    let paths = session.label_paths().unwrap();
    let mut decided: BTreeMap<String, String> = BTreeMap::new();
    session
        .for_each_picture(None, Which::All, |found| {
            if let Some(label) = found.decision.and_then(Decision::label) {
                decided.insert(found.picture.hash.unwrap().to_string(), paths[&label].join("/"));
            }
        })
        .unwrap();
    assert_eq!(decided.len(), 8);
    wait_until("what was decided lies where it belongs", || {
        let folders = folders(&destination);
        decided.iter().all(|(hash, label)| folders.get(hash) == Some(label))
    });
    // The app knows where they are now, and shows them though they have moved.
    watching.end();
    terminal.press(&["F5"], "in place already");
    assert_eq!(sorted(&destination).len(), TOTAL);
    terminal.press(&["q"], "ended 0");
}
