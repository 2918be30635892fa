//! The blocks of a GIF, one after the other (GIF89a specification, section 11).

/// The kind of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Extension,
    Frame,
    /// The end of the file.
    Trailer,
    /// A byte that begins no block.
    Noise,
}

/// A block, as far as it is in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'b> {
    pub(super) kind: Kind,
    pub(super) bytes: &'b [u8],
}

impl Block<'_> {
    /// Of a frame, the bits of a colour's code, and the codes.
    pub(super) fn codes(self) -> Option<(u8, Vec<u8>)> {
        let at = 10 + table(*self.bytes.get(9)?);
        let (&size, mut rest) = self.bytes.get(at..)?.split_first()?;
        let mut codes = Vec::new();
        while let Some((&length @ 1.., after)) = rest.split_first() {
            let (part, after) = after.split_at(after.len().min(usize::from(length)));
            codes.extend_from_slice(part);
            rest = after;
        }
        Some((size, codes))
    }
}

/// The bytes before the first block: the size of the picture, and the colours of all frames.
pub(super) fn header(bytes: &[u8]) -> &[u8] {
    let flags = bytes.get(10).copied().unwrap_or_default();
    &bytes[..bytes.len().min(13 + table(flags))]
}

/// The blocks up to the one that ends the file.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = &bytes[header(bytes).len()..];
    std::iter::from_fn(move || {
        let (kind, length) = match *rest.first()? {
            0x21 => (Kind::Extension, after_sub_blocks(rest, 2)),
            // Its place, its own colours, the size of its codes.
            0x2c => (Kind::Frame, rest.get(9).and_then(|flags| after_sub_blocks(rest, 11 + table(*flags)))),
            0x3b => (Kind::Trailer, Some(rest.len())),
            _ => (Kind::Noise, Some(1)),
        };
        let (bytes, after) = rest.split_at(length.unwrap_or(rest.len()));
        rest = after;
        Some(Block { kind, bytes })
    })
}

/// True where the blocks go on to the one that ends the file.
pub(super) fn reach_the_end(bytes: &[u8]) -> bool {
    blocks(bytes).any(|block| block.kind == Kind::Trailer)
}

/// Bytes of a table of colours.
fn table(flags: u8) -> usize {
    if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 }
}

fn after_sub_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}
