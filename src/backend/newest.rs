//! Orders that a newer one of the same kind replaces: only the newest is answered.

use std::mem::discriminant;

use crossbeam_channel::Receiver;

use super::events::EventSender;
use super::{Event, Order};
use crate::jobs::cancel_token::CancelToken;

/// Answers orders as they come, until the app ends. An order without an answer gives none.
pub(super) fn answer_newest(
    orders: &Receiver<Order>,
    ending: &CancelToken,
    events: &EventSender,
    mut answer: impl FnMut(Order) -> Option<Event>,
) {
    while let Ok(first) = orders.recv() {
        for order in newest_of_each(first, orders) {
            if ending.is_requested() {
                return;
            }
            let Some(event) = answer(order) else { continue };
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

/// Everything that waits; of several orders of one kind only the newest.
fn newest_of_each(first: Order, orders: &Receiver<Order>) -> Vec<Order> {
    let mut waiting: Vec<Order> = vec![first];
    for order in orders.try_iter() {
        waiting.retain(|known| discriminant(known) != discriminant(&order));
        waiting.push(order);
    }
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::file_filter::FileFilter;

    #[test]
    fn of_one_kind_the_newest_is_done() {
        let (send, receive) = crossbeam_channel::unbounded();
        let complete = |typed: &str| Order::Complete { typed: typed.to_owned() };
        let (source, destination) = (std::path::PathBuf::new(), std::path::PathBuf::new());
        let check = Order::Check { number: 1, source, recursive: true, choice: FileFilter::default(), destination };
        for order in [check, complete("b"), complete("c")] {
            send.send(order).unwrap();
        }
        let done = newest_of_each(complete("a"), &receive);
        assert!(matches!(&done[..], [Order::Check { .. }, Order::Complete { typed }] if typed == "c"), "{done:?}");
    }
}
