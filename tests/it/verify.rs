//! Checking what a disk says otherwise than it was told.

use std::fs::File;
use std::process::Command;

use crate::file_systems::Mounted;
use crate::support::{Workspace, sorted};

/// A disk may give names back in small letters: they are the program's own files all the same.
#[test]
fn a_disk_that_ignores_case_has_no_files_of_others() {
    let workspace = Workspace::new();
    let image = workspace.path("image");
    File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let made = Command::new("mkfs.ntfs").args(["-F", "-Q"]).arg(&image).output();
    if !made.is_ok_and(|made| made.status.success()) {
        println!("skipped: mkfs.ntfs is not possible here");
        return;
    }
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
