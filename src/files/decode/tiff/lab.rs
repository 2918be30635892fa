//! CIELab to sRGB, step by step as Little CMS does it for Pillow, so that the pixels are the same: a cube of colours is
//! worked out, and what lies between them is interpolated in whole numbers.

/// Points of the cube on a side.
const POINTS: usize = 33;

/// From XYZ under D50 to linear sRGB.
const TO_RGB: [[f64; 3]; 3] = [
    [3.1341863642368195, -1.6172089589982759, -0.49069406400638416],
    [-0.9787485041906946, 1.9161300967735877, 0.0334333991599956],
    [0.0719639278022468, -0.22899387345320338, 1.4057537328964447],
];

/// The white of profiles, D50.
const WHITE: [f64; 3] = [0.9642, 1.0, 0.8249];

/// The highest number of XYZ that a profile can keep: numbers between steps are parts of it, in single precision.
const MOST_XYZ: f64 = 1.0 + 32767.0 / 32768.0;

/// Colours of a cube of brightness and two colours.
pub(super) struct Cube(Vec<[u16; 3]>);

impl Cube {
    pub(super) fn new() -> Cube {
        let mut colours = Vec::with_capacity(POINTS * POINTS * POINTS);
        // Points of the cube are rounded to sixteen bits.
        let point = |i: usize| (i as f64 * 65535.0 / (POINTS - 1) as f64 + 0.5).floor() / 65535.0;
        for l in 0..POINTS {
            for a in 0..POINTS {
                for b in 0..POINTS {
                    colours.push(colour([point(l), point(a), point(b)]));
                }
            }
        }
        Cube(colours)
    }

    /// The colour of a pixel; none of its numbers has a sign.
    pub(super) fn rgb(&self, lab: [u8; 3]) -> [u8; 3] {
        let steps = [POINTS * POINTS, POINTS, 1];
        let (mut corner, mut ways) = (0, [(0, 0); 3]);
        for (i, value) in lab.into_iter().enumerate() {
            let (whole, rest) = place(value);
            corner += whole * steps[i];
            // At the far side there is no further point.
            ways[i] = (rest, if value == 255 { 0 } else { steps[i] });
        }
        // The tetrahedron that the pixel lies in: along the longest way first.
        ways.sort_by_key(|way| std::cmp::Reverse(way.0));
        let mut at = corner;
        let mut sum = [0x8001i64; 3];
        for (rest, step) in ways {
            for (sum, (next, this)) in sum.iter_mut().zip(self.0[at + step].iter().zip(&self.0[at])) {
                *sum += (i64::from(*next) - i64::from(*this)) * rest;
            }
            at += step;
        }
        let mut rgb = [0; 3];
        for (rgb, (from, sum)) in rgb.iter_mut().zip(self.0[corner].iter().zip(sum)) {
            let sixteen = (i64::from(*from) + ((sum + (sum >> 16)) >> 16)) as u16;
            *rgb = ((u64::from(sixteen) * 65281 + 8_388_608) >> 24) as u8;
        }
        rgb
    }
}

/// The point of the cube before a value, and how far behind it the value is, in parts of 65536.
fn place(value: u8) -> (usize, i64) {
    let at = i64::from(value) * 257 * (POINTS as i64 - 1);
    let fixed = at + (at + 0x7fff) / 0xffff;
    ((fixed >> 16) as usize, fixed & 0xffff)
}

/// The colour of a point, whose numbers are from zero to one.
fn colour([l, a, b]: [f64; 3]) -> [u16; 3] {
    let single = |value: f64| f64::from(value as f32);
    let (l, a, b) = (single(l) * 100.0, single(a) * 255.0 - 128.0, single(b) * 255.0 - 128.0);
    let y = (l + 16.0) / 116.0;
    let xyz = [(y + 0.002 * a, WHITE[0]), (y, WHITE[1]), (y - 0.005 * b, WHITE[2])].map(|(f, white)| {
        let linear = if f <= 24.0 / 116.0 { (108.0 / 841.0) * (f - 16.0 / 116.0) } else { f * f * f };
        single(linear * white / MOST_XYZ)
    });
    TO_RGB.map(|row| {
        let linear = single(row.iter().zip(xyz).map(|(part, value)| part * MOST_XYZ * value).sum());
        let encoded = single(gamma(linear)) * 65535.0;
        (encoded + 0.5).floor().clamp(0.0, 65535.0) as u16
    })
}

/// The curve of sRGB.
fn gamma(linear: f64) -> f64 {
    let (factor, offset) = (1.0 / 1.055, 0.055f64 / 1.055);
    let bend = (factor * 0.04045 + offset).powf(2.4);
    if linear >= bend { (linear.powf(1.0 / 2.4) - offset) / factor } else { linear * 12.92 }
}
