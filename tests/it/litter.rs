//! Litter, hidden files and patterns: the same files are left out by classify, by the watch and by the app, and told.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use smart_image_sorter::backend::{Checked, Event, Order, WatchNews};
use smart_image_sorter::domain::file_filter::{FileFilter, LeftOutCounts};
use smart_image_sorter::domain::settings::Settings;
use smart_image_sorter::store::Session;

use crate::session::{decide, summary};
use crate::support::{Finished, Workspace, of_kind, picture, shared};
use crate::terminal::samples_folder;
use crate::tmux::Terminal;
use crate::tree::sorted;
use crate::watch::Watching;
use crate::working::{Working, settings};

/// The beginning of a file in which macOS keeps what belongs to the one beside it.
const BESIDE: &[u8] = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ";

/// Names of pictures in the odd source: those that are looked at, litter, hidden ones, and those that `raw` is for.
const SEEN: [&str; 3] = ["1.jpg", "2024/2.jpg", "2024/recycled/3.jpg"];
const LITTER: [&str; 7] = [
    "@eaDir/1.jpg/SYNOPHOTO_THUMB_XL.jpg",
    "#recycle/4.jpg",
    "$RECYCLE.BIN/S-1-5/$R5.jpg",
    ".Trash-1000/files/6.jpg",
    ".trashed-1700000000-7.jpg",
    ".thumbnails/8.jpg",
    "2024/.stversions/9~20240101.jpg",
];
const HIDDEN: [&str; 4] = [".10.jpg", ".private/11.jpg", ".private/deep/12.jpg", "._13.jpg"];
const RAW: [&str; 2] = ["raw/14.jpg", "2024/RAW/x/15.jpg"];

/// Litter that is no picture by its content.
const NO_PICTURES: [&str; 4] = [".DS_Store", "Thumbs.db", "2024/desktop.ini", "2024/._2.jpg"];

/// A source with everything in it that a phone, a stick and a disk on the network leave.
fn odd_source() -> Workspace {
    let workspace = Workspace::new();
    fill(&workspace, &workspace.source());
    workspace
}

fn fill(workspace: &Workspace, source: &Path) {
    let pictures = SEEN.iter().chain(&LITTER).chain(&HIDDEN).chain(&RAW);
    for (number, name) in pictures.enumerate() {
        workspace.write(source.join(name), picture(number));
    }
    for name in NO_PICTURES {
        workspace.write(source.join(name), BESIDE);
    }
    workspace.write(source.join("notes.txt"), "no picture");
}

/// The counts of the odd source, where `raw` is excluded.
fn counts() -> Json {
    let litter = LITTER.len() + NO_PICTURES.len();
    json!({"pictures": SEEN.len(), "other_files": litter + 1, "unreadable": 0,
           "left_out": {"litter": litter, "hidden": HIDDEN.len(), "excluded": RAW.len()}})
}

fn counts_in(summary: &Json) -> Json {
    let of = |key: &str| (key.to_owned(), summary[key].clone());
    Json::Object(["pictures", "other_files", "unreadable", "left_out"].map(of).into_iter().collect())
}

/// The files and folders that were left out, with the reason and how many files they stand for.
fn left_out(events: &[Json], workspace: &Workspace) -> Vec<(String, String, u64)> {
    let told = of_kind(events, "left_out").map(|event| {
        let path = Path::new(event["path"].as_str().unwrap()).strip_prefix(workspace.source()).unwrap();
        let why = event["why"].as_str().unwrap();
        (path.to_str().unwrap().to_owned(), why.to_owned(), event["files"].as_u64().unwrap())
    });
    told.collect()
}

fn names_of(finished: &Finished) -> Vec<String> {
    let name = |event: &Json| {
        let path = event["path"].as_str().unwrap();
        path.split_once("/source/").unwrap().1.to_owned()
    };
    let mut names: Vec<String> = of_kind(&finished.events(), "picture").map(name).collect();
    names.sort();
    names
}

