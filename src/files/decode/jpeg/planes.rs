//! Colours of which one is finer than the brightness: brought to one size, and to red, green and blue, as libjpeg does
//! it (jdsample.c, jdcolor.c). The decoder knows only colours that are as fine as the brightness or coarser.

use libjpeg_turbo_rs::{ColorSpace, RawImage};

use super::ink_to_rgb;
use super::markers::{Component, Frame};

/// True where the brightness, or the black of four inks, is not as fine as each of the others.
pub(super) fn is_coarser_than_others(frame: &Frame) -> bool {
    let (across, down) = frame.most();
    let is_coarse = |component: &Component| component.across < across || component.down < down;
    match frame.components.as_slice() {
        [first, _, _] => is_coarse(first),
        [first, _, _, last] => is_coarse(first) || is_coarse(last),
        _ => false,
    }
}

/// True where each colour fits a whole number of times: libjpeg decodes no others.
pub(super) fn fit(frame: &Frame) -> bool {
    let (across, down) = frame.most();
    frame.components.iter().all(|component| across % component.across == 0 && down % component.down == 0)
}

/// Three bytes a pixel; none where the planes are too small.
pub(super) fn to_rgb(frame: &Frame, planes: &RawImage, space: ColorSpace) -> Option<Vec<u8>> {
    let full = |(index, component): (usize, &Component)| {
        let samples = planes.planes.get(index)?;
        Plane::cut(frame, component, samples, *planes.plane_widths.get(index)?)?.enlarged(frame, component)
    };
    let planes: Vec<Vec<u8>> = frame.components.iter().enumerate().map(full).collect::<Option<_>>()?;
    let (three, fourth) = planes.split_at_checked(3)?;
    let pixels = (0..three[0].len()).map(|at| [three[0][at], three[1][at], three[2][at]]);
    let inks =
        |at: usize, [cyan, magenta, yellow]: [u8; 3]| Some(ink_to_rgb([cyan, magenta, yellow, fourth.first()?[at]]));
    let inverted = |colours: [u8; 3]| colours.map(|colour| 255 - colour);
    Some(match space {
        ColorSpace::Rgb => pixels.flatten().collect(),
        ColorSpace::Cmyk => {
            pixels.enumerate().map(|(at, colours)| inks(at, colours)).collect::<Option<Vec<_>>>()?.concat()
        }
        ColorSpace::Ycck => {
            let turned = pixels.map(|colours| inverted(rgb(colours)));
            turned.enumerate().map(|(at, colours)| inks(at, colours)).collect::<Option<Vec<_>>>()?.concat()
        }
        _ => pixels.flat_map(rgb).collect(),
    })
}

/// The samples of a colour without the padding of its last blocks.
struct Plane {
    wide: usize,
    samples: Vec<u8>,
}

impl Plane {
    fn cut(frame: &Frame, component: &Component, samples: &[u8], stride: usize) -> Option<Plane> {
        let (across, down) = frame.most();
        let wide = (frame.width * component.across).div_ceil(across);
        let high = (frame.height * component.down).div_ceil(down);
        let rows = (0..high).map(|row| samples.get(row * stride..row * stride + wide));
        Some(Plane { wide, samples: rows.collect::<Option<Vec<_>>>()?.concat() })
    }

    fn row(&self, row: usize) -> &[u8] {
        &self.samples[row * self.wide..(row + 1) * self.wide]
    }

    /// A row in the size of the picture, each for itself.
    fn enlarged(&self, frame: &Frame, component: &Component) -> Option<Vec<u8>> {
        let (across, down) = frame.most();
        let (across, down) = (across / component.across, down / component.down);
        let last = (self.samples.len() / self.wide.max(1)).checked_sub(1)?;
        let mut full = Vec::with_capacity(frame.width * frame.height);
        for y in 0..frame.height {
            let (row, of) = (y / down, y % down);
            let near = if of == 0 { row.saturating_sub(1) } else { (row + 1).min(last) };
            let (here, near) = (self.row(row), self.row(near));
            let wide = match (across, down) {
                (2, 1) if self.wide > 2 => twice_across(here),
                (2, 2) if self.wide > 2 => twice_both(here, near),
                (1, 2) => twice_down(here, near, of),
                _ => here.iter().flat_map(|sample| std::iter::repeat_n(*sample, across)).collect(),
            };
            full.extend(wide.get(..frame.width)?);
        }
        Some(full)
    }
}

/// Three parts of the nearer sample and one of the next; of two halves one is rounded down and one up.
fn twice_across(row: &[u8]) -> Vec<u8> {
    let at = |index: usize| u16::from(row[index.min(row.len() - 1)]);
    let pair = |index: usize| {
        let here = at(index);
        let (left, right) = (at(index.saturating_sub(1)), at(index + 1));
        let is_last = index + 1 == row.len();
        [
            if index == 0 { here } else { (3 * here + left + 1) >> 2 },
            if is_last { here } else { (3 * here + right + 2) >> 2 },
        ]
    };
    (0..row.len()).flat_map(pair).map(|sample| sample as u8).collect()
}

fn twice_down(here: &[u8], near: &[u8], of: usize) -> Vec<u8> {
    let bias = 1 + of as u16;
    here.iter().zip(near).map(|(here, near)| ((3 * u16::from(*here) + u16::from(*near) + bias) >> 2) as u8).collect()
}

fn twice_both(here: &[u8], near: &[u8]) -> Vec<u8> {
    let at = |index: usize| 3 * u16::from(here[index]) + u16::from(near[index]);
    let pair = |index: usize| {
        let sum = at(index);
        let (left, right) = (at(index.saturating_sub(1)), at((index + 1).min(here.len() - 1)));
        [(3 * sum + left + 8) >> 4, (3 * sum + right + 7) >> 4]
    };
    (0..here.len()).flat_map(pair).map(|sample| sample as u8).collect()
}

/// From brightness and two colours, in sixteen bits after the point.
fn rgb([brightness, blue, red]: [u8; 3]) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let fixed = |factor: f64| (factor * 65536.0 + 0.5) as i32;
    let (brightness, blue, red) = (i32::from(brightness), i32::from(blue) - 128, i32::from(red) - 128);
    let green = (-fixed(0.34414) * blue + HALF - fixed(0.71414) * red) >> 16;
    let clamped = |value: i32| value.clamp(0, 255) as u8;
    [
        clamped(brightness + ((fixed(1.402) * red + HALF) >> 16)),
        clamped(brightness + green),
        clamped(brightness + ((fixed(1.772) * blue + HALF) >> 16)),
    ]
}
