//! Decodes pictures to look at, the newest request first.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use image::RgbImage;

use super::{Event, Order, newest};
use crate::files::decode::decode;
use crate::files::read::{Reading, read};

pub(super) fn run(orders: &Receiver<Order>, events: &Sender<Event>) {
    while let Some(order) = newest(orders) {
        let Order::View { number, path, other } = order else { continue };
        // What was moved is in the destination.
        let pixels = pixels(&path).or_else(|| other.as_deref().and_then(pixels)).map(Arc::new);
        if events.send(Event::Viewed { number, pixels }).is_err() {
            return;
        }
    }
}

fn pixels(path: &Path) -> Option<RgbImage> {
    let Reading::Content(content) = read(path) else { return None };
    decode(&content.bytes, content.kind).ok().map(|decoded| decoded.pixels)
}
