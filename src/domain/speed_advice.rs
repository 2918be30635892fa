//! Advice on how to classify faster on this machine.

use super::limit::Stage;
use super::speed::Speeds;

/// The facts about a machine that decide how fast it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// The built-in runtime is used because ONNX Runtime is not there.
    pub lacks_onnx_runtime: bool,
    /// There is a GPU, and it is not used.
    pub has_unused_gpu: bool,
    /// The model computes on a GPU.
    pub is_on_gpu: bool,
    /// The model could compute in 8-bit integers, and does not.
    pub may_use_integers: bool,
    /// The pictures are on a disk of another machine.
    pub is_on_network: bool,
}

/// Something to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The pictures come from another machine too slowly.
    NearerPictures,
    /// The disk gives them too slowly.
    FasterDisk,
    /// Decoding takes all cores: only more of them help.
    MoreCores,
    /// Use the GPU that is there.
    UseGpu,
    /// ONNX Runtime is faster than the built-in runtime.
    InstallRuntime,
    /// Let more or fewer pictures go through the model together.
    BatchSize {
        /// How many.
        size: usize,
        /// How many go together now.
        now: usize,
        /// How much faster the model is, in percent.
        percent: u32,
    },
    /// Try 8-bit integers.
    TryIntegers,
    /// The model takes the time: a smaller one is faster.
    SmallerModel,
    /// The same, where no GPU helps it.
    SmallerModelOrGpu,
}

impl Advice {
    /// The word that scripts rely on.
    pub fn word(self) -> &'static str {
        match self {
            Advice::NearerPictures => "nearer_pictures",
            Advice::FasterDisk => "faster_disk",
            Advice::MoreCores => "more_cores",
            Advice::UseGpu => "use_gpu",
            Advice::InstallRuntime => "install_runtime",
            Advice::BatchSize { .. } => "batch_size",
            Advice::TryIntegers => "variant_int8",
            Advice::SmallerModel => "smaller_model",
            Advice::SmallerModelOrGpu => "smaller_model_or_gpu",
        }
    }
}

/// A batch that is not faster by more than this is not worth a word: figures vary by as much.
const WORTH: f64 = 1.05;

/// The advice, the most useful first; none where nothing is known to help, or not every stage was measured.
pub fn advice(speeds: &Speeds, machine: Machine) -> Vec<Advice> {
    if !speeds.is_complete() {
        return vec![];
    }
    let limit = speeds.limit();
    match limit {
        // While the model waits, nothing that makes it faster helps.
        Some(Stage::Reading) if machine.is_on_network => return vec![Advice::NearerPictures],
        Some(Stage::Reading) => return vec![Advice::FasterDisk],
        Some(Stage::Decoding) => return vec![Advice::MoreCores],
        Some(Stage::Model) | None => {}
    }
    let mut advice = Vec::new();
    match machine {
        Machine { has_unused_gpu: true, .. } => advice.push(Advice::UseGpu),
        Machine { lacks_onnx_runtime: true, .. } => advice.push(Advice::InstallRuntime),
        _ => {}
    }
    advice.extend(better_batch(speeds));
    if limit == Some(Stage::Model) {
        advice.extend(machine.may_use_integers.then_some(Advice::TryIntegers));
        advice.extend(match machine {
            Machine { is_on_gpu: true, .. } => Some(Advice::SmallerModel),
            Machine { has_unused_gpu: true, .. } => None,
            _ => Some(Advice::SmallerModelOrGpu),
        });
    }
    advice
}

fn better_batch(speeds: &Speeds) -> Option<Advice> {
    let (now, best) = (speeds.batch_in_use()?, speeds.best_batch()?);
    let gain = best.per_second / now.per_second;
    let percent = ((gain - 1.0) * 100.0).round() as u32;
    (gain.is_finite() && gain > WORTH).then_some(Advice::BatchSize { size: best.size, now: now.size, percent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::speed::{Batch, Rates, WholeRun};

    fn speeds(limit: Option<Stage>, batches: &[(usize, f64)]) -> Speeds {
        let rates = Rates { one: 100.0, all: 100.0 };
        Speeds {
            reading: rates,
            decoding: rates,
            preparing: rates,
            batches: batches.iter().map(|(size, per_second)| Batch { size: *size, per_second: *per_second }).collect(),
            batch_size: 8,
            whole: WholeRun { limit, ..WholeRun::default() },
            ..Speeds::default()
        }
    }

    const MODEL: Option<Stage> = Some(Stage::Model);

    #[test]
    fn advice_names_a_clearly_faster_batch() {
        let on_gpu = Machine { is_on_gpu: true, ..Machine::default() };
        let given = advice(&speeds(None, &[(1, 40.0), (8, 50.0), (16, 53.0)]), on_gpu);
        assert_eq!(given, [Advice::BatchSize { size: 16, now: 8, percent: 6 }]);
        assert_eq!(advice(&speeds(None, &[(1, 40.0), (8, 50.0), (16, 52.0)]), on_gpu), []);
        // A smaller one may be faster too.
        let given = advice(&speeds(None, &[(1, 60.0), (8, 50.0)]), on_gpu);
        assert_eq!(given, [Advice::BatchSize { size: 1, now: 8, percent: 20 }]);
        assert_eq!(advice(&speeds(None, &[]), on_gpu), []);
    }

    #[test]
    fn advice_uses_the_machines_own_devices_first() {
        let slow = speeds(MODEL, &[(8, 50.0)]);
        let gpu = Machine { has_unused_gpu: true, lacks_onnx_runtime: true, ..Machine::default() };
        assert_eq!(advice(&slow, gpu), [Advice::UseGpu]);
        let bare = Machine { lacks_onnx_runtime: true, ..Machine::default() };
        assert_eq!(advice(&slow, bare), [Advice::InstallRuntime, Advice::SmallerModelOrGpu]);
        assert_eq!(advice(&slow, Machine::default()), [Advice::SmallerModelOrGpu]);
        let single = Machine { may_use_integers: true, ..Machine::default() };
        assert_eq!(advice(&slow, single), [Advice::TryIntegers, Advice::SmallerModelOrGpu]);
        assert_eq!(advice(&slow, Machine { is_on_gpu: true, ..Machine::default() }), [Advice::SmallerModel]);
    }

    #[test]
    fn advice_is_empty_without_all_measurements() {
        let partly = Speeds { reading: Rates::default(), ..speeds(MODEL, &[(8, 50.0), (16, 100.0)]) };
        assert_eq!(advice(&partly, Machine { lacks_onnx_runtime: true, ..Machine::default() }), []);
    }

    #[test]
    fn advice_skips_the_model_while_it_waits() {
        let machine = Machine { has_unused_gpu: true, lacks_onnx_runtime: true, ..Machine::default() };
        let batches = [(8, 50.0), (16, 100.0)];
        assert_eq!(advice(&speeds(Some(Stage::Decoding), &batches), machine), [Advice::MoreCores]);
        assert_eq!(advice(&speeds(Some(Stage::Reading), &batches), machine), [Advice::FasterDisk]);
        let far = Machine { is_on_network: true, ..machine };
        assert_eq!(advice(&speeds(Some(Stage::Reading), &batches), far), [Advice::NearerPictures]);
    }
}
