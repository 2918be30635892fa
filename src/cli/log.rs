//! The log file: what happened in English, with whole chains of causes.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Level;

/// The log's name in the program's state folder.
const NAME: &str = "sis.log";

/// A log that is larger than this at the start is set aside, in place of the one set aside before.
const LARGEST: u64 = 10 << 20;

/// Starts logging into `folder`; returns the file, or nothing where it cannot be written: a log is no reason to fail.
pub(super) fn start(folder: &Path) -> Option<PathBuf> {
    std::fs::create_dir_all(folder).ok()?;
    let path = folder.join(NAME);
    if path.metadata().is_ok_and(|metadata| metadata.len() > LARGEST) {
        let _ = std::fs::rename(&path, path.with_extension("log.1"));
    }
    let file: File = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).ok()?;
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_max_level(Level::INFO).with_writer(Mutex::new(file));
    subscriber.try_init().ok()?;
    Some(path)
}
