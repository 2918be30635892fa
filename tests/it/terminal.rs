//! The app on a real terminal, by keys alone, inside tmux.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::hub::server::{Repository, Server};
use crate::support::{Workspace, sorted};
use crate::tmux::{Terminal, computes_nothing, process_in, state_of, wait_until, wake_ups};

/// The samples' folder, which the app made in the workspace.
pub(crate) fn samples_folder(workspace: &Workspace) -> PathBuf {
    let entries = std::fs::read_dir(workspace.root()).unwrap().flatten().map(|entry| entry.path());
    entries.into_iter().find(|path| path.to_string_lossy().contains("sis-demo-")).expect("the samples are unpacked")
}

#[test]
fn the_samples_from_the_first_screen_to_sorted_folders_and_back() {
    for (columns, rows) in [(80, 24), (160, 50)] {
        let workspace = Workspace::new();
        let Some(terminal) = Terminal::open(&workspace, columns, rows, "") else { return };
        terminal.wait_for("Try the samples");
        terminal.press(&["Enter"], "48 pictures, 0 other files");
        terminal.press(&["C-s"], "Classification finished: 48 pictures");
        terminal.press(&["F4"], "reviewed 0");
        // Twenty are reviewed: some accepted, some given another label; one is taken back.
        for number in 0..20 {
            let key = ["a", "1", "a", "3"][number % 4];
            terminal.press(&[key], &format!("reviewed {}", number + 1));
        }
        terminal.press(&["u"], "reviewed 19");
        terminal.press(&["F5"], "applies this");
        terminal.press(&["W"], "Apply: copies");
        terminal.press(&["y"], "Ledger head:");
        let folder = samples_folder(&workspace);
        let destination = folder.join("sorted");
        let files = sorted(&destination);
        // Each of them is where the table says, and every decision is in it.
        let rows = table(&destination);
        assert_eq!(rows.iter().filter(|row| !row["decision"].is_empty()).count(), 19);
        for row in rows.iter().filter(|row| !row["destination"].is_empty()) {
            let path = Path::new(&row["destination"]);
            assert_eq!(path.parent().unwrap().file_name().unwrap().to_str().unwrap(), row["label"]);
            assert_eq!(files.get(path), Some(&row["sha256"]));
        }
        assert!(files.len() >= 40, "{}", files.len());
        terminal.press(&["R"], "Take run");
        terminal.press(&["y"], "does it again");
        assert!(sorted(&destination).is_empty());
        terminal.press(&["q"], "ended 0");
    }
}

pub(crate) fn table(destination: &Path) -> Vec<crate::support::Row> {
    crate::support::rows_of(&destination.join("output.csv"))
}

/// Puts pictures into the source that the built-in model knows.
pub(crate) fn copy_drawings(workspace: &Workspace, count: usize) {
    copy_more_drawings(workspace.source(), 0, count);
}

/// Puts so many of them into a folder, without the first ones.
pub(crate) fn copy_more_drawings(folder: impl AsRef<Path>, first: usize, count: usize) {
    let pictures = std::fs::read_dir(crate::support::fixtures().join("demo")).unwrap().flatten();
    let is_picture = |path: &Path| path.extension().is_some_and(|extension| extension == "jpg" || extension == "png");
    let mut pictures: Vec<PathBuf> = pictures.map(|entry| entry.path()).filter(|path| is_picture(path)).collect();
    pictures.sort();
    for picture in pictures.into_iter().skip(first).take(count) {
        std::fs::copy(&picture, folder.as_ref().join(picture.file_name().unwrap())).unwrap();
    }
}

