//! Pictures on the screen, in the best form that the terminal has: in its own graphics, or in cells.

mod cells;
mod dots;
mod scale;
mod two_colours;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use image::{DynamicImage, RgbImage};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use crate::backend::{PreviewRenderer, PreviewSize, RenderedPreview};
use crate::config::Preview;

use cells::CellPicture;
#[cfg(test)]
pub(super) use cells::tests::{mean_error, seen};
pub(super) use dots::{Dots, share_of_ink};
use scale::{fitted, scaled};

/// A way in which terminals take pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Graphics {
    /// The protocol of kitty, with the places of pictures as text.
    Kitty,
    /// The protocol of iTerm2.
    Iterm2,
    /// Sixels.
    Sixel,
}

impl From<Graphics> for Preview {
    fn from(graphics: Graphics) -> Preview {
        match graphics {
            Graphics::Kitty => Preview::Kitty,
            Graphics::Iterm2 => Preview::Iterm2,
            Graphics::Sixel => Preview::Sixel,
        }
    }
}

/// All that drawing pictures has to know of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abilities {
    /// The best way in which it takes pixels, if any.
    pub(super) graphics: Option<Graphics>,
    /// The most dots of a cell that it is known to draw.
    pub(super) dots: Dots,
    /// Width and height of a cell in pixels.
    pub(super) cell: (u16, u16),
    /// The program runs in tmux, and graphics have to be handed through.
    pub(super) is_tmux: bool,
    /// It unpacks pixels that come by the protocol of kitty.
    pub(super) unpacks: bool,
}

impl Default for Abilities {
    fn default() -> Abilities {
        // A cell is about twice as high as wide.
        Abilities { graphics: None, dots: Dots::default(), cell: (10, 20), is_tmux: false, unpacks: false }
    }
}

/// Paints pictures on the backend's thread. Until the terminal has answered, it knows cells alone.
pub(super) struct ScreenPainter {
    chosen: Mutex<(Abilities, Preview)>,
    /// Whether graphics are drawn, as opposed to the cells that stand for them while a line is busy.
    shows_graphics: Arc<AtomicBool>,
}

/// A painted picture.
struct Painting {
    cells: CellPicture,
    graphics: Option<Protocol>,
    shows_graphics: Arc<AtomicBool>,
}

impl ScreenPainter {
    pub(super) fn new() -> Arc<ScreenPainter> {
        let shows_graphics = Arc::new(AtomicBool::new(true));
        Arc::new(ScreenPainter { chosen: Mutex::default(), shows_graphics })
    }

    /// Takes the terminal's answer.
    pub(super) fn answered(&self, abilities: Abilities) {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).0 = abilities;
    }

    /// Paints in this way from now on.
    pub(super) fn choose(&self, preview: Preview) {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).1 = preview;
    }

    /// Has pictures that were painted as graphics drawn as such, or in cells. True where that changes anything.
    pub(super) fn show_graphics(&self, wanted: bool) -> bool {
        self.shows_graphics.swap(wanted, Ordering::SeqCst) != wanted
    }

    /// The way of drawing in cells that the terminal can do best.
    pub(super) fn in_cells(&self) -> Preview {
        match self.chosen.lock().unwrap_or_else(PoisonError::into_inner).0.dots {
            Dots::Halves => Preview::Blocks,
            Dots::Quadrants => Preview::Quadrants,
            Dots::Sextants => Preview::Sextants,
        }
    }

    /// Whether pictures are painted in the terminal's own graphics.
    pub(super) fn paints_graphics(&self) -> bool {
        self.form().0.is_some()
    }

    /// Whether such ones are drawn now, as opposed to cells in their place.
    pub(super) fn draws_graphics(&self) -> bool {
        self.paints_graphics() && self.shows_graphics.load(Ordering::SeqCst)
    }

    /// The picture in so many cells, whatever that does to its proportions.
    fn painted(&self, pixels: &RgbImage, columns: u16, rows: u16) -> RenderedPreview {
        let (graphics, dots, abilities) = self.form();
        let cells = CellPicture::paint(pixels, dots, columns, rows);
        let graphics = graphics.and_then(|graphics| {
            let painted = in_graphics(graphics, pixels, Size::new(columns, rows), abilities);
            painted.inspect_err(|error| tracing::warn!("a picture cannot be painted: {error}")).ok()
        });
        let shows_graphics = Arc::clone(&self.shows_graphics);
        RenderedPreview(Arc::new(Painting { cells, graphics, shows_graphics }))
    }

    /// Dots of a cell across and down: those of its sign, or the pixels of the terminal's graphics.
    fn dots_of_cell(&self) -> (u32, u32) {
        let (graphics, dots, abilities) = self.form();
        let (across, down) = dots.grid();
        match graphics {
            Some(_) => (u32::from(abilities.cell.0.max(1)), u32::from(abilities.cell.1.max(1))),
            None => (across as u32, down as u32),
        }
    }

    /// How pictures are painted now: graphics if they are, and the dots of a cell.
    fn form(&self) -> (Option<Graphics>, Dots, Abilities) {
        let (abilities, preview) = *self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        let (graphics, dots) = match preview {
            Preview::Auto | Preview::None => (abilities.graphics, abilities.dots),
            Preview::Kitty => (Some(Graphics::Kitty), abilities.dots),
            Preview::Iterm2 => (Some(Graphics::Iterm2), abilities.dots),
            Preview::Sixel => (Some(Graphics::Sixel), abilities.dots),
            Preview::Sextants => (None, Dots::Sextants),
            Preview::Quadrants => (None, Dots::Quadrants),
            Preview::Blocks => (None, Dots::Halves),
        };
        (graphics, dots, abilities)
    }
}

