//! Other programs at work in the same folders, and what a run that was cut off left there.

use std::io;
use std::rc::Rc;

use super::target::{Named, give_name};
use super::tests::{At, Scene};
use super::*;
use crate::domain::plan::name_candidates;
use crate::domain::run::Action;
use crate::domain::transfer::Reached;
use crate::files::folder::Folder;
use crate::files::folders::{Entry, Folders};

#[test]
fn what_somebody_puts_in_place_of_a_source_stays() {
    // Copied, then replaced by a rename, as downloaders do; and changed in place with its size and time kept.
    for change in ["replaced", "in place"] {
        let scene = Scene::new(Action::Move);
        let source = &scene.transfer.planned.source;
        let modified = std::fs::metadata(source).unwrap().modified().unwrap();
        let ended = scene.run(|step| {
            if step == "published" {
                let written = if change == "replaced" { scene.folder.path().join("new") } else { source.clone() };
                std::fs::write(&written, b"B picture").unwrap();
                std::fs::File::options().append(true).open(&written).unwrap().set_modified(modified).unwrap();
                if change == "replaced" {
                    std::fs::rename(&written, source).unwrap();
                }
            }
            Ok(())
        });
        let Err(TransferError::SourceKept { reason, .. }) = ended.unwrap() else { panic!("{change}: it was removed") };
        assert!(matches!(*reason, TransferError::SourceChanged { .. }), "{change}: {reason}");
        assert_eq!(std::fs::read(source).unwrap(), b"B picture");
        assert_eq!(scene.arrived(), ["1.jpg"]);
    }
}

#[test]
fn a_source_stays_once_its_copy_is_gone() {
    let scene = Scene::new(Action::Move);
    let ended = scene.run(|step| match step {
        "published" => std::fs::remove_file(scene.target("1.jpg")),
        _ => Ok(()),
    });
    assert!(matches!(ended.unwrap(), Err(TransferError::SourceKept { .. })));
    assert!(scene.transfer.planned.source.exists());
}

#[test]
fn a_source_stays_once_its_copy_is_changed() {
    let scene = Scene::new(Action::Move);
    let ended = scene.run(|step| match step {
        "published" => std::fs::write(scene.target("1.jpg"), b"a picture with a tag"),
        _ => Ok(()),
    });
    let Err(TransferError::SourceKept { reason, .. }) = ended.unwrap() else { panic!("it was removed") };
    assert!(matches!(*reason, TransferError::NoWitness { .. }), "{reason}");
    assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), b"a picture");
}

#[test]
fn two_names_of_one_file_are_both_moved() {
    let scene = Scene::new(Action::Move);
    let second = PreparedTransfer {
        id: TransferId(8),
        planned: Transfer {
            source: scene.folder.path().join("linked.jpg"),
            names: vec!["linked.jpg".into()],
            ..scene.transfer.planned.clone()
        },
        temporary: "second.partial".into(),
        leaving: "second.leaving".into(),
        ..scene.transfer.clone()
    };
    let both = [scene.transfer.clone(), second];
    let ended = transfer_batch(&both, &Folders::default(), &mut At(|_: &str| Ok(())), &|| false).unwrap();
    assert!(ended.iter().all(|(_, ended)| matches!(ended, Ok(Outcome::Moved { .. }))), "{ended:?}");
    assert!(!both[0].planned.source.exists() && !both[1].planned.source.exists());
    assert_eq!(scene.arrived(), ["1.jpg", "linked.jpg"]);
}

#[test]
fn a_source_whose_disk_is_not_there_is_kept_and_told() {
    let scene = Scene::new(Action::Move);
    std::fs::create_dir(scene.folder.path().join("label")).unwrap();
    std::fs::write(scene.target("1.jpg"), b"a picture").unwrap();
    let reached = Reached::Published { target: scene.target("1.jpg") };
    let on_disk = |device| PreparedTransfer {
        planned: Transfer { source: scene.folder.path().join("disk/pictures/1.jpg"), ..scene.transfer.planned.clone() },
        device: Some(device),
        ..scene.transfer.clone()
    };
    let here = Folder::open(scene.folder.path()).unwrap().device();
    let kept = recover(&on_disk(here + 1), &reached, &Folders::default());
    let Err(TransferError::SourceKept { reason, .. }) = kept else { panic!("{kept:?}") };
    assert!(matches!(*reason, TransferError::OtherDisk { .. }), "{reason}");
    let not_on_disk = Reached::NotOnDisk { target: scene.target("1.jpg") };
    assert!(matches!(
        recover(&on_disk(here + 1), &not_on_disk, &Folders::default()),
        Err(TransferError::NotOnDisk { .. })
    ));
    let removal = |device| PreparedTransfer {
        planned: Transfer { action: Action::Remove, names: vec!["1.jpg".into()], ..on_disk(device).planned },
        ..on_disk(device)
    };
    for (transfer, reached) in [(on_disk(here + 1), Reached::Planned), (removal(here + 1), Reached::Planned)] {
        let ended = recover(&transfer, &reached, &Folders::default());
        assert!(matches!(ended, Err(TransferError::OtherDisk { .. })), "{ended:?}");
    }
    // On its way back to a disk that is away: a temporary file may lie there.
    let away = scene.folder.path().join("disk/pictures");
    let back = PreparedTransfer {
        planned: Transfer { folder: away, ..scene.transfer.planned.clone() },
        folder_device: Some(here + 1),
        ..scene.transfer.clone()
    };
    assert!(matches!(recover(&back, &reached, &Folders::default()), Err(TransferError::OtherDisk { .. })));
    // A folder that somebody removed on a disk that is there.
    assert!(matches!(recover(&on_disk(here), &reached, &Folders::default()), Ok(Outcome::Moved { .. })));
    assert!(matches!(recover(&removal(here), &Reached::Planned, &Folders::default()), Ok(Outcome::Removed { .. })));
}

