//! Which files are open for writing, as far as the system tells this user: those of the user's own processes, and all
//! of them for root.

use std::collections::HashSet;

/// Files that are open for writing, by file system and number. Nothing on systems that do not tell.
#[cfg(target_os = "linux")]
pub fn open_for_writing() -> HashSet<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let mut open = HashSet::new();
    let own = std::process::id().to_string();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = process.file_name();
        let is_process = name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
        if !is_process || name.to_str() == Some(&own) {
            continue;
        }
        // Processes of others, and those that have just ended, cannot be looked into.
        for handle in std::fs::read_dir(process.path().join("fdinfo")).into_iter().flatten().flatten() {
            let is_written = std::fs::read_to_string(handle.path()).is_ok_and(|info| has_write_flag(&info));
            let file = process.path().join("fd").join(handle.file_name());
            if is_written && let Ok(found) = std::fs::metadata(file) {
                open.insert((found.dev(), found.ino()));
            }
        }
    }
    open
}

/// There is no telling.
#[cfg(not(target_os = "linux"))]
pub fn open_for_writing() -> HashSet<(u64, u64)> {
    HashSet::new()
}

/// `flags:` in `/proc/PID/fdinfo` is the octal number that the file was opened with (proc_pid_fdinfo(5)); its last two
/// bits are zero for reading alone.
#[cfg(target_os = "linux")]
fn has_write_flag(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 0b11 != 0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;
    use std::process::{Command, Stdio};

    #[test]
    fn flags_of_a_handle_tell_writing_from_reading() {
        assert!(!has_write_flag("pos:\t0\nflags:\t0100000\nmnt_id:\t30\n"));
        assert!(has_write_flag("pos:\t0\nflags:\t0100001\n") && has_write_flag("flags:\t02\n"));
        assert!(!has_write_flag("") && !has_write_flag("flags:\tx"));
    }

    #[test]
    fn file_open_for_writing_elsewhere_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.jpg");
        let mut writer = Command::new("sh")
            .args(["-c", "exec 3> \"$0\"; echo; read -r line", path.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Read::read_exact(writer.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        let found = std::fs::metadata(&path).unwrap();
        assert!(open_for_writing().contains(&(found.dev(), found.ino())));
        drop(writer.stdin.take());
        writer.wait().unwrap();
        assert!(!open_for_writing().contains(&(found.dev(), found.ino())));
    }
}
