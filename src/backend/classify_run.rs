//! A classifying of the app: from the source into the session, and on to the scorer.

use std::path::Path;

use crossbeam_channel::Receiver;

use super::app_face::AppFace;
use super::channels::{EmbedRequest, ScorerCommand};
use super::context::RunnerContext;
use super::import_decisions::import_decisions;
use super::{BackendError, Event, Order, narrow_run, session_rows};
use crate::domain::file_filter::LeftOut;
use crate::domain::settings::Settings;
use crate::jobs::classify::Classification;
use crate::store::session::Session;
use crate::use_cases::RunError;
use crate::use_cases::classify::{ClassifyRequest, Prepared, is_emptied, prepare};
use crate::use_cases::runtime::ChosenRuntime;
use crate::use_cases::sort::write_tables;

/// An order to classify.
pub(super) struct ClassifyOrder<'o> {
    pub(super) settings: &'o Settings,
    pub(super) table: &'o Path,
    /// Decisions about the same pictures are taken over from the session of this destination.
    pub(super) decisions_of: Option<&'o Path>,
}

/// Classifies the source into the destination's session.
pub(super) fn classify(
    context: &RunnerContext,
    order: ClassifyOrder<'_>,
    runtime: &mut ChosenRuntime,
    orders: &Receiver<Order>,
) -> Result<(), BackendError> {
    let ClassifyOrder { settings, table, decisions_of } = order;
    let _working = context.own_work.begin(&settings.destination);
    let face = AppFace::new(context);
    let run = face.run();
    let trust = context.is_vouched_for(&settings.destination);
    let request = ClassifyRequest { settings, table, trust, is_dry: false };
    let ready = match prepare(&run, request, runtime)? {
        Prepared::Ready(ready) => ready,
        Prepared::Nothing(nothing) => {
            let folder = settings.source.clone();
            return Err(match is_emptied(nothing.session.as_ref(), settings).map_err(RunError::from)? {
                true => RunError::SourceEmptied { folder }.into(),
                false => RunError::NoFiles { folder, left_out: Box::new(nothing.left_out) }.into(),
            });
        }
    };
    let mut ready = *ready;
    if !may_begin(context, ready.run.found.files.len(), &ready.run.found.left_out, orders) {
        return Ok(());
    }
    let session = &ready.run.session;
    context.tell(Event::Decided { steps: session_rows::steps_by_text(session)? });
    context.tell(Event::Inside { labels: narrow_run::known(session)? });
    let _ = context.scorer.send(ScorerCommand::Begin(context.feed.begin()));
    let _ = context.embedder.send(EmbedRequest::Model(Box::new(ready.text), ready.run.model.rule));
    context.feed.shown(&settings.destination, session.revision()?, true);
    let model = &ready.run.model;
    context.remembers(model.fingerprint, model.labels.ncols());
    face.know_labels(session_rows::label_keys(session)?);
    let paused = context.stop.paused();
    let mut take_over = |session: &mut Session| {
        if let Some(other) = decisions_of {
            import_decisions(context, other, session);
        }
    };
    let report = ready.run.carry_out(&run, settings, &mut take_over)?;
    write_tables(&run, &mut ready.run.session, table, &report.set, settings.sure)?;
    // From here on, what is new in the session comes from others.
    context.feed.ended();
    let Classification { remembered, waiting, .. } = report.classification;
    let per_second = face.per_second(remembered, context.stop.paused().saturating_sub(paused));
    let rescored = report.rescored.count;
    context.tell_in_order(Event::Classified { remembered, waiting, rescored, per_second });
    Ok(())
}

/// Tells that nothing stands in the way of the run any more. Until now people may have decided about the pictures of
/// before: it begins after all of that is kept. False once the app is closed.
pub(super) fn may_begin(context: &RunnerContext, files: usize, left_out: &LeftOut, orders: &Receiver<Order>) -> bool {
    context.tell(Event::Found { files, left_out: left_out.clone() });
    // Nothing else is ordered while a run is under way.
    orders.iter().any(|order| matches!(order, Order::Begin))
}
