//! Pictures that are drawn, copies of them as people make them, and pages of chats that look alike and are not: to
//! measure how near-duplicates are found. The same for the same seed.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{ImageEncoder as _, Rgb, RgbImage};

/// Numbers that look like chance: SplitMix64.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` on and below `end`.
    fn between(&mut self, least: u32, end: u32) -> u32 {
        least + (self.number() % u64::from(end - least)) as u32
    }

    fn colour(&mut self) -> Rgb<u8> {
        Rgb([0; 3].map(|_: u8| self.between(0, 256) as u8))
    }
}

/// A copy as people make them.
pub(crate) const COPIES: [&str; 8] = [
    "saved at 90",
    "saved at 60",
    "saved at 30",
    "half as large",
    "half as large again",
    "as PNG",
    "cropped by 2 %",
    "with a line across the foot",
];

/// The file of a copy of each kind, in the order of [`COPIES`].
pub(crate) fn copies(pixels: &RgbImage) -> Vec<Vec<u8>> {
    let (width, height) = pixels.dimensions();
    let resized = |times: f32| {
        let (width, height) = ((width as f32 * times) as u32, (height as f32 * times) as u32);
        jpeg(&imageops::resize(pixels, width, height, FilterType::Triangle), 85)
    };
    let (x, y) = (width / 50, height / 50);
    let cropped = imageops::crop_imm(pixels, x, y, width - 2 * x, height - 2 * y).to_image();
    let mut marked = pixels.clone();
    text(&mut marked, (width / 20, height - 12), width / 14, Rgb([240; 3]), &mut Chance(9));
    vec![
        jpeg(pixels, 90),
        jpeg(pixels, 60),
        jpeg(pixels, 30),
        resized(0.5),
        resized(1.5),
        png(pixels),
        jpeg(&cropped, 85),
        jpeg(&marked, 85),
    ]
}

/// The file of an original.
pub(crate) fn jpeg(pixels: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(pixels).unwrap();
    bytes
}

