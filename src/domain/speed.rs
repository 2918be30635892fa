//! Speed of a machine with a model, stage by stage.

use std::time::Duration;

use super::limit::Stage;

/// Pictures a second, with one thread and with all that a run has for the stage.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// With one.
    pub one: f64,
    /// With all.
    pub all: f64,
}

/// How fast the image tower is when so many pictures go through it together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// How many.
    pub size: usize,
    /// Pictures a second.
    pub per_second: f64,
}

/// A whole run, of which nothing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WholeRun {
    /// Pictures that it came to.
    pub pictures: usize,
    /// Pictures a second.
    pub per_second: f64,
    /// The stage that limited it, as the stages themselves tell.
    pub limit: Option<Stage>,
    /// The most memory that the program had, in bytes, where the system tells.
    pub peak_memory: Option<u64>,
}

/// The pictures that everything was measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// How many.
    pub pictures: usize,
    /// Bytes of their files.
    pub bytes: u64,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speeds {
    /// The pictures.
    pub sample: Sample,
    /// Reading and hashing.
    pub reading: Rates,
    /// Decoding.
    pub decoding: Rates,
    /// Resizing and cutting.
    pub preparing: Rates,
    /// Opening the image tower.
    pub opening: Duration,
    /// Ten labels through the text tower.
    pub labels: Duration,
    /// The image tower on pictures that are ready, from the smallest batch on.
    pub batches: Vec<Batch>,
    /// Pictures that go through it together in a run.
    pub batch_size: usize,
    /// Scoring 100,000 pictures for ten labels.
    pub scoring: Duration,
    /// A whole run.
    pub whole: WholeRun,
}

/// A stage limits by itself where it is slower than every other by so much.
const SLOWER: f64 = 0.9;

impl Sample {
    /// Bytes of a picture.
    pub fn mean_bytes(&self) -> f64 {
        self.bytes as f64 / self.pictures.max(1) as f64
    }
}

impl Speeds {
    /// Decoding, resizing and cutting, one after the other.
    pub fn decoding_in_all(&self) -> Rates {
        let both = |decoding: f64, preparing: f64| match decoding > 0.0 && preparing > 0.0 {
            true => 1.0 / (1.0 / decoding + 1.0 / preparing),
            false => 0.0,
        };
        let (decoding, preparing) = (self.decoding, self.preparing);
        Rates { one: both(decoding.one, preparing.one), all: both(decoding.all, preparing.all) }
    }

    /// True where every stage was measured; a stage is not where the pictures went away before it.
    pub fn is_complete(&self) -> bool {
        self.reading.one > 0.0 && self.reading.all > 0.0 && self.decoding_in_all().all > 0.0 && !self.batches.is_empty()
    }

    /// The batch that is used in a run: the nearest below it where it was too slow to be measured.
    pub fn batch_in_use(&self) -> Option<Batch> {
        let fits = |batch: &&Batch| batch.size <= self.batch_size;
        self.batches.iter().rfind(fits).or(self.batches.first()).copied()
    }

    /// The fastest batch.
    pub fn best_batch(&self) -> Option<Batch> {
        self.batches.iter().copied().max_by(|a, b| a.per_second.total_cmp(&b.per_second))
    }

    /// A whole run as a share of what the image tower does alone.
    pub fn share_of_model(&self) -> Option<f64> {
        share(self.whole.per_second, self.batch_in_use()?.per_second)
    }

    /// A whole run as a share of what all cores decode if they do nothing else.
    pub fn share_of_decoding(&self) -> Option<f64> {
        share(self.whole.per_second, self.decoding_in_all().all)
    }

