//! Litter: files that systems and apps leave among other people's files. They are recognised by name, but for
//! AppleDouble files of macOS, which are named like the picture beside them.

use std::ffi::OsStr;

/// Names of files, whatever their case. A folder of such a name is a person's.
const FILES: [&str; 13] = [
    // macOS.
    ".DS_Store",
    ".LSOverride",
    ".VolumeIcon.icns",
    ".apdisk",
    // Windows.
    "Thumbs.db",
    "Thumbs.db:encryptable",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    // KDE, Android, Syncthing.
    ".directory",
    ".nomedia",
    ".stignore",
    ".stglobalignore",
];

/// Names of folders, whatever their case. A file of such a name is a person's.
const FOLDERS: [&str; 30] = [
    // macOS, on its own disks and on those of others.
    "__MACOSX",
    ".AppleDB",
    ".AppleDesktop",
    ".AppleDouble",
    ".DocumentRevisions-V100",
    ".Spotlight-V100",
    ".TemporaryItems",
    ".Trashes",
    ".fseventsd",
    "Network Trash Folder",
    // Windows.
    "$RECYCLE.BIN",
    "System Volume Information",
    // Linux desktops, and macOS in a home folder.
    ".Trash",
    ".thumbnails",
    ".xvpics",
    ".dtrash",
    // Android.
    ".globalTrash",
    ".trash-storage",
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
];

/// Names of folders that are litter in this spelling alone: in another one, people use them.
const EXACT_FOLDERS: [&str; 3] = ["lost+found", "RECYCLER", "RECYCLED"];

/// Names with a common beginning that end in a number or in the file's former name, in any case.
struct Form {
    beginning: &'static str,
    is_rest: fn(&str) -> bool,
    may_be_file: bool,
    may_be_folder: bool,
}

const FORMS: [Form; 6] = [
    // The trash specification of freedesktop.org: the number is the user's.
    Form { beginning: ".Trash-", is_rest: is_number, may_be_file: false, may_be_folder: true },
    // Android's media store: the second at which it is removed, and its name.
    Form { beginning: ".trashed-", is_rest: is_number_and_name, may_be_file: true, may_be_folder: true },
    Form { beginning: ".pending-", is_rest: is_number_and_name, may_be_file: true, may_be_folder: true },
    // Files that were deleted while a program had them open: NFS and SMB (a file's number in 16 digits and a counter in
    // 8, or `.` and two numbers on macOS), FUSE.
    Form { beginning: ".nfs", is_rest: is_kept_open, may_be_file: true, may_be_folder: false },
    Form { beginning: ".smb", is_rest: is_kept_open, may_be_file: true, may_be_folder: false },
    Form { beginning: ".fuse_hidden", is_rest: is_two_numbers, may_be_file: true, may_be_folder: false },
];

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number_and_name(text: &str) -> bool {
    text.split_once('-').is_some_and(|(number, name)| is_number(number) && !name.is_empty())
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() >= digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_kept_open(text: &str) -> bool {
    let numbers = text.strip_prefix('.').and_then(|numbers| numbers.split_once('.'));
    let is_of_bsd = numbers.is_some_and(|(first, second)| is_hexadecimal(first, 8) && is_hexadecimal(second, 4));
    is_of_bsd || (text.len() == 24 && is_hexadecimal(text, 24))
}

fn is_two_numbers(text: &str) -> bool {
    is_hexadecimal(text, 16)
}

/// Characters that a beginning must have before the first wildcard of a pattern to be known as one of [`FORMS`].
const TELLING: usize = 4;

/// The first bytes of AppleDouble files, in which macOS stores attributes that another system's disk cannot hold.
const APPLE_DOUBLE: [u8; 4] = [0x00, 0x05, 0x16, 0x07];

/// True for the name of a folder, or of a file, that is litter.
pub fn is_litter(name: &OsStr, is_folder: bool) -> bool {
    let Some(name) = name.to_str() else { return false };
    let (names, exact) = if is_folder { (&FOLDERS[..], &EXACT_FOLDERS[..]) } else { (&FILES[..], &[][..]) };
    let has_form = |form: &Form| {
        let may_be = if is_folder { form.may_be_folder } else { form.may_be_file };
        may_be && without_beginning(name, form.beginning).is_some_and(form.is_rest)
    };
    names.iter().any(|litter| name.eq_ignore_ascii_case(litter)) || exact.contains(&name) || FORMS.iter().any(has_form)
}

/// True for a part of a pattern that spells out the name of litter, or how such names begin. Only its last part may be
/// for a file.
pub fn is_litter_in_pattern(part: &str, is_last: bool) -> bool {
    let Some((beginning, _)) = part.split_once(['*', '?', '[', '{']) else {
        return is_litter(OsStr::new(part), true) || (is_last && is_litter(OsStr::new(part), false));
    };
    let begins_alike = |form: &Form| {
        let is_begun = beginning.len() >= TELLING && without_beginning(form.beginning, beginning).is_some();
        is_begun || without_beginning(beginning, form.beginning).is_some()
    };
    FORMS.iter().any(begins_alike)
}

/// The pattern that spells out the name of litter, if it is one.
pub fn pattern_for(name: &OsStr) -> Option<String> {
    let text = name.to_str()?;
    let form = FORMS.iter().find(|form| without_beginning(text, form.beginning).is_some_and(form.is_rest));
    let is_name = || is_litter(name, true) || is_litter(name, false);
    match form {
        Some(form) => Some(format!("{}*", form.beginning)),
        None => is_name().then(|| text.to_owned()),
    }
}

/// The rest of a name that begins so, whatever its case.
fn without_beginning<'n>(name: &'n str, beginning: &str) -> Option<&'n str> {
    let (start, rest) = name.split_at_checked(beginning.len())?;
    start.eq_ignore_ascii_case(beginning).then_some(rest)
}