#[test]
fn ones_own_pictures_field_by_field() {
    let workspace = Workspace::new();
    copy_drawings(&workspace, 30);
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "") else { return };
    terminal.wait_for("My pictures");
    terminal.press(&["2"], "Look for");
    terminal.press(&["Enter"], "Tab complete");
    terminal.type_text("sou");
    terminal.press(&["Tab"], "source/");
    terminal.press(&["Enter"], "30 pictures");
    // The model that is offered is not on this machine: another one is chosen.
    terminal.press(&["Down", "Enter"], "1713 MB, slow");
    terminal.press(&["C-u"], "607 MB, fast");
    terminal.type_text("demo");
    terminal.press(&["Enter"], "knows drawn pictures only");
    terminal.press(&["F3", "Enter"], "Esc done");
    // The labels that were there go, others come.
    terminal.press(&["C-Home"], "Esc done");
    for _ in 0..9 {
        terminal.tmux(&["send-keys", "C-k", "Delete"]).unwrap();
    }
    // One label is none: the app says so, and begins nothing.
    terminal.type_text("a map");
    terminal.press(&["C-s"], "two are needed");
    terminal.press(&["F3", "Enter", "C-End", "Enter"], "Esc done");
    terminal.type_text("a page of text");
    terminal.press(&["Escape"], "Enter edit");
    terminal.press(&["C-s"], "Classification finished: 30 pictures");
    terminal.press(&["F5"], "applies this");
    terminal.press(&["W"], "Apply: copies");
    terminal.press(&["y"], "Ledger head:");
    let arrived = sorted(workspace.path("source-labelled"));
    assert!(!arrived.is_empty());
    let folders = arrived.keys().map(|path| path.parent().unwrap().file_name().unwrap().to_owned());
    assert!(folders.into_iter().all(|folder| folder == "a map" || folder == "a page of text"));
    terminal.press(&["q"], "ended 0");
    // The next start begins where this one was.
    let Some(again) = Terminal::open(&workspace, 81, 24, "") else { return };
    again.wait_for("30 pictures");
    // How long it will take was measured, and comes when the runtime is known.
    let screen = again.wait_for("about");
    assert!(screen.contains("source/") && screen.contains("a map, a page of text"), "{screen}");
}

#[test]
fn terminal_gone_ends_program_and_keeps_decisions() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "demo") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    terminal.press(&["C-s"], "Classification finished");
    terminal.press(&["F4"], "reviewed 0");
    terminal.press(&["a"], "reviewed 1");
    terminal.press(&["x"], "reviewed 2");
    let Some(child) = process_in(&terminal) else { return };
    let destination = samples_folder(&workspace).join("sorted");
    terminal.tmux(&["kill-server"]);
    let began = Instant::now();
    // One that has ended and that nobody has asked after yet is a zombie.
    while let Some((state, ticks)) = state_of(child).filter(|(state, _)| *state != 'Z') {
        assert!(began.elapsed() < Duration::from_secs(2), "it goes on without a terminal: {state}, {ticks} ticks");
        std::thread::sleep(Duration::from_millis(10));
    }
    // A new start has every decision.
    let arguments = format!("review --destination '{}'", destination.display());
    let Some(again) = Terminal::open(&workspace, 81, 24, &arguments) else { return };
    again.wait_for("48 pictures");
    again.press(&["F4"], "reviewed 2");
}

#[test]
fn session_opened_again_is_labelled_anew_and_taken_back() {
    let workspace = Workspace::new();
    copy_drawings(&workspace, 30);
    let destination = workspace.destination();
    workspace
        .sis(
            ["classify", "--model", "demo", "--labels", "a map, a page of text", "--threshold", "0"]
                .into_iter()
                .map(std::ffi::OsStr::new)
                .chain([
                    "--source".as_ref(),
                    workspace.source().as_os_str(),
                    "--destination".as_ref(),
                    destination.as_os_str(),
                ]),
        )
        .ended_with(0);
    let arguments = format!("review --destination '{}'", destination.display());
    let Some(terminal) = Terminal::open(&workspace, 80, 24, &arguments) else { return };
    terminal.wait_for("30 pictures");
    terminal.press(&["F4"], "reviewed 0");
    terminal.press(&["1"], "reviewed 1");
    terminal.press(&["2"], "reviewed 2");
    terminal.press(&["q"], "ended 0");
    // A later start takes back what this one decided, and counts for other labels without looking at a picture.
    std::fs::rename(workspace.source(), workspace.path("away")).unwrap();
    let Some(again) = Terminal::open(&workspace, 81, 24, &arguments) else { return };
    again.wait_for("30 pictures");
    again.press(&["F4"], "reviewed 2");
    again.press(&["u"], "was decided before this");
    again.press(&["y"], "reviewed 1");
    again.press(&["u"], "reviewed 0");
    again.press(&["u"], "nothing to take back");
    again.press(&["U"], "reviewed 1");
    again.press(&["F3", "Enter", "C-End", "Enter"], "Esc done");
    again.type_text("a face");
    let counted = |screen: &str| {
        let line = screen.lines().find(|line| line.starts_with("a face")).unwrap_or_default().to_owned();
        line.split_whitespace().nth(2).and_then(|count| count.parse::<usize>().ok())
    };
    wait_until("the new label is counted", || counted(&again.screen()).is_some());
}