#[test]
fn a_source_that_was_left_under_its_private_name_gets_its_own_back() {
    let scene = Scene::new(Action::Move);
    std::fs::rename(&scene.transfer.planned.source, scene.folder.path().join(&scene.transfer.leaving)).unwrap();
    for _ in 0..2 {
        give_name_back(&scene.transfer, &Folders::default()).unwrap();
        assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), b"a picture");
    }
    let elsewhere = PreparedTransfer {
        planned: Transfer { source: scene.folder.path().join("gone/1.jpg"), ..scene.transfer.planned.clone() },
        ..scene.transfer.clone()
    };
    give_name_back(&elsewhere, &Folders::default()).unwrap();
}

#[test]
fn what_is_in_neither_place_is_told() {
    let scene = Scene::new(Action::Move);
    let moved = scene.folder.path().join("moved.jpg");
    std::fs::rename(&scene.transfer.planned.source, moved).unwrap();
    let ended = recover(&scene.transfer, &Reached::Planned, &Folders::default());
    assert!(matches!(ended, Err(TransferError::Missing { .. })), "{ended:?}");
    std::fs::create_dir(scene.folder.path().join("label")).unwrap();
    let ended = recover(&scene.transfer, &Reached::Planned, &Folders::default());
    assert!(matches!(ended, Err(TransferError::Missing { .. })), "{ended:?}");
    // A later run has moved it on.
    let ended = recover(&scene.transfer, &Reached::Superseded, &Folders::default());
    assert!(matches!(ended, Err(TransferError::Abandoned)), "{ended:?}");
}

#[test]
fn a_copy_that_somebody_took_away_ends_its_transfer_and_the_source_stays() {
    for makes_folder in [false, true] {
        let scene = Scene::new(Action::Move);
        if makes_folder {
            std::fs::create_dir(scene.folder.path().join("label")).unwrap();
        }
        let reached = Reached::Published { target: scene.target("1.jpg") };
        let ended = recover(&scene.transfer, &reached, &Folders::default());
        assert!(matches!(ended, Err(TransferError::TargetChanged { .. })), "{ended:?}");
        assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), b"a picture");
    }
}

#[test]
fn what_cannot_be_put_right_is_left_for_a_later_run() {
    let scene = Scene::new(Action::Move);
    let aside = scene.folder.path().join(&scene.transfer.leaving);
    std::fs::rename(&scene.transfer.planned.source, &aside).unwrap();
    // Every name that it could get is taken.
    let name = scene.transfer.planned.source.file_name().unwrap();
    for taken in name_candidates(name, scene.transfer.planned.hash) {
        std::fs::create_dir(scene.folder.path().join(taken)).unwrap();
    }
    let recovered = recover(&scene.transfer, &Reached::Planned, &Folders::default());
    assert!(matches!(recovered, Err(TransferError::NotRecovered { .. })), "{recovered:?}");
    assert_eq!(std::fs::read(&aside).unwrap(), b"a picture");
}

#[test]
fn a_folder_that_is_moved_away_or_becomes_a_link_leads_nowhere_and_is_told() {
    for (action, puts_link) in [(Action::Copy, true), (Action::Move, true), (Action::Move, false)] {
        let scene = Scene::new(action);
        let outside = scene.folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        let label = scene.folder.path().join("label");
        let ended = scene.run(|step| {
            if step == "copied" {
                std::fs::rename(&label, scene.folder.path().join("moved")).unwrap();
                if puts_link {
                    std::os::unix::fs::symlink(&outside, &label).unwrap();
                }
            }
            Ok(())
        });
        assert!(matches!(ended.unwrap(), Err(TransferError::TargetChanged { .. })));
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        assert_eq!(std::fs::read(scene.folder.path().join("moved/1.jpg")).unwrap(), b"a picture");
        assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), b"a picture");
        // The next batch opens the folder anew, and finds a link.
        if puts_link {
            assert!(matches!(scene.run(|_| Ok(())).unwrap(), Err(TransferError::NotAFolder { .. })));
        }
    }
}

