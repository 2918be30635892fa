//! The beginning that a classify and a watch share: the model, the destination's session, and the app that makes room
//! for it.

use crossbeam_channel::Receiver;

use super::runner::RunnerContext;
use super::{CrewError, Event, Order};
use crate::domain::choice::LeftOut;
use crate::domain::settings::Settings;
use crate::engine::encoder::TextEncoder;
use crate::engine::runtime::Runtime;
use crate::files::destination;
use crate::jobs::model::{Model, OpenedModel};
use crate::store::session::Session;

/// A model and a session that are ready.
pub(super) struct Ready {
    pub(super) model: Model,
    pub(super) text: TextEncoder,
    pub(super) session: Session,
}

/// Opens the model, then the session.
pub(super) fn make_ready(context: &RunnerContext, settings: &Settings, runtime: &Runtime) -> Result<Ready, CrewError> {
    destination::check(&settings.destination, &settings.source)?;
    let folder = context.model_folder(&settings.model)?;
    context.check_goes_on()?;
    let OpenedModel { model, text, .. } = context.open_model(&folder, settings, runtime, true)?;
    context.check_goes_on()?;
    destination::prepare(&settings.destination)?;
    let session = context.session(&settings.destination)?;
    Ok(Ready { model, text, session })
}

/// Tells that nothing stands in the way of the run any more. Until now people may have decided about the pictures of
/// before: it begins after all of that is kept. False once the app is closed.
pub(super) fn may_begin(context: &RunnerContext, files: usize, left_out: &LeftOut, orders: &Receiver<Order>) -> bool {
    context.tell(Event::Found { files, left_out: left_out.clone() });
    // Nothing else is ordered while a run is under way.
    orders.iter().any(|order| matches!(order, Order::Begin))
}
