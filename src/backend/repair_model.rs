//! Looks through the cache of a published model, where files of it may be damaged.

use super::context::RunnerContext;
use super::{BackendError, Event};
use crate::domain::hub_model::HubModel;
use crate::domain::printable::printable_text;
use crate::engine::hub::{HubConfig, Repaired};
use crate::use_cases::RunContext;
use crate::use_cases::open_model::with_hub;

/// Looks through the cache of a model, and downloads again the files that are damaged.
pub(super) fn repair(run: &RunContext<'_>, model: HubModel, context: &RunnerContext) -> Result<(), BackendError> {
    if HubConfig::from_environment().is_offline {
        return Err(BackendError::NotChecked { model });
    }
    let Repaired { damaged, was_whole, .. } = with_hub(run, |hub, control| hub.repair(&model, control))?;
    for file in damaged {
        tracing::warn!(file = printable_text(&file), model = %model, "was damaged in the cache");
    }
    context.tell(Event::Repaired { model, was_whole });
    Ok(())
}