#[test]
fn a_rename_that_was_cut_in_two_is_ended() {
    let scene = Scene::new(Action::Move);
    std::fs::remove_file(scene.folder.path().join("linked.jpg")).unwrap();
    std::fs::create_dir(scene.folder.path().join("label")).unwrap();
    std::fs::hard_link(&scene.transfer.planned.source, scene.target("1.jpg")).unwrap();
    let folders = Folders::default();
    assert!(matches!(recover(&scene.transfer, &Reached::Planned, &folders), Ok(Outcome::Moved { .. })));
    assert!(!scene.transfer.planned.source.exists());
    // A run that plans it anew ends it as well.
    std::fs::hard_link(scene.target("1.jpg"), &scene.transfer.planned.source).unwrap();
    assert!(matches!(scene.run(|_| Ok(())).unwrap(), Ok(Outcome::Moved { .. })));
    assert!(!scene.transfer.planned.source.exists() && scene.arrived() == ["1.jpg"]);
}

#[test]
fn one_place_that_is_reached_in_two_ways_is_not_emptied() {
    let scene = Scene::new(Action::Move);
    // The label's folder is the source's, and the file has another name besides: its own name is the target too.
    let same = PreparedTransfer {
        planned: Transfer {
            source: scene.folder.path().join("label/1.jpg"),
            folder: scene.folder.path().join("by-another-way"),
            ..scene.transfer.planned.clone()
        },
        ..scene.transfer.clone()
    };
    std::fs::rename(scene.folder.path().join("1.jpg"), scene.folder.path().join("linked")).unwrap();
    std::fs::create_dir(scene.folder.path().join("label")).unwrap();
    std::fs::hard_link(scene.folder.path().join("linked"), &same.planned.source).unwrap();
    std::os::unix::fs::symlink(scene.folder.path().join("label"), &same.planned.folder).unwrap();
    let roots = Folders::below([same.planned.folder.clone()]);
    let ended = transfer_batch(std::slice::from_ref(&same), &roots, &mut At(|_: &str| Ok(())), &|| false).unwrap();
    assert!(matches!(ended[0].1, Err(TransferError::SourceChanged { .. })), "{ended:?}");
    assert_eq!(std::fs::read(&same.planned.source).unwrap(), b"a picture");
}

#[test]
fn a_private_name_that_a_killed_run_left_is_given_back() {
    let scene = Scene::new(Action::Move);
    let aside = scene.folder.path().join(&scene.transfer.leaving);
    let folders = Folders::default();
    std::fs::rename(&scene.transfer.planned.source, &aside).unwrap();
    assert!(matches!(recover(&scene.transfer, &Reached::Planned, &folders), Err(TransferError::Abandoned)));
    assert!(scene.transfer.planned.source.exists() && !aside.exists());
    // Somebody has put another file there since: both stay.
    std::fs::rename(&scene.transfer.planned.source, &aside).unwrap();
    std::fs::write(&scene.transfer.planned.source, b"other one").unwrap();
    recover(&scene.transfer, &Reached::Planned, &folders).unwrap_err();
    assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), b"other one");
    let beside = name_candidates(scene.transfer.planned.source.file_name().unwrap(), scene.transfer.planned.hash)
        .nth(1)
        .unwrap();
    assert_eq!(std::fs::read(scene.folder.path().join(beside)).unwrap(), b"a picture");
}

#[test]
fn a_refused_name_is_followed_by_its_portable_form() {
    let scene = Scene::new(Action::Copy);
    let names = ["con.jpg", "con~8.jpg", "con~16.jpg", "con_.jpg", "con_~8.jpg"].map(Into::into).to_vec();
    let transfer =
        PreparedTransfer { planned: Transfer { names, ..scene.transfer.planned.clone() }, ..scene.transfer.clone() };
    let folder = Rc::new(Folder::open(scene.folder.path()).unwrap());
    let mut tried = vec![];
    let named = give_name(&transfer, &folder, |entry| {
        tried.push(entry.name.clone());
        match entry.name.to_str() {
            Some("con.jpg") => Err(io::Error::from_raw_os_error(22)),
            _ => Ok(()),
        }
    });
    assert!(matches!(named, Ok(Named::Given(entry)) if entry.name == "con_.jpg"));
    assert_eq!(tried, ["con.jpg", "con_.jpg"]);
    let refuse = |_: &Entry| Err(io::Error::from_raw_os_error(22));
    assert!(matches!(give_name(&transfer, &folder, refuse), Err(TransferError::Target { .. })));
}
