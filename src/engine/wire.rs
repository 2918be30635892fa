//! The wire format of Protocol Buffers, read field by field, so that large fields can be left where they are.
//!
//! Format: protobuf.dev, "Encoding". Only what ONNX and SentencePiece files use: integers, fixed numbers, and fields
//! with a length.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// One field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its number in the message's definition.
    pub(super) number: u64,
    /// All of it, in bytes from the start of the file.
    pub(super) whole: Range<u64>,
    /// Its content; for an integer, that integer's own bytes.
    pub(super) content: Range<u64>,
}

/// The remaining fields of a message.
pub(super) struct Fields(Range<u64>);

impl Fields {
    /// The fields of the message that lies at `message`.
    pub(super) fn of(message: Range<u64>) -> Fields {
        Fields(message)
    }

    /// The next field; `None` at the end of the message. The reader may be anywhere.
    pub(super) fn next<R: Read + Seek>(&mut self, reader: &mut R) -> io::Result<Option<Field>> {
        let start = self.0.start;
        if start >= self.0.end {
            return Ok(None);
        }
        reader.seek(SeekFrom::Start(start))?;
        let (tag, tag_length) = integer(reader)?;
        // No field has the number zero: these are the zeros of a file with gaps, which may be without end.
        if tag >> 3 == 0 {
            return Err(damaged());
        }
        let after_tag = start + tag_length;
        let content = match tag & 7 {
            0 => after_tag..after_tag + integer(reader)?.1,
            1 => after_tag..after_tag + 8,
            5 => after_tag..after_tag + 4,
            2 => {
                let (length, length_length) = integer(reader)?;
                let begin = after_tag + length_length;
                begin..begin.checked_add(length).ok_or_else(damaged)?
            }
            _ => return Err(damaged()),
        };
        if content.end > self.0.end {
            return Err(damaged());
        }
        self.0.start = content.end;
        Ok(Some(Field { number: tag >> 3, whole: start..content.end, content }))
    }
}

/// An integer of variable length, and that length.
fn integer<R: Read>(reader: &mut R) -> io::Result<(u64, u64)> {
    let mut integer = 0;
    for place in 0..10 {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        integer |= u64::from(byte[0] & 0x7F) << (7 * place);
        if byte[0] < 0x80 {
            return Ok((integer, place + 1));
        }
    }
    Err(damaged())
}

/// Some bytes of a file. They must lie within it, so that no more is asked for than there is.
pub(super) fn bytes<R: Read + Seek>(reader: &mut R, range: Range<u64>) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    reader.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file is damaged")
}
