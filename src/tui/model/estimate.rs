//! How long the pictures of the source will take with a model: measured in an earlier run, or judged by another model.

use super::Model;
use crate::engine::hub::known::{Speed, known_models};

/// A time that a run will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) seconds: f64,
    /// The model itself was measured on this machine; else another one was, of which it is known how it compares.
    pub(crate) is_measured: bool,
}

impl Model {
    /// The time for the pictures of the source with a model, where this machine was ever measured.
    pub(crate) fn estimate(&self, name: &str) -> Option<Estimate> {
        let checked = self.setup.checked.as_ref()?.as_ref().ok().filter(|checked| checked.pictures > 0)?;
        let ending = self.pace_ending()?;
        let paces = &self.last_settings.pace;
        let seconds = |pace: f64| (pace > 0.0).then(|| checked.pictures as f64 / pace);
        if let Some(seconds) = paces.get(&format!("{name}{ending}")).and_then(|pace| seconds(*pace)) {
            return Some(Estimate { seconds, is_measured: true });
        }
        let work = speed_of(name)?.times();
        let judged = paces.iter().filter_map(|(key, pace)| {
            let other = speed_of(key.strip_suffix(&ending)?)?.times();
            Some((other, pace * other / work))
        });
        // The one that is most like it tells most.
        let distance = |other: f64| (other / work).ln().abs();
        let (_, pace) = judged.min_by(|one, other| distance(one.0).total_cmp(&distance(other.0)))?;
        seconds(pace).map(|seconds| Estimate { seconds, is_measured: false })
    }
}

/// The class of a model of the table.
fn speed_of(name: &str) -> Option<Speed> {
    known_models().iter().find(|model| model.id == name).map(|model| model.speed)
}
