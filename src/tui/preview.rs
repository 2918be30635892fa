//! Pictures on the screen, in the best form that the terminal has.

use image::{DynamicImage, RgbImage};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui_image::picker::Picker;
use ratatui_image::protocol::Protocol;
use ratatui_image::{Image, Resize};

/// What is needed to draw pictures, and the last one as it was drawn.
pub(super) struct Preview {
    picker: Picker,
    drawn: Option<(u64, Rect, Protocol)>,
}

impl Preview {
    /// Asks the terminal what it can draw; half blocks where it does not answer. To be called before events are read.
    pub(super) fn ask_terminal() -> Preview {
        let picker = Picker::from_query_stdio().unwrap_or_else(|error| {
            tracing::info!("no answer about pictures, half blocks are used: {error}");
            Picker::halfblocks()
        });
        Preview { picker, drawn: None }
    }

    /// Half blocks, without asking.
    #[cfg(test)]
    pub(super) fn half_blocks() -> Preview {
        Preview { picker: Picker::halfblocks(), drawn: None }
    }

    /// Draws picture `number` as large as the area allows.
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, number: u64, pixels: &RgbImage) {
        if self.drawn.as_ref().is_none_or(|(known, there, _)| *known != number || *there != area) {
            let picture = DynamicImage::ImageRgb8(pixels.clone());
            let made = self.picker.new_protocol(picture, area.as_size(), Resize::Scale(None));
            self.drawn = match made {
                Ok(protocol) => Some((number, area, protocol)),
                Err(error) => {
                    tracing::warn!("a picture cannot be shown: {error}");
                    None
                }
            };
        }
        if let Some((_, _, protocol)) = &self.drawn {
            frame.render_widget(Image::new(protocol), area);
        }
    }
}
