//! Writers of every kind. In the end the hashes that were classified are those that were finally written: none is
//! missing, none came twice, none is that of a part.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use super::{SETTLE, WAYS, Watching, command, command_on, counted, of_kind};
use crate::skip::{Lacks, skip};
use crate::support::{Workspace, hashes, picture, sha256, sorted};

/// One of each hash.
fn once(contents: impl IntoIterator<Item = impl AsRef<[u8]>>) -> BTreeMap<String, usize> {
    counted(contents.into_iter().map(sha256))
}

/// Runs a test with each way of noticing changes.
fn both_ways(test: impl Fn(&Workspace, &mut Watching) -> BTreeMap<String, usize>) {
    for way in WAYS {
        let workspace = Workspace::new();
        let mut watching = Watching::start(&workspace, way);
        let expected = test(&workspace, &mut watching);
        // A file that comes last is seen last: everything before it was dealt with, or never will be.
        workspace.write("source/last.jpg", picture(999_999));
        watching.wait_for_picture("last.jpg");
        let (arrived, (events, said)) = (watching.hashes(), watching.end());
        let mut expected = expected;
        expected.extend(once([picture(999_999)]));
        assert_eq!(arrived, expected, "{way:?}: {said}");
        let summary = events.last().unwrap();
        let count: usize = expected.values().sum();
        assert_eq!(summary["pictures"].as_u64(), Some(count as u64), "{way:?}: {summary}");
        let rows = counted(workspace.rows().into_iter().map(|row| row["sha256"].clone()));
        assert_eq!(rows, expected, "{way:?}: the table");
    }
}

/// Writes a picture in steps of a kilobyte, and waits after each.
fn write_slowly(path: &Path, bytes: &[u8], pause: std::time::Duration) {
    let mut file = File::create(path).unwrap();
    for step in bytes.chunks(1024) {
        file.write_all(step).unwrap();
        file.flush().unwrap();
        std::thread::sleep(pause);
    }
}

#[test]
fn in_steps_of_a_kilobyte() {
    both_ways(|workspace, watching| {
        // Slower than the watch looks and faster than a file settles.
        write_slowly(&workspace.path("source/slow.jpg"), &picture(1), SETTLE / 8);
        watching.wait_for_picture("slow.jpg");
        once([picture(1)])
    });
}

#[test]
fn with_a_pause_that_is_longer_than_the_settling_time() {
    both_ways(|workspace, watching| {
        let bytes = picture(1);
        let (begin, rest) = bytes.split_at(bytes.len() / 2);
        let mut file = File::create(workspace.path("source/pause.jpg")).unwrap();
        file.write_all(begin).unwrap();
        // The part has settled, is looked at and is found not to be whole: the pause is the test.
        std::thread::sleep(4 * SETTLE);
        workspace.write("source/meanwhile.jpg", picture(2));
        watching.wait_for_picture("meanwhile.jpg");
        file.write_all(rest).unwrap();
        drop(file);
        watching.wait_for_picture("pause.jpg");
        once([picture(1), picture(2)])
    });
}

/// As downloaders do that get a file in several parts at once: it has its length, its beginning and its end, and a
/// hole.
#[test]
fn with_a_hole_that_is_filled_last() {
    both_ways(|workspace, watching| {
        let bytes = picture(1);
        let hole = bytes.len() / 2..bytes.len() / 2 + 64;
        let mut part = bytes.clone();
        part[hole.clone()].fill(0);
        let file = File::create(workspace.path("source/parts.jpg")).unwrap();
        file.write_all_at(&part, 0).unwrap();
        // It has not changed for long, looks whole, and is still open: the pause is the test.
        std::thread::sleep(6 * SETTLE);
        workspace.write("source/meanwhile.jpg", picture(2));
        watching.wait_for_picture("meanwhile.jpg");
        file.write_all_at(&bytes[hole.clone()], hole.start as u64).unwrap();
        drop(file);
        watching.wait_for_picture("parts.jpg");
        once([bytes, picture(2)])
    });
}

#[test]
fn behind_links_nothing_is_seen() {
    both_ways(|workspace, watching| {
        workspace.write("elsewhere/precious.jpg", picture(1));
        std::os::unix::fs::symlink(workspace.path("elsewhere"), workspace.path("source/link")).unwrap();
        std::os::unix::fs::symlink(workspace.path("elsewhere/precious.jpg"), workspace.path("source/link.jpg"))
            .unwrap();
        workspace.write("source/first.jpg", picture(2));
        watching.wait_for_picture("first.jpg");
        workspace.write("elsewhere/more.jpg", picture(3));
        workspace.write("elsewhere/precious.jpg", picture(4));
        once([picture(2)])
    });
}