impl PreviewRenderer for ScreenPainter {
    fn paint(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview> {
        let (_, _, abilities) = self.form();
        let (columns, rows) = fitted(pixels.dimensions(), (room.columns, room.rows), abilities.cell)?;
        Some(self.painted(&pixels, columns, rows))
    }

    fn dots(&self, room: PreviewSize) -> (u32, u32) {
        let (across, down) = self.dots_of_cell();
        (u32::from(room.columns) * across, u32::from(room.rows) * down)
    }

    fn paint_exactly(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview> {
        let (width, height) = pixels.dimensions();
        let (across, down) = self.dots_of_cell();
        let columns = u16::try_from(width.div_ceil(across)).ok()?.min(room.columns);
        let rows = u16::try_from(height.div_ceil(down)).ok()?.min(room.rows);
        let (most_x, most_y) = (width.checked_sub(1)?, height.checked_sub(1)?);
        // Cells that the picture fills in part repeat its edge, so that no pixel is resized.
        let whole = RgbImage::from_fn(u32::from(columns) * across, u32::from(rows) * down, |x, y| {
            *pixels.get_pixel(x.min(most_x), y.min(most_y))
        });
        Some(self.painted(&whole, columns, rows))
    }
}

/// The picture in the terminal's own graphics.
fn in_graphics(
    graphics: Graphics,
    pixels: &RgbImage,
    size: Size,
    abilities: Abilities,
) -> Result<Protocol, ratatui_image::errors::Errors> {
    let (width, height) = abilities.cell;
    let (width, height) = (u32::from(size.width) * u32::from(width), u32::from(size.height) * u32::from(height));
    let pixels = DynamicImage::ImageRgb8(scaled(pixels, width, height));
    let Abilities { is_tmux, unpacks, .. } = abilities;
    match graphics {
        Graphics::Kitty => Kitty::new(pixels, size, number(), is_tmux, unpacks, false).map(Protocol::Kitty),
        Graphics::Iterm2 => Iterm2::new(pixels, size, is_tmux).map(Protocol::ITerm2),
        Graphics::Sixel => Sixel::new(pixels, size, is_tmux).map(Protocol::Sixel),
    }
}

/// A number for a picture in the terminal, which other programs' pictures hardly have.
fn number() -> u32 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u32::from_ne_bytes(bytes).max(1),
        Err(_) => std::process::id(),
    }
}

/// Cells that a picture of so many pixels fills in a room, as wide as half their height.
#[cfg(test)]
pub(super) fn cells_of(pixels: (u32, u32), room: PreviewSize) -> Option<(u16, u16)> {
    fitted(pixels, (room.columns, room.rows), Abilities::default().cell)
}

/// Cells that a painted picture has.
pub(super) fn size_of(painted: &RenderedPreview) -> Option<Size> {
    let painting = painted.0.downcast_ref::<Painting>()?;
    Some(Size::new(painting.cells.columns, painting.cells.rows))
}

/// Draws a painted picture in the middle of an area.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, painted: &RenderedPreview) {
    let Some(painting) = painted.0.downcast_ref::<Painting>() else { return };
    let middle = in_the_middle(painting, area.intersection(frame.area()));
    match &painting.graphics {
        Some(graphics) if painting.shows_graphics.load(Ordering::SeqCst) => {
            frame.render_widget(Image::new(graphics), middle);
        }
        _ => painting.cells.draw(middle, frame.buffer_mut()),
    }
}

/// Draws a painted picture in cells, over which something else can be written.
pub(super) fn draw_in_cells(frame: &mut Frame<'_>, area: Rect, painted: &RenderedPreview) {
    let Some(painting) = painted.0.downcast_ref::<Painting>() else { return };
    let middle = in_the_middle(painting, area.intersection(frame.area()));
    painting.cells.draw(middle, frame.buffer_mut());
}

/// The middle of an area, as large as a picture.
fn in_the_middle(painting: &Painting, area: Rect) -> Rect {
    let (columns, rows) = (painting.cells.columns.min(area.width), painting.cells.rows.min(area.height));
    let (left, top) = ((area.width - columns) / 2, (area.height - rows) / 2);
    Rect { x: area.x + left, y: area.y + top, width: columns, height: rows }
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
            (Preview::Quadrants, 100_000),
            (Preview::Sextants, 100_000),
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

    #[test]
    fn a_picture_that_is_painted_exactly_keeps_each_pixel_as_a_dot() {
        let painter = ScreenPainter::new();
        painter.choose(Preview::Sextants);
        let room = PreviewSize { columns: 10, rows: 5, generation: 0 };
        assert_eq!(painter.dots(room), (20, 15));
        // Two colours in columns of one pixel: a cell that was resized would have a third.
        let pixels = RgbImage::from_fn(5, 7, |x, _| Rgb(if x % 2 == 0 { [255; 3] } else { [0; 3] }));
        let painted = painter.paint_exactly(pixels, room).unwrap();
        assert_eq!(size_of(&painted), Some(Size::new(3, 3)));
        let painting = painted.0.downcast_ref::<Painting>().unwrap();
        let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, 3, 3));
        painting.cells.draw(buffer.area, &mut buffer);
        let signs: Vec<&str> = buffer.content().iter().map(|cell| cell.symbol()).collect();
        let halves = |sign: &&&str| ["▌", "▐"].contains(*sign);
        // The last column of cells has one column of pixels, which is repeated.
        assert!(signs.chunks(3).all(|row| row[..2].iter().all(|sign| halves(&sign)) && !halves(&&row[2])), "{signs:?}");
        assert!(painter.paint_exactly(RgbImage::new(0, 3), room).is_none());
    }
}