#[test]
fn it_goes_into_the_background_and_comes_back() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "demo; echo stopped; read x; fg") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    let Some(process) = process_in(&terminal) else { return };
    terminal.press(&["C-z"], "stopped");
    assert!(state_of(process).is_some_and(|(state, _)| state == 'T'));
    assert!(!terminal.screen().contains("Look for"), "the terminal is as it was");
    terminal.press(&["Enter"], "48 pictures, 0 other files");
    terminal.press(&["q"], "ended 0");
}

#[test]
fn it_computes_nothing_while_nothing_happens() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "demo") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    terminal.press(&["C-s"], "Classification finished");
    terminal.press(&["F4"], "reviewed 0");
    // A change of size takes no key with it, and leaves nothing spinning.
    terminal.tmux(&["resize-window", "-x", "100", "-y", "30"]).unwrap();
    wait_until("it is drawn anew", || terminal.screen().lines().any(|line| line.chars().count() > 80));
    terminal.press(&["a"], "reviewed 1");
    let Some(process) = process_in(&terminal) else { return };
    computes_nothing(process);
}

#[test]
fn an_idle_app_is_woken_by_nothing_but_the_look_at_its_session() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "demo") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    let Some(process) = process_in(&terminal) else { return };
    // The time in which nothing happens, which is what is measured.
    let while_idle = |seconds| {
        computes_nothing(process);
        let before = wake_ups(process);
        std::thread::sleep(Duration::from_secs(seconds));
        wake_ups(process) - before
    };
    let without_session = while_idle(3);
    assert!(without_session <= 2, "{without_session}");
    terminal.press(&["C-s"], "Classification finished");
    // Twice a second it is asked what others did there.
    let with_session = while_idle(3);
    assert!((4..=10).contains(&with_session), "{with_session}");
    terminal.press(&["F4"], "reviewed 0");
}

#[test]
fn a_screen_of_another_size_after_a_stop_is_drawn_anew() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "demo; echo stopped; read x; fg") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    terminal.press(&["C-z"], "stopped");
    terminal.tmux(&["resize-window", "-x", "110", "-y", "30"]).unwrap();
    terminal.press(&["Enter"], "48 pictures, 0 other files");
    wait_until("it is drawn anew", || terminal.screen().lines().any(|line| line.chars().count() > 80));
    assert!(terminal.screen().lines().nth(29).is_some_and(|line| line.contains("demo")), "{}", terminal.screen());
    terminal.press(&["q"], "ended 0");
}

#[test]
fn keys_that_are_typed_before_the_first_screen_count() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 80, 24, "") else { return };
    terminal.tmux(&["send-keys", "Enter", "C-s", "F4"]).unwrap();
    terminal.wait_for("reviewed 0, accepted 0");
}

/// A hub whose weights stop coming half-way the first time, and how long they are.
fn stopping_half_way() -> (Server, usize) {
    let repository = Repository::of_fixture("owner/name", "clip");
    let whole = repository.main()["model.safetensors"].len();
    let server = Server::new(move |request, earlier| {
        let mut answer = repository.answer(request);
        if request.is_for("model.safetensors") && request.method == "GET" && earlier == 0 {
            answer.silent_after = Some(whole / 2);
        }
        answer
    });
    (server, whole)
}

/// From the first screen to five pictures of one's own and this model, of which the screen must come to say this.
fn choose_own_pictures(terminal: &Terminal, model: &str, said: &str) {
    terminal.wait_for("My pictures");
    terminal.press(&["2"], "Look for");
    terminal.press(&["Enter"], "Tab complete");
    terminal.type_text("source");
    terminal.press(&["Enter"], "5 pictures");
    terminal.press(&["Down", "Enter", "C-u"], "Tab complete");
    terminal.type_text(model);
    terminal.press(&["Enter"], said);
}

