//! Counts the files of a source while it is typed.

use std::path::Path;

use crossbeam_channel::{Receiver, Sender};

use super::{Checked, Event, Order, newest};
use crate::files::kind::has_picture_name;
use crate::files::scan::scan;
use crate::jobs::stop::Stop;

pub(super) fn run(orders: &Receiver<Order>, ending: &Stop, events: &Sender<Event>) {
    while let Some(order) = newest(orders) {
        if ending.is_requested() {
            return;
        }
        let Order::Check { number, source, recursive, destination } = order else { continue };
        let counted = scan(&source, recursive, &destination).map(|found| {
            let pictures = found.files.iter().filter(|path| has_picture_name(path.as_ref() as &Path)).count();
            Checked { pictures, others: found.files.len() - pictures }
        });
        let result = counted.map_err(Into::into);
        if events.send(Event::Checked { number, result }).is_err() {
            return;
        }
    }
}
