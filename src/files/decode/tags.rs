//! Reads numbers of the tags of TIFF directories, which EXIF data have too (TIFF 6.0, section 2; BigTIFF).

/// The order of a number's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The lowest is the first.
    Little,
    /// The highest is the first.
    Big,
}

impl Order {
    /// A whole number of one to eight bytes.
    pub(super) fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self {
            Order::Little => bytes.iter().rev().fold(0, add),
            Order::Big => bytes.iter().fold(0, add),
        }
    }
}

/// Bytes of a value of a kind.
pub(super) fn width_of(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}

/// The value for "no orientation", which also ends the search in other places.
pub(super) const NO_ORIENTATION: u8 = 0;

/// The orientation in the values of a tag: the first value, in any number type that Pillow knows. Texts and bytes mean
/// "no orientation". `None` where the tag counts as missing: its type is unknown, or it has no values.
pub(super) fn orientation(order: Order, kind: u16, values: &[u8]) -> Option<u8> {
    let width = width_of(kind).filter(|_| kind <= 16)?;
    let first = values.get(..width)?;
    let whole = order.number(first);
    let (above, below) = first.split_at(width / 2);
    let signed = |bytes: &[u8]| (order.number(bytes) as u32).cast_signed();
    let number = match kind {
        1 | 2 | 7 => f64::from(NO_ORIENTATION),
        5 => order.number(above) as f64 / order.number(below) as f64,
        10 => f64::from(signed(above)) / f64::from(signed(below)),
        11 => f64::from(f32::from_bits(whole as u32)),
        12 => f64::from_bits(whole),
        // Of the signed ones the negative are too large.
        _ => whole as f64,
    };
    let is_one = number.fract() == 0.0 && (1.0..=8.0).contains(&number);
    Some(if is_one { number as u8 } else { NO_ORIENTATION })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientation_is_read_from_any_type_of_number() {
        let cases: [(u16, &[u8], Option<u8>); 17] = [
            (3, &[6, 0], Some(6)),
            (3, &[6, 0, 1, 0], Some(6)),
            (4, &[6, 0, 0, 0], Some(6)),
            (5, &[12, 0, 0, 0, 2, 0, 0, 0], Some(6)),
            (5, &[13, 0, 0, 0, 2, 0, 0, 0], Some(0)),
            (5, &[6, 0, 0, 0, 0, 0, 0, 0], Some(0)),
            (6, &[6], Some(6)),
            (10, &[6, 0, 0, 0, 1, 0, 0, 0], Some(6)),
            (10, &[0xfa, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Some(6)),
            (11, &6f32.to_le_bytes(), Some(6)),
            (12, &6f64.to_le_bytes(), Some(6)),
            (16, &[6, 0, 0, 0, 0, 0, 0, 0], Some(6)),
            // Bytes and texts say nothing, and keep others from saying something; unknown types do not.
            (1, &[6], Some(0)),
            (2, b"6\0", Some(0)),
            (17, &[6, 0, 0, 0, 0, 0, 0, 0], None),
            (99, &[6], None),
            (3, &[], None),
        ];
        for (kind, values, told) in cases {
            assert_eq!(orientation(Order::Little, kind, values), told, "{kind} {values:?}");
        }
        assert_eq!(orientation(Order::Big, 3, &[0, 8]), Some(8));
    }
}
