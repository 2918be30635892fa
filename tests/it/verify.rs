//! `sis verify`: what is missing, extra and changed is found, and nothing is written.

use std::path::Path;

use crate::file_systems::Mounted;
use crate::session::{folder_of, sorted_workspace};
use crate::support::{Workspace, picture, sha256, sorted, tree};
use crate::tools::image_made_by;

/// A disk may give names back in small letters: they are the program's own files all the same.
#[test]
fn a_disk_that_ignores_case_has_no_files_of_others() {
    let workspace = Workspace::new();
    let Some(image) = image_made_by(&["mkfs.ntfs", "-F", "-Q"], 16, workspace.root()) else { return };
    let options = ["-t", "lowntfs-3g", "-o", "ignore_case", image.to_str().unwrap()];
    let Some(disk) = Mounted::new(&workspace.path("disk"), &options) else { return };
    workspace.write_pictures(["IMG_1.JPG", "IMG_2.JPG", "IMG_\u{c9}.JPG"]);
    let destination = disk.0.join("Sorted");
    workspace.classify().with("--destination", &destination).with("--output-file", "Table.csv").ends_with(0);
    let verify = || {
        let arguments = ["verify".as_ref(), "--destination".as_ref(), destination.as_os_str()];
        workspace.sis(arguments)
    };
    let named_otherwise = sorted(&destination).keys().any(|path| path.to_string_lossy().ends_with("img_1.jpg"));
    assert!(named_otherwise, "the disk does what it was mounted for");
    let finished = verify().ended_with(0);
    assert!(finished.out.contains("3 files are whole"), "{}", finished.out);
    std::fs::write(destination.join("planted.jpg"), "not ours").unwrap();
    let finished = verify().ended_with(3);
    assert!(finished.out.contains("1 file was put into the destination by somebody else"), "{}", finished.out);
}

#[test]
fn verify_finds_what_is_missing_extra_and_changed() {
    let workspace = sorted_workspace("copy");
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(finished.out.contains("4 files are whole") && finished.out.contains("Head of the ledger"));
    let target = |name: &str| {
        workspace.destination().join(folder_of(&workspace, name)).join(Path::new(name).file_name().unwrap())
    };
    std::fs::write(target("1.jpg").with_file_name("extra.jpg"), "not ours").unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(3);
    assert!(finished.out.contains("extra.jpg"), "{}", finished.out);
    std::fs::write(target("1.jpg"), "changed").unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("1 file has another content"), "{}", finished.out);
    std::fs::remove_file(target("2.jpg")).unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("1 file is missing"), "{}", finished.out);
}

/// Whatever lies in the destination and was put there by nobody who is known is found, in whatever folder it is.
#[test]
fn verify_looks_through_the_whole_destination() {
    let workspace = sorted_workspace("copy");
    // Tables of another name, kept aside, or of an earlier name are the program's own.
    workspace.write("destination/output.csv", "theirs");
    workspace.classify().ends_with(0);
    workspace.classify().with("--output-file", "other.csv").ends_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    let planted = ["red/forged.png", "planted/deep/x.png", "top.png", "x/output.csv", "output~12345678.csv"];
    for name in planted {
        workspace.write(Path::new("destination").join(name), "not ours");
    }
    std::os::unix::fs::symlink("/", workspace.path("destination/link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, workspace.path("destination/planted/pipe"), rustix::fs::Mode::RUSR).unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(3);
    assert!(finished.out.contains("7 files were put into the destination by somebody else"), "{}", finished.out);
    for name in planted.iter().chain(&["link", "planted/pipe"]) {
        assert!(finished.out.contains(&format!("/destination/{name}\n")), "{name}: {}", finished.out);
    }
}

/// A source in the destination, and another destination in it, are left out, and said to be.
#[test]
fn verify_leaves_out_sources_and_other_destinations() {
    let workspace = Workspace::new();
    workspace.write("destination/incoming/1.jpg", picture(1));
    let incoming = workspace.path("destination/incoming");
    workspace.classify().with("--source", &incoming).ends_with(0);
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(finished.out.contains("pictures were sorted from there:\n") && finished.out.contains("/incoming"));
    // A second, finer sort of a label's folder.
    let label = workspace
        .destination()
        .join(["a", "b"].into_iter().find(|l| workspace.destination().join(l).join("1.jpg").exists()).unwrap());
    workspace.classify().with("--source", &label).with("--destination", label.join("finer")).ends_with(0);
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(finished.out.contains("a session of its own") && finished.out.contains("/finer"), "{}", finished.out);
}

#[test]
fn verify_writes_nothing_and_compares_with_the_ledger() {
    let workspace = sorted_workspace("copy");
    let before = tree(workspace.root());
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert_eq!(tree(workspace.root()), before);
    // Somebody changes a file and what the session says of it.
    let (target, hash) = sorted(workspace.destination()).pop_first().unwrap();
    std::fs::write(&target, "evil").unwrap();
    workspace.meddle(&format!("UPDATE pictures SET hash = x'{}' WHERE hash = x'{hash}'", sha256("evil")));
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("told otherwise by the session than by the ledger"), "{}", finished.out);
}