#[test]
fn a_folder_that_is_named_from_here() {
    for way in WAYS {
        let workspace = Workspace::new();
        workspace.write("source/there.jpg", picture(0));
        let mut watching = Watching::spawn(command_on(&workspace, Path::new("source"), way));
        watching.wait_for_picture("there.jpg");
        workspace.write("source/1.jpg", picture(1));
        workspace.write("source/sub/2.jpg", picture(2));
        watching.wait_for_pictures(3);
        let (events, _) = watching.end();
        let paths: Vec<_> = of_kind(&events, "picture").map(|event| event["path"].as_str().unwrap()).collect();
        assert!(paths.contains(&"source/sub/2.jpg"), "as it was named: {paths:?}");
        assert_eq!(workspace.rows().len(), 3);
    }
}

/// A folder that is removed and made again, or moved, is watched all the same.
#[test]
fn folders_that_go_and_come_again() {
    both_ways(|workspace, watching| {
        workspace.write("source/a/b/1.jpg", picture(1));
        watching.wait_for_picture("1.jpg");
        fs::remove_dir_all(workspace.path("source/a")).unwrap();
        workspace.write("source/a/b/2.jpg", picture(2));
        watching.wait_for_picture("2.jpg");
        fs::rename(workspace.path("source/a"), workspace.path("source/c")).unwrap();
        // The same content under another path is another picture.
        watching.wait_for_pictures(3);
        workspace.write("source/c/b/3.jpg", picture(3));
        watching.wait_for_picture("3.jpg");
        let mut expected = once([picture(1), picture(3)]);
        expected.insert(sha256(picture(2)), 2);
        expected
    });
}

#[test]
fn a_download_that_is_cut_and_resumed() {
    both_ways(|workspace, watching| {
        let (path, bytes) = (workspace.path("source/resumed.jpg"), picture(1));
        fs::write(&path, &bytes[..700]).unwrap();
        std::thread::sleep(2 * SETTLE);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&bytes[700..]).unwrap();
        watching.wait_for_picture("resumed.jpg");
        once([bytes])
    });
}

#[test]
fn renamed_into_place() {
    both_ways(|workspace, watching| {
        workspace.write("elsewhere/1.jpg", picture(1));
        fs::rename(workspace.path("elsewhere/1.jpg"), workspace.path("source/1.jpg")).unwrap();
        workspace.write("source/2.jpg.part", picture(2));
        workspace.write("source/.3.jpg.Xy12", picture(3));
        watching.wait_for_picture("1.jpg");
        fs::rename(workspace.path("source/2.jpg.part"), workspace.path("source/2.jpg")).unwrap();
        fs::rename(workspace.path("source/.3.jpg.Xy12"), workspace.path("source/3.jpg")).unwrap();
        watching.wait_for_pictures(3);
        once([picture(1), picture(2), picture(3)])
    });
}

#[test]
fn folders_that_come_with_files_in_them() {
    both_ways(|workspace, watching| {
        for number in 0..20 {
            workspace.write(format!("source/{number}/b/c/{number}.jpg"), picture(number));
        }
        // A whole tree that is moved in at once.
        workspace.write("elsewhere/deep/er/x.jpg", picture(20));
        fs::rename(workspace.path("elsewhere/deep"), workspace.path("source/deep")).unwrap();
        watching.wait_for_pictures(21);
        once((0..21).map(picture))
    });
}

#[test]
fn replaced_in_place() {
    for way in WAYS {
        let workspace = Workspace::new();
        let mut watching = Watching::start(&workspace, &[way, &["--apply"]].concat());
        workspace.write("source/1.jpg", picture(1));
        watching.wait_until("the first transfer", |events| of_kind(events, "transfer").count() == 1);
        // By writing into it, and by putting another file in its place.
        workspace.write("source/1.jpg", picture(2));
        watching.wait_until("the second transfer", |events| of_kind(events, "transfer").count() == 2);
        workspace.write("elsewhere/1.jpg", picture(3));
        fs::rename(workspace.path("elsewhere/1.jpg"), workspace.path("source/1.jpg")).unwrap();
        watching.wait_until("the third transfer", |events| of_kind(events, "transfer").count() == 3);
        let (arrived, _) = (watching.hashes(), watching.end());
        let expected = once([picture(1), picture(2), picture(3)]);
        assert_eq!(arrived, expected, "{way:?}");
        // Each version stays where it was sorted.
        assert_eq!(counted(sorted(workspace.destination()).into_values()), expected, "{way:?}");
        assert_eq!(counted(hashes(workspace.source()).into_values()), once([picture(3)]));
    }
}

#[test]
fn deleted_while_they_wait() {
    both_ways(|workspace, watching| {
        for number in 0..50 {
            let path = workspace.write(format!("source/{number}.jpg"), picture(number));
            if number % 2 == 0 {
                fs::remove_file(path).unwrap();
            }
        }
        watching.wait_for_pictures(25);
        once((0..50).filter(|number| number % 2 == 1).map(picture))
    });
}

