//! Writes what people decide into the session at once, whatever else is going on, and follows what others do there.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, select};

use super::change_feed::ChangeFeed;
use super::channels::RunnerQueue;
use super::events::EventSender;
use super::session_rows::by_number;
use super::{BackendError, DecisionStep, Event, NamedDecision, Order};
use crate::domain::label_tree::key_path;
use crate::store::StoreError;
use crate::store::known::KnownSessions;
use crate::store::session::Session;

/// The session that is kept open, and where.
struct Kept<'k> {
    known: &'k KnownSessions,
    open: Option<(PathBuf, Session)>,
}

impl Kept<'_> {
    /// The session of a destination, opened once.
    fn session(&mut self, destination: &Path) -> Result<&mut Session, StoreError> {
        // One that was removed or replaced is not the destination's any more.
        if self.open.as_ref().is_none_or(|(place, session)| place != destination || !session.is_in_place()) {
            self.open = Some((destination.to_owned(), Session::open_to_review(destination, self.known)?));
        }
        match &mut self.open {
            Some((_, session)) => Ok(session),
            None => Err(StoreError::NoSession { destination: destination.to_owned() }),
        }
    }
}

/// Orders for the runner that depend on decisions go through here, so that every decision before them is kept first.
pub(super) fn run(
    orders: &Receiver<Order>,
    known: &KnownSessions,
    runner: &RunnerQueue,
    mut feed: ChangeFeed,
    events: &EventSender,
) {
    let mut kept = Kept { known, open: None };
    let mut steps = 0;
    loop {
        select! {
            recv(orders) -> order => {
                let Ok(order) = order else { return };
                let is_step = matches!(order, Order::Decide { .. });
                let done = keep(order, &mut kept, &mut feed, runner);
                steps += u64::from(is_step);
                if let Err(error) = done
                    && events.send(Event::Trouble { error }).is_err()
                {
                    return;
                }
            }
            recv(feed.told()) -> told => feed.hear(told),
            recv(feed.timer()) -> _ => {}
        }
        if let Some(destination) = feed.due()
            && let Err(error) = kept.session(&destination).and_then(|session| feed.look(session, steps))
        {
            feed.failed(&error);
            kept.open = None;
        }
    }
}

fn keep(order: Order, kept: &mut Kept<'_>, feed: &mut ChangeFeed, runner: &RunnerQueue) -> Result<(), BackendError> {
    match &order {
        Order::Decide { destination, step } => {
            let session = kept.session(destination)?;
            let numbered = by_number(session, step)?;
            session.decide_contents(&numbered)?;
            match feed.is_worked_in_elsewhere(destination) {
                true => check_labels(session, step),
                false => Ok(()),
            }
        }
        // Where nothing was kept yet, nothing has a name.
        Order::Rename { destination, .. } if !Session::exists(destination) => Ok(()),
        // A process that works there sorts by the label's former text, and others decide by it.
        Order::Rename { destination, from, .. } if feed.is_worked_in_elsewhere(destination) => {
            Err(BackendError::LabelInUse { label: from.clone() })
        }
        Order::Rename { destination, from, to } => {
            let own = key_path(to).last().copied().unwrap_or_default();
            Ok(kept.session(destination)?.rename_label(&key_path(from), own)?)
        }
        _ => {
            // They may make a session where there was one: what is open is that of before.
            if matches!(order, Order::Classify { .. } | Order::Watch { .. } | Order::Open { .. }) {
                kept.open = None;
            }
            runner.send(order);
            Ok(())
        }
    }
}

/// An error for a decision for a label that another process, which sorts there, does not know: it is kept, and carried
/// out by nobody before somebody sorts by that label.
fn check_labels(session: &Session, step: &DecisionStep) -> Result<(), BackendError> {
    let Some((sorting, _)) = session.sorting()? else { return Ok(()) };
    let text = |said: &Option<NamedDecision>| match said {
        Some(NamedDecision::Accepted(key) | NamedDecision::Reassigned(key) | NamedDecision::NoneInside(key)) => {
            key_path(key).first().map(|root| (*root).to_owned())
        }
        Some(NamedDecision::NoneOfThese | NamedDecision::Skipped) | None => None,
    };
    let is_unknown = |text: &String| sorting.labels.iter().all(|label| label.text != *text);
    match step.said.iter().filter_map(|(_, said)| text(said)).find(is_unknown) {
        Some(label) => Err(BackendError::LabelUnknown { label }),
        None => Ok(()),
    }
}
