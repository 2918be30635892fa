//! How much memory decoding a picture takes at most: the pixels, and what each decoder holds beside them. The factors are
//! those that were measured with the decoders at hand, in bytes a pixel, and rounded up.

/// What is known of a picture before its pixels are decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
    /// What its decoder writes.
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

    /// What is written, and what is made of it: nothing where it has three colours already.
    fn made(self) -> u64 {
        if self.bytes == self.rgb() { self.bytes } else { self.bytes + self.rgb() }
    }
}

/// Its own row of pixels at a time, or all of them where it is shown in passes: sixteen bits for each number.
pub(super) fn of_jpeg(bytes: &[u8], size: Size) -> u64 {
    let held = if is_progressive(bytes) { 2 * size.bytes.max(size.rgb()) } else { 0 };
    let file = bytes.len() as u64;
    (held + size.bytes + file).max(size.made()).max(size.upright())
}

/// The pixels in four bytes, or brightness and colours of them, and of a moving one its canvas.
pub(super) fn of_webp(size: Size) -> u64 {
    (size.bytes + 5 * size.pixels()).max(size.made()).max(size.upright())
}

pub(super) fn of_bmp(size: Size) -> u64 {
    size.made().max(size.upright())
}

/// A strip or tile at a time, which may be all of it.
pub(super) fn of_tiff(size: Size) -> u64 {
    (2 * size.bytes).max(size.bytes + size.made()).max(size.upright())
}

pub(super) fn of_png(size: Size) -> u64 {
    size.made().max(size.upright())
}

/// One index a pixel of its first frame, and the canvas.
pub(super) fn of_gif(size: Size) -> u64 {
    size.bytes + size.rgb()
}

/// True where the frame that comes first is one of passes (ITU-T T.81, table B.1).
fn is_progressive(bytes: &[u8]) -> bool {
    let mut place = 2;
    while let Some(&[before, marker]) = bytes.get(place..place + 2) {
        match (before, marker) {
            (0xff, 0xc2 | 0xc6 | 0xca | 0xce) => return true,
            // Other frames, or the first scan.
            (0xff, 0xc0 | 0xc1 | 0xc3 | 0xc5 | 0xc7 | 0xc9 | 0xcb | 0xcd | 0xcf | 0xda) => return false,
            (0xff, 0xff) => place += 1,
            (0xff, 0x01 | 0xd0..=0xd8) => place += 2,
            _ => match bytes.get(place + 2..place + 4) {
                Some(&[high, low]) => place += 2 + usize::from(high) * 256 + usize::from(low).max(2),
                _ => return true,
            },
        }
    }
    // It is not told: the larger need.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_told_from_the_header() {
        let segment =
            |marker: u8, length: u8| [vec![0xff, marker, 0, length], vec![0; usize::from(length) - 2]].concat();
        let file = |frame: u8| [vec![0xff, 0xd8], segment(0xe0, 16), vec![0xff], segment(frame, 17)].concat();
        assert!(is_progressive(&file(0xc2)));
        assert!(!is_progressive(&file(0xc0)) && !is_progressive(&file(0xc1)));
        assert!(is_progressive(b"\xff\xd8"), "what is not known is taken for the larger");
        assert!(is_progressive(&[0xff, 0xd8, 0, 0, 0, 0]));
    }

    #[test]
    fn an_ordinary_photograph_takes_little_more_than_its_pixels() {
        let (width, height) = (4000, 3000);
        let size = Size { width, height, bytes: 36_000_000, is_turned: false };
        let baseline = [&[0xff, 0xd8, 0xff, 0xc0, 0, 17][..], &[0; 3_000_000]].concat();
        assert!(of_jpeg(&baseline, size) < 40_000_000);
    }
}
