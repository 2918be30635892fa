//! Decoding within one budget of memory for all decoders of the program, whatever the number of cores: files of a few
//! hundred bytes can be pictures of hundreds of megabytes.

use std::borrow::Borrow;

use image::RgbImage;

use super::byte_semaphore::{ByteSemaphore, Permit};
use crate::files::decode::{Decoded, decode_small, decode_within};
use crate::files::defect::PictureDefect;
use crate::files::read::FileContent;

/// The bytes that all pictures being decoded may take together. One that takes more has it to itself; no picture that
/// is decoded does.
const MEMORY: u64 = 1 << 30;

static SEMAPHORE: ByteSemaphore = ByteSemaphore::new(MEMORY);

/// Decodes a content, once there is memory for it, and does something with the picture. The memory is others' when that
/// is done.
pub fn decoded<T>(content: impl Borrow<FileContent>, then: impl FnOnce(Decoded) -> T) -> Result<T, PictureDefect> {
    let mut share: Option<Permit<'static>> = None;
    let mut room = |bytes| share = Some(SEMAPHORE.acquire(bytes));
    let FileContent { bytes, kind, .. } = content.borrow();
    let decoded = decode_within(bytes, *kind, &mut room)?;
    drop(content);
    let done = then(decoded);
    drop(share);
    Ok(done)
}

/// The same for a small picture on the screen, with at least `side` pixels on its longer side where it has them.
pub fn decoded_small<T>(content: FileContent, side: u32, then: impl FnOnce(RgbImage) -> T) -> Result<T, PictureDefect> {
    let mut share: Option<Permit<'static>> = None;
    let mut room = |bytes| {
        // A second wish is for the exact way, after the quick one led nowhere.
        share = None;
        share = Some(SEMAPHORE.acquire(bytes));
    };
    let pixels = decode_small(&content.bytes, content.kind, side, &mut room)?;
    drop(content);
    let done = then(pixels);
    drop(share);
    Ok(done)
}
