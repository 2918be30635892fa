//! The log file: what happened in English, with whole chains of causes.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The log's name in the program's state folder.
const NAME: &str = "sis.log";

/// A log that is larger than this is set aside, in place of the one set aside before: a watch runs for weeks.
const LARGEST: u64 = 10 << 20;

/// Starts logging into `folder`; returns the file, or nothing where it cannot be written: a log is no reason to fail.
pub(super) fn start(folder: &Path) -> Option<PathBuf> {
    std::fs::create_dir_all(folder).ok()?;
    let log = LogFile::open(folder.join(NAME), LARGEST).ok()?;
    let path = log.path.clone();
    // ONNX Runtime tells of each tensor that it moves: hundreds of lines for a model.
    let wanted = Targets::new().with_default(Level::INFO).with_target("ort", Level::WARN);
    let lines =
        tracing_subscriber::fmt().with_ansi(false).with_max_level(Level::INFO).with_writer(Log(Mutex::new(log)));
    // A line that cannot be logged is not printed instead: that would panic where standard error cannot be written
    // either.
    lines.log_internal_errors(false).finish().with(wanted).try_init().ok()?;
    Some(path)
}

thread_local! {
    static IS_WRITING: Cell<bool> = const { Cell::new(false) };
}

/// The log, for all threads. Nothing that goes wrong with it may keep the program from its work: what cannot be written
/// is left out, and a line that comes while this thread writes another, as of a panic in it, does not wait for itself.
struct Log(Mutex<LogFile>);

impl<'l> MakeWriter<'l> for Log {
    type Writer = &'l Log;

    fn make_writer(&'l self) -> &'l Log {
        self
    }
}

impl Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if IS_WRITING.replace(true) {
            return Ok(bytes.len());
        }
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes);
        IS_WRITING.set(false);
        // A full disk, say. The next line is tried again.
        Ok(written.unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is set aside when it has become too large. Several processes may write into it.
struct LogFile {
    path: PathBuf,
    file: File,
    largest: u64,
}

impl LogFile {
    fn open(path: PathBuf, largest: u64) -> io::Result<LogFile> {
        let file = opened(&path)?;
        let mut log = LogFile { path, file, largest };
        log.set_aside_if_large()?;
        Ok(log)
    }

    fn set_aside_if_large(&mut self) -> io::Result<()> {
        let own = self.file.metadata()?;
        if own.len() <= self.largest {
            return Ok(());
        }
        // Another process may have set it aside already: then only its place is taken up.
        let is_in_place = std::fs::metadata(&self.path).is_ok_and(|found| found.ino() == own.ino());
        if is_in_place {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        self.file = opened(&self.path)?;
        Ok(())
    }
}

/// A pipe that took the file's place does not keep the program waiting, neither here nor when it is written to.
fn opened(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(flags).open(path)
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A log that cannot be set aside is written on.
        let _ = self.set_aside_if_large();
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_left_out_and_a_line_within_a_line_too() {
        let log = Log(Mutex::new(LogFile::open(PathBuf::from("/dev/full"), 100).unwrap()));
        assert_eq!((&log).write(b"a line").unwrap(), 6);
        let held = log.0.lock().unwrap();
        IS_WRITING.set(true);
        assert_eq!((&log).write(b"of a panic in the writer").unwrap(), 24, "it does not wait");
        drop(held);
        IS_WRITING.set(false);
        assert_eq!((&log).write(b"").unwrap(), 0);
    }

    #[test]
    fn a_pipe_in_its_place_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join(NAME)).status();
        assert!(made.unwrap().success());
        assert!(LogFile::open(folder.path().join(NAME), 100).is_err(), "nobody reads it");
    }

    #[test]
    fn a_large_log_is_set_aside_while_several_write_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let mut logs = [(); 2].map(|()| LogFile::open(path.clone(), 100).unwrap());
        for number in 0..50 {
            for log in &mut logs {
                writeln!(log, "line {number:05}").unwrap();
            }
        }
        let length = |path: &Path| std::fs::metadata(path).unwrap().len();
        assert!(length(&path) <= 111 && length(&path.with_extension("log.1")) <= 122, "{}", length(&path));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("line 00049\n"));
    }
}
