//! Walking through a ledger's file, line by line.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::super::regular;
use super::event::{FileEvent, LedgerEvent, TransferEnded};
use super::fields::text_in;
use super::{BEFORE_THE_FIRST, Word};
use crate::domain::picture::ContentHash;
use crate::domain::run::{Action, RunId, RunKind};
use crate::domain::transfer::TransferResult;

/// The longest line that is read. The longest that are written have a few kilobytes, of long paths.
const LONGEST_LINE: u64 = 16 << 20;

/// A ledger's file, walked through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// Lines that are there.
    pub lines: u64,
    /// The SHA-256 of the last one: what to have time-stamped elsewhere.
    pub head: String,
    /// The first line that does not follow.
    pub broken_at: Option<u64>,
    /// The number that the first line says it has: more than one where lines before it are missing.
    pub begins_at: u64,
    /// Files that should be in the destination, by their paths in it, and their SHA-256.
    pub files: BTreeMap<PathBuf, ContentHash>,
    /// Names of the files at the top of the destination that the program writes; none in a ledger of version 0.1.0.
    pub tables: BTreeSet<String>,
    /// Names at the top that runs gave to files of somebody else's which had the place of one of those.
    pub asides: BTreeSet<String>,
    /// As far as each line follows the one before.
    pub(in crate::store) sound: Sound,
    /// The same without its last line, which no line after it vouches for.
    pub(in crate::store) vouched_for: Sound,
}

/// The beginning of a ledger in which each line follows the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct Sound {
    pub(in crate::store) lines: u64,
    /// Its length in the file.
    pub(in crate::store) bytes: u64,
    /// The hash of its last line; of none, nothing.
    pub(in crate::store) head: String,
}

/// Lines that a killed program had not yet written to the file, and the bytes that are known to be there before them.
#[derive(Debug, Default)]
pub(in crate::store) struct Pending {
    pub(in crate::store) lines: Vec<String>,
    pub(in crate::store) written: u64,
}

/// Walks through a ledger's file, and then through lines that a killed program had not yet written to it.
pub fn walk(path: &Path, pending: &[String], written: u64) -> io::Result<Chain> {
    let file = match regular::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        opened => Some(opened?),
    };
    let mut replay = Replay::default();
    let pending = Pending { lines: pending.to_vec(), written };
    let mut chain = follow(file, &pending, &mut |_, line| {
        line.and_then(|line| line.event).iter().for_each(|event| replay.add(event));
        ControlFlow::Continue(())
    })?;
    (chain.files, chain.tables, chain.asides) = (replay.files, replay.tables, replay.asides);
    Ok(chain)
}

/// A line that can be read.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) struct Line {
    /// When it was written, in milliseconds since 1970; 0 where it does not say so.
    pub(in crate::store) time: i64,
    /// The event that it tells of, if any.
    pub(in crate::store) event: Option<LedgerEvent>,
}

impl Line {
    fn of(fields: &Map<String, Json>) -> Line {
        let time = text_in(fields, "time").and_then(|text| text.parse::<jiff::Timestamp>().ok());
        Line { time: time.map_or(0, jiff::Timestamp::as_millisecond), event: LedgerEvent::of(fields) }
    }
}

/// Called with each line, as far as it can be read, and the chain up to it.
pub(in crate::store) type OnLine<'o> = &'o mut dyn FnMut(&Chain, Option<Line>) -> ControlFlow<()>;

/// Follows a ledger line by line, until `on_line` has enough.
pub(in crate::store) fn follow(file: Option<File>, pending: &Pending, on_line: OnLine<'_>) -> io::Result<Chain> {
    let head = BEFORE_THE_FIRST.to_owned();
    let mut chain = Chain { head, begins_at: 1, ..Chain::default() };
    let Pending { lines, written } = pending;
    if let Some(mut file) = file {
        let length = if lines.is_empty() { u64::MAX } else { *written };
        if chain.read(BufReader::new((&mut file).take(length)), on_line)?.is_break() {
            return Ok(chain);
        }
        let mut rest = Vec::new();
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        file.take(text.len() as u64 + 1).read_to_end(&mut rest)?;
        if !text.as_bytes().starts_with(&rest) {
            chain.broken_at.get_or_insert(chain.lines + 1);
        }
    }
    for line in lines {
        if chain.add(line.as_bytes(), true, on_line).is_break() {
            break;
        }
    }
    Ok(chain)
}

