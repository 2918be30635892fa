//! Rows of samples of eight bits to red, green and blue, with Pillow's arithmetic.

use super::form::{Colours, Form, Sample};
use super::lab::Cube;
use super::ycbcr::Tables;

/// Values that are worked out once for a page.
enum Prepared {
    Nothing,
    Palette(Vec<[u8; 3]>),
    YCbCr(Box<Tables>),
    Lab(Cube),
}

/// Paints rows of a page.
pub(super) struct Painter<'b> {
    form: Form<'b>,
    /// Samples of a pixel that are given.
    samples: usize,
    prepared: Prepared,
    /// A sample after the colours that they were multiplied by.
    alpha: Option<usize>,
}

impl<'b> Painter<'b> {
    pub(super) fn new(form: Form<'b>) -> Painter<'b> {
        let samples = form.samples;
        let prepared = match form.colours {
            Colours::Palette(list) => {
                let count = list.len() / 3;
                let colour = |i: usize| {
                    [0, 1, 2].map(|part| list.get(part * count + i).unwrap_or(0).wrapping_shr(8).min(255) as u8)
                };
                Prepared::Palette((0..256).map(|i| if i < count { colour(i) } else { [i as u8; 3] }).collect())
            }
            Colours::YCbCr(ycbcr) => Prepared::YCbCr(Box::new(ycbcr.tables())),
            Colours::Lab { .. } => Prepared::Lab(Cube::new()),
            _ => Prepared::Nothing,
        };
        let count = form.colours.count();
        let has_alpha = matches!(form.colours, Colours::Grey { .. } | Colours::Rgb)
            && form.is_multiplied
            && form.sample == Sample::Whole
            && samples > count;
        Painter { form, samples, prepared, alpha: has_alpha.then_some(count) }
    }

    /// Samples of a pixel that [`Painter::row`] wants.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Paints a row of pixels whose samples lie side by side.
    pub(super) fn row(&self, samples: &[u8], target: &mut [u8]) {
        let pixels = samples.chunks_exact(self.samples).zip(target.chunks_exact_mut(3));
        match (&self.form.colours, &self.prepared) {
            (Colours::Grey { is_inverted }, _) => {
                let is_inverted = *is_inverted && self.form.sample == Sample::Whole && self.form.bits <= 16;
                let flip = if is_inverted { 255 } else { 0 };
                pixels.for_each(|(pixel, rgb)| rgb.fill(self.whole(pixel, 0) ^ flip));
            }
            (Colours::Palette(_), Prepared::Palette(colours)) => {
                pixels.for_each(|(pixel, rgb)| rgb.copy_from_slice(&colours[usize::from(pixel[0])]));
            }
            (Colours::Cmyk, _) => pixels.for_each(|(pixel, rgb)| rgb.copy_from_slice(&cmyk(pixel))),
            (Colours::YCbCr(_), Prepared::YCbCr(tables)) => {
                pixels.for_each(|(pixel, rgb)| rgb.copy_from_slice(&tables.rgb(pixel[0], pixel[1], pixel[2])));
            }
            (Colours::Lab { is_signed }, Prepared::Lab(cube)) => {
                let flip = if *is_signed { 0x80 } else { 0 };
                pixels.for_each(|(pixel, rgb)| {
                    rgb.copy_from_slice(&cube.rgb([pixel[0], pixel[1] ^ flip, pixel[2] ^ flip]));
                });
            }
            _ if self.alpha.is_none() => pixels.for_each(|(pixel, rgb)| rgb.copy_from_slice(&pixel[..3])),
            _ => pixels.for_each(|(pixel, rgb)| {
                for (i, colour) in rgb.iter_mut().enumerate() {
                    *colour = self.whole(pixel, i);
                }
            }),
        }
    }

    /// A row of groups of pixels that share their colours, several rows of pixels high.
    pub(super) fn groups(&self, samples: &[u8], width: usize, mut paint: impl FnMut(usize, usize, [u8; 3])) {
        let (Colours::YCbCr(ycbcr), Prepared::YCbCr(tables)) = (&self.form.colours, &self.prepared) else { return };
        let (across, down) = (ycbcr.across, ycbcr.down);
        for (i, group) in samples.chunks_exact(across * down + 2).enumerate() {
            let (brightness, colours) = group.split_at(across * down);
            for (j, y) in brightness.iter().enumerate() {
                let x = i * across + j % across;
                if x < width {
                    paint(x, j / across, tables.rgb(*y, colours[0], colours[1]));
                }
            }
        }
    }

    /// A colour as it was before it was multiplied, where it was.
    fn whole(&self, pixel: &[u8], index: usize) -> u8 {
        let colour = pixel[index];
        match self.alpha.map(|alpha| pixel[alpha]) {
            None | Some(255) => colour,
            Some(0) => 0,
            Some(alpha) => (u32::from(colour) * 255 / u32::from(alpha)).min(255) as u8,
        }
    }
}

fn cmyk(pixel: &[u8]) -> [u8; 3] {
    let light = 255 - i32::from(pixel[3]);
    [0, 1, 2].map(|i| {
        let product = i32::from(pixel[i]) * light + 128;
        (light - ((product + (product >> 8)) >> 8)).clamp(0, 255) as u8
    })
}