fn sorted_names(names: &[&[&str]]) -> Vec<String> {
    let mut names: Vec<String> = names.concat().into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn classify_and_the_watch_leave_out_the_same_and_tell() {
    let workspace = odd_source();
    let finished = workspace.classify().with("--exclude", "raw").flag("--json").ends_with(0);
    assert_eq!(names_of(&finished), sorted_names(&[&SEEN]));
    assert_eq!(counts_in(&summary(&finished)), counts());
    let of_classify = left_out(&finished.events(), &workspace);
    let of = |name: &str| of_classify.iter().find(|(path, ..)| path == name).unwrap();
    assert_eq!((of(".private").1.as_str(), of(".private").2), ("hidden", 2));
    assert_eq!((of("@eaDir").1.as_str(), of("2024/._2.jpg").1.as_str()), ("litter", "litter"));
    assert_eq!((of("._13.jpg").1.as_str(), of("2024/RAW").1.as_str()), ("hidden", "excluded"));
    let events = finished.events();
    let includes = of_kind(&events, "left_out").filter_map(|event| event["include"].as_str());
    let includes: Vec<&str> = includes.collect();
    let expected = ["#recycle", "$RECYCLE.BIN", ".DS_Store", ".Trash-*", ".thumbnails", ".trashed-*"];
    assert!(expected.iter().all(|pattern| includes.contains(pattern)) && includes.len() == 10, "{includes:?}");

    let watched = odd_source();
    let mut watch = Watching::start(&watched, &["--exclude", "raw", "--rescan", "86400"]);
    watch.wait_for_pictures(SEEN.len());
    let (events, said) = watch.end();
    assert_eq!(counts_in(events.last().unwrap()), counts());
    assert_eq!(left_out(&events, &watched), of_classify);
    assert!(said.contains("4 hidden files were left out (--hidden looks at them)"), "{said}");
    assert!(said.contains("give its name: --include '#recycle'."), "{said}");
}

#[test]
fn the_app_leaves_out_the_same_and_tells() {
    let workspace = odd_source();
    let choice = FileFilter::new(false, &[], &["raw".to_owned()]).unwrap();
    let settings = Settings { choice: choice.clone(), ..settings(&workspace) };
    let expected = counts();
    let is_expected = |left_out: LeftOutCounts| {
        let LeftOutCounts { litter, hidden, excluded } = left_out;
        assert_eq!(json!({"litter": litter, "hidden": hidden, "excluded": excluded}), expected["left_out"]);
        true
    };
    let mut working = Working::start(&workspace);
    let (source, destination) = (workspace.source(), workspace.destination());
    working.backend.send(Order::Check { number: 1, source, recursive: true, choice, destination });
    working.wait_for("the count", |event| {
        let Event::Checked { result: Ok(checked), .. } = event else { return false };
        let Checked { pictures, others, left_out } = checked;
        // No file is counted twice on the screen.
        let others = json!(others + left_out.litter);
        assert_eq!((json!(pictures), others), (expected["pictures"].clone(), expected["other_files"].clone()));
        is_expected(*left_out)
    });
    let table = || PathBuf::from("output.csv");
    let classify = Order::Classify { settings: Box::new(settings.clone()), table: table(), decisions_of: None };
    working.backend.send(classify);
    working.wait_for("the beginning", |event| {
        matches!(event, Event::Found { files, left_out } if *files == SEEN.len() + 1 && is_expected(left_out.counts()))
    });
    working.wait_for("the end", |event| matches!(event, Event::Classified { .. }));
    assert_eq!(working.pictures().len(), SEEN.len());
    let settings = Box::new(settings);
    working.backend.send(Order::Watch { number: 1, settings, table: table(), sorts: false, decisions_of: None });
    working.wait_for("the first look", |event| match event {
        Event::WatchNews { news: WatchNews::LeftOut(left_out) } => is_expected(left_out.counts()),
        _ => false,
    });
    working.wait_until("how it stands", |events| {
        let told = events.iter().rev().find_map(|event| match event {
            Event::Watching { status } => Some(status.left_out),
            _ => None,
        });
        told.is_some_and(is_expected)
    });
}

#[test]
fn what_was_left_out_is_in_words_and_in_the_ledger() {
    let workspace = odd_source();
    let finished = workspace.classify().with("--exclude", "raw").ends_with(0);
    for told in [
        "12 other files were left alone (1 .txt, 11 litter).",
        "11 files are litter, which systems and apps leave for themselves: #recycle, $RECYCLE.BIN, .DS_Store and 8 more. \
         To look at one of them too, give its name: --include '#recycle'.",
        "4 hidden files were left out (--hidden looks at them): .10.jpg, ._13.jpg, .private (2).",
        "2 files were left out by patterns: 2024/RAW, raw.",
    ] {
        assert!(finished.out.contains(told), "{told}\n{}", finished.out);
    }
    let ledger = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    assert!(ledger.contains(r#""hidden":false,"include":[],"exclude":["raw"]"#), "{ledger}");
    assert!(ledger.contains(r#""left_out":{"litter":11,"hidden":4,"excluded":2}"#), "{ledger}");
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    let session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let origin = session.origin().unwrap().unwrap();
    assert_eq!((origin.hidden, origin.include, origin.exclude), (Some(false), vec![], vec!["raw".to_owned()]));
}

#[test]
fn hidden_files_are_asked_for_and_litter_only_by_its_name() {
    let workspace = odd_source();
    let classify = || workspace.classify().flag("--json").flag("--dry-run");
    assert_eq!(names_of(&classify().flag("--hidden").ends_with(0)), sorted_names(&[&SEEN, &HIDDEN, &RAW]));
    assert_eq!(names_of(&classify().with("--include", "*.jpg").ends_with(0)), sorted_names(&[&SEEN, &RAW]));
    // It comes beside the rest, or beside what another pattern is for.
    let bin = ["$RECYCLE.BIN/S-1-5/$R5.jpg"];
    for pattern in ["$RECYCLE.BIN", "$Recycle.Bin/**"] {
        let beside = classify().with("--include", pattern).ends_with(0);
        assert_eq!(names_of(&beside), sorted_names(&[&SEEN, &RAW, &bin]), "{pattern}");
    }
    let two = classify().flag("--include=$RECYCLE.BIN").flag("--include=raw").ends_with(0);
    assert_eq!(names_of(&two), sorted_names(&[&RAW, &bin]));
    let trashed = classify().with("--include", ".trashed-*").ends_with(0);
    assert_eq!(names_of(&trashed), sorted_names(&[&SEEN, &RAW, &[LITTER[4]]]));
    let without = classify().with("--include", ".trashed-*").with("--exclude", "[!.]*").ends_with(0);
    assert_eq!(names_of(&without), [LITTER[4]]);
    assert_eq!(names_of(&classify().with("--include", ".private/deep/*").ends_with(0)), [HIDDEN[2]]);
    // What is excluded is so whatever is included, and small and capital letters are alike.
    let both = classify().with("--include", "2024/**").with("--exclude", "*/raw").ends_with(0);
    assert_eq!(names_of(&both), sorted_names(&[&SEEN[1..]]));
    // A folder of litter that is the source itself is no litter.
    let bin = workspace.source().join("$RECYCLE.BIN");
    assert_eq!(names_of(&classify().with("--source", bin).ends_with(0)), ["$RECYCLE.BIN/S-1-5/$R5.jpg"]);
}

#[test]
fn what_is_only_named_like_litter_is_looked_at() {
    let seen = ["Thumbs.db/1.jpg", "2024/desktop.ini/2.jpg", "@Recycle", "RECYCLED"];
    let hidden = [".trashcan-evidence/3.jpg", ".trash_talk/4.jpg", ".DS_Store/5.jpg", ".pending-review/6.jpg", ".nfs0"];
    let fill = |workspace: &Workspace| {
        for (number, name) in seen.iter().chain(&hidden).enumerate() {
            workspace.write(workspace.source().join(name), picture(number));
        }
    };
    let workspace = Workspace::new();
    fill(&workspace);
    let plain = workspace.classify().flag("--json").flag("--dry-run").ends_with(0);
    assert_eq!(names_of(&plain), sorted_names(&[&seen]));
    assert_eq!(summary(&plain)["left_out"], json!({"litter": 0, "hidden": hidden.len(), "excluded": 0}));
    let all = workspace.classify().flag("--json").flag("--dry-run").flag("--hidden").ends_with(0);
    assert_eq!(names_of(&all), sorted_names(&[&seen, &hidden]));

    let watched = Workspace::new();
    let mut watch = Watching::start(&watched, &["--hidden", "--rescan", "86400"]);
    fill(&watched);
    watch.wait_for_pictures(seen.len() + hidden.len());
    let (events, said) = watch.end();
    assert_eq!(events.last().unwrap()["left_out"]["litter"], 0, "{said}");
}

#[test]
fn the_settings_choose_and_the_command_line_outranks_them() {
    let workspace = odd_source();
    workspace.write_settings("hidden = true\nexclude = [\"raw\", \"deep\"]");
    let classify = || workspace.classify().flag("--json").flag("--dry-run");
    assert_eq!(names_of(&classify().ends_with(0)), sorted_names(&[&SEEN, &HIDDEN[..2], &HIDDEN[3..]]));
    let plain = classify().flag("--no-hidden").with("--exclude", "2024").ends_with(0);
    assert_eq!(names_of(&plain), sorted_names(&[&SEEN[..1], &RAW[..1]]));
}

#[test]
fn a_pattern_that_cannot_be_used_is_named() {
    let workspace = odd_source();
    for (option, pattern, why) in [
        ("--exclude", "[a", "its [ has no ]"),
        ("--include", "*.{png,jpg", "curly brackets do not match"),
        ("--exclude", "", "it is empty"),
    ] {
        let said = workspace.classify().with(option, pattern).ends_with(2).err;
        assert!(said.contains(&format!("The pattern “{pattern}” cannot be used")) && said.contains(why), "{said}");
    }
    workspace.write_settings("exclude = [\"[z-a]\"]");
    let said = workspace.classify().ends_with(2).err;
    assert!(said.contains("“[z-a]”") && said.contains("goes backwards"), "{said}");
    assert!(!workspace.destination().exists());
}

#[test]
fn a_source_of_which_all_is_left_out_says_so() {
    let workspace = Workspace::new();
    workspace.write_pictures([".a.jpg", "@eaDir/b.jpg"]);
    let said = workspace.classify().ends_with(1).err;
    assert!(said.contains("has no pictures, only 1 other file (1 litter)"), "{said}");
    let hidden = "1 hidden file was left out (--hidden looks at it): .a.jpg.";
    assert!(said.contains(hidden), "{said}");
    // So does one from which all else was moved.
    workspace.write_pictures(["c.jpg"]);
    workspace.classify().with("--operation", "move").ends_with(0);
    let said = workspace.classify().with("--operation", "move").ends_with(0).err;
    assert!(said.contains("has no pictures left") && said.contains(hidden), "{said}");
}

#[test]
fn folders_of_public_reports_have_the_pictures_that_people_see() {
    let Some(field) = shared("field") else { return };
    let labels = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/labels.txt");
    for (case, pictures, litter) in
        [("10-appledouble", 1, 5), ("11-litter-that-is-sorted", 1, 8), ("26-watch-and-classify-disagree", 2, 2)]
    {
        let workspace = Workspace::new();
        let classify = workspace.classify().with("--source", field.join(case).join("in")).with("--model", "demo");
        let finished = classify.labels_file(&labels).flag("--json").flag("--dry-run").ends_with(0);
        let left_out = json!({"litter": litter, "hidden": 0, "excluded": 0});
        let expected = json!({"pictures": pictures, "other_files": litter, "unreadable": 0, "left_out": left_out});
        assert_eq!(counts_in(&summary(&finished)), expected, "{case}");
    }
}

#[test]
fn what_an_earlier_session_knows_as_a_picture_stays_in_sight() {
    let workspace = odd_source();
    workspace.write("source/._16.jpg", "not yet what it will be");
    let first = workspace.classify().flag("--json").flag("--hidden").with("--include", "*").ends_with(3);
    assert_eq!(summary(&first)["pictures"], SEEN.len() + HIDDEN.len() + RAW.len() + 1);
    let bin = workspace.classify().with("--include", "#recycle").with("--exclude", "/[!#]*").ends_with(0);
    assert!(bin.out.contains("Classification finished: 1 picture."), "{}", bin.out);
    // What is no picture at all is none any more; its row stays.
    workspace.write("source/._16.jpg", BESIDE);
    for more in [&["--dry-run"][..], &[]] {
        let mut again = workspace.classify().flag("--json").with("--labels", "c, d");
        again = more.iter().fold(again, |again, flag| again.flag(flag));
        let again = again.ends_with(0);
        assert_eq!(names_of(&again), sorted_names(&[&SEEN, &HIDDEN, &RAW, &["#recycle/4.jpg"]]));
        let told = &summary(&again)["left_out"];
        assert_eq!(*told, json!({"litter": LITTER.len() - 1 + NO_PICTURES.len() + 1, "hidden": 0, "excluded": 0}));
    }
    assert!(workspace.rows().iter().any(|row| row["image_name"].ends_with("._16.jpg")));
    // A person who excludes it does not get it.
    let without = workspace.classify().flag("--json").flag("--dry-run").with("--exclude", ".private").ends_with(0);
    assert_eq!(summary(&without)["left_out"]["excluded"], 2);
}

#[test]
fn picture_excluded_now_is_not_sorted_though_known() {
    let workspace = odd_source();
    let everything = SEEN.len() + RAW.len();
    workspace.classify().ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), everything);
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    workspace.classify().flag("--exclude=raw").ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), SEEN.len());
    // Nor by what sorts all pictures of a session, as the app does, unless a person decided so.
    let applied = summary(&workspace.sis_on_destination(&["apply", "--json"]).ended_with(0));
    assert_eq!((&applied["pictures"], &applied["copied"]), (&json!(SEEN.len()), &json!(0)));
    assert_eq!(applied["unwanted"], RAW.len());
    let said = workspace.sis_on_destination(&["apply"]).ended_with(0).out;
    assert!(said.contains(&format!("{}  not sorted: an earlier run saw", RAW.len())), "{said}");
    decide(&workspace, "14.jpg", Some("a"));
    let applied = summary(&workspace.sis_on_destination(&["apply", "--json"]).ended_with(0));
    assert_eq!((&applied["pictures"], &applied["copied"]), (&json!(SEEN.len() + 1), &json!(1)));
    // What lies in the destination stays there and counts.
    workspace.classify().flag("--exclude=2024").ends_with(0);
    let applied = summary(&workspace.sis_on_destination(&["apply", "--json"]).ended_with(0));
    assert_eq!(applied["pictures"], SEEN.len() + 1);
    workspace.classify().ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), everything);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn what_arrives_in_a_watched_folder_is_counted_as_it_arrives() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let mut watch = Watching::start(&workspace, &["--hidden", "--exclude", "*.gif", "--rescan", "86400"]);
    watch.wait_for_pictures(1);
    // Nobody can tell by its name and its first byte what it will be.
    let beside = workspace.write("source/._2.jpg", &BESIDE[..1]);
    std::fs::write(&beside, BESIDE).unwrap();
    workspace.write("source/@eaDir/2.jpg/thumb.jpg", picture(7));
    workspace.write("source/3.gif", picture(8));
    workspace.write("source/.4.jpg", picture(9));
    watch.wait_for_picture(".4.jpg");
    std::fs::remove_file(workspace.source().join("3.gif")).unwrap();
    workspace.write("source/5.jpg", picture(10));
    watch.wait_for_picture("5.jpg");
    let (events, said) = watch.end();
    let last = events.last().unwrap();
    assert_eq!(last["left_out"], json!({"litter": 2, "hidden": 0, "excluded": 0}), "{said}");
    assert_eq!((&last["pictures"], &last["other_files"]), (&json!(3), &json!(2)));
}

