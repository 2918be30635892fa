//! Pictures on the screen, in the best form that the terminal has.

use std::sync::{Arc, Mutex, PoisonError};

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
}

/// True for a picture that is made of characters, over which others can be written.
pub(super) fn is_text(painted: &RenderedPreview) -> bool {
    painted.0.downcast_ref::<Protocol>().is_some_and(|protocol| matches!(protocol, Protocol::Halfblocks(_)))
}

/// Draws a painted picture.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, painted: &RenderedPreview) {
    if let Some(protocol) = painted.0.downcast_ref::<Protocol>() {
        frame.render_widget(Image::new(protocol), area);
    }
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
