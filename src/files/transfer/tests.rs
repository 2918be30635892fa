//! The protocol with things happening to it between its steps.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::domain::picture::PictureId;
use crate::domain::run::Action;
use crate::domain::transfer::{Reached, ReliesOn};
use crate::domain::unkept::Unkept;
use crate::files::durable::{leaving_name, temporary_name};
use crate::files::folders::Folders;
use crate::files::read::{hash_file, stamp_of};

/// A source with a picture, and a folder for it.
pub(super) struct Scene {
    pub(super) folder: tempfile::TempDir,
    pub(super) transfer: PreparedTransfer,
}

impl Scene {
    pub(super) fn new(action: Action) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("1.jpg");
        std::fs::write(&source, b"a picture").unwrap();
        // A second name: what has one is copied and removed, even within one file system.
        std::fs::hard_link(&source, folder.path().join("linked.jpg")).unwrap();
        let transfer = PreparedTransfer {
            id: TransferId(7),
            planned: Transfer {
                picture: PictureId(1),
                action,
                hash: hash_file(&source).unwrap(),
                size: 9,
                source,
                folder: folder.path().join("label"),
                names: vec!["1.jpg".into(), "1~.jpg".into()],
                reverses: None,
                restores: Unkept::default(),
                relies_on: ReliesOn::Nothing,
            },
            temporary: temporary_name("test-7"),
            leaving: leaving_name("test-7"),
            device: None,
            folder_device: None,
        };
        Scene { folder, transfer }
    }

    pub(super) fn target(&self, name: &str) -> PathBuf {
        self.folder.path().join("label").join(name)
    }

    pub(super) fn run(&self, at: impl FnMut(&str) -> io::Result<()>) -> Result<Ended, TransferError> {
        let mut journal = At(at);
        let ended = transfer_batch(std::slice::from_ref(&self.transfer), &Folders::default(), &mut journal, &|| false)?;
        Ok(ended.into_iter().next().unwrap().1)
    }

    pub(super) fn arrived(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("label")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_str().unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    }
}

/// Does something at each step.
pub(super) struct At<F>(pub(super) F);

impl<F: FnMut(&str) -> io::Result<()>> Journal for At<F> {
    fn record(&mut self, steps: Vec<(TransferId, Step)>) -> io::Result<()> {
        steps.iter().try_for_each(|(_, step)| {
            (self.0)(match step {
                Step::Copied { .. } => "copied",
                Step::Published { .. } => "published",
                Step::Ended(_) => "ended",
            })
        })
    }

    fn say(&self, error: &TransferError) -> String {
        error.to_string()
    }
}

#[test]
fn the_steps_come_in_order_and_the_source_goes_last() {
    let scene = Scene::new(Action::Move);
    let mut steps = vec![];
    let ended = scene.run(|step| {
        assert_eq!(scene.transfer.planned.source.exists(), step != "ended");
        assert_eq!(scene.target("1.jpg").exists(), step != "copied");
        steps.push(step.to_owned());
        Ok(())
    });
    assert!(matches!(ended.unwrap().unwrap(), Outcome::Moved { target, .. } if target == scene.target("1.jpg")));
    assert_eq!(steps, ["copied", "published", "ended"]);
}

#[test]
fn what_cannot_be_recorded_goes_no_further_and_is_recovered() {
    for (action, stopped_at, source_stays, recovered) in [
        (Action::Copy, "copied", true, "abandoned"),
        (Action::Copy, "ended", true, "copied"),
        (Action::Move, "copied", true, "abandoned"),
        (Action::Move, "published", true, "moved"),
        (Action::Move, "ended", false, "moved"),
    ] {
        let scene = Scene::new(action);
        let full = |step: &str| if step == stopped_at { Err(ErrorKind::StorageFull.into()) } else { Ok(()) };
        let ended = scene.run(full);
        assert!(matches!(ended, Err(TransferError::Journal(_))), "{action:?} {stopped_at}");
        assert_eq!(scene.transfer.planned.source.exists(), source_stays, "{action:?} {stopped_at}");
        let inode = std::fs::symlink_metadata(scene.target("1.jpg")).map(|m| stamp_of(&m).inode).unwrap_or(0);
        for _ in 0..2 {
            let reached = if stopped_at == "copied" { Reached::Planned } else { Reached::Copied { inode } };
            let reached =
                if action == Action::Move && stopped_at == "copied" { Reached::Copied { inode: 0 } } else { reached };
            let word =
                recover(&scene.transfer, &reached, &Folders::default()).map_or("abandoned", |outcome| outcome.word());
            assert_eq!(word, recovered, "{action:?} {stopped_at}");
        }
    }
}