#[test]
fn the_folder_is_deleted_and_made_again() {
    both_ways(|workspace, watching| {
        workspace.write("source/1.jpg", picture(1));
        watching.wait_for_picture("1.jpg");
        fs::remove_dir_all(workspace.source()).unwrap();
        watching.wait_until("the folder is gone", |events| of_kind(events, "source").any(|e| e["state"] == "gone"));
        fs::create_dir(workspace.source()).unwrap();
        workspace.write("source/sub/2.jpg", picture(2));
        watching.wait_until("the folder is back", |events| of_kind(events, "source").any(|e| e["state"] == "back"));
        watching.wait_for_picture("2.jpg");
        // At once, so that nobody sees that it was gone; with the same file as before, which is no arrival.
        fs::rename(workspace.source(), workspace.path("aside")).unwrap();
        workspace.write("source/1.jpg", picture(1));
        workspace.write("source/3.jpg", picture(3));
        watching.wait_for_picture("3.jpg");
        once([picture(1), picture(2), picture(3)])
    });
}

#[test]
fn one_name_in_two_folders() {
    both_ways(|workspace, watching| {
        workspace.write("source/x/1.jpg", picture(1));
        workspace.write("source/y/1.jpg", picture(2));
        watching.wait_for_pictures(2);
        once([picture(1), picture(2)])
    });
}

#[test]
fn what_never_finishes_is_reported_once() {
    for way in WAYS {
        let workspace = Workspace::new();
        let mut watching = Watching::start(&workspace, &[way, &["--give-up", "2"]].concat());
        let half = picture(1)[..900].to_owned();
        workspace.write("source/half.jpg", &half);
        workspace.write("source/named.jpg.part", picture(2));
        workspace.write("source/notes.txt", "not a picture");
        watching.wait_until("both reports", |events| {
            of_kind(events, "unfinished").count() == 1 && of_kind(events, "picture").count() == 1
        });
        // Longer than it was waited for before: nothing is said again.
        workspace.write("source/2.jpg", picture(3));
        std::thread::sleep(std::time::Duration::from_secs(3));
        workspace.write("source/last.jpg", picture(4));
        watching.wait_for_picture("last.jpg");
        // The download goes on after all.
        workspace.write("source/half.jpg", picture(1));
        watching.wait_for_pictures(4);
        let (events, _) = watching.end();
        let states: Vec<_> = of_kind(&events, "picture").map(|event| event["status"].as_str().unwrap()).collect();
        assert_eq!(states, ["suspect", "ok", "ok", "ok"], "{way:?}");
        assert_eq!(of_kind(&events, "unfinished").count(), 1, "{way:?}");
        let summary = events.last().unwrap();
        assert_eq!((&summary["pictures"], &summary["suspect"]), (&3.into(), &0.into()), "{way:?}: {summary}");
        let known: Vec<String> = workspace.rows().into_iter().map(|row| row["sha256"].clone()).collect();
        assert!(!known.contains(&sha256(half)), "the part is no picture of the source any more");
    }
}

/// The system's queue of events holds 16,384: while the watch is stopped, it overflows.
#[test]
fn a_burst_that_overflows_the_queue() {
    const MANY: usize = 20_000;
    let workspace = Workspace::new();
    let mut watching = Watching::start(&workspace, &[]);
    workspace.write("source/first.jpg", picture(MANY));
    watching.wait_for_pictures(1);
    watching.signal("STOP");
    for number in 0..MANY {
        workspace.write(format!("source/{}/{number}.jpg", number % 7), picture(number));
    }
    watching.signal("CONT");
    watching.wait_for_pictures(MANY + 1);
    let (arrived, _) = (watching.hashes(), watching.end());
    assert_eq!(arrived, once((0..=MANY).map(picture)));
}

/// The limit of watched folders is one of a user namespace, so that no other program suffers.
#[test]
fn the_limit_of_watched_folders_is_reached() {
    let workspace = Workspace::new();
    for number in 0..20 {
        workspace.write(format!("source/{number}/{number}.jpg"), picture(number));
    }
    let limited = "echo 5 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";
    let watch = command(&workspace, &[]);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", limited]).arg(watch.get_program()).args(watch.get_args());
    command.current_dir(workspace.root()).envs(watch.get_envs().filter_map(|(name, value)| Some((name, value?))));
    for (name, _) in watch.get_envs().filter(|(_, value)| value.is_none()) {
        command.env_remove(name);
    }
    let mut trial = Command::new("unshare");
    trial.args(["--user", "--map-root-user", "sh", "-c", "echo 5 > /proc/sys/user/max_inotify_watches"]);
    if !trial.output().is_ok_and(|output| output.status.success()) {
        return skip(Lacks::System, "no user namespace can be made here");
    }
    let mut watching = Watching::spawn(command);
    watching.wait_for_pictures(20);
    workspace.write("source/19/new.jpg", picture(20));
    workspace.write("source/new/21.jpg", picture(21));
    watching.wait_for_pictures(22);
    let (arrived, (_, said)) = (watching.hashes(), watching.end());
    assert_eq!(arrived, once((0..22).map(picture)));
    assert!(said.contains("max_user_watches"), "{said}");
}
