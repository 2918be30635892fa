//! Litter: what systems and apps leave for themselves among other people's files. It is told by its name, but for the files
//! of macOS that are named like the picture beside them.

use std::ffi::OsStr;

/// Names of files and folders, whatever their case.
const NAMES: [&str; 40] = [
    // macOS, on its own disks and on those of others.
    "__MACOSX",
    ".DS_Store",
    ".AppleDB",
    ".AppleDesktop",
    ".AppleDouble",
    ".LSOverride",
    ".VolumeIcon.icns",
    ".apdisk",
    ".DocumentRevisions-V100",
    ".Spotlight-V100",
    ".TemporaryItems",
    ".fseventsd",
    "Network Trash Folder",
    // Windows.
    "$RECYCLE.BIN",
    "System Volume Information",
    "Thumbs.db",
    "Thumbs.db:encryptable",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    // Linux desktops.
    ".directory",
    ".thumbnails",
    ".xvpics",
    ".dtrash",
    // Android.
    ".nomedia",
    ".globalTrash",
    // Disks on the network: Synology, QNAP, Western Digital.
    "@eaDir",
    "#recycle",
    "#snapshot",
    "@Recycle",
    "@Recently-Snapshot",
    ".@__thumb",
    ".wdmc",
    ".snapshot",
    ".snapshots",
    ".recycle",
    // Syncthing.
    ".stversions",
    ".stfolder",
    ".stignore",
    ".stglobalignore",
];

/// Names that are litter in this spelling alone: in another one, people use them.
const EXACT_NAMES: [&str; 3] = ["lost+found", "RECYCLER", "RECYCLED"];

/// Beginnings of names, whatever their case: wastebaskets and what is in them (`.Trash-1000`, `.Trashes`, `.trashed-17…-a.jpg`),
/// downloads of Android, files that were deleted while a program had them open.
const BEGINNINGS: [&str; 4] = [".trash", ".pending-", ".nfs0", ".fuse_hidden"];

/// The first bytes of the files in which macOS keeps what another system's disk has no place for.
const APPLE_DOUBLE: [u8; 4] = [0x00, 0x05, 0x16, 0x07];

/// True for the name of a file or folder that is litter.
pub fn is_litter(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let begins =
        |beginning: &str| name.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning));
    NAMES.iter().any(|litter| name.eq_ignore_ascii_case(litter))
        || EXACT_NAMES.contains(&name)
        || BEGINNINGS.iter().any(|beginning| begins(beginning))
}

/// True for a name under which people do not see a file or folder unless they ask for it.
pub fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// True for a name that macOS gives to the file beside another one; its content tells.
pub fn may_be_apple_double(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"._")
}

/// True for the first bytes of such a file.
pub fn is_apple_double(start: &[u8]) -> bool {
    start.starts_with(&APPLE_DOUBLE)
}

/// How many first bytes tell it.
pub const APPLE_DOUBLE_START: usize = APPLE_DOUBLE.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litter_is_known_and_what_people_name_is_not_litter() {
        for name in [
            ".DS_Store",
            "thumbs.db",
            "Desktop.ini",
            "@eaDir",
            "#Recycle",
            "$Recycle.Bin",
            "RECYCLER",
            ".Trash",
            ".Trash-1000",
            ".Trashes",
            ".trashed-1700000000-IMG.jpg",
            ".pending-1700000000-IMG.jpg",
            ".thumbnails",
            ".stversions",
            "__MACOSX",
            "lost+found",
        ] {
            assert!(is_litter(OsStr::new(name)), "{name}");
        }
        for name in
            ["IMG.jpg", ".hidden", "trash", "recycled", "Lost+Found", "._IMG.jpg", "snapshot", "Thumbs.db.jpg", ".é"]
        {
            assert!(!is_litter(OsStr::new(name)), "{name}");
        }
        assert!(is_hidden(OsStr::new(".x")) && !is_hidden(OsStr::new("x.")));
    }
}
