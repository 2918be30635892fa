//! How much memory decoding a picture takes at most: the pixels, and what each decoder holds beside them. The factors are
//! those that were measured with the decoders at hand, in bytes a pixel, and rounded up.

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

/// A row of blocks at a time, or all of them where it is sent in passes: sixteen bits for each number of each colour.
pub(super) fn of_jpeg(bytes: &[u8], size: Size) -> u64 {
    let held = 2 * colours_in_passes(bytes) * size.pixels();
    let file = bytes.len() as u64;
    (held + size.bytes + file).max(size.made()).max(size.upright())
}

/// Brightness and colours of the pixels. Where it is without loss or may move, the pixels in four bytes, and of a moving one
/// its canvas.
pub(super) fn of_webp(bytes: &[u8], size: Size) -> u64 {
    let beside = if bytes.get(12..16) == Some(b"VP8 ") { 2 } else { 5 };
    (size.bytes + beside * size.pixels()).max(size.made()).max(size.upright())
}

pub(super) fn of_bmp(size: Size) -> u64 {
    size.made().max(size.upright())
}

pub(super) fn of_png(size: Size) -> u64 {
    size.made().max(size.upright())
}

/// One index a pixel of its first frame, and the canvas.
pub(super) fn of_gif(size: Size) -> u64 {
    size.bytes + size.rgb()
}

/// How many colours are sent in passes: none where the first frame is not of that kind (ITU-T T.81, table B.1 and B.2.2). Where
/// that is not told, the most.
fn colours_in_passes(bytes: &[u8]) -> u64 {
    const MOST: u64 = 4;
    let mut place = 2;
    while let Some(&[before, marker]) = bytes.get(place..place + 2) {
        match (before, marker) {
            (0xff, 0xc2 | 0xc6 | 0xca | 0xce) => {
                return bytes.get(place + 9).map_or(MOST, |colours| u64::from(*colours).min(MOST));
            }
            // Other frames, or the first scan.
            (0xff, 0xc0 | 0xc1 | 0xc3 | 0xc5 | 0xc7 | 0xc9 | 0xcb | 0xcd | 0xcf | 0xda) => return 0,
            (0xff, 0xff) => place += 1,
            (0xff, 0x01 | 0xd0..=0xd8) => place += 2,
            _ => match bytes.get(place + 2..place + 4) {
                Some(&[high, low]) => place += 2 + (usize::from(high) * 256 + usize::from(low)).max(2),
                _ => return MOST,
            },
        }
    }
    MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_told_from_the_header() {
        let segment =
            |marker: u8, length: u8| [vec![0xff, marker, 0, length], vec![3; usize::from(length) - 2]].concat();
        let file = |frame: u8| [vec![0xff, 0xd8], segment(0xe0, 16), vec![0xff], segment(frame, 17)].concat();
        assert_eq!(colours_in_passes(&file(0xc2)), 3);
        assert_eq!([0xc0, 0xc1].map(|frame| colours_in_passes(&file(frame))), [0, 0]);
        // Anything unknown is taken for the most.
        for unknown in [&b"\xff\xd8"[..], &[0xff, 0xd8, 0, 0, 0, 0], &[0xff, 0xd8, 0xff, 0xc2]] {
            assert_eq!(colours_in_passes(unknown), 4);
        }
    }

    #[test]
    fn an_ordinary_photograph_takes_little_more_than_its_pixels() {
        let (width, height) = (4000, 3000);
        let size = Size { width, height, bytes: 36_000_000, is_turned: false };
        let baseline = [&[0xff, 0xd8, 0xff, 0xc0, 0, 17][..], &[0; 3_000_000]].concat();
        assert!(of_jpeg(&baseline, size) < 40_000_000);
    }
}
