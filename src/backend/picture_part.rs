//! The part of a picture that is looked at, and its pixels.

use image::{RgbImage, imageops};

/// The part of a picture that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// None of it: only the facts about its file are asked for.
    Nothing,
    /// All of it, as large as the room allows.
    #[default]
    Whole,
    /// As much of it as the room has dots, so many half rooms to the right of its middle and below that.
    Exact {
        /// Half rooms to the right; to the left below zero.
        across: i16,
        /// Half rooms down; up below zero.
        down: i16,
    },
}

/// As much of a picture as there are dots, so many halves of that away from its middle, and no further than it goes.
pub(super) fn cut(pixels: &RgbImage, (across, down): (i16, i16), dots: (u32, u32)) -> (Part, RgbImage) {
    let (across, left, width) = window(pixels.width(), dots.0, across);
    let (down, top, height) = window(pixels.height(), dots.1, down);
    (Part::Exact { across, down }, imageops::crop_imm(pixels, left, top, width, height).to_image())
}

/// Along one side: the step that there is, where the window begins, and how long it is.
fn window(length: u32, room: u32, step: i16) -> (i16, u32, u32) {
    let room = room.clamp(1, length.max(1));
    let (half, spare) = ((room / 2).max(1), length.saturating_sub(room));
    // As many steps to a side as reach the edge.
    let most = i16::try_from((spare / 2).div_ceil(half)).unwrap_or(i16::MAX);
    let step = step.clamp(-most, most);
    let begin = i64::from(spare / 2) + i64::from(step) * i64::from(half);
    (step, begin.clamp(0, i64::from(spare)) as u32, room.min(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_no_further_than_the_picture() {
        // A room of 10 on 100: half rooms of 5, nine of them to each edge.
        assert_eq!(window(100, 10, 0), (0, 45, 10));
        assert_eq!(window(100, 10, 1), (1, 50, 10));
        assert_eq!(window(100, 10, 99), (9, 90, 10));
        assert_eq!(window(100, 10, -99), (-9, 0, 10));
        // The last step may be shorter, and ends at the edge.
        assert_eq!(window(23, 10, 9), (2, 13, 10));
        assert_eq!((window(8, 10, 5), window(1, 10, 1), window(0, 10, 0)), ((0, 0, 8), (0, 0, 1), (0, 0, 0)));
        assert_eq!(window(u32::MAX, 1, i16::MAX).0, i16::MAX);
    }
}
