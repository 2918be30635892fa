//! The chunks of a PNG, one after the other (PNG specification, section 5).

use flate2::Crc;

/// The bytes that begin every PNG.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A chunk, as far as it is in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'b> {
    pub(super) kind: [u8; 4],
    pub(super) content: &'b [u8],
    /// The sum of both that the file tells; none where it ends before.
    sum: Option<u32>,
}

impl<'b> Chunk<'b> {
    /// True where the file reaches its end.
    pub(super) fn is_whole(&self) -> bool {
        self.sum.is_some()
    }

    /// True where its bytes add up to their sum.
    pub(super) fn adds_up(&self) -> bool {
        let mut crc = Crc::new();
        crc.update(&self.kind);
        crc.update(self.content);
        self.sum == Some(crc.sum())
    }

    /// The bytes of its whole colours, as many as there may be, where it is a table of colours; else all.
    pub(super) fn whole_colours(&self) -> &'b [u8] {
        let length = self.content.len().min(256 * 3);
        if self.kind == *b"PLTE" { &self.content[..length - length % 3] } else { self.content }
    }

    fn is_end(&self) -> bool {
        self.kind == *b"IEND"
    }
}

/// The chunks up to the end of the picture, or to where the next one's name is none.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&length, after) = rest.split_first_chunk()?;
        let (&kind, after) = after.split_first_chunk()?;
        if !kind.iter().all(|letter| letter.is_ascii_alphanumeric()) {
            return None;
        }
        let (content, after) = after.split_at(after.len().min(u32::from_be_bytes(length) as usize));
        let is_all = content.len() == u32::from_be_bytes(length) as usize;
        let sum = after.first_chunk().filter(|_| is_all).map(|sum| u32::from_be_bytes(*sum));
        let chunk = Chunk { kind, content, sum };
        rest = if chunk.is_end() { &[] } else { after.get(4..).unwrap_or_default() };
        Some(chunk)
    })
}

/// True where the chunks go on to the one that ends the picture.
pub(super) fn reach_the_end(bytes: &[u8]) -> bool {
    chunks(bytes).last().is_some_and(|chunk| chunk.is_end() && chunk.is_whole())
}
