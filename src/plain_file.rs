//! Reading files that other people made: a model, settings, labels. The path may hold a pipe that nobody writes to, a
//! device without an end, or a file of any size. None of them keeps the program waiting or fills its memory.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Opens a file, behind links, and nothing else.
pub fn open(path: &Path) -> io::Result<File> {
    let file = open_anything(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is a folder, a pipe or a device, and no file")),
    }
}

/// An error for what is no file, or too large: for a file that is handed to a library by its name.
pub fn check(path: &Path, most: u64) -> io::Result<()> {
    match open(path)?.metadata()?.len() <= most {
        true => Ok(()),
        false => Err(too_large(most)),
    }
}

/// Reads a file that is expected to be small. One that is larger is refused, not cut.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.len() > most {
        return Err(too_large(most));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// The same as text.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Reads a small file, or what comes through a pipe, as of `<(…)` in a shell, as long as something comes within `patience`.
pub fn read_or_receive(path: &Path, most: u64, patience: Duration) -> io::Result<Vec<u8>> {
    let mut source = open_anything(path)?;
    let kind = source.metadata()?.file_type();
    if !kind.is_fifo() && !kind.is_char_device() {
        return read(path, most);
    }
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 << 10]);
    loop {
        // Not waited for at first: where nobody has it open to write, that it is at its end is not told.
        match source.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(length) => bytes.extend(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => wait_for(&source, patience)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if bytes.len() as u64 > most {
            return Err(too_large(most));
        }
    }
}

/// Opens whatever it is, without waiting for the other end of a pipe.
fn open_anything(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC | rustix::fs::OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Waits until something can be read, or its end.
fn wait_for(source: &File, patience: Duration) -> io::Result<()> {
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(source, PollFlags::IN)], timeout.as_ref()) {
            Ok(0) => return Err(io::Error::new(ErrorKind::TimedOut, "nothing came through the pipe")),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {most} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const MOMENT: Duration = Duration::from_millis(50);

    fn pipe(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&path, "content").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read_text(&link, 7).unwrap(), "content");
        for other in [pipe(&folder).as_path(), folder.path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
            assert_eq!(open(other).unwrap_err().kind(), ErrorKind::InvalidInput, "{other:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(10 << 30).unwrap();
        assert_eq!(read(&path, 1000).unwrap_err().kind(), ErrorKind::FileTooLarge);
        let refused = read_or_receive(Path::new("/dev/zero"), 1000, MOMENT);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_not_waited_for_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = pipe(&folder);
        // A pipe that is opened for both never makes the opener wait, and stays open.
        let mut writer = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        std::io::Write::write_all(&mut writer, b"a, b").unwrap();
        assert_eq!(read_or_receive(&path, 1000, MOMENT).unwrap_err().kind(), ErrorKind::TimedOut);
        std::io::Write::write_all(&mut writer, b"a, b").unwrap();
        let ended = open_anything(&path).unwrap();
        drop(writer);
        assert_eq!(read_or_receive(&path, 1000, MOMENT).unwrap(), b"a, b");
        drop(ended);
        assert_eq!(read_or_receive(&path, 1000, MOMENT).unwrap(), b"", "nobody writes to it");
    }
}
