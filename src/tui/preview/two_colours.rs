//! The two colours of a cell, and which dots have which.

use super::dots::MOST;

/// Red, green and blue, 0 to 255 each.
pub(super) type Colour = [u8; 3];

/// A cell's dots in two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Division {
    /// The dots that have the first colour, by bit.
    pub(super) mask: u8,
    /// The mean of those.
    pub(super) set: Colour,
    /// The mean of the others.
    pub(super) clear: Colour,
}

/// The division of the dots into two classes that loses least: with each dot replaced by the mean of its class, the sum
/// of squared errors over all channels is as small as can be. Every division is tried: there are 31 of six dots. Equal
/// dots have no set ones.
///
/// The sum of squared errors of a class is the sum of its squares less the square of its sum over its number, so the
/// best division has the largest sum of the latter. The last dot is always clear, as the other half of the divisions
/// are the same ones with the classes changed.
pub(super) fn divide(dots: &[Colour]) -> Division {
    let mut sums = [[0i64; 3]; 1 << MOST];
    let number = dots.len().min(MOST);
    for mask in 1..1usize << number {
        let (lowest, rest) = (mask.trailing_zeros() as usize, mask & (mask - 1));
        sums[mask] = std::array::from_fn(|channel| sums[rest][channel] + i64::from(dots[lowest][channel]));
    }
    let all = (1usize << number) - 1;
    let mut best = (0, kept(sums[all], number));
    for mask in 1..1usize << number.saturating_sub(1) {
        let clear = sums[all ^ mask];
        let set = mask.count_ones() as usize;
        let worth = kept(sums[mask], set) + kept(clear, number - set);
        if worth > best.1 + LEAST_GAIN {
            best = (mask, worth);
        }
    }
    let (mask, count) = (best.0, best.0.count_ones() as usize);
    let clear = mean(sums[all ^ mask], number - count);
    let set = if count == 0 { clear } else { mean(sums[mask], count) };
    // The colour of most dots is the cell's own, so that gaps of a font between cells are seen least.
    match count * 2 > number {
        true => Division { mask: (all ^ mask) as u8, set: clear, clear: set },
        false => Division { mask: mask as u8, set, clear },
    }
}

/// Gains below this are errors of rounding. Equal dots stay one class.
const LEAST_GAIN: f64 = 1e-6;

/// The square of a class's sum over its number.
fn kept(sum: [i64; 3], number: usize) -> f64 {
    sum.iter().map(|channel| channel * channel).sum::<i64>() as f64 / number.max(1) as f64
}

fn mean(sum: [i64; 3], number: usize) -> Colour {
    let number = number.max(1) as i64;
    sum.map(|channel| ((channel + number / 2) / number) as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The sum of squared errors of a division, by itself.
    fn error(dots: &[Colour], division: Division) -> i64 {
        let of = |place: usize, dot: &Colour| {
            let colour = if division.mask >> place & 1 == 1 { division.set } else { division.clear };
            (0..3).map(|channel| (i64::from(dot[channel]) - i64::from(colour[channel])).pow(2)).sum::<i64>()
        };
        dots.iter().enumerate().map(|(place, dot)| of(place, dot)).sum()
    }

    #[test]
    fn two_colours_are_found_exactly() {
        let (red, blue) = ([200, 10, 10], [10, 10, 200]);
        let division = divide(&[red, blue, red, blue, red, blue]);
        assert_eq!(division, Division { mask: 0b010101, set: red, clear: blue });
        // Most dots have the cell's own colour.
        assert_eq!(divide(&[red, red, red, blue]), Division { mask: 0b1000, set: blue, clear: red });
        assert_eq!(divide(&[red; 6]), Division { mask: 0, set: red, clear: red });
    }

    proptest::proptest! {
        #[test]
        fn no_other_division_loses_less(dots in proptest::collection::vec(any::<[u8; 3]>(), 2..=MOST)) {
            let found = divide(&dots);
            for mask in 0..1u8 << dots.len() {
                let class = |wanted: u8| -> Vec<Colour> {
                    let places = (0..dots.len()).filter(|place| mask >> place & 1 == wanted);
                    places.map(|place| dots[place]).collect()
                };
                let middle = |dots: Vec<Colour>| -> Colour {
                    std::array::from_fn(|channel| {
                        let sum: f64 = dots.iter().map(|dot| f64::from(dot[channel])).sum();
                        (sum / dots.len().max(1) as f64).round() as u8
                    })
                };
                let other = Division { mask, set: middle(class(1)), clear: middle(class(0)) };
                // Means are rounded to whole numbers: half a level a dot and channel.
                prop_assert!(error(&dots, found) <= error(&dots, other) + 3 * dots.len() as i64);
            }
        }
    }
}
