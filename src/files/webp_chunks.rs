//! The chunks of a WebP (RFC 9649, section 2.3).

/// A chunk, as far as it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'b> {
    pub(super) kind: [u8; 4],
    pub(super) content: &'b [u8],
    /// There is as much as it says.
    pub(super) is_whole: bool,
}

/// The chunks of a file, or of a frame of an animation.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&kind, after) = rest.split_first_chunk()?;
        let (&length, after) = after.split_first_chunk()?;
        let length = u32::from_le_bytes(length) as usize;
        let content = &after[..length.min(after.len())];
        // Each begins at an even place.
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some(Chunk { kind, content, is_whole: content.len() == length })
    })
}

/// True where every chunk has as many bytes as it says, and so has every part of a frame.
pub(super) fn fit(bytes: &[u8]) -> bool {
    const FRAME_HEADER: usize = 16;
    chunks(bytes).all(|chunk| {
        let parts = if chunk.kind == *b"ANMF" { chunk.content.get(FRAME_HEADER..) } else { None };
        chunk.is_whole && parts.is_none_or(|parts| chunks(parts).all(|part| part.is_whole))
    })
}
