//! Colours that share a name: the standard forbids it, and some files have it. As in libjpeg-turbo, a scan means by
//! such a name the first colour of it that it has not named before.

use std::borrow::Cow;

use super::markers::{Frame, SCAN, Segment};

/// The file with a name of its own for each colour; as it is where they have one.
pub(super) fn unique<'b>(bytes: &'b [u8], segments: &[Segment<'_>], frame: &Frame) -> Cow<'b, [u8]> {
    let names: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
    let is_shared = |name: &u8| names.iter().filter(|other| *other == name).count() > 1;
    if !names.iter().any(is_shared) {
        return Cow::Borrowed(bytes);
    }
    let mut named = bytes.to_vec();
    let place = |segment: &Segment<'_>| bytes.len() - segment.rest.len() - segment.content.len();
    for segment in segments {
        match segment.marker {
            marker if Frame::is_marked_by(marker) => {
                let entries = named[place(segment)..].iter_mut().skip(6).step_by(3);
                entries.zip(1..).take(names.len()).for_each(|(name, number)| *name = number);
            }
            SCAN => {
                let mut left: Vec<Option<u8>> = names.iter().copied().map(Some).collect();
                let count = segment.content.first().copied().unwrap_or_default();
                let entries = named[place(segment)..].iter_mut().skip(1).step_by(2).take(usize::from(count));
                for name in entries {
                    let Some(index) = left.iter().position(|other| *other == Some(*name)) else { continue };
                    left[index] = None;
                    *name = index as u8 + 1;
                }
            }
            _ => {}
        }
    }
    Cow::Owned(named)
}