#[test]
fn the_app_chooses_in_its_setup_and_says_what_is_left_out() {
    let workspace = Workspace::new();
    let Some(terminal) = Terminal::open(&workspace, 160, 40, "demo") else { return };
    terminal.wait_for("48 pictures, 0 other files");
    fill(&workspace, &samples_folder(&workspace).join("samples"));
    // From the start up to what few people change, and down to the patterns of what is left out.
    terminal.press(&["Up", "Enter"], "Without");
    terminal.press(&["Down", "Down", "Down", "Down", "Down", "Enter"], "patterns with blanks between");
    terminal.type_text("raw {a");
    terminal.press(&["Enter"], "The pattern “{a” cannot be used");
    terminal.press(
        &["Up", "Enter", "BSpace", "BSpace", "Enter"],
        "51 pictures, 1 other file · 11 litter · 4 hidden · 2 excluded",
    );
    terminal.press(&["Up", "Up", "Up", "Space"], "55 pictures, 1 other file · 11 litter · 2 excluded");
    terminal.press(&["Space"], "4 hidden · 2 excluded");
    terminal.press(&["C-s"], "Classification finished: 51 pictures");
    let log = terminal.press(&["F6"], "4 hidden files were left out (Hidden files in Setup looks at them)");
    assert!(log.contains("2 files were left out by patterns: 2024/RAW, raw."), "{log}");
    assert!(log.contains("#recycle in the field Only of Setup."), "{log}");
    terminal.press(&["q"], "ended 0");
}
