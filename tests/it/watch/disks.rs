//! Disks that come, go and are full while a folder is watched.

use super::{WAYS, Watching, of_kind};
use crate::file_systems::Mounted;
use crate::support::{Workspace, picture, sorted};

#[test]
fn a_disk_is_taken_away_and_mounted_again() {
    for way in WAYS {
        let workspace = Workspace::new();
        let Some(disk) = Mounted::new(&workspace.source(), &["-t", "tmpfs", "tmpfs"]) else { return };
        workspace.write("source/sub/1.jpg", picture(1));
        let mut watching = Watching::start(&workspace, way);
        watching.wait_for_picture("1.jpg");
        // The files stay on the disk, which is mounted in a second place meanwhile.
        let elsewhere = workspace.path("elsewhere");
        let source = workspace.source();
        let Some(kept) = Mounted::new(&elsewhere, &["--bind", source.to_str().unwrap()]) else { return };
        drop(disk);
        let replaced = |count: usize| move |events: &[serde_json::Value]| of_kind(events, "source").count() == count;
        watching.wait_until("the disk is away", replaced(1));
        workspace.write("elsewhere/sub/2.jpg", picture(2));
        let again = Mounted::new(&workspace.source(), &["--bind", elsewhere.to_str().unwrap()]).unwrap();
        watching.wait_until("the disk is back", replaced(2));
        watching.wait_for_picture("2.jpg");
        workspace.write("source/sub/3.jpg", picture(3));
        watching.wait_for_picture("3.jpg");
        let (events, said) = watching.end();
        assert_eq!(of_kind(&events, "picture").count(), 3, "{way:?}: {said}");
        drop((again, kept));
    }
}

#[test]
fn a_full_disk_stops_the_sorting_and_not_the_watch() {
    const MANY: usize = 100;
    let workspace = Workspace::new();
    let Some(disk) = Mounted::new(&workspace.destination(), &["-t", "tmpfs", "-o", "size=4m", "tmpfs"]) else { return };
    for number in 0..MANY {
        let mut large = picture(number);
        large.resize(100_000, number as u8);
        workspace.write(format!("source/{number}.jpg"), large);
    }
    let mut watching = Watching::start(&workspace, &["--apply"]);
    watching.wait_for_pictures(MANY);
    let (events, said) = watching.end();
    let done = of_kind(&events, "transfer").filter(|event| event["status"] == "copied").count();
    assert!(done < MANY && sorted(workspace.destination()).len() == done, "{done} {said}");
    assert!(said.contains("tried again by itself"), "{said}");
    disk.remount("size=64m");
    let mut watching = Watching::start(&workspace, &["--apply"]);
    watching.wait_until("the rest", |events| of_kind(events, "transfer").count() == MANY - done);
    let (events, _) = watching.end();
    assert_eq!((of_kind(&events, "picture").count(), sorted(workspace.destination()).len()), (0, MANY));
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn a_session_that_is_taken_away_ends_the_watch_with_a_sentence() {
    let workspace = Workspace::new();
    let mut watching = Watching::start(&workspace, &[]);
    workspace.write("source/1.jpg", picture(1));
    watching.wait_for_pictures(1);
    std::fs::rename(workspace.destination(), workspace.path("elsewhere")).unwrap();
    let (code, said) = watching.failed();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("was taken away"), "{said}");
    assert!(!workspace.destination().exists(), "nothing is written where nobody would find it");
}