#[test]
fn what_is_open_is_reviewed_while_a_model_is_downloaded() {
    let workspace = Workspace::new();
    copy_drawings(&workspace, 5);
    let (server, _) = stopping_half_way();
    let more = format!("HF_ENDPOINT='{}'", server.url());
    let Some(terminal) = Terminal::open_with(&workspace, 100, 24, &more, "") else { return };
    choose_own_pictures(&terminal, "demo", "knows drawn pictures only");
    terminal.press(&["C-s"], "Classification finished: 5 pictures");
    terminal.press(&["F4"], "reviewed 0");
    terminal.press(&["1"], "reviewed 1");
    terminal.press(&["F2", "Up", "Enter", "C-u"], "Tab complete");
    terminal.type_text("owner/name");
    terminal.press(&["Enter"], "to be downloaded first");
    terminal.press(&["C-s"], "y = yes");
    terminal.press(&["y"], "downloading the model");
    // The pictures of before are there still, also when the download is stopped.
    terminal.press(&["F4"], "reviewed 1");
    terminal.press(&["1"], "reviewed 2");
    let stopped = terminal.press(&["C-x"], "What has arrived is kept");
    assert!(stopped.contains("reviewed 2"), "{stopped}");
    terminal.press(&["1"], "reviewed 3");
    // Every decision is in the run that begins after it.
    terminal.press(&["C-s"], "y = yes");
    terminal.press(&["y"], "Classification finished: 5 pictures");
    terminal.press(&["F4"], "reviewed 3");
    terminal.press(&["u"], "was decided before this");
    terminal.press(&["y"], "reviewed 2");
}

#[test]
fn a_model_is_downloaded_stopped_and_gone_on_with() {
    let workspace = Workspace::new();
    copy_drawings(&workspace, 5);
    let (server, whole) = stopping_half_way();
    let more = format!("HF_ENDPOINT='{}'", server.url());
    let Some(terminal) = Terminal::open_with(&workspace, 100, 24, &more, "") else { return };
    choose_own_pictures(&terminal, "owner/name", "to be downloaded first");
    terminal.press(&["C-s"], "y = yes");
    terminal.press(&["n"], "nothing opened yet");
    terminal.press(&["C-s"], "y = yes");
    terminal.press(&["y"], "downloading the model");
    let blobs = workspace.home().join("cache/huggingface/hub/models--owner--name/blobs");
    wait_until("half of the weights is there", || {
        let files = std::fs::read_dir(&blobs).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).any(|file| file.len() == whole as u64 / 2)
    });
    terminal.press(&["C-x"], "What has arrived is kept");
    // It goes on from where it was, and the pictures are looked at.
    terminal.press(&["C-s"], "y = yes");
    terminal.press(&["y"], "Classification finished: 5 pictures");
    assert!(server.requests().iter().any(|request| request.range().is_some_and(|from| from > 0)));
    terminal.press(&["F2"], "in the cache");
}

#[test]
fn a_damaged_model_is_mended_by_a_key() {
    let workspace = Workspace::new();
    copy_drawings(&workspace, 5);
    let repository = Repository::of_fixture("owner/name", "clip");
    let server = Server::of(&repository);
    let pulled = workspace.program().args(["model", "pull", "owner/name"]).env("HF_ENDPOINT", server.url()).output();
    assert!(pulled.unwrap().status.success());
    let model = workspace.home().join("cache/huggingface/hub/models--owner--name");
    let tokenizer = model.join("snapshots").join(repository.head()).join("tokenizer.json");
    let mut content = std::fs::read(&tokenizer).unwrap();
    content[0] ^= 1;
    std::fs::write(&tokenizer, content).unwrap();
    let more = format!("HF_ENDPOINT='{}'", server.url());
    let Some(terminal) = Terminal::open_with(&workspace, 100, 24, &more, "") else { return };
    choose_own_pictures(&terminal, "owner/name", "in the cache");
    terminal.press(&["C-s"], "r checks and mends them");
    terminal.wait_for("run `sis model pull owner/name");
    terminal.press(&["r"], "y = yes");
    terminal.press(&["y"], "owner/name is mended");
    assert_eq!(&std::fs::read(&tokenizer).unwrap(), &repository.main()["tokenizer.json"]);
    terminal.press(&["C-s"], "Classification finished: 5 pictures");
}

#[test]
fn without_a_terminal_the_app_says_what_it_needs() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.png", "2.png"]);
    workspace.classify().ends_with(0);
    let told = workspace.sis_on_destination(&["review"]).ended_with(2);
    assert!(told.err.contains("needs a terminal") && told.err.contains("sis classify"), "{}", told.err);
    assert_eq!(told.out, "");
    // A terminal that cannot be drawn on is none.
    let arguments = format!("review --destination '{}'", workspace.destination().display());
    let Some(terminal) = Terminal::open_with(&workspace, 80, 24, "TERM=dumb", &arguments) else { return };
    let screen = terminal.wait_for("ended 2");
    assert!(screen.contains("needs a terminal"), "{screen}");
}