fn png(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = pixels.dimensions();
    PngEncoder::new(&mut bytes).write_image(pixels, width, height, image::ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A scene: a sky, hills, things in it, grain.
pub(crate) fn scene(chance: &mut Chance) -> RgbImage {
    let (width, height) = (400, 300);
    let (above, below) = (chance.colour(), chance.colour());
    let mut pixels = RgbImage::from_fn(width, height, |_, y| mixed(above, below, y as f32 / height as f32));
    for _ in 0..chance.between(4, 16) {
        let colour = chance.colour();
        let (x, y) = (chance.between(0, width) as f32, chance.between(0, height) as f32);
        let (wide, high) = (chance.between(12, 110) as f32, chance.between(12, 90) as f32);
        let is_round = chance.between(0, 2) == 0;
        for (column, row, pixel) in pixels.enumerate_pixels_mut() {
            let (dx, dy) = ((column as f32 - x) / wide, (row as f32 - y) / high);
            let is_inside = if is_round { dx * dx + dy * dy < 1.0 } else { dx.abs() < 1.0 && dy.abs() < 1.0 };
            if is_inside {
                *pixel = mixed(colour, *pixel, 0.15);
            }
        }
    }
    for pixel in pixels.pixels_mut() {
        let grain = chance.between(0, 17) as i16 - 8;
        *pixel = Rgb(pixel.0.map(|level| (i16::from(level) + grain).clamp(0, 255) as u8));
    }
    pixels
}

/// A page of text, as all others are set.
pub(crate) fn page(chance: &mut Chance) -> RgbImage {
    let mut pixels = RgbImage::from_pixel(360, 500, Rgb([252; 3]));
    let mut y = 30;
    while y < 470 {
        let length = if chance.between(0, 6) == 0 { chance.between(8, 20) } else { chance.between(21, 25) };
        text(&mut pixels, (30, y), length, Rgb([30; 3]), chance);
        y += if chance.between(0, 7) == 0 { 24 } else { 12 };
    }
    pixels
}

/// Screenshots of one chat, each scrolled on a little: all of one style, with other words in sight.
pub(crate) fn chat(chance: &mut Chance, count: usize) -> Vec<RgbImage> {
    const SCREEN: (u32, u32) = (320, 568);
    const HEAD: u32 = 56;
    // Each message: its height, whether it is one's own, and its lines.
    let mut messages = Vec::new();
    let mut height = 0;
    let mut steps = Vec::new();
    while steps.len() < count {
        let lines: Vec<u32> = (0..chance.between(1, 5)).map(|_| chance.between(4, 15)).collect();
        let own = 20 + 13 * lines.len() as u32;
        messages.push((height, own, chance.between(0, 2) == 0, lines, chance.number()));
        height += own + 8;
        // Somebody takes a screenshot when two or more messages have come.
        if messages.len() > 8 && chance.between(0, 2) == 0 && steps.last().is_none_or(|last| height > last + 80) {
            steps.push(height);
        }
    }
    let shot = |end: u32| {
        let mut pixels = RgbImage::from_pixel(SCREEN.0, SCREEN.1, Rgb([229, 221, 213]));
        for (top, high, is_own, lines, words) in &messages {
            let top = i64::from(SCREEN.1) - i64::from(end) + i64::from(*top);
            if top + i64::from(*high) < i64::from(HEAD)
                || top + i64::from(*high) > i64::from(SCREEN.1)
                || top < i64::from(HEAD)
            {
                continue;
            }
            let wide = 20 + 14 * lines.iter().max().unwrap();
            let x = if *is_own { SCREEN.0 - wide - 8 } else { 8 };
            let paper = if *is_own { Rgb([220, 248, 198]) } else { Rgb([255; 3]) };
            fill(&mut pixels, (x, top as u32), (wide, *high), paper);
            for (line, length) in lines.iter().enumerate() {
                let at = (x + 8, top as u32 + 8 + 13 * line as u32);
                text(&mut pixels, at, *length, Rgb([20; 3]), &mut Chance(words + line as u64));
            }
        }
        fill(&mut pixels, (0, 0), (SCREEN.0, HEAD), Rgb([7, 94, 84]));
        text(&mut pixels, (60, 24), 9, Rgb([255; 3]), &mut Chance(4));
        pixels
    };
    steps.into_iter().map(shot).collect()
}

fn mixed(one: Rgb<u8>, other: Rgb<u8>, share: f32) -> Rgb<u8> {
    let mix = |at: usize| f32::from(one.0[at]) * (1.0 - share) + f32::from(other.0[at]) * share;
    Rgb([mix(0) as u8, mix(1) as u8, mix(2) as u8])
}

fn fill(pixels: &mut RgbImage, (x, y): (u32, u32), (wide, high): (u32, u32), colour: Rgb<u8>) {
    for row in y..(y + high).min(pixels.height()) {
        for column in x..(x + wide).min(pixels.width()) {
            pixels.put_pixel(column, row, colour);
        }
    }
}

/// A line of so many letters, in words: each letter is 5 dots wide and 7 high, and 14 pixels are two letters.
fn text(pixels: &mut RgbImage, (x, y): (u32, u32), length: u32, ink: Rgb<u8>, chance: &mut Chance) {
    let mut until_blank = chance.between(2, 9);
    for place in 0..length * 2 {
        if until_blank == 0 {
            until_blank = chance.between(2, 9);
            continue;
        }
        until_blank -= 1;
        // One of 26 letters, whose dots are drawn by chance once and for all.
        let mut dots = Chance(u64::from(chance.between(0, 26)) * 7919);
        let dots = dots.number();
        for dot in (0..35).filter(|dot| dots >> dot & 1 == 1) {
            let (column, row) = (x + place * 7 + dot % 5, y + dot / 5);
            if column < pixels.width() && row < pixels.height() {
                pixels.put_pixel(column, row, ink);
            }
        }
    }
}
