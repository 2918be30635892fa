//! A short description of how a picture looks, which stays nearly the same when the picture is saved again, resized or
//! cropped a little.
//!
//! Of the brightness in 32x32 fields: the signs of its low frequencies (after C. Zauner, Implementation and
//! Benchmarking of Perceptual Image Hash Functions, 2010, section 3.2.1, which takes 8x8 frequencies and their median),
//! up to 16x16, which tell pages of text apart; and the brightness itself in 8x8 fields. A frequency that is hardly
//! there has no sign: in smooth pictures it is noise.

/// Fields across and down.
const FIELDS: usize = 32;

/// Frequencies across and down.
const FREQUENCIES: usize = 16;

/// Frequencies of the coarse part.
const COARSE: usize = 8;

/// Pixels of a field that are looked at, across and down, at most about twice as many: more tell no more.
const LOOKED_AT: usize = 16;

/// The least part that a frequency has: a wave of a quarter of a level. Saving and resizing change less.
const LEAST: f32 = 0.25 * (FIELDS * FIELDS) as f32 / 4.0;

/// Written before a hash: one that was made in another way is none.
const METHOD: u8 = 1;

/// How a picture looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerceptualHash {
    /// Frequencies that are positive: the low ones, 63 bits; then the higher ones, 192 bits.
    positive: [u64; 4],
    /// Frequencies that are negative.
    negative: [u64; 4],
    /// Brightness of 8x8 fields, row by row.
    brightness: [u8; COARSE * COARSE],
}

impl PerceptualHash {
    /// Bytes that it is written in.
    pub const BYTES: usize = 1 + 2 * 4 * 8 + COARSE * COARSE;

    /// Of pixels, three bytes each, row by row. None where there are fewer than width and height say, or none.
    pub fn of(width: usize, height: usize, pixels: &[u8]) -> Option<PerceptualHash> {
        if width == 0 || height == 0 || pixels.len() < width * height * 3 {
            return None;
        }
        let fields = fields(width, height, pixels);
        let (positive, negative) = frequencies(&fields);
        Some(PerceptualHash { positive, negative, brightness: brightness(&fields) })
    }

    /// Bits in which the coarse parts of two pictures differ, up to 63.
    pub fn coarse_distance(&self, other: &PerceptualHash) -> u32 {
        (self.coarse() ^ other.coarse()).count_ones()
    }

    /// The share of the frequencies of either picture in which they differ, from 0 to 1: where the signs are opposite,
    /// and half where one has none. Nought for two pictures without any.
    pub fn distance(&self, other: &PerceptualHash) -> f32 {
        let (mut opposite, mut single, mut all) = (0, 0, 0);
        for word in 0..4 {
            let (one, two) = (self.positive[word] | self.negative[word], other.positive[word] | other.negative[word]);
            let against = self.positive[word] & other.negative[word] | self.negative[word] & other.positive[word];
            opposite += against.count_ones();
            single += (one ^ two).count_ones();
            all += (one | two).count_ones();
        }
        (opposite as f32 + single as f32 / 2.0) / all.max(1) as f32
    }

    /// Levels by which the brightness of fields differs in the mean, from 0 to 255.
    pub fn brightness_distance(&self, other: &PerceptualHash) -> f32 {
        let apart = self.brightness.iter().zip(&other.brightness).map(|(one, other)| u32::from(one.abs_diff(*other)));
        apart.sum::<u32>() as f32 / self.brightness.len() as f32
    }

    /// The low frequencies that are positive.
    pub(super) fn coarse(&self) -> u64 {
        self.positive[0]
    }

    /// As it is kept.
    pub fn to_bytes(&self) -> [u8; PerceptualHash::BYTES] {
        let mut bytes = [METHOD; PerceptualHash::BYTES];
        for (place, word) in self.positive.iter().chain(&self.negative).enumerate() {
            bytes[1 + place * 8..9 + place * 8].copy_from_slice(&word.to_le_bytes());
        }
        bytes[1 + 2 * 4 * 8..].copy_from_slice(&self.brightness);
        bytes
    }

