//! Files that are as they were when they were hashed: with `--trust-unchanged` they are not read again, and whatever
//! changed is.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use smart_image_sorter::file_system::keeping_change_times;
use smart_image_sorter::files::read::hash_file;

use crate::skip::{Lacks, skip};
use crate::support::{Classify, Finished, Workspace, hashes, of_kind, picture, sha256};

/// How long after its last change a file is in doubt.
const DOUBT: Duration = Duration::from_secs(2);

/// Pictures, one that is cut off, one that is damaged, and a file that is none; all left alone for long enough.
fn settled() -> Option<Workspace> {
    let workspace = Workspace::new();
    if keeping_change_times(workspace.root()).is_none() {
        skip(Lacks::FileSystem, "files here are read every time, as nothing tells whether they were changed");
        return None;
    }
    workspace.write_pictures(["1.jpg", "2.jpg", "x/3.jpg", "x/4.jpg"]);
    let whole = picture(9);
    workspace.write("source/cut.jpg", &whole[..whole.len() - 20]);
    workspace.write("source/damaged.jpg", b"\xff\xd8\xff\xe0 and nothing else");
    workspace.write("source/notes.txt", "no picture");
    std::thread::sleep(DOUBT + Duration::from_millis(100));
    Some(workspace)
}

fn trusting(workspace: &Workspace) -> Classify<'_> {
    workspace.classify().with("--threshold", "1").flag("--json").flag("--trust-unchanged")
}

fn trusted(finished: &Finished) -> u64 {
    of_kind(&finished.events(), "summary").next().unwrap()["trusted"].as_u64().unwrap()
}

/// The event of each picture, by its name.
fn told(finished: &Finished) -> BTreeMap<String, Json> {
    let events = finished.events();
    let name = |event: &Json| event["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    of_kind(&events, "picture").map(|event| (name(event), event.clone())).collect()
}

/// Gives a file another content of the same length, and its time back.
fn replace(path: &Path, content: &[u8]) {
    let before = std::fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64);
    std::fs::write(path, content).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    let after = std::fs::metadata(path).unwrap();
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
}

/// The content of a file with one byte after the picture's end changed.
fn altered(path: &Path) -> Vec<u8> {
    let mut content = std::fs::read(path).unwrap();
    *content.last_mut().unwrap() ^= 1;
    content
}

