//! Where the members of a ZIP archive lie, for archives whose members are stored as they are: what `torch.save` writes.
//!
//! Format: PKWARE, APPNOTE.TXT 6.3, sections 4.3 to 4.5. The directory at the end of the archive is what counts; of a
//! member's own header only its length is used. 64-bit sizes are understood, as archives of more than 4 GB have them.

use std::collections::BTreeMap;

use super::error::WeightsError;
use super::file::WeightFile;

/// The longest directory that is read: some 200,000 members.
const LONGEST_DIRECTORY: u64 = 20_000_000;

/// The record that ends an archive: its length without the comment, which has at most 65,535 bytes.
const END_LENGTH: u64 = 22;
const LONGEST_COMMENT: u64 = 65_535;

const END: [u8; 4] = *b"PK\x05\x06";
const END_64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END_64: [u8; 4] = *b"PK\x06\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const MEMBER: [u8; 4] = *b"PK\x03\x04";

/// Lengths of the fixed parts of the records above.
const END_64_LOCATOR_LENGTH: u64 = 20;
const END_64_LENGTH: usize = 56;
const ENTRY_LENGTH: usize = 46;
const MEMBER_LENGTH: usize = 30;

/// The value of a 32-bit field where the true value is among the extra fields.
const IN_EXTRA: u64 = 0xFFFF_FFFF;
/// The extra field with 64-bit sizes.
const EXTRA_64: u64 = 1;

/// A stored member of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    /// Where its header begins.
    header: u64,
    /// Its length in bytes.
    pub(super) length: u64,
}

/// The members of an archive that are stored uncompressed, by name.
pub(super) fn members(file: &WeightFile) -> Result<BTreeMap<String, Member>, WeightsError> {
    let (start, length) = directory(file)?;
    if length > LONGEST_DIRECTORY {
        return Err(file.bad_header(format!("its directory claims {length} bytes")));
    }
    let bytes = file.bytes(start, length as usize)?;
    let mut members = BTreeMap::new();
    let mut rest = bytes.as_slice();
    while rest.starts_with(&ENTRY) {
        let damaged = || file.bad_header("its directory is damaged");
        let (name, member, length) = entry(rest).ok_or_else(damaged)?;
        members.extend(member.map(|member| (name, member)));
        rest = rest.get(length..).ok_or_else(damaged)?;
    }
    Ok(members)
}

/// Where the content of a member begins, in bytes from the start of the archive.
pub(super) fn content_start(file: &WeightFile, member: Member) -> Result<u64, WeightsError> {
    let header = file.bytes(member.header, MEMBER_LENGTH)?;
    let lengths = number(&header, 26, 2).zip(number(&header, 28, 2));
    let Some((name, extra)) = lengths.filter(|_| header.starts_with(&MEMBER)) else {
        return Err(file.bad_header("a member is not where the directory says"));
    };
    let start = member.header + MEMBER_LENGTH as u64 + name + extra;
    match start.checked_add(member.length) {
        Some(end) if end <= file.length => Ok(start),
        end => Err(file.cut_short(end.unwrap_or(u64::MAX))),
    }
}

/// Where the directory begins, and its length.
fn directory(file: &WeightFile) -> Result<(u64, u64), WeightsError> {
    let tail_length = file.length.min(END_LENGTH + LONGEST_COMMENT);
    let tail_start = file.length - tail_length;
    let tail = file.bytes(tail_start, tail_length as usize)?;
    // An archive has its end at its end: one without it was cut off.
    let at = (0..tail.len())
        .rev()
        .find(|at| tail[*at..].starts_with(&END))
        .ok_or_else(|| file.cut_short(file.length + 1))?;
    let end = &tail[at..];
    let damaged = || file.bad_header("its end is damaged");
    let (length, start) = number(end, 12, 4).zip(number(end, 16, 4)).ok_or_else(damaged)?;
    let locator_start = (tail_start + at as u64).checked_sub(END_64_LOCATOR_LENGTH);
    let locator = locator_start.map(|start| file.bytes(start, END_64_LOCATOR_LENGTH as usize)).transpose()?;
    match locator.filter(|locator| locator.starts_with(&END_64_LOCATOR)) {
        None => Ok((start, length)),
        Some(locator) => {
            let end = file.bytes(number(&locator, 8, 8).ok_or_else(damaged)?, END_64_LENGTH)?;
            let place = number(&end, 48, 8).zip(number(&end, 40, 8));
            place.filter(|_| end.starts_with(&END_64)).ok_or_else(damaged)
        }
    }
}

/// The directory's first entry: its name, where it lies if it is stored uncompressed, and the entry's length.
fn entry(bytes: &[u8]) -> Option<(String, Option<Member>, usize)> {
    let field = |at: usize, length: usize| number(bytes, at, length);
    let (method, flags) = (field(10, 2)?, field(8, 2)?);
    let [name_length, extra_length, comment_length] = [field(28, 2)?, field(30, 2)?, field(32, 2)?].map(|n| n as usize);
    let name_end = ENTRY_LENGTH + name_length;
    let name = String::from_utf8_lossy(bytes.get(ENTRY_LENGTH..name_end)?).into_owned();
    let extra = bytes.get(name_end..name_end + extra_length)?;
    // Sizes that do not fit in 32 bits follow one another in the extra field, those only.
    let mut wide = extra_64(extra).unwrap_or_default().chunks_exact(8);
    let mut size = |at: usize| match field(at, 4)? {
        IN_EXTRA => wide.next().and_then(|bytes| number(bytes, 0, 8)),
        size => Some(size),
    };
    let (length, compressed, header) = (size(24)?, size(20)?, size(42)?);
    let is_plain = method == 0 && flags & 1 == 0 && length == compressed;
    let member = is_plain.then_some(Member { header, length });
    Some((name, member, name_end + extra_length + comment_length))
}

fn extra_64(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (kind, length) = (number(extra, 0, 2)?, number(extra, 2, 2)? as usize);
        let content = extra.get(4..4 + length)?;
        if kind == EXTRA_64 {
            return Some(content);
        }
        extra = &extra[4 + length..];
    }
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
