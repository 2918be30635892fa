//! Published models: downloaded when they are needed, and looked through when files of them may be damaged.

use std::path::PathBuf;
use std::time::Instant;

use super::rate_meter::RateMeter;
use super::runner::RunnerContext;
use super::{CrewError, Event};
use crate::domain::hub_model::HubModel;
use crate::domain::printable::printable_text;
use crate::engine::hub::{Control, Hub, HubError, Place, Repaired, Step};

impl RunnerContext {
    /// The folder of a published model, downloaded where it is not in the cache.
    pub(super) fn published(&self, model: &HubModel) -> Result<PathBuf, CrewError> {
        let folder = self.with_hub(|hub, control| hub.folder(model, control))?;
        self.tell(Event::Downloaded);
        Ok(folder)
    }

    /// Looks through what is in the cache of a model, and downloads again what is damaged.
    pub(super) fn repair(&self, model: &HubModel) -> Result<(), CrewError> {
        if Place::from_environment().is_offline {
            return Err(CrewError::NotChecked { model: model.clone() });
        }
        let Repaired { damaged, was_whole, .. } = self.with_hub(|hub, control| hub.repair(model, control))?;
        for file in damaged {
            tracing::warn!(file = printable_text(&file), model = %model, "was damaged in the cache");
        }
        self.tell(Event::Repaired { model: model.clone(), was_whole });
        Ok(())
    }

    /// Does something with the hub that can be stopped, and tells how it goes.
    fn with_hub<T>(&self, work: impl FnOnce(&Hub, &mut Control<'_>) -> Result<T, HubError>) -> Result<T, CrewError> {
        let (mut before, mut pace, mut per_second) = (0, RateMeter::new(), None);
        let (mut checked, mut checking) = (0, RateMeter::new());
        let mut tell = |step: Step<'_>| match step {
            Step::Begin(plan) => {
                before = plan.there();
                self.tell(Event::Downloading { done: before, total: plan.size(), per_second });
            }
            Step::Bytes { done, total } => {
                let more = usize::try_from(done.saturating_sub(before)).unwrap_or(0);
                before = done;
                if let Some(now) = pace.add(more, Instant::now()) {
                    per_second = Some(now);
                    self.tell(Event::Downloading { done, total, per_second });
                }
            }
            Step::Checking { done, total } => {
                let more = usize::try_from(done.saturating_sub(checked)).unwrap_or(0);
                checked = done;
                if checking.add(more, Instant::now()).is_some() {
                    self.tell(Event::Checking { done, total });
                }
            }
            Step::Waiting { pause } => self.tell(Event::DownloadWaits { seconds: pause.as_secs().max(1) }),
            Step::TooSlow => self.tell(Event::DownloadWaits { seconds: 1 }),
            Step::Locked => self.tell(Event::DownloadLocked),
        };
        let mut control = Control { stop: &self.stop.flag(), tell: &mut tell };
        Ok(work(&Hub::new(Place::from_environment()), &mut control)?)
    }
}
