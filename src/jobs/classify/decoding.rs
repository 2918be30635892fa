//! The decoders: contents in, pictures as the image tower takes them out.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::{Content, Finished, Hashed, Item, News, Results, Waiting};
use crate::domain::perceptual_hash::PerceptualHash;
use crate::engine::image_processor::{ImageProcessor, PreparedPicture};
use crate::files::defect::PictureDefect;
use crate::files::read::FileContent;
use crate::jobs::decoding::decoded;
use crate::jobs::stage_clocks::StageClock;
use crate::panics::caught;

pub(super) fn decode_files(
    (contents, prepared, results): (Receiver<Item<Content<'_>>>, Sender<Item<Waiting>>, Results),
    processor: &ImageProcessor,
    awaits_rest: &(dyn Fn(usize) -> bool + Sync),
    clock: &StageClock,
    go_on: &(dyn Fn() -> bool + Sync),
) {
    let mut hand = clock.timer();
    for Item { position, stage: (content, share) } in contents {
        hand.waited();
        if !go_on() {
            return;
        }
        hand.begin();
        let file = Hashed::from(&content);
        let decoder = content.kind.decoder();
        let prepared_picture = decode_and_prepare(content, processor);
        drop(share);
        hand.worked();
        let sent = match prepared_picture {
            Ok(Decoded { is_whole: false, .. }) if awaits_rest(position) => {
                let stage = Finished::Troubled { file: Some(file), trouble: PictureDefect::Truncated };
                results.send(News::Finished(Box::new(Item { position, stage }))).is_ok()
            }
            Ok(Decoded { prepared: pixels, is_whole, look }) => {
                let stage = Waiting { file, prepared: Arc::new(pixels), is_whole, decoder, look };
                prepared.send(Item { position, stage }).is_ok()
            }
            Err(trouble) => {
                let stage = Finished::Troubled { file: Some(file), trouble };
                results.send(News::Finished(Box::new(Item { position, stage }))).is_ok()
            }
        };
        hand.waited();
        if !sent {
            return;
        }
    }
}

/// A picture as the image tower takes it, whether its file is whole, and how it looks.
struct Decoded {
    prepared: PreparedPicture,
    is_whole: bool,
    look: Option<PerceptualHash>,
}

fn decode_and_prepare(content: FileContent, processor: &ImageProcessor) -> Result<Decoded, PictureDefect> {
    decoded(content, |decoded| {
        let prepared = caught(|| processor.prepare(&decoded.pixels));
        let prepared = prepared.map_err(|panicked| PictureDefect::Damaged { detail: panicked.to_string() })?;
        let (width, height) = decoded.pixels.dimensions();
        let look = PerceptualHash::of(width as usize, height as usize, decoded.pixels.as_raw());
        Ok(Decoded { prepared, is_whole: decoded.is_whole, look })
    })?
}