#[test]
fn what_is_unchanged_is_not_opened_and_told_as_before() {
    let Some(workspace) = settled() else { return };
    let read = workspace.classify().with("--threshold", "1").flag("--json").ends_with(3);
    assert_eq!(trusted(&read), 0);
    let opened = Opened::below(&workspace.source());
    let again = trusting(&workspace).ends_with(3);
    // The one that is damaged has nothing that could be remembered: it is looked at again, as is what is no picture.
    assert_eq!((trusted(&again), told(&again)), (5, told(&read)));
    if let Some(opened) = opened {
        assert_eq!(opened.names(), ["damaged.jpg", "notes.txt"]);
    }
    // It is in the ledger, which says how far a run can be trusted.
    let ledger = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    assert_eq!(ledger.matches(r#""trust_unchanged":true"#).count(), 1, "{ledger}");
    assert_eq!(ledger.matches(r#""trusted":5"#).count(), 1, "{ledger}");
    // Under another name, to another destination and with other labels it is the same file; a new name changes its
    // time.
    std::fs::rename(workspace.source().join("x"), workspace.source().join("y")).unwrap();
    let elsewhere = trusting(&workspace).with("--labels", "c, d").with("--destination", workspace.path("elsewhere"));
    assert_eq!(trusted(&elsewhere.ends_with(3)), 5);
}

#[test]
fn it_is_asked_for_by_an_option_or_the_settings() {
    let Some(workspace) = settled() else { return };
    let run = |flags: &[&'static str]| {
        let classify = flags.iter().fold(workspace.classify().flag("--json").flag("--dry-run"), |c, flag| c.flag(flag));
        trusted(&classify.ends_with(3))
    };
    assert_eq!([run(&[]), run(&[]), run(&["--trust-unchanged"])], [0, 0, 5]);
    let folder = workspace.home().join("config/sis");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("settings.toml"), "trust_unchanged = true").unwrap();
    assert_eq!([run(&[]), run(&["--no-trust-unchanged"])], [5, 0]);
    let told = workspace.classify().flag("--dry-run").ends_with(3);
    assert!(told.out.contains("5 files were not read again"), "{}", told.out);
}

#[test]
fn a_change_is_noticed_though_size_and_time_are_as_before() {
    let Some(workspace) = settled() else { return };
    assert_eq!(trusted(&trusting(&workspace).ends_with(3)), 0);
    assert_eq!(trusted(&trusting(&workspace).ends_with(3)), 5);
    let path = workspace.source().join("1.jpg");
    let content = altered(&path);
    let began = Instant::now();
    replace(&path, &content);
    let noticed = trusting(&workspace).ends_with(3);
    assert_eq!((trusted(&noticed), &told(&noticed)["1.jpg"]["sha256"]), (4, &sha256(&content).into()));
    // It was read so soon after that it may have changed once more within the same tick of the clock.
    let is_in_doubt = began.elapsed() < DOUBT;
    let again = trusted(&trusting(&workspace).ends_with(3));
    assert!(!is_in_doubt || again == 4, "{again}");
}

#[test]
fn transfers_look_for_themselves() {
    let Some(workspace) = settled() else { return };
    trusting(&workspace).ends_with(3);
    // Changed after it was trusted.
    assert_eq!(trusted(&trusting(&workspace).ends_with(3)), 5);
    let changed = workspace.source().join("1.jpg");
    replace(&changed, &altered(&changed));
    // As after damage that the file system knows nothing of: what is remembered of a file is another one's hash.
    let cache = rusqlite::Connection::open(workspace.home().join("cache/sis/embeddings.db")).unwrap();
    let hash_of = |name: &str| hash_file(&workspace.source().join(name)).unwrap().0;
    let (damaged, other) = (hash_of("2.jpg"), hash_of("x/3.jpg"));
    assert_eq!(cache.execute("UPDATE traces SET hash = ?2 WHERE hash = ?1", (damaged, other)).unwrap(), 1);
    assert_eq!(trusted(&trusting(&workspace).ends_with(3)), 4);
    let source = hashes(workspace.source());
    for operation in ["copy", "move"] {
        let run = workspace.classify().with("--operation", operation).flag("--json").flag("--trust-unchanged");
        let events = run.ends_with(3).events();
        let failed = of_kind(&events, "transfer").filter(|event| event["status"] == "failed");
        let failed: Vec<&str> = failed.map(|event| event["path"].as_str().unwrap()).collect();
        assert!(failed.len() == 1 && failed[0].ends_with("2.jpg"), "{events:?}");
    }
    let there = hashes(workspace.source()).into_values().chain(hashes(workspace.destination()).into_values());
    let there: Vec<String> = there.collect();
    assert!(source.values().all(|hash| there.contains(hash)), "every content is somewhere");
}

/// The files below a folder that are opened from now on.
#[cfg(target_os = "linux")]
struct Opened(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Opened {
    fn below(folder: &Path) -> Option<Opened> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let watch = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
        let folders = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
        for folder in folders.filter(|entry| entry.file_type().is_dir()) {
            add_watch(&watch, folder.path(), WatchFlags::OPEN).ok()?;
        }
        Some(Opened(watch))
    }

    fn names(self) -> Vec<String> {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 16 << 10];
        let mut events = rustix::fs::inotify::Reader::new(self.0, &mut buffer);
        let mut names = Vec::new();
        while let Ok(event) = events.next() {
            names.extend(
                event.file_name().map(|name| name.to_str().unwrap().to_owned()).filter(|name| name.contains('.')),
            );
        }
        names.sort();
        names
    }
}

#[cfg(not(target_os = "linux"))]
struct Opened;

#[cfg(not(target_os = "linux"))]
impl Opened {
    fn below(_: &Path) -> Option<Opened> {
        skip(Lacks::System, "the system does not tell which files are opened");
        None
    }

    fn names(self) -> Vec<String> {
        vec![]
    }
}
