//! Reading files that other people made: a model, settings, labels. The path may hold a pipe that nobody writes to, a
//! device without an end, or a file of any size. None of them keeps the program waiting or fills its memory.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read};
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
    to_text(read(path, most)?)
}

/// Bytes of UTF-8 without the mark at their beginning that Windows likes to put there.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Bytes as text, without the mark at its beginning that Windows likes to put there: UTF-8, or UTF-16 with that mark.
pub fn to_text(bytes: Vec<u8>) -> io::Result<String> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, half) = rest.as_chunks::<2>();
        let text =
            half.is_empty().then(|| String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>()));
        text.and_then(Result::ok)
    };
    let text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => String::from_utf8(without_mark(&bytes).to_vec()).ok(),
    };
    // UTF-16 without the mark is UTF-8 full of noughts.
    text.filter(|text| !text.contains('\0'))
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "it is neither UTF-8 nor marked UTF-16"))
}

/// Reads a small file, or what comes through a pipe, as of `<(…)` in a shell, as long as something comes within
/// `patience`.
pub fn read_or_receive(path: &Path, most: u64, patience: Duration) -> io::Result<Vec<u8>> {
    let source = open_anything(path)?;
    let kind = source.metadata()?.file_type();
    match kind.is_fifo() || kind.is_char_device() {
        // Not waited for at first: where nobody has it open to write, that it is at its end is not told.
        true => receive(source, most, |_| Ok(()), patience),
        false => read(path, most),
    }
}

/// Reads standard input to its end, as long as something comes within `patience`. A person at a terminal has all the
/// time.
pub fn receive_standard_input(most: u64, patience: Duration) -> io::Result<Vec<u8>> {
    let patience = if io::stdin().is_terminal() { Duration::MAX } else { patience };
    let source = File::from(rustix::io::dup(rustix::stdio::stdin())?);
    receive(source, most, |source| wait_for(source, patience), patience)
}

/// Reads to the end; `before` is done before each piece.
fn receive(
    mut source: File,
    most: u64,
    before: impl Fn(&File) -> io::Result<()>,
    patience: Duration,
) -> io::Result<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 << 10]);
    loop {
        before(&source)?;
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
    // None where that is later than there is a time for.
    let until = Instant::now().checked_add(patience);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
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
    fn text_of_windows_is_text() {
        let utf_16 =
            |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { "\u{feff}märz 🗺".encode_utf16().flat_map(unit).collect() };
        for bytes in [utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes), "\u{feff}märz 🗺".into(), "märz 🗺".into()]
        {
            assert_eq!(to_text(bytes.clone()).unwrap(), "märz 🗺", "{bytes:x?}");
        }
        let cut = &utf_16(u16::to_le_bytes)[..5];
        for bytes in [cut, b"m\xe4rz", b"a\0 \0", b"\xff\xfe\0\xd8"] {
            assert_eq!(to_text(bytes.to_vec()).unwrap_err().kind(), ErrorKind::InvalidData, "{bytes:x?}");
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