/// True for a name under which people do not see a file or folder unless they ask for it.
pub fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// True for a name that AppleDouble files have; check its content too.
pub fn may_be_apple_double(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"._")
}

/// True for the first bytes of an AppleDouble file.
pub fn is_apple_double(start: &[u8]) -> bool {
    start.starts_with(&APPLE_DOUBLE)
}

/// How many first bytes [`is_apple_double`] needs.
pub const APPLE_DOUBLE_START: usize = APPLE_DOUBLE.len();

#[cfg(test)]
mod tests {
    use super::*;

    fn is(name: &str, is_folder: bool) -> bool {
        is_litter(OsStr::new(name), is_folder)
    }

    #[test]
    fn litter_name_counts_for_its_kind_of_entry_only() {
        for file in [".DS_Store", "thumbs.db", "Desktop.ini", ".nomedia", ".stignore"] {
            assert!(is(file, false) && !is(file, true), "{file}");
        }
        for folder in
            ["@eaDir", "#Recycle", "$Recycle.Bin", "RECYCLER", ".Trash", ".Trashes", ".thumbnails", "lost+found"]
        {
            assert!(is(folder, true) && !is(folder, false), "{folder}");
        }
        for name in
            ["IMG.jpg", ".hidden", "trash", "recycled", "Lost+Found", "._IMG.jpg", "snapshot", "Thumbs.db.jpg", ".é"]
        {
            assert!(!is(name, true) && !is(name, false), "{name}");
        }
        assert!(is_hidden(OsStr::new(".x")) && !is_hidden(OsStr::new("x.")));
    }

    #[test]
    fn name_that_only_begins_like_litter_is_not_litter() {
        for folder in [".Trash-1000", ".trash-0", ".trash-storage"] {
            assert!(is(folder, true) && !is(folder, false), "{folder}");
        }
        for both in [".trashed-1700000000-IMG.jpg", ".Pending-1700000000-a-b.jpg"] {
            assert!(is(both, true) && is(both, false), "{both}");
        }
        for file in [
            ".nfs00000000abcdef0100000002",
            ".nfs.20051d11.04a4",
            ".smb00000000abcdef0100000002",
            ".fuse_hidden0000001e00000002",
        ] {
            assert!(is(file, false) && !is(file, true), "{file}");
        }
        for name in [
            ".trashcan-evidence",
            ".trash_talk",
            ".trash-evidence",
            ".Trash-",
            ".Trash-1000-old",
            ".trashed-photos",
            ".trashed-1700000000-",
            ".trashed--a.jpg",
            ".pending-review",
            ".nfs0",
            ".nfs00000000abcdef010000000g",
            ".nfs-mounts",
            ".fuse_hidden_letters",
        ] {
            assert!(!is(name, true) && !is(name, false), "{name}");
        }
    }

    #[test]
    fn pattern_names_litter_by_name_or_beginning() {
        for part in [
            "$recycle.bin",
            ".Trash",
            ".Trash*",
            ".trashed-*",
            ".trashed-17*-IMG*",
            ".pending-?*",
            ".nfs*",
            "Thumbs.db",
        ] {
            assert!(is_litter_in_pattern(part, true), "{part}");
        }
        for part in ["*", ".*", ".t*", "*.jpg", ".trash_*", ".trashcan*", ".trash_talk", "IMG*", "{a,b}", "RECYCLED*"] {
            assert!(!is_litter_in_pattern(part, true), "{part}");
        }
        assert!(is_litter_in_pattern("@eaDir", false) && !is_litter_in_pattern("Thumbs.db", false));
        let pattern = |name| pattern_for(OsStr::new(name));
        assert_eq!(pattern("$Recycle.Bin").as_deref(), Some("$Recycle.Bin"));
        assert_eq!(pattern(".trashed-1700000000-IMG [1].jpg").as_deref(), Some(".trashed-*"));
        assert_eq!((pattern(".trash_talk"), pattern("._a.jpg")), (None, None));
    }
}
