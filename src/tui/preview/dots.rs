//! The signs that divide a cell of the terminal into dots.

/// How many dots a cell is divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::tui) enum Dots {
    /// One column, two rows.
    Halves,
    /// Two columns, two rows: nearly every font has these signs.
    #[default]
    Quadrants,
    /// Two columns, three rows: terminals that draw them by themselves, and new fonts.
    Sextants,
}

/// Dots of a cell at most.
pub(super) const MOST: usize = 6;

/// By the dots that are set, as [`Dots::sign`] numbers them.
const QUADRANTS: [char; 16] = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

const HALVES: [char; 4] = [' ', '▀', '▄', '█'];

/// The first of the sextants in Unicode: "Symbols for Legacy Computing", U+1FB00 to U+1FB3B. They stand in the order of
/// the dots that are set, without the four that are other characters: none, the left half, the right half, all.
const FIRST_SEXTANT: u32 = 0x1FB00;
const LEFT_HALF: u8 = 0b01_01_01;
const RIGHT_HALF: u8 = 0b10_10_10;
const ALL_SIX: u8 = 0b11_11_11;

impl Dots {
    /// Columns and rows of dots in a cell.
    pub(super) fn grid(self) -> (usize, usize) {
        match self {
            Dots::Halves => (1, 2),
            Dots::Quadrants => (2, 2),
            Dots::Sextants => (2, 3),
        }
    }

    /// Dots of a cell.
    pub(super) fn count(self) -> usize {
        let (columns, rows) = self.grid();
        columns * rows
    }

    /// The sign whose dots are set as in `mask`: bit 0 is the first dot of the first row.
    pub(super) fn sign(self, mask: u8) -> char {
        match (self, mask) {
            (Dots::Halves, mask) => HALVES[usize::from(mask & 0b11)],
            (Dots::Quadrants, mask) => QUADRANTS[usize::from(mask & 0b1111)],
            (Dots::Sextants, 0) => ' ',
            (Dots::Sextants, LEFT_HALF) => '▌',
            (Dots::Sextants, RIGHT_HALF) => '▐',
            (Dots::Sextants, mask) if mask & ALL_SIX == ALL_SIX => '█',
            (Dots::Sextants, mask) => {
                let missing = 1 + u32::from(mask > LEFT_HALF) + u32::from(mask > RIGHT_HALF);
                char::from_u32(FIRST_SEXTANT + u32::from(mask) - missing).unwrap_or(' ')
            }
        }
    }
}

/// How much of its cell a sign covers, 0 to 1; a half for signs that are none of these.
pub(in crate::tui) fn share_of_ink(sign: char) -> f64 {
    let share = |mask: usize, of: f64| f64::from(mask.count_ones()) / of;
    match (sign, u32::from(sign).checked_sub(FIRST_SEXTANT)) {
        (_, Some(place @ 0..60)) => {
            let left_out =
                1 + u32::from(place >= u32::from(LEFT_HALF) - 1) + u32::from(place >= u32::from(RIGHT_HALF) - 2);
            share((place + left_out) as usize, 6.0)
        }
        _ => QUADRANTS.iter().position(|known| *known == sign).map_or(0.5, |mask| share(mask, 4.0)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn every_division_has_a_sign_of_its_own_that_is_one_cell_wide() {
        for dots in [Dots::Halves, Dots::Quadrants, Dots::Sextants] {
            let signs: BTreeSet<char> = (0..1u8 << dots.count()).map(|mask| dots.sign(mask)).collect();
            assert_eq!(signs.len(), 1 << dots.count(), "{dots:?}");
            assert!(signs.iter().all(|sign| sign.width() == Some(1)), "{dots:?}");
        }
        assert!(Dots::Sextants.count() <= MOST);
    }

    #[test]
    fn a_sign_covers_its_dots() {
        for dots in [Dots::Halves, Dots::Quadrants, Dots::Sextants] {
            for mask in 0..1u8 << dots.count() {
                let share = f64::from(mask.count_ones()) / dots.count() as f64;
                assert!((share_of_ink(dots.sign(mask)) - share).abs() < 1e-9, "{dots:?} {mask:b}");
            }
        }
    }

    /// From the names in the Unicode character database, "BLOCK SEXTANT-" and the dots counted from 1.
    #[test]
    fn sextants_are_those_that_unicode_names() {
        let named = [(0b1, 0x1FB00), (0b10011, 0x1FB12), (0b10100, 0x1FB13), (0b10110, 0x1FB14), (0b101001, 0x1FB27)];
        let named = named.into_iter().chain([(0b101011, 0x1FB28), (0b111101, 0x1FB3A), (0b111110, 0x1FB3B)]);
        for (mask, code) in named {
            assert_eq!(u32::from(Dots::Sextants.sign(mask)), code, "{mask:b}");
        }
    }
}
