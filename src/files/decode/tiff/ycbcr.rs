//! Brightness and two colours, which may be kept for several pixels together (TIFF 6.0, sections 20 and 21), as libtiff
//! makes red, green and blue of them.

use super::directory::{Directory, tag};

/// How brightness and colours become red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct YCbCr {
    /// Pixels across and down that share their colours.
    pub(super) across: usize,
    pub(super) down: usize,
    /// How much red, green and blue make white.
    luma: [f32; 3],
    /// The numbers for black and white, and for none and all of a colour.
    range: [f32; 6],
    /// The numbers are those of JPEG, and Pillow's arithmetic makes colours of them.
    is_pillows: bool,
}

impl YCbCr {
    /// The factors that the directory tells. Pillow does not let libtiff read what is not compressed, and takes no
    /// notice of black and white then.
    pub(super) fn of(directory: &Directory<'_>, is_compressed: bool) -> YCbCr {
        let factors = directory.list(tag::SUBSAMPLING);
        let factor = |index| match factors.and_then(|factors| factors.get(index)) {
            Some(1) => 1,
            Some(4) => 4,
            _ => 2,
        };
        let reals = |tag, index| directory.list(tag).and_then(|list| list.real(index)).filter(|real| real.is_finite());
        let luma = [0.299, 0.587, 0.114];
        let range = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];
        YCbCr {
            across: factor(0),
            down: factor(1),
            luma: std::array::from_fn(|i| reals(tag::LUMA, i).filter(|part| *part > 0.0).unwrap_or(luma[i])),
            range: std::array::from_fn(|i| reals(tag::BLACK_AND_WHITE, i).unwrap_or(range[i])),
            is_pillows: !is_compressed && (factor(0), factor(1)) == (1, 1),
        }
    }

    /// Bytes of a row of groups of pixels.
    pub(super) fn row_length(&self, width: usize) -> Option<usize> {
        width.div_ceil(self.across).checked_mul(self.across * self.down + 2)
    }

    /// The parts of red, green and blue that each number stands for.
    pub(super) fn tables(&self) -> Tables {
        if self.is_pillows { Tables::of_pillow() } else { self.libtiffs_tables() }
    }

    fn libtiffs_tables(&self) -> Tables {
        let [red, green, blue] = self.luma;
        let fixed = |number: f32| (f64::from(number.clamp(0.0, 2.0)) * 65536.0 + 0.5) as i32;
        let (to_red, to_blue) = (2.0 - 2.0 * red, 2.0 - 2.0 * blue);
        let (d1, d3) = (fixed(to_red), fixed(to_blue));
        let (d2, d4) = (-fixed(red * to_red / green), -fixed(blue * to_blue / green));
        let value = |code: i32, black: f32, white: f32, range: f32| {
            let span = if white - black == 0.0 { 1.0 } else { white - black };
            ((code - black as i32) as f32 * range / span).clamp(-128.0 * 32.0, 128.0 * 32.0) as i32
        };
        let mut tables =
            Tables { y: [0; 256], cr_r: [0; 256], cb_b: [0; 256], cr_g: [0; 256], cb_g: [0; 256], shift: 16 };
        for (i, x) in (-128i32..128).enumerate() {
            let cr = value(x, self.range[4] - 128.0, self.range[5] - 128.0, 127.0);
            let cb = value(x, self.range[2] - 128.0, self.range[3] - 128.0, 127.0);
            tables.y[i] = value(x + 128, self.range[0], self.range[1], 255.0);
            tables.cr_r[i] = (d1 * cr + HALF) >> 16;
            tables.cb_b[i] = (d3 * cb + HALF) >> 16;
            tables.cr_g[i] = d2 * cr;
            tables.cb_g[i] = d4 * cb + HALF;
        }
        tables
    }
}

const HALF: i32 = 1 << 15;

/// The part that each brightness and colour adds.
pub(super) struct Tables {
    y: [i32; 256],
    cr_r: [i32; 256],
    cb_b: [i32; 256],
    cr_g: [i32; 256],
    cb_g: [i32; 256],
    /// Parts of green are in parts of a power of two.
    shift: u8,
}

impl Tables {
    fn of_pillow() -> Tables {
        let parts = |factor: f64| std::array::from_fn(|i| (factor * 64.0 * (i as f64 - 128.0) + 0.5) as i32);
        let whole = |parts: [i32; 256]| parts.map(|part| part >> 6);
        Tables {
            y: std::array::from_fn(|i| i as i32),
            cr_r: whole(parts(1.402)),
            cb_b: whole(parts(1.772)),
            cr_g: parts(-0.71414),
            cb_g: parts(-0.34414),
            shift: 6,
        }
    }

    pub(super) fn rgb(&self, y: u8, cb: u8, cr: u8) -> [u8; 3] {
        let (y, cb, cr) = (self.y[usize::from(y)], usize::from(cb), usize::from(cr));
        let green = (self.cb_g[cb] + self.cr_g[cr]) >> self.shift;
        [y + self.cr_r[cr], y + green, y + self.cb_b[cb]].map(|colour| colour.clamp(0, 255) as u8)
    }
}
