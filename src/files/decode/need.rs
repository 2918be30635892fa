//! How much memory decoding a picture takes at most: the pixels, and the buffers of each decoder. The factors were
//! measured with the present decoders, in bytes a pixel, and rounded up.

/// The form of a picture, known before its pixels are decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The bytes that its decoder writes.
    pub(super) bytes: u64,
    /// It may have to be turned upright.
    pub(super) is_turned: bool,
}

impl Size {
    fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Pixels in three colours, where they were made out of another form or turned upright.
    fn rgb(self) -> u64 {
        3 * self.pixels()
    }

    /// The picture in three colours, and that turned upright, which is all there is of it by then.
    fn upright(self) -> u64 {
        if self.is_turned { 2 * self.rgb() } else { self.rgb() }
    }

    /// The bytes that are written, and those of the three colours made of them where there are not three already.
    fn made(self) -> u64 {
        if self.bytes == self.rgb() { self.bytes } else { self.bytes + self.rgb() }
    }
}

/// The samples of all colours; where they come in several scans, sixteen bits for each besides, until those are made,
/// and a bit that tells whether they are 0. `bytes` are the file's, which is kept with its markers, and twice more
/// while damaged scans are cut.
pub(super) fn of_jpeg(samples: u64, has_scans: bool, bytes: u64, size: Size) -> u64 {
    let held = if has_scans { 3 * samples + samples / 8 } else { samples };
    let copies = if has_scans { 4 } else { 2 };
    copies * bytes + held.max(samples + size.bytes).max(size.made()).max(size.upright())
}

/// Brightness and colours of the pixels. Where it is without loss or may move, the pixels in four bytes, and of a
/// moving one its canvas.
pub(super) fn of_webp(bytes: &[u8], size: Size) -> u64 {
    let beside = if bytes.get(12..16) == Some(b"VP8 ") { 2 } else { 5 };
    (size.bytes + beside * size.pixels()).max(size.made()).max(size.upright())
}

pub(super) fn of_bmp(size: Size) -> u64 {
    size.made().max(size.upright())
}

/// Colours with alpha are made into such without in their own place.
pub(super) fn of_png(size: Size) -> u64 {
    let made = if size.bytes > size.rgb() { size.bytes } else { size.made() };
    made.max(size.upright())
}

/// One index a pixel of its first frame, and the canvas.
pub(super) fn of_gif(size: Size) -> u64 {
    size.bytes + size.rgb()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_photograph_needs_little_more_than_its_pixels() {
        let (width, height) = (4000, 3000);
        let size = Size { width, height, bytes: 36_000_000, is_turned: false };
        // Colours of half the height and width.
        assert!(of_jpeg(18_000_000, false, 3_000_000, size) <= 60_000_000);
    }
}
