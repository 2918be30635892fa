//! Detects a stalled download. A byte now and then is no silence, but the file never arrives.

use std::time::{Duration, Instant};

/// Fewer bytes a second than this are a stall: a tenth of the slowest modems of the last century.
const LEAST: u64 = 1_000;

/// The rate is measured over this many times the silence limit: a minute, unless the environment sets another limit.
const SILENCES: u32 = 6;

/// The bytes that came in the present window, and the time waited for them.
pub(super) struct StallDetector {
    window: Duration,
    last: Instant,
    waited: Duration,
    came: u64,
}

/// The verdict at the end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throughput {
    /// The window is not over yet.
    Unknown,
    /// Fast enough.
    Enough,
    /// A stall.
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

    /// Starts counting time. Pauses between tries do not count.
    pub(super) fn begin(&mut self, now: Instant) {
        self.last = now;
    }

    /// Notes that bytes came.
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
    fn stall_detector_accepts_a_slow_line_and_refuses_a_drip() {
        for pause in [0, 8] {
            assert_eq!(found(2_000, 300, pause), [Throughput::Enough; 5], "2 kB/s are slow and honest");
            assert_eq!(found(100, 300, pause), [Throughput::TooSlow; 5]);
            assert_eq!(found(1, 300, pause), [Throughput::TooSlow; 5], "cuts do not make it new");
            assert_eq!(found(1, 59, pause), []);
        }
    }
}