#[test]
fn a_copy_without_a_name_is_kept_where_its_source_was_never_on_disk() {
    for (action, of_source, word, arrived) in [
        (Action::Copy, &b"a picture"[..], "abandoned", vec![]),
        (Action::Copy, b"", "copied", vec!["1.jpg"]),
        (Action::Move, b"", "kept", vec!["1.jpg"]),
    ] {
        let scene = Scene::new(action);
        std::fs::create_dir(scene.folder.path().join("label")).unwrap();
        std::fs::write(scene.target(scene.transfer.temporary.to_str().unwrap()), b"a picture").unwrap();
        std::fs::write(&scene.transfer.planned.source, of_source).unwrap();
        let ended = recover(&scene.transfer, &Reached::Planned, &Folders::default());
        let found = match &ended {
            Err(TransferError::Abandoned) => "abandoned",
            Err(error) if error.target().is_some() => "kept",
            ended => ended.as_ref().unwrap().word(),
        };
        assert_eq!(found, word, "{action:?}: {ended:?}");
        assert_eq!(scene.arrived(), arrived, "{action:?}");
        assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), of_source);
    }
}

#[test]
fn a_source_that_changes_is_left_alone() {
    for (changed_at, arrived) in [("before", vec![]), ("published", vec!["1.jpg"])] {
        let scene = Scene::new(Action::Move);
        let change = || std::fs::write(&scene.transfer.planned.source, b"other one");
        if changed_at == "before" {
            change().unwrap();
        }
        let ended = scene.run(|step| if step == changed_at { change() } else { Ok(()) }).unwrap();
        assert!(ended.is_err(), "{changed_at}");
        assert_eq!(scene.arrived(), arrived);
        assert_eq!(std::fs::read(&scene.transfer.planned.source).unwrap(), b"other one");
    }
}

#[test]
fn a_name_that_is_taken_meanwhile_is_not_overwritten() {
    let scene = Scene::new(Action::Copy);
    let ended = scene.run(|step| match step {
        "copied" => std::fs::write(scene.target("1.jpg"), b"theirs"),
        _ => Ok(()),
    });
    assert_eq!(ended.unwrap().unwrap().target(), scene.target("1~.jpg"));
    assert_eq!(std::fs::read(scene.target("1.jpg")).unwrap(), b"theirs");
    assert_eq!(std::fs::read(scene.target("1~.jpg")).unwrap(), b"a picture");
}

#[test]
fn two_that_race_for_one_name_both_arrive() {
    for _ in 0..20 {
        let scene = Scene::new(Action::Copy);
        std::fs::write(scene.folder.path().join("2.jpg"), b"b picture").unwrap();
        let second = PreparedTransfer {
            planned: Transfer {
                source: scene.folder.path().join("2.jpg"),
                hash: hash_file(&scene.folder.path().join("2.jpg")).unwrap(),
                ..scene.transfer.planned.clone()
            },
            temporary: temporary_name("other-7"),
            leaving: leaving_name("other-7"),
            ..scene.transfer.clone()
        };
        std::thread::scope(|scope| {
            for transfer in [&scene.transfer, &second] {
                scope.spawn(move || {
                    let ended = transfer_batch(
                        std::slice::from_ref(transfer),
                        &Folders::default(),
                        &mut At(|_: &str| Ok(())),
                        &|| false,
                    );
                    assert!(matches!(ended.unwrap()[0].1, Ok(Outcome::Copied { .. })));
                });
            }
        });
        assert_eq!(scene.arrived(), ["1.jpg", "1~.jpg"]);
        let mut contents: Vec<_> =
            scene.arrived().iter().map(|name| std::fs::read(scene.target(name)).unwrap()).collect();
        contents.sort_unstable();
        assert_eq!(contents, [b"a picture", b"b picture"]);
    }
}

