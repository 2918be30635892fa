//! Writes what people decide into the session at once, whatever else is going on, and follows what others do there.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::change_feed::ChangeFeed;
use super::watch_control::WatchControl;
use super::{CrewError, Event, Order, Said, SaidStep};
use crate::domain::decision::Decision;
use crate::domain::history::Step;
use crate::store::StoreError;
use crate::store::known::KnownSessions;
use crate::store::session::Session;

/// The way to the runner.
pub(super) struct RunnerQueue {
    pub(super) orders: Sender<Order>,
    pub(super) switch: WatchControl,
}

impl RunnerQueue {
    fn send(&self, order: Order) {
        // The runner is gone only when the app is closed.
        let _ = self.orders.send(order);
        // Sorting by a watch makes room for the orders of people.
        self.switch.give_way();
    }
}

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
    mut follower: ChangeFeed,
    events: &Sender<Event>,
) {
    let mut kept = Kept { known, open: None };
    let mut steps = 0;
    loop {
        let done = match orders.recv_timeout(follower.rests()) {
            Ok(order) => {
                let is_step = matches!(order, Order::Decide { .. });
                let done = keep(order, &mut kept, &mut follower, runner);
                steps += u64::from(is_step);
                done
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if let Err(error) = done
            && events.send(Event::Trouble { error }).is_err()
        {
            return;
        }
        if let Some(destination) = follower.due()
            && let Err(error) = kept.session(&destination).and_then(|session| follower.look(session, steps))
        {
            follower.failed(&error);
            kept.open = None;
        }
    }
}

fn keep(order: Order, kept: &mut Kept<'_>, follower: &mut ChangeFeed, runner: &RunnerQueue) -> Result<(), CrewError> {
    match &order {
        Order::Decide { destination, step } => {
            let session = kept.session(destination)?;
            let numbered = in_numbers(session, step)?;
            session.decide_contents(&numbered)?;
            match follower.is_worked_in_elsewhere(destination) {
                true => check_labels(session, step),
                false => Ok(()),
            }
        }
        // Where nothing was kept yet, nothing has a name.
        Order::Rename { destination, .. } if !Session::exists(destination) => Ok(()),
        // A process that works there sorts by the label's former text, and others decide by it.
        Order::Rename { destination, from, .. } if follower.is_worked_in_elsewhere(destination) => {
            Err(CrewError::LabelInUse { label: from.clone() })
        }
        Order::Rename { destination, from, to } => Ok(kept.session(destination)?.rename_label(from, to)?),
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
fn check_labels(session: &Session, step: &SaidStep) -> Result<(), CrewError> {
    let Some((sorting, _)) = session.sorting()? else { return Ok(()) };
    let text = |said: &Option<Said>| match said {
        Some(Said::Accepted(text) | Said::Reassigned(text)) => Some(text.clone()),
        _ => None,
    };
    let is_unknown = |text: &String| sorting.labels.iter().all(|label| label.text != *text);
    match step.said.iter().filter_map(|(_, said)| text(said)).find(is_unknown) {
        Some(label) => Err(CrewError::LabelUnknown { label }),
        None => Ok(()),
    }
}

/// A step with the session's numbers for its labels.
pub(super) fn in_numbers(session: &mut Session, step: &SaidStep) -> Result<Step, StoreError> {
    let mut said = Vec::with_capacity(step.said.len());
    for (picture, word) in &step.said {
        let decision = match word {
            None => None,
            Some(Said::Accepted(text)) => Some(Decision::Accepted(session.label(text)?)),
            Some(Said::Reassigned(text)) => Some(Decision::Reassigned(session.label(text)?)),
            Some(Said::NoneOfThese) => Some(Decision::NoneOfThese),
            Some(Said::Skipped) => Some(Decision::Skipped),
        };
        said.push((*picture, decision));
    }
    Ok(Step { kind: step.kind, said })
}
