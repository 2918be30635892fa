//! How fast files are looked at: of late, for the time that is left, and in all, for the time that the next run takes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The limit that is told is that of this time.
const OF_LATE: Duration = Duration::from_secs(10);

/// It is told this often.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// Fewer pictures than this say little of a model's pace.
const ENOUGH: usize = 20;

/// Counts files as they are finished.
#[derive(Default)]
pub(super) struct RateMeter {
    began: Option<Instant>,
    last: Option<Instant>,
    told: Option<Instant>,
    files: usize,
    marks: VecDeque<(Instant, usize)>,
}

impl RateMeter {
    /// One more file at `now`. Gives files a second where it is time to tell.
    pub(super) fn count(&mut self, now: Instant) -> Option<f64> {
        self.add(1, now)
    }

    /// So many more at `now`, of whatever is counted. Gives how many come in a second where it is time to tell.
    pub(super) fn add(&mut self, more: usize, now: Instant) -> Option<f64> {
        let began = *self.began.get_or_insert(now);
        self.files += more;
        self.last = Some(now);
        if now.duration_since(self.told.unwrap_or(began)) < TOLD_EVERY {
            return None;
        }
        self.told = Some(now);
        self.marks.push_back((now, self.files));
        while self.marks.len() > 2 && self.marks.front().is_some_and(|(at, _)| now.duration_since(*at) > OF_LATE) {
            self.marks.pop_front();
        }
        // The first file began before it was counted.
        let (from, before) = match self.marks.front() {
            Some((at, files)) if self.marks.len() > 1 => (*at, *files),
            _ => (began, 1),
        };
        per_second(self.files - before, now.duration_since(from))
    }

    /// Files a second in all, pauses left out, where enough were counted and nearly none of them were `remembered`,
    /// which cost nothing.
    pub(super) fn in_all(&self, remembered: usize, paused: Duration) -> Option<f64> {
        let (began, last) = (self.began?, self.last?);
        (self.files >= ENOUGH && remembered * 10 < self.files)
            .then(|| per_second(self.files - 1, last.duration_since(began).saturating_sub(paused)))
            .flatten()
    }
}

fn per_second(files: usize, time: Duration) -> Option<f64> {
    (files > 0 && !time.is_zero()).then(|| files as f64 / time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_of_late_and_in_all() {
        let mut pace = RateMeter::default();
        let began = Instant::now();
        let mut told = Vec::new();
        // Ten a second for 20 s, then two a second for 20 s.
        let times = (0..200).map(|n| n * 100).chain((0..40).map(|n| 20_000 + n * 500));
        for milliseconds in times {
            told.extend(pace.count(began + Duration::from_millis(milliseconds)));
        }
        assert!((told[0] - 10.0).abs() < 0.1, "{told:?}");
        assert!((told.last().unwrap() - 2.0).abs() < 0.2, "{told:?}");
        assert!(told.len() <= 80);
        assert!((pace.in_all(0, Duration::ZERO).unwrap() - 239.0 / 39.5).abs() < 0.01);
        assert!((pace.in_all(0, Duration::from_secs(30)).unwrap() - 239.0 / 9.5).abs() < 0.01);
        assert_eq!(pace.in_all(100, Duration::ZERO), None);
        assert_eq!(RateMeter::default().in_all(0, Duration::ZERO), None);
    }
}
