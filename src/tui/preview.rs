//! Pictures on the screen, in the best form that the terminal has.

use std::sync::{Arc, Mutex, PoisonError};

use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbImage};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui_image::picker::{Picker, ProtocolType};
use ratatui_image::protocol::Protocol;
use ratatui_image::{Image, Resize};

use crate::backend::{PreviewRenderer, PreviewSize, RenderedPreview};
use crate::config::Preview;

/// Paints pictures on the backend's thread. Until the terminal has answered, it knows half blocks alone.
pub(super) struct ScreenPainter {
    picker: Mutex<Picker>,
    /// The abilities of the terminal, as it said them.
    able: Mutex<ProtocolType>,
}

impl ScreenPainter {
    pub(super) fn new() -> Arc<ScreenPainter> {
        let picker = Mutex::new(Picker::halfblocks());
        Arc::new(ScreenPainter { picker, able: Mutex::new(ProtocolType::Halfblocks) })
    }

    /// Takes the terminal's answer.
    pub(super) fn answered(&self, picker: Picker) {
        *self.able.lock().unwrap_or_else(PoisonError::into_inner) = picker.protocol_type();
        *self.picker.lock().unwrap_or_else(PoisonError::into_inner) = picker;
    }

    /// Paints in this way from now on.
    pub(super) fn choose(&self, preview: Preview) {
        let protocol = match preview {
            Preview::Auto | Preview::None => *self.able.lock().unwrap_or_else(PoisonError::into_inner),
            Preview::Kitty => ProtocolType::Kitty,
            Preview::Iterm2 => ProtocolType::Iterm2,
            Preview::Sixel => ProtocolType::Sixel,
            Preview::Blocks => ProtocolType::Halfblocks,
        };
        self.picker.lock().unwrap_or_else(PoisonError::into_inner).set_protocol_type(protocol);
    }
}

impl PreviewRenderer for ScreenPainter {
    fn paint(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview> {
        let picker = self.picker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let size = Size::new(room.columns, room.rows);
        let made = picker.new_protocol(DynamicImage::ImageRgb8(pixels), size, Resize::Scale(None));
        let protocol = made.inspect_err(|error| tracing::warn!("a picture cannot be painted: {error}")).ok()?;
        Some(RenderedPreview(Arc::new(protocol)))
    }

    fn dots(&self, room: PreviewSize) -> (u32, u32) {
        let (width, height) = dots_of_cell(&self.picker.lock().unwrap_or_else(PoisonError::into_inner));
        (u32::from(room.columns) * width, u32::from(room.rows) * height)
    }

    fn paint_exactly(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview> {
        let picker = self.picker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ((across, down), font) = (dots_of_cell(&picker), picker.font_size());
        let (across, down) = (u32::from(font.width) / across, u32::from(font.height) / down);
        // Where a dot is more than a pixel of the terminal, each pixel becomes as large as that.
        let (width, height) = (pixels.width() * across.max(1), pixels.height() * down.max(1));
        let pixels = imageops::resize(&pixels, width, height, FilterType::Nearest);
        let size = Size::new(room.columns, room.rows);
        let made = picker.new_protocol(DynamicImage::ImageRgb8(pixels), size, Resize::Fit(None));
        let protocol = made.inspect_err(|error| tracing::warn!("a picture cannot be painted: {error}")).ok()?;
        Some(RenderedPreview(Arc::new(protocol)))
    }
}

/// True for a picture that is made of characters, over which others can be written.
pub(super) fn is_text(painted: &RenderedPreview) -> bool {
    painted.0.downcast_ref::<Protocol>().is_some_and(|protocol| matches!(protocol, Protocol::Halfblocks(_)))
}

/// Dots of a cell across and down.
fn dots_of_cell(picker: &Picker) -> (u32, u32) {
    match picker.protocol_type() {
        ProtocolType::Halfblocks => (1, 2),
        _ => (u32::from(picker.font_size().width.max(1)), u32::from(picker.font_size().height.max(1))),
    }
}

/// Draws a painted picture in the middle of an area.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, painted: &RenderedPreview) {
    let Some(protocol) = painted.0.downcast_ref::<Protocol>() else { return };
    let Size { width, height } = protocol.size();
    let (left, top) = (area.width.saturating_sub(width) / 2, area.height.saturating_sub(height) / 2);
    let middle = Rect { x: area.x + left, y: area.y + top, width: area.width - left, height: area.height - top };
    frame.render_widget(Image::new(protocol), middle);
}

/// Cells that a painted picture has.
pub(super) fn size_of(painted: &RenderedPreview) -> Option<Size> {
    painted.0.downcast_ref::<Protocol>().map(Protocol::size)
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use ratatui::backend::CrosstermBackend;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    /// A picture as hard to pack as a photograph: shades with grain.
    fn grainy() -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(1280, 960, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (state >> 28) as u8;
            Rgb([(x / 6) as u8 + grain, (y / 5) as u8 + grain, ((x + y) / 10) as u8 + grain])
        })
    }

    /// Bytes that a picture costs in 60x30 cells of 10x20 pixels, and bytes that drawing it again costs.
    fn bytes(preview: Preview) -> (usize, usize) {
        let painter = ScreenPainter::new();
        painter.choose(preview);
        let area = Rect::new(0, 0, 60, 30);
        let room = PreviewSize { columns: area.width, rows: area.height, generation: 0 };
        let painted = painter.paint(grainy(), room).unwrap();
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let mut terminal = Terminal::with_options(CrosstermBackend::new(Vec::new()), options).unwrap();
        let mut drawn = || {
            terminal.draw(|frame| draw(frame, area, &painted)).unwrap();
            std::mem::take(terminal.backend_mut().writer_mut()).len()
        };
        (drawn(), drawn())
    }

    /// The limits of kitty and iTerm2 are the size of their pixels: raw with an alpha channel, and as PNG.
    #[test]
    fn a_picture_costs_a_limited_number_of_bytes_and_nothing_the_second_time() {
        for (preview, limit) in [
            (Preview::Blocks, 100_000),
            (Preview::Sixel, 500_000),
            (Preview::Iterm2, 1_200_000),
            (Preview::Kitty, 2_000_000),
        ] {
            let (first, again) = bytes(preview);
            println!("{preview:?}: {first} bytes, then {again}");
            assert!(first > 10_000 && first < limit, "{preview:?}: {first}");
            assert!(again < 2_000, "{preview:?}: {again}");
        }
    }
}
