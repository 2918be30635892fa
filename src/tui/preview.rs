//! Pictures on the screen, in the best form that the terminal has.

use std::sync::{Arc, Mutex, PoisonError};

use image::{DynamicImage, RgbImage};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui_image::picker::{Picker, ProtocolType};
use ratatui_image::protocol::Protocol;
use ratatui_image::{Image, Resize};

use crate::config::Preview;
use crate::jobs::crew::{Painted, Painter, Room};

/// Paints pictures on the crew's thread. Until the terminal has answered, it knows half blocks alone.
pub(super) struct ScreenPainter {
    picker: Mutex<Picker>,
    /// What the terminal said that it can.
    able: Mutex<ProtocolType>,
}

impl ScreenPainter {
    pub(super) fn new() -> Arc<ScreenPainter> {
        let picker = Mutex::new(Picker::halfblocks());
        Arc::new(ScreenPainter { picker, able: Mutex::new(ProtocolType::Halfblocks) })
    }

    /// Takes what the terminal has answered.
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

impl Painter for ScreenPainter {
    fn paint(&self, pixels: RgbImage, room: Room) -> Option<Painted> {
        let picker = self.picker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let size = Size::new(room.columns, room.rows);
        let made = picker.new_protocol(DynamicImage::ImageRgb8(pixels), size, Resize::Scale(None));
        let protocol = made.inspect_err(|error| tracing::warn!("a picture cannot be painted: {error}")).ok()?;
        Some(Painted(Arc::new(protocol)))
    }
}

/// Draws what the painter made.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, painted: &Painted) {
    if let Some(protocol) = painted.0.downcast_ref::<Protocol>() {
        frame.render_widget(Image::new(protocol), area);
    }
}
