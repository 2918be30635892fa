//! Confidence intervals for how good the model is.

/// A wilson_interval and the interval that the true one lies in with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// The wilson_interval that was counted, from 0 to 1.
    pub found: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The two-sided quantile of the normal distribution for 95 %.
const QUANTILE: f64 = 1.959_964;

/// `right` of `all`, with Wilson's score interval (Wilson 1927), which holds for few cases and for shares near zero
/// and one too; none of none.
pub fn wilson_interval(right: usize, all: usize) -> Option<Proportion> {
    if all == 0 {
        return None;
    }
    let (count, found) = (all as f64, right as f64 / all as f64);
    let squared = QUANTILE * QUANTILE;
    let middle = found + squared / (2.0 * count);
    let half = QUANTILE * (found * (1.0 - found) / count + squared / (4.0 * count * count)).sqrt();
    let scale = 1.0 + squared / count;
    Some(Proportion { found, low: ((middle - half) / scale).max(0.0), high: ((middle + half) / scale).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_interval_equals_published_values() {
        // Newcombe 1998, table I: 81 of 263, and 0 of 20.
        let found = wilson_interval(81, 263).unwrap();
        assert!((found.low - 0.2553).abs() < 1e-4 && (found.high - 0.3662).abs() < 1e-4, "{found:?}");
        let none = wilson_interval(0, 20).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 1e-4, "{none:?}");
        assert_eq!(wilson_interval(0, 0), None);
    }
}