    /// The stage that limits: the one that was busy while the others waited, else the slowest if it is so by far.
    /// Nobody knows where not every stage was measured.
    pub fn limit(&self) -> Option<Stage> {
        if !self.is_complete() {
            return None;
        }
        let by_itself = || {
            let mut stages = [
                (Stage::Reading, self.reading.all),
                (Stage::Decoding, self.decoding_in_all().all),
                (Stage::Model, self.batch_in_use()?.per_second),
            ];
            stages.sort_by(|a, b| a.1.total_cmp(&b.1));
            (stages[0].1 > 0.0 && stages[0].1 < SLOWER * stages[1].1).then_some(stages[0].0)
        };
        self.whole.limit.or_else(by_itself)
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many pictures a second are read, decoded, prepared, and go through the model.
    fn speeds(reading: f64, decoding: f64, preparing: f64, batches: &[(usize, f64)]) -> Speeds {
        let rates = |all| Rates { one: all / 2.0, all };
        Speeds {
            reading: rates(reading),
            decoding: rates(decoding),
            preparing: rates(preparing),
            batches: batches.iter().map(|(size, per_second)| Batch { size: *size, per_second: *per_second }).collect(),
            batch_size: 8,
            ..Speeds::default()
        }
    }

    #[test]
    fn decoding_rate_includes_resizing() {
        let all = speeds(1000.0, 300.0, 600.0, &[]).decoding_in_all();
        assert!((all.all - 200.0).abs() < 1e-9 && (all.one - 100.0).abs() < 1e-9);
        assert_eq!(Speeds::default().decoding_in_all(), Rates::default());
    }

    #[test]
    fn batch_in_use_is_the_nearest_measured_one() {
        let size = |batches: &[(usize, f64)]| speeds(1.0, 1.0, 1.0, batches).batch_in_use().map(|batch| batch.size);
        assert_eq!(size(&[(1, 5.0), (8, 9.0), (16, 9.5)]), Some(8));
        assert_eq!(size(&[(1, 5.0), (2, 6.0)]), Some(2));
        assert_eq!(size(&[(16, 5.0)]), Some(16));
        assert_eq!(size(&[]), None);
        assert_eq!(speeds(1.0, 1.0, 1.0, &[(1, 5.0), (8, 9.0), (16, 9.5)]).best_batch().unwrap().size, 16);
    }

    #[test]
    fn limit_is_that_of_the_run_or_else_the_slowest_stage() {
        let mut slow_model = speeds(1000.0, 300.0, 600.0, &[(8, 20.0)]);
        assert_eq!(slow_model.limit(), Some(Stage::Model));
        slow_model.whole.limit = Some(Stage::Decoding);
        assert_eq!(slow_model.limit(), Some(Stage::Decoding));
        assert_eq!(speeds(1000.0, 300.0, 600.0, &[(8, 2000.0)]).limit(), Some(Stage::Decoding));
        assert_eq!(speeds(10.0, 300.0, 600.0, &[(8, 2000.0)]).limit(), Some(Stage::Reading));
        assert_eq!(speeds(1000.0, 300.0, 600.0, &[(8, 210.0)]).limit(), None);
        assert_eq!(Speeds::default().limit(), None);
    }

    #[test]
    fn limit_is_unknown_if_a_stage_was_not_measured() {
        let whole = WholeRun { limit: Some(Stage::Reading), ..WholeRun::default() };
        for (reading, decoding, batches) in
            [(0.0, 300.0, &[(8, 20.0)][..]), (1000.0, 0.0, &[(8, 20.0)]), (1000.0, 300.0, &[])]
        {
            let speeds = Speeds { whole, ..speeds(reading, decoding, 600.0, batches) };
            assert_eq!((speeds.is_complete(), speeds.limit()), (false, None));
        }
        let speeds = Speeds { whole, ..speeds(1000.0, 300.0, 600.0, &[(8, 20.0)]) };
        assert_eq!((speeds.is_complete(), speeds.limit()), (true, Some(Stage::Reading)));
    }

    #[test]
    fn shares_are_relative_to_the_model_and_to_decoding() {
        let mut speeds = speeds(1000.0, 300.0, 600.0, &[(8, 20.0)]);
        speeds.whole.per_second = 18.0;
        assert!((speeds.share_of_model().unwrap() - 0.9).abs() < 1e-9);
        assert!((speeds.share_of_decoding().unwrap() - 0.09).abs() < 1e-9);
        assert_eq!(Speeds::default().share_of_decoding(), None);
    }
}
