//! Downloads one file. It resumes where it stopped, and names the file only after checking every byte.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::Response;

use super::backoff::{Backoff, wait};
use super::hash::{Hash, Hasher};
use super::http::{Client, text};
use super::http_error::HttpError;
use super::stall::{StallDetector, Throughput};
use super::{DownloadControl, DownloadEvent};
use crate::domain::printable::printable;
use crate::plain_file;

/// Bytes that are read, hashed and written together.
const PIECE: usize = 256 << 10;

/// How often a lock held by another process is tried.
const TRY_LOCK_EVERY: Duration = Duration::from_millis(200);

/// A file could not be downloaded.
#[derive(Debug)]
pub(super) enum DownloadError {
    /// The hub, or the way to it.
    Http(HttpError),
    /// It has another length than it should have.
    WrongLength,
    /// It has another content than it should have.
    Damaged,
    /// The file cannot be written.
    File { path: PathBuf, source: io::Error },
}

impl From<HttpError> for DownloadError {
    fn from(error: HttpError) -> DownloadError {
        DownloadError::Http(error)
    }
}

/// The file that is to be downloaded.
pub(super) struct DownloadRequest<'w> {
    pub(super) url: String,
    pub(super) size: u64,
    pub(super) hash: &'w Hash,
    /// Where it goes.
    pub(super) blob: PathBuf,
    /// Where it gathers.
    pub(super) incomplete: PathBuf,
    /// The file that is locked meanwhile.
    pub(super) lock: PathBuf,
}

/// The part of a file that has arrived.
struct Part {
    file: File,
    length: u64,
    hasher: Hasher,
    /// Some of it was there before this program was started, and is not known to be right.
    is_inherited: bool,
}

