//! How fast a file comes. A byte now and then is no silence, and no file comes of it either.

use std::time::{Duration, Instant};

/// The least bytes a second that a connection brings which is worth to be waited for: a tenth of what the slowest
/// modems of the last century did.
const LEAST: u64 = 1_000;

/// It is reckoned over so many times what counts as silence: a minute, unless somebody asked for more patience.
const SILENCES: u32 = 6;

/// Bytes that came of late, and how long they were waited for.
pub(super) struct StallDetector {
    window: Duration,
    last: Instant,
    waited: Duration,
    came: u64,
}

/// The verdict, once the connection was watched for long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throughput {
    /// Nothing yet.
    Unknown,
    /// It comes fast enough.
    Enough,
    /// It does not.
    TooSlow,
}

impl StallDetector {
    pub(super) fn new(silence: Duration) -> StallDetector {
        StallDetector {
            window: silence.saturating_mul(SILENCES),
            last: Instant::now(),
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// From here on it is waited for; what was before, as a pause between two tries, does not count.
    pub(super) fn begin(&mut self, now: Instant) {
        self.last = now;
    }

    /// So many bytes came.
    pub(super) fn came(&mut self, bytes: usize, now: Instant) -> Throughput {
        self.waited += now.saturating_duration_since(self.last);
        self.last = now;
        self.came += bytes as u64;
        if self.waited < self.window {
            return Throughput::Unknown;
        }
        let is_enough = self.came as f64 >= LEAST as f64 * self.waited.as_secs_f64();
        (self.waited, self.came) = (Duration::ZERO, 0);
        if is_enough { Throughput::Enough } else { Throughput::TooSlow }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings while so many bytes come every second, for so long.
    fn found(bytes: usize, seconds: u64, pause: u64) -> Vec<Throughput> {
        let mut stall = StallDetector::new(Duration::from_secs(10));
        let mut now = Instant::now();
        let mut found = Vec::new();
        for second in 0..seconds {
            // The connection is cut every twenty seconds, and tried again after a pause.
            if second % 20 == 0 {
                now += Duration::from_secs(pause);
                stall.begin(now);
            }
            now += Duration::from_secs(1);
            found.push(stall.came(bytes, now));
        }
        found.retain(|found| *found != Throughput::Unknown);
        found
    }

    #[test]
    fn a_slow_line_is_waited_for_and_a_drip_is_not() {
        for pause in [0, 8] {
            assert_eq!(found(2_000, 300, pause), [Throughput::Enough; 5], "2 kB/s are slow and honest");
            assert_eq!(found(100, 300, pause), [Throughput::TooSlow; 5]);
            assert_eq!(found(1, 300, pause), [Throughput::TooSlow; 5], "cuts do not make it new");
            assert_eq!(found(1, 59, pause), []);
        }
    }
}