impl Chain {
    fn read(&mut self, mut reader: impl BufRead, on_line: OnLine<'_>) -> io::Result<ControlFlow<()>> {
        let mut line = Vec::new();
        loop {
            line.clear();
            if (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(ControlFlow::Continue(()));
            }
            let whole = line.strip_suffix(b"\n");
            if self.add(whole.unwrap_or(&line), whole.is_some(), on_line).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            // The program writes no such line: what follows it may be without an end.
            if whole.is_none() && line.len() as u64 == LONGEST_LINE {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    fn add(&mut self, text: &[u8], is_whole: bool, on_line: OnLine<'_>) -> ControlFlow<()> {
        self.lines += 1;
        let fields: Option<Map<String, Json>> = serde_json::from_slice(text).ok();
        let number = fields.as_ref().and_then(|fields| fields.get("line")?.as_u64());
        if self.lines == 1 {
            self.begins_at = number.unwrap_or(1);
        }
        let follows = fields.as_ref().is_some_and(|fields| fields.get("previous") == Some(&json!(self.head)));
        if (!is_whole || !follows || number != Some(self.lines)) && self.broken_at.is_none() {
            self.broken_at = Some(self.lines);
        }
        self.head = ContentHash(Sha256::digest(text).into()).to_string();
        if self.broken_at.is_none() {
            self.vouched_for = std::mem::take(&mut self.sound);
            let bytes = self.vouched_for.bytes + text.len() as u64 + 1;
            self.sound = Sound { lines: self.lines, bytes, head: self.head.clone() };
        }
        on_line(self, fields.as_ref().map(Line::of))
    }
}

/// The destination's files, as the transfers of a ledger made them. Paths in there are relative.
#[derive(Default)]
struct Replay {
    files: BTreeMap<PathBuf, ContentHash>,
    /// Every path that ever was in `files`.
    ever: HashSet<PathBuf>,
    tables: BTreeSet<String>,
    asides: BTreeSet<String>,
    /// Runs that took others back.
    undos: HashSet<RunId>,
}

impl Replay {
    fn add(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::Run(began) if began.kind.known() == Some(RunKind::Undo) => drop(self.undos.insert(began.run)),
            LedgerEvent::Transfer(ended) => self.transfer(ended),
            LedgerEvent::File(FileEvent::Table, name) => drop(self.tables.insert(name.clone())),
            LedgerEvent::File(FileEvent::Aside, name) => drop(self.asides.insert(name.clone())),
            _ => {}
        }
    }

    fn transfer(&mut self, ended: &TransferEnded) {
        use TransferResult::{Done, Kept, Unsynced};
        let Word::Known(result @ (Done | Kept | Unsynced)) = ended.result else { return };
        let action = ended.action.known();
        if result != Kept && action != Some(Action::Copy) && ended.source.is_relative() {
            self.files.remove(&ended.source);
        }
        if action == Some(Action::Remove) {
            return;
        }
        // A file that was there before belongs to the transfer that put it there, if one did.
        let Some(target) = ended.target.as_ref().filter(|target| target.is_relative()) else { return };
        // A source may be in the destination: what comes back there was never sorted there.
        if !self.undos.contains(&ended.run) || self.ever.contains(target) {
            self.ever.insert(target.clone());
            self.files.insert(target.clone(), ended.sha256);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_is_not_followed_to_its_end() {
        let endless = tempfile::tempfile().unwrap();
        endless.set_len(1 << 40).unwrap();
        let chain = follow(Some(endless), &Pending::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!((chain.lines, chain.broken_at), (1, Some(1)));
    }
}