impl DownloadRequest<'_> {
    /// Downloads the file. `on_length` is called with the bytes that have arrived.
    pub(super) fn get(
        &self,
        client: &Client,
        control: &mut DownloadControl<'_>,
        on_length: &mut dyn FnMut(&mut DownloadControl<'_>, u64),
    ) -> Result<(), DownloadError> {
        let _lock = self.locked(control)?;
        if self.is_there() {
            return Ok(());
        }
        let mut part = self.part(control)?;
        loop {
            self.fill(&mut part, client, control, on_length)?;
            let was_inherited = part.is_inherited;
            if std::mem::replace(&mut part.hasher, Hasher::new(self.hash, self.size)).has(self.hash) {
                break;
            }
            part.file.set_len(0).map_err(|source| self.failed(source))?;
            if !was_inherited {
                self.forget();
                return Err(DownloadError::Damaged);
            }
            // The part that an earlier run left may be damaged: it is downloaded once more, from the beginning.
            let file = printable(&self.incomplete);
            tracing::warn!(file, "what had arrived of it is damaged: it is downloaded anew");
            part.restart().map_err(|source| self.failed(source))?;
        }
        part.file.sync_all().map_err(|source| self.failed(source))?;
        match std::fs::rename(&self.incomplete, &self.blob) {
            // Where there are no locks, another program may have been here first.
            Err(source) if !self.is_there() => Err(DownloadError::File { path: self.blob.clone(), source }),
            _ => Ok(()),
        }
    }

    /// True where the whole file is there already.
    pub(super) fn is_there(&self) -> bool {
        std::fs::metadata(&self.blob).is_ok_and(|found| found.len() == self.size)
    }

    fn failed(&self, source: io::Error) -> DownloadError {
        DownloadError::File { path: self.incomplete.clone(), source }
    }

    fn forget(&self) {
        if let Err(error) = std::fs::remove_file(&self.incomplete) {
            tracing::warn!("a damaged file is left: {error}");
        }
    }

    /// Waits until no other process downloads this file. Where the file system has no locks it does not wait: a file
    /// that two write at once fails the check at the end.
    fn locked(&self, control: &mut DownloadControl<'_>) -> Result<Option<File>, DownloadError> {
        // The group may write it, as in Python's cache; another user's lock file can be locked all the same.
        let opened = opening().write(true).mode(0o664).open(&self.lock);
        let opened = opened.or_else(|error| match error.kind() {
            ErrorKind::PermissionDenied => plain_file::open(&self.lock),
            _ => Err(error),
        });
        let file = opened.map_err(|source| DownloadError::File { path: self.lock.clone(), source })?;
        let mut has_told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut has_told, true) {
                        (control.tell)(DownloadEvent::Locked);
                    }
                    wait(TRY_LOCK_EVERY, control)?;
                }
                Err(TryLockError::Error(error)) => {
                    tracing::warn!(file = printable(&self.lock), "cannot be locked: {error}");
                    return Ok(None);
                }
            }
        }
    }

    /// Hashes the part that arrived before, which takes long where it is large.
    fn part(&self, control: &mut DownloadControl<'_>) -> Result<Part, DownloadError> {
        let opened = opening().read(true).write(true).open(&self.incomplete);
        let file = opened.map_err(|source| self.failed(source))?;
        let total = file.metadata().map_err(|source| self.failed(source))?.len();
        let mut part = Part { file, length: 0, hasher: Hasher::new(self.hash, self.size), is_inherited: false };
        let mut piece = vec![0; PIECE];
        loop {
            if control.stop.load(Ordering::Relaxed) {
                return Err(HttpError::Cancelled.into());
            }
            let read = part.file.read(&mut piece).map_err(|source| self.failed(source))?;
            if read == 0 {
                break;
            }
            part.hasher.update(&piece[..read]);
            part.length += read as u64;
            part.is_inherited = true;
            (control.tell)(DownloadEvent::Checking { done: part.length, total });
        }
        if part.length > self.size {
            part.restart().map_err(|source| self.failed(source))?;
        }
        Ok(part)
    }

    /// Downloads the missing bytes, and resumes after a cut connection.
    fn fill(
        &self,
        part: &mut Part,
        client: &Client,
        control: &mut DownloadControl<'_>,
        on_length: &mut dyn FnMut(&mut DownloadControl<'_>, u64),
    ) -> Result<(), DownloadError> {
        // A dripping connection keeps bringing a few bytes: only a while at normal speed resets this backoff.
        let (mut backoff, mut backoff_with_drips, mut stall) = (Backoff::new(), Backoff::new(), client.stall());
        // The most that was ever there: a server that knows no ranges makes it begin anew, which is no progress.
        let mut furthest = part.length;
        on_length(control, part.length);
        while part.length < self.size {
            let error = match self.ask(part, client, control) {
                Ok(answer) => self.take(part, answer, (&mut stall, &mut backoff_with_drips), control, on_length)?,
                Err(DownloadError::Http(error)) => Some(error),
                Err(error) => return Err(error),
            };
            if part.length > furthest {
                furthest = part.length;
                backoff = Backoff::new();
            }
            match error {
                Some(HttpError::TooSlow) => backoff_with_drips.after(HttpError::TooSlow, true, control)?,
                Some(error) => backoff.after(error, client.has_heard(), control)?,
                None => {}
            }
        }
        Ok(())
    }

    /// Requests the missing bytes. If the server sends the whole file instead, the download starts again.
    fn ask(
        &self,
        part: &mut Part,
        client: &Client,
        control: &DownloadControl<'_>,
    ) -> Result<Response<Body>, DownloadError> {
        let answer = match client.get(&self.url, part.length, control.stop) {
            // The server has no such part: the bytes here cannot be of this file.
            Err(HttpError::Refused(refusal)) if refusal.status == 416 && part.length > 0 => {
                part.restart().map_err(|source| self.failed(source))?;
                client.get(&self.url, 0, control.stop)?
            }
            answer => answer?,
        };
        let begins_anew = answer.status() != 206;
        if begins_anew && part.length > 0 {
            part.restart().map_err(|source| self.failed(source))?;
        }
        let expected = match begins_anew {
            true => text(answer.headers(), "content-length").parse().ok(),
            false => match range(&text(answer.headers(), "content-range")) {
                Some((first, total)) if first == part.length => Some(total),
                _ => return Err(HttpError::Nonsense { detail: "another part than was asked for".to_owned() }.into()),
            },
        };
        match expected {
            Some(length) if length != self.size => Err(DownloadError::WrongLength),
            _ => Ok(answer),
        }
    }

    /// Writes what arrives. Gives what cut it off, if it is not the whole.
    fn take(
        &self,
        part: &mut Part,
        answer: Response<Body>,
        (stall, backoff_with_drips): (&mut StallDetector, &mut Backoff),
        control: &mut DownloadControl<'_>,
        on_length: &mut dyn FnMut(&mut DownloadControl<'_>, u64),
    ) -> Result<Option<HttpError>, DownloadError> {
        stall.begin(Instant::now());
        let mut body = answer.into_body().into_reader();
        let mut piece = vec![0; PIECE];
        loop {
            if control.stop.load(Ordering::Relaxed) {
                return Err(HttpError::Cancelled.into());
            }
            let read = match body.read(&mut piece) {
                Ok(0) if part.length < self.size => "it ended too early".to_owned(),
                Ok(0) => return Ok(None),
                Ok(read) if part.length + read as u64 > self.size => {
                    self.forget();
                    return Err(DownloadError::WrongLength);
                }
                Ok(read) => {
                    part.file.write_all(&piece[..read]).map_err(|source| self.failed(source))?;
                    part.hasher.update(&piece[..read]);
                    part.length += read as u64;
                    on_length(control, part.length);
                    match stall.came(read, Instant::now()) {
                        Throughput::TooSlow if part.length < self.size => return Ok(Some(HttpError::TooSlow)),
                        Throughput::Enough => *backoff_with_drips = Backoff::new(),
                        Throughput::TooSlow | Throughput::Unknown => {}
                    }
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // All of it is here: how the connection ends does not matter.
                Err(_) if part.length == self.size => return Ok(None),
                Err(error) => error.to_string(),
            };
            return Ok(Some(HttpError::Cut { detail: read }));
        }
    }
}

impl Part {
    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.length = 0;
        self.hasher.restart();
        self.is_inherited = false;
        Ok(())
    }
}

/// Opens a file of the cache, creating it if needed. A pipe in its place does not block.
fn opening() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    options.create(true).truncate(false).custom_flags(flags);
    options
}

/// First byte and whole length of `bytes 7-9/10`.
fn range(header: &str) -> Option<(u64, u64)> {
    let (part, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = part.split_once('-')?;
    Some((first.trim().parse().ok()?, total.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_header_is_parsed_and_a_bad_one_refused() {
        assert_eq!(range("bytes 7-9/10"), Some((7, 10)));
        for bad in ["", "bytes */10", "bytes 7-9/*", "7-9/10"] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
