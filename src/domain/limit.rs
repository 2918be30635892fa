//! Finds the stage that limits a run: the one that is nearly always at work while the others wait.

use std::time::Duration;

/// A stage of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading files and hashing them.
    Reading,
    /// Decoding pictures, resizing and cutting them.
    Decoding,
    /// The image tower.
    Model,
}

impl Stage {
    /// The word that scripts rely on.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Reading => "reading",
            Stage::Decoding => "decoding",
            Stage::Model => "model",
        }
    }
}

/// The working and waiting time of all threads of a stage together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTime {
    /// At work.
    pub working: Duration,
    /// Waiting for work, or for room for what is done.
    pub waiting: Duration,
}

/// The working and waiting time of all stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes {
    /// Reading files and hashing them.
    pub reading: StageTime,
    /// Decoding pictures, resizing and cutting them.
    pub decoding: StageTime,
    /// The image tower.
    pub model: StageTime,
}

/// Less time than this says little.
const ENOUGH: Duration = Duration::from_millis(500);

/// A stage that limits works for this share of its time at least.
const BUSY: f64 = 0.75;

/// It is ahead of every other by so much: where two work all of the time, neither waits for the other.
const AHEAD: f64 = 0.1;

impl StageTime {
    /// The share of its time for which it works; none where it has done nothing yet.
    fn busy(self) -> Option<f64> {
        let all = self.working + self.waiting;
        (!all.is_zero()).then(|| self.working.as_secs_f64() / all.as_secs_f64())
    }

    fn since(self, earlier: StageTime) -> StageTime {
        StageTime {
            working: self.working.saturating_sub(earlier.working),
            waiting: self.waiting.saturating_sub(earlier.waiting),
        }
    }
}

impl StageTimes {
    /// The work done since an earlier reading.
    pub fn since(&self, earlier: &StageTimes) -> StageTimes {
        StageTimes {
            reading: self.reading.since(earlier.reading),
            decoding: self.decoding.since(earlier.decoding),
            model: self.model.since(earlier.model),
        }
    }

    /// The stage that limits, if one does.
    pub fn limit(&self) -> Option<Stage> {
        let stages = [(Stage::Reading, self.reading), (Stage::Decoding, self.decoding), (Stage::Model, self.model)];
        if stages.iter().map(|(_, effort)| effort.working).sum::<Duration>() < ENOUGH {
            return None;
        }
        let mut shares = stages.map(|(stage, effort)| (stage, effort.busy().unwrap_or(0.0)));
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let [(stage, most), (_, second), _] = shares;
        (most >= BUSY && most - second >= AHEAD).then_some(stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds at work and waiting, of each stage.
    fn efforts(seconds: [(u64, u64); 3]) -> StageTimes {
        let [reading, decoding, model] = seconds.map(|(working, waiting)| StageTime {
            working: Duration::from_secs(working),
            waiting: Duration::from_secs(waiting),
        });
        StageTimes { reading, decoding, model }
    }

    #[test]
    fn busy_stage_with_waiting_others_limits() {
        assert_eq!(efforts([(1, 19), (6, 14), (10, 0)]).limit(), Some(Stage::Model));
        assert_eq!(efforts([(1, 19), (19, 1), (3, 7)]).limit(), Some(Stage::Decoding));
        assert_eq!(efforts([(20, 0), (6, 14), (3, 7)]).limit(), Some(Stage::Reading));
        // All pictures are known: nothing is decoded, and the model is not even opened.
        assert_eq!(efforts([(20, 0), (0, 20), (0, 0)]).limit(), Some(Stage::Reading));
    }

    #[test]
    fn stages_that_do_not_wait_have_no_limit() {
        assert_eq!(efforts([(1, 19), (19, 1), (10, 0)]).limit(), None);
        // The results are not taken away fast enough.
        assert_eq!(efforts([(1, 19), (4, 16), (5, 5)]).limit(), None);
        assert_eq!(StageTimes::default().limit(), None);
    }

    #[test]
    fn short_run_has_no_limit() {
        let working = Duration::from_millis(100);
        let model = StageTime { working, waiting: Duration::ZERO };
        assert_eq!(StageTimes { model, ..StageTimes::default() }.limit(), None);
    }

    #[test]
    fn times_since_a_mark_leave_out_earlier_ones() {
        let before = efforts([(1, 19), (6, 14), (10, 0)]);
        let now = efforts([(21, 19), (9, 31), (11, 19)]);
        assert_eq!(now.since(&before).limit(), Some(Stage::Reading));
    }
}