#[test]
fn a_file_that_grows_while_it_is_copied_never_arrives_in_part() {
    let scene = Scene::new(Action::Move);
    let content = vec![7; 20 << 20];
    std::fs::write(&scene.transfer.planned.source, &content).unwrap();
    let transfer = PreparedTransfer {
        planned: Transfer {
            hash: hash_file(&scene.transfer.planned.source).unwrap(),
            size: content.len() as u64,
            ..scene.transfer.planned.clone()
        },
        ..scene.transfer.clone()
    };
    let (growing, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = std::fs::OpenOptions::new().append(true).open(&transfer.planned.source).unwrap();
            while !done.load(Ordering::Relaxed) {
                // It begins to grow once its copy is there.
                if scene.folder.path().join("label").join(&transfer.temporary).exists() {
                    std::io::Write::write_all(&mut file, b"more").unwrap();
                    growing.store(true, Ordering::Relaxed);
                }
            }
        });
        let ended =
            transfer_batch(std::slice::from_ref(&transfer), &Folders::default(), &mut At(|_: &str| Ok(())), &|| false)
                .unwrap();
        done.store(true, Ordering::Relaxed);
        assert!(ended[0].1.is_err() || !growing.load(Ordering::Relaxed), "{ended:?}");
    });
    assert!(transfer.planned.source.exists() || !growing.load(Ordering::Relaxed));
    let whole = |name: &String| hash_file(&scene.target(name)).unwrap() == transfer.planned.hash;
    assert!(scene.arrived().iter().all(whole), "{:?}", scene.arrived());
}

#[test]
fn a_copy_is_removed_only_while_its_content_is_whole_elsewhere() {
    let removal = |scene: &Scene| PreparedTransfer {
        planned: Transfer {
            action: Action::Remove,
            source: scene.target("1.jpg"),
            folder: scene.folder.path().to_owned(),
            names: vec!["1.jpg".into()],
            ..scene.transfer.planned.clone()
        },
        ..scene.transfer.clone()
    };
    let scene = Scene::new(Action::Copy);
    scene.run(|_| Ok(())).unwrap().unwrap();
    let run = |transfer: &PreparedTransfer| {
        transfer_batch(std::slice::from_ref(transfer), &Folders::default(), &mut At(|_: &str| Ok(())), &|| false)
            .unwrap()
            .remove(0)
            .1
    };
    std::fs::write(&scene.transfer.planned.source, b"other one").unwrap();
    assert!(matches!(run(&removal(&scene)), Err(TransferError::NoWitness { .. })));
    std::fs::remove_file(&scene.transfer.planned.source).unwrap();
    assert!(matches!(run(&removal(&scene)), Err(TransferError::NoWitness { .. })));
    // Another name of the very file is no second copy.
    std::fs::hard_link(scene.target("1.jpg"), &scene.transfer.planned.source).unwrap();
    assert!(matches!(run(&removal(&scene)), Err(TransferError::NoWitness { .. })));
    std::fs::remove_file(&scene.transfer.planned.source).unwrap();
    std::fs::write(&scene.transfer.planned.source, b"a picture").unwrap();
    assert!(matches!(run(&removal(&scene)), Ok(Outcome::Removed { .. })));
    assert!(scene.arrived().is_empty());
}

#[test]
fn every_name_taken_is_an_error() {
    let scene = Scene::new(Action::Move);
    for name in &scene.transfer.planned.names {
        std::fs::create_dir_all(scene.folder.path().join("label").join(name)).unwrap();
    }
    assert!(matches!(scene.run(|_| Ok(())).unwrap(), Err(TransferError::NoFreeName { .. })));
    assert!(scene.transfer.planned.source.exists());
}
