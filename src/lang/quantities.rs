//! Quantities as people read them.

use super::Language;

/// A size as people say it, rounded up so that "0 MB" is nothing.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

/// A time as people speak of it: in seconds, then in minutes, then in hours and minutes.
pub fn duration(language: &Language, seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let minutes = (seconds + 30) / 60;
    match () {
        () if seconds < 90 => language.say("time.seconds", &[("count", &seconds.max(1))]),
        () if minutes < 90 => language.say("time.minutes", &[("count", &minutes)]),
        () => language.say("time.hours", &[("hours", &(minutes / 60)), ("minutes", &(minutes % 60))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let said = |seconds| duration(&Language::english(), seconds);
        assert_eq!([0.2, 89.0, 100.0, 5000.0, 9000.0].map(said), ["1 s", "89 s", "2 min", "83 min", "2 h 30 min"]);
    }
}
