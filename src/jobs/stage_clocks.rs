//! How long the stages of a run work and how long they wait: clocks that cost two readings of the time a picture.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::domain::limit::{Stage, StageTime, StageTimes};

/// The clocks of the stages, which all their threads add to.
#[derive(Debug, Default)]
pub struct StageClocks {
    pub(super) reading: StageClock,
    pub(super) decoding: StageClock,
    pub(super) model: StageClock,
}

/// The clock of one stage, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct StageClock {
    working: AtomicU64,
    waiting: AtomicU64,
}

impl StageClocks {
    /// The working and waiting time of the stages so far.
    pub fn so_far(&self) -> StageTimes {
        StageTimes { reading: self.reading.so_far(), decoding: self.decoding.so_far(), model: self.model.so_far() }
    }
}

impl StageClock {
    fn so_far(&self) -> StageTime {
        let time = |clock: &AtomicU64| Duration::from_nanos(clock.load(Ordering::Relaxed));
        StageTime { working: time(&self.working), waiting: time(&self.waiting) }
    }

    /// A hand of this clock, for one thread.
    pub(super) fn timer(&self) -> StageTimer<'_> {
        StageTimer { clock: self, since: Instant::now() }
    }
}

/// The clock of one thread.
pub(super) struct StageTimer<'c> {
    clock: &'c StageClock,
    since: Instant,
}

impl StageTimer<'_> {
    /// From here on it counts; what was since the last time does not.
    pub(super) fn begin(&mut self) {
        self.since = Instant::now();
    }

    /// The time since the last call was work.
    pub(super) fn worked(&mut self) {
        let spent = self.spent();
        self.clock.working.fetch_add(spent, Ordering::Relaxed);
    }

    /// The time since the last call was spent waiting, for work or for room.
    pub(super) fn waited(&mut self) {
        let spent = self.spent();
        self.clock.waiting.fetch_add(spent, Ordering::Relaxed);
    }

    fn spent(&mut self) -> u64 {
        let now = Instant::now();
        let spent = now.duration_since(std::mem::replace(&mut self.since, now));
        u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The limit that is told is that of this time.
const OF_LATE: Duration = Duration::from_secs(10);

/// It is looked at this often.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// Which stage limits, of late: what limits changes with the pictures, and once no more are to be read.
#[derive(Debug, Default)]
pub struct RecentLimit {
    marks: VecDeque<(Instant, StageTimes)>,
    limit: Option<Stage>,
}

impl RecentLimit {
    /// The stage that limits at `now`.
    pub fn at(&mut self, now: Instant, clocks: &StageClocks) -> Option<Stage> {
        if self.marks.back().is_some_and(|(at, _)| now.duration_since(*at) < LOOKED_EVERY) {
            return self.limit;
        }
        let efforts = clocks.so_far();
        let before = self.marks.front().map(|(_, before)| *before).unwrap_or_default();
        self.limit = efforts.since(&before).limit();
        self.marks.push_back((now, efforts));
        while self.marks.front().is_some_and(|(at, _)| now.duration_since(*at) >= OF_LATE) {
            self.marks.pop_front();
        }
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_of_a_stage_add_to_its_clock() {
        let clocks = StageClocks::default();
        for _ in 0..2 {
            let mut hand = clocks.decoding.timer();
            hand.since -= Duration::from_secs(2);
            hand.worked();
            hand.since -= Duration::from_secs(3);
            hand.waited();
            hand.since -= Duration::from_secs(100);
            hand.begin();
            hand.waited();
        }
        let StageTime { working, waiting } = clocks.so_far().decoding;
        assert_eq!((working.as_secs(), waiting.as_secs()), (4, 6));
        assert_eq!(clocks.so_far().model, StageTime::default());
    }

    #[test]
    fn what_limits_is_of_late() {
        let clocks = StageClocks::default();
        let (began, mut late) = (Instant::now(), RecentLimit::default());
        let mut told = vec![];
        for second in 0..40 {
            let busy = if second < 20 { &clocks.model } else { &clocks.reading };
            busy.working.fetch_add(1_000_000_000, Ordering::Relaxed);
            let idle = if second < 20 { &clocks.reading } else { &clocks.model };
            idle.waiting.fetch_add(1_000_000_000, Ordering::Relaxed);
            told.push(late.at(began + Duration::from_secs(second), &clocks));
            assert!(late.marks.len() <= 11);
        }
        assert_eq!(told[0], Some(Stage::Model));
        assert_eq!(told[19], Some(Stage::Model));
        assert_eq!(told[25], None);
        assert_eq!(told[39], Some(Stage::Reading));
    }
}