    /// Of what was kept; none where that was made in another way.
    pub fn from_bytes(bytes: &[u8]) -> Option<PerceptualHash> {
        let (&METHOD, rest) = bytes.split_first()? else { return None };
        let (words, brightness) = rest.split_at_checked(2 * 4 * 8)?;
        let mut signs = [0; 8];
        for (word, bytes) in signs.iter_mut().zip(words.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        let [positive, negative] = [0, 4].map(|first| std::array::from_fn(|word| signs[first + word]));
        Some(PerceptualHash { positive, negative, brightness: brightness.try_into().ok()? })
    }
}

type Fields = [[f32; FIELDS]; FIELDS];

/// The mean brightness of each field (ITU-R BT.601 luma).
fn fields(width: usize, height: usize, pixels: &[u8]) -> Fields {
    let range = |field: usize, length: usize| {
        let begin = field * length / FIELDS;
        begin..((field + 1) * length / FIELDS).max(begin + 1)
    };
    let step = |length: usize| (length / FIELDS / LOOKED_AT).max(1);
    let (across, down) = (step(width), step(height));
    let mut fields = [[0.0; FIELDS]; FIELDS];
    for (row, line) in fields.iter_mut().enumerate() {
        for (column, field) in line.iter_mut().enumerate() {
            let (mut sum, mut count) = (0u32, 0u32);
            for y in range(row, height).step_by(down) {
                for x in range(column, width).step_by(across) {
                    let at = (y * width + x) * 3;
                    let [red, green, blue] = [pixels[at], pixels[at + 1], pixels[at + 2]].map(u32::from);
                    sum += (77 * red + 150 * green + 29 * blue) >> 8;
                    count += 1;
                }
            }
            *field = sum as f32 / count as f32;
        }
    }
    fields
}

fn brightness(fields: &Fields) -> [u8; COARSE * COARSE] {
    const EACH: usize = FIELDS / COARSE;
    std::array::from_fn(|place| {
        let (row, column) = (place / COARSE * EACH, place % COARSE * EACH);
        let rows = fields[row..row + EACH].iter();
        let sum: f32 = rows.flat_map(|line| &line[column..column + EACH]).sum();
        (sum / (EACH * EACH) as f32).round() as u8
    })
}

/// Which frequencies are positive, and which are negative: those of the discrete cosine transform, type II.
fn frequencies(fields: &Fields) -> ([u64; 4], [u64; 4]) {
    let waves: [[f32; FIELDS]; FREQUENCIES] = std::array::from_fn(|frequency| {
        std::array::from_fn(|place| {
            let angle = std::f64::consts::PI * (2 * place + 1) as f64 * frequency as f64 / (2 * FIELDS) as f64;
            angle.cos() as f32
        })
    });
    let dot = |one: &[f32; FIELDS], other: &[f32; FIELDS]| -> f32 { one.iter().zip(other).map(|(a, b)| a * b).sum() };
    // Along the rows, then along the columns of that.
    let rows: [[f32; FIELDS]; FREQUENCIES] =
        std::array::from_fn(|across| std::array::from_fn(|row| dot(&fields[row], &waves[across])));
    // The first is the mean of all, and no shape.
    let (mut coarse, mut fine) = (0, COARSE * COARSE);
    let (mut positive, mut negative) = ([0; 4], [0; 4]);
    for (down, wave) in waves.iter().enumerate() {
        for (across, row) in rows.iter().enumerate() {
            let next = if down < COARSE && across < COARSE { &mut coarse } else { &mut fine };
            let (word, bit) = (*next / 64, 1 << (*next % 64));
            *next += 1;
            match dot(row, wave) {
                _ if (down, across) == (0, 0) => {}
                part if part > LEAST => positive[word] |= bit,
                part if part < -LEAST => negative[word] |= bit,
                _ => {}
            }
        }
    }
    (positive, negative)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: usize, height: usize, light: impl Fn(f64, f64) -> f64) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                let level = light((x as f64 + 0.5) / width as f64, (y as f64 + 0.5) / height as f64);
                pixels.extend([(level * 255.0).clamp(0.0, 255.0) as u8; 3]);
            }
        }
        pixels
    }

    fn hash(width: usize, height: usize, light: impl Fn(f64, f64) -> f64) -> PerceptualHash {
        PerceptualHash::of(width, height, &drawn(width, height, light)).unwrap()
    }

    fn hills(x: f64, y: f64) -> f64 {
        0.5 + 0.25 * (x * 9.0).sin() + 0.25 * (y * 7.0 + x * 3.0).cos()
    }

    #[test]
    fn a_picture_of_another_size_or_light_looks_the_same() {
        let one = hash(640, 480, hills);
        for (width, height) in [(64, 48), (320, 240), (1999, 1501), (5000, 64)] {
            let other = hash(width, height, hills);
            assert!(one.distance(&other) < 0.1, "{width}x{height}: {}", one.distance(&other));
            assert!(one.brightness_distance(&other) < 2.0);
        }
        let lighter = hash(640, 480, |x, y| hills(x, y) * 0.8 + 0.1);
        assert!(one.coarse_distance(&lighter) <= 2, "{}", one.coarse_distance(&lighter));
        assert!(one.brightness_distance(&lighter) > 2.0);
    }

    #[test]
    fn another_picture_looks_different() {
        let one = hash(640, 480, hills);
        let other = hash(640, 480, |x, y| 0.5 + 0.25 * (x * 4.0).sin() + 0.25 * (y * 13.0 - x).cos());
        assert!(one.distance(&other) > 0.4, "{}", one.distance(&other));
        assert_eq!((one.distance(&one), one.brightness_distance(&one)), (0.0, 0.0));
    }

    #[test]
    fn it_is_itself_after_it_was_kept_and_nothing_of_another_method() {
        let one = hash(64, 48, hills);
        assert_eq!(PerceptualHash::from_bytes(&one.to_bytes()), Some(one));
        let mut other = one.to_bytes();
        other[0] += 1;
        assert_eq!(PerceptualHash::from_bytes(&other), None);
        assert_eq!(PerceptualHash::from_bytes(&one.to_bytes()[1..]), None);
        assert_eq!(PerceptualHash::from_bytes(&[]), None);
    }

    #[test]
    fn odd_sizes_have_one_and_none_has_none() {
        assert!(PerceptualHash::of(1, 1, &[7; 3]).is_some());
        assert!(PerceptualHash::of(3, 70_000, &vec![7; 3 * 70_000 * 3]).is_some());
        assert_eq!(PerceptualHash::of(0, 5, &[]), None);
        assert_eq!(PerceptualHash::of(5, 5, &[7; 74]), None);
    }
}
