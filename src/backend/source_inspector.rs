//! Looks at folders while they are typed: counts the files of a source, completes paths. Hands pictures to programs
//! outside, too.

use crossbeam_channel::Receiver;

use super::events::EventSender;
use super::newest::answer_newest;
use super::outside::Outside;
use super::path_completion::completed;
use super::{Checked, Event, Order};
use crate::files::kind::has_picture_name;
use crate::files::scan::{Kept, Scan, Scope};
use crate::jobs::cancel_token::CancelToken;

pub(super) fn run(orders: &Receiver<Order>, ending: &CancelToken, events: &EventSender) {
    let mut outside = Outside::default();
    answer_newest(orders, ending, events, |order| match order {
        Order::Check { number, source, recursive, choice, destination } => {
            // Anything typed meanwhile makes the count stale.
            let goes_on = || !ending.is_requested() && orders.is_empty();
            let kept = Kept::new();
            let scope = Scope { source: &source, recursive, destination: &destination, choice: &choice, kept: &kept };
            let result = match scope.scan_while(&goes_on) {
                Ok(None) => return None,
                Ok(Some(found)) => Ok(counted(&found)),
                Err(error) => Err(error.into()),
            };
            Some(Event::Checked { number, result })
        }
        Order::Complete { typed } => {
            let text = completed(&typed).unwrap_or_else(|| typed.clone());
            Some(Event::Completed { typed, text })
        }
        Order::OpenOutside { sight, viewer } => {
            let opened = outside.open(&sight, viewer.as_deref());
            Some(Event::OpenedOutside { opened, is_shown: viewer.is_some() })
        }
        _ => None,
    });
}

fn counted(found: &Scan) -> Checked {
    let pictures = found.files.iter().filter(|path| has_picture_name(path)).count();
    let left_out = found.left_out.counts();
    Checked { pictures, others: found.files.len() - pictures, left_out }
}
