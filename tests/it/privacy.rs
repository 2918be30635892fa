//! Readers of the program's own files, whatever the user's mask: nobody else, unless the destination is for others too.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use smart_image_sorter::store::Session;

use crate::skip::{Lacks, skip};
use crate::support::{Finished, Workspace, finish};

/// Runs a command under a mask of the user's.
fn under_mask(mask: &str, command: &Command) -> Finished {
    let mut masked = Command::new("sh");
    masked
        .args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => masked.env(name, value),
            None => masked.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        masked.current_dir(folder);
    }
    finish(masked)
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The rights of all that is the program's own in a destination.
fn assert_rights(workspace: &Workspace, folder: u32, file: u32, told: &str) {
    let destination = workspace.destination();
    assert_eq!(mode(&destination.join(".sis")), folder, "{told}");
    let inner = std::fs::read_dir(destination.join(".sis")).unwrap().map(|entry| entry.unwrap().path());
    let beside = ["output.csv", "SHA256SUMS"].map(|name| destination.join(name));
    let files: Vec<_> = inner.chain(beside).collect();
    assert!(["session.db", "ledger.jsonl", "lock"].iter().all(|name| files.iter().any(|file| file.ends_with(name))));
    for path in files {
        assert_eq!(mode(&path), file, "{told}: {}", path.display());
    }
}

#[test]
fn the_programs_own_files_are_the_users_alone() {
    for mask in ["000", "022", "077"] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg", "2.jpg"]);
        let finished = under_mask(mask, &workspace.classify().command());
        assert_eq!(finished.code, 0, "{}", finished.err);
        assert_rights(&workspace, 0o700, 0o600, mask);
        assert_eq!(mode(&workspace.destination()) & 0o022, 0, "nobody else may write into a destination that was made");
        let cache = workspace.home().join("cache/sis");
        assert_eq!((mode(&cache), mode(&cache.join("embeddings.db"))), (0o700, 0o600), "{mask}");
        assert_eq!(mode(&workspace.home().join("state/sis/sis.log")), 0o600, "{mask}");
        // Files beside the database while it is open have its rights.
        let mut session = Session::open_to_work(&workspace.destination(), &workspace.known_sessions()).unwrap();
        session.set_value("x", b"1").unwrap();
        assert!(workspace.destination().join(".sis/session.db-wal").exists());
        assert_rights(&workspace, 0o700, 0o600, mask);
    }
}

#[test]
fn who_may_write_into_the_destination_may_work_in_its_session() {
    for (destination, folder, file) in
        [(0o2770, 0o2770, 0o660), (0o2775, 0o2770, 0o660), (0o777, 0o2777, 0o666), (0o755, 0o700, 0o600)]
    {
        for mask in ["000", "077"] {
            let workspace = Workspace::new();
            workspace.write_pictures(["1.jpg", "2.jpg"]);
            std::fs::create_dir(workspace.destination()).unwrap();
            set_mode(&workspace.destination(), destination);
            // The group of a shared folder is not the one that its members have first.
            let is_given = std::os::unix::fs::chown(workspace.destination(), None, Some(1234)).is_ok();
            let finished = under_mask(mask, &workspace.classify().command());
            assert_eq!(finished.code, 0, "{}", finished.err);
            assert_rights(&workspace, folder, file, &format!("{destination:o} {mask}"));
            assert_eq!(mode(&workspace.destination()), destination);
            if is_given && destination & 0o020 != 0 {
                let groups = [".sis", ".sis/session.db", ".sis/ledger.jsonl", "output.csv"]
                    .map(|name| std::fs::metadata(workspace.destination().join(name)).unwrap().gid());
                assert_eq!(groups, [1234; 4]);
            }
        }
    }
}

/// Earlier versions left them as the user's mask let through.
#[test]
fn what_was_open_to_others_is_closed_when_it_is_worked_in() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().ends_with(0);
    let own = |name: &str| workspace.destination().join(".sis").join(name);
    let cache = workspace.home().join("cache/sis");
    for path in [own("session.db"), own("ledger.jsonl"), own("lock"), cache.join("embeddings.db")] {
        set_mode(&path, 0o644);
    }
    set_mode(&own(""), 0o755);
    set_mode(&cache, 0o755);
    workspace.classify().ends_with(0);
    assert_rights(&workspace, 0o700, 0o600, "narrowed");
    assert_eq!((mode(&cache), mode(&cache.join("embeddings.db"))), (0o700, 0o600));
    // Files of somebody else are left to their owner.
    if std::os::unix::fs::chown(own("ledger.jsonl"), Some(1234), None).is_ok() {
        set_mode(&own("ledger.jsonl"), 0o644);
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        assert_eq!(mode(&own("ledger.jsonl")), 0o644);
    } else {
        skip(Lacks::User, "only root gives files to others");
    }
}
