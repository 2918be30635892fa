//! Writes what people decide into the session at once, whatever else is going on.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};

use super::{Event, Order, Said, SaidStep};
use crate::domain::decision::Decision;
use crate::domain::history::Step;
use crate::store::StoreError;
use crate::store::session::Session;

/// Orders for the runner that depend on decisions go through here, so that every decision before them is kept first.
pub(super) fn run(orders: &Receiver<Order>, runner: &Sender<Order>, events: &Sender<Event>) {
    let mut kept: Option<(PathBuf, Session)> = None;
    for order in orders {
        let done = match &order {
            Order::Decide { destination, step } => {
                session(&mut kept, destination).and_then(|session| decide(session, step))
            }
            // Where nothing was kept yet, nothing has a name.
            Order::Rename { destination, .. } if !Session::exists(destination) => Ok(()),
            Order::Rename { destination, from, to } => {
                session(&mut kept, destination).and_then(|session| session.rename_label(from, to))
            }
            _ => {
                // They may make a session where there was one: what is open is that of before.
                if matches!(order, Order::Classify { .. } | Order::Open { .. }) {
                    kept = None;
                }
                // The runner is gone only when the app is closed.
                let _ = runner.send(order.clone());
                Ok(())
            }
        };
        if let Err(error) = done
            && events.send(Event::Trouble { error: error.into() }).is_err()
        {
            return;
        }
    }
}

/// The session of a destination, opened once.
fn session<'k>(kept: &'k mut Option<(PathBuf, Session)>, destination: &Path) -> Result<&'k mut Session, StoreError> {
    if kept.as_ref().is_none_or(|(known, _)| known != destination) {
        *kept = Some((destination.to_owned(), Session::open_to_review(destination)?));
    }
    match kept {
        Some((_, session)) => Ok(session),
        None => Err(StoreError::NoSession { destination: destination.to_owned() }),
    }
}

/// Keeps a step that was made at once.
pub(super) fn decide(session: &mut Session, step: &SaidStep) -> Result<(), StoreError> {
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
    session.decide(&Step { kind: step.kind, said })
}
