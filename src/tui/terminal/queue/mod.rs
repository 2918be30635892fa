//! The cells that the terminal is to show, on their way there: text goes at once, pictures as the line takes them.
//!
//! A cell with a colour of its own (24 bits, or one of 256) is a picture's: text has the terminal's named colours.
//! Pictures' cells wait here, a newer drawing takes the place of an older one, and what is left out was never sent.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

use super::encode::{Encoder, Palette};
use super::rough::rough;

/// Bytes of a picture's cell, about: docs/performance.md has the measurement.
const CELL_BYTES: usize = 28;

/// A picture that takes no longer than this goes as it is.
const DIRECT: Duration = Duration::from_millis(150);

/// One that takes longer than this goes in 256 colours before it goes in all.
const LONG: Duration = Duration::from_millis(400);

/// Bytes of a rough picture at most.
const ROUGH_BYTES: usize = 10 << 10;

/// Blank cells beside each other that are erased together rather than written one by one.
const BLANKS: usize = 24;

/// How far the pictures that wait have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing of them was sent.
    Fresh,
    /// Their rough forms go, and then nothing until no key has come for a moment.
    Rough { then: Palette },
    /// They go in this palette, from this cell on.
    Fine { palette: Palette, from: usize },
    /// They went in few colours, and nothing goes until no key has come for a longer moment.
    Indexed,
}

/// For how long no key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quiet {
    /// Not long.
    No,
    /// The person looks.
    Moment,
    /// The person looks closely.
    Long,
}

/// The cells on their way.
pub(super) struct CellQueue {
    text: CrosstermBackend<Vec<u8>>,
    size: Size,
    /// Row by row, the pictures' cells that wait.
    pending: Vec<Option<Cell>>,
    /// How many of them there are.
    count: usize,
    stage: Stage,
    /// Rough pictures that go next.
    rough: VecDeque<Vec<u8>>,
    /// The most colours that the terminal has.
    palette: Palette,
    /// Erasing leaves the colour that is set.
    erases_in_colour: bool,
}

impl CellQueue {
    pub(super) fn new(palette: Palette, erases_in_colour: bool) -> CellQueue {
        CellQueue {
            text: CrosstermBackend::new(Vec::new()),
            size: Size::default(),
            pending: Vec::new(),
            count: 0,
            stage: Stage::Fresh,
            rough: VecDeque::new(),
            palette,
            erases_in_colour,
        }
    }

    /// All that is not of pictures, since this was asked last.
    pub(super) fn take_text(&mut self) -> Vec<u8> {
        std::mem::take(self.text.writer_mut())
    }

    /// The next bytes of pictures, about as many as there is room for. `time_for` tells how long the line takes for so
    /// many bytes.
    pub(super) fn take_pictures(&mut self, room: usize, quiet: Quiet, time_for: impl Fn(usize) -> Duration) -> Vec<u8> {
        self.begin(time_for);
        let mut bytes = Vec::new();
        while bytes.len() < room && self.is_ready(quiet) {
            match self.stage {
                Stage::Rough { then } => match self.rough.pop_front() {
                    Some(row) => bytes.extend(row),
                    None => self.stage = Stage::Fine { palette: then, from: 0 },
                },
                Stage::Indexed => self.stage = Stage::Fine { palette: self.palette, from: 0 },
                Stage::Fine { palette, from } => bytes.extend(self.fine(palette, from, room - bytes.len())),
                Stage::Fresh => break,
            }
        }
        bytes
    }

    /// Whether pictures have something to send now, if there is room.
    pub(super) fn is_ready(&self, quiet: Quiet) -> bool {
        self.needs().is_some_and(|needed| quiet >= needed)
    }

    /// Whether each cell that was drawn last was sent, be it in few colours.
    pub(super) fn is_shown(&self) -> bool {
        self.count == 0 || self.stage == Stage::Indexed
    }

    /// How quiet it has to be before more of the pictures goes; none where nothing waits.
    pub(super) fn needs(&self) -> Option<Quiet> {
        (self.count > 0).then_some(match self.stage {
            Stage::Rough { .. } if self.rough.is_empty() => Quiet::Moment,
            Stage::Indexed => Quiet::Long,
            Stage::Fresh | Stage::Rough { .. } | Stage::Fine { .. } => Quiet::No,
        })
    }

    /// Chooses how the pictures that were drawn last go.
    fn begin(&mut self, time_for: impl Fn(usize) -> Duration) {
        if self.stage != Stage::Fresh || self.count == 0 {
            return;
        }
        let time = time_for(self.count * CELL_BYTES);
        self.rough.clear();
        if time <= DIRECT {
            self.stage = Stage::Fine { palette: self.palette, from: 0 };
            return;
        }
        let then = if time > LONG { Palette::Indexed } else { self.palette };
        self.rough = rough(&self.pending, self.size, ROUGH_BYTES, self.erases_in_colour);
        self.stage = Stage::Rough { then };
    }

    /// Cells of pictures as they are, from one on, until there are about so many bytes.
    fn fine(&mut self, palette: Palette, from: usize, room: usize) -> Vec<u8> {
        let is_last = palette == self.palette;
        let width = usize::from(self.size.width).max(1);
        let mut encoder = Encoder::new(palette);
        let mut at = from;
        while at < self.pending.len() && encoder.length() < room {
            if let Some(cell) = &self.pending[at] {
                encoder.cell((at % width) as u16, (at / width) as u16, cell);
                if is_last {
                    self.pending[at] = None;
                    self.count -= 1;
                }
            }
            at += 1;
        }
        self.stage = match at < self.pending.len() {
            true => Stage::Fine { palette, from: at },
            false if is_last => Stage::Fresh,
            false => Stage::Indexed,
        };
        encoder.finish()
    }

    fn set_pending(&mut self, x: u16, y: u16, cell: Option<Cell>) {
        let place = usize::from(y) * usize::from(self.size.width) + usize::from(x);
        if x < self.size.width
            && let Some(pending) = self.pending.get_mut(place)
        {
            self.count = self.count + usize::from(cell.is_some()) - usize::from(pending.is_some());
            *pending = cell;
        }
    }

    fn forget(&mut self) {
        self.pending = vec![None; usize::from(self.size.width) * usize::from(self.size.height)];
        self.count = 0;
        self.stage = Stage::Fresh;
        self.rough.clear();
    }

    /// Writes text, and long blanks as erasing.
    fn write_text(&mut self, cells: &[(u16, u16, &Cell)]) -> io::Result<()> {
        let mut rest = cells;
        let mut written = 0;
        while written < rest.len() {
            let blanks = blanks(&rest[written..]);
            if blanks < BLANKS {
                written += blanks.max(1);
                continue;
            }
            self.text.draw(rest[..written].iter().copied())?;
            let (x, y, _) = rest[written];
            let mut encoder = Encoder::new(self.palette);
            encoder.blank(x, y, blanks as u16, Color::Reset, true);
            self.text.writer_mut().extend(encoder.finish());
            rest = &rest[written + blanks..];
            written = 0;
        }
        match rest {
            [] => Ok(()),
            rest => self.text.draw(rest.iter().copied()),
        }
    }
}

/// How many cells from the first on are blank, of no colour, and beside each other.
fn blanks(cells: &[(u16, u16, &Cell)]) -> usize {
    let Some((x, y, _)) = cells.first() else { return 0 };
    let is_next = |(place, (at, row, cell)): (usize, &(u16, u16, &Cell))| {
        let is_blank = cell.symbol() == " " && cell.bg == Color::Reset && cell.modifier == Modifier::empty();
        is_blank && row == y && usize::from(*at) == usize::from(*x) + place
    };
    cells.iter().enumerate().take_while(|(place, cell)| is_next((*place, cell))).count()
}

/// Whether a cell is of a picture in cells.
fn is_of_picture(cell: &Cell) -> bool {
    let is_own = |colour| matches!(colour, Color::Rgb(..) | Color::Indexed(_));
    is_own(cell.fg) || is_own(cell.bg)
}

/// Whether a cell carries the terminal's own graphics: an escape sequence, or kitty's place of a picture.
fn is_graphics(cell: &Cell) -> bool {
    cell.symbol().starts_with(['\u{1b}', '\u{10EEEE}'])
}

/// The cells that graphics cover, which they erase first, row by row: columns and rows.
fn covered(cell: &Cell) -> Option<(u16, u16)> {
    let (_, rest) = cell.symbol().split_once('[')?;
    let (width, _) = rest.split_once('X')?;
    let columns = width.parse().ok()?;
    let rows = cell.symbol().matches(&format!("[{width}X")).count();
    Some((columns, u16::try_from(rows).ok()?))
}

impl Backend for CellQueue {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let (mut text, mut graphics) = (Vec::new(), Vec::new());
        for (x, y, cell) in content {
            if is_graphics(cell) {
                self.set_pending(x, y, None);
                let (columns, rows) = covered(cell).unwrap_or_default();
                let places =
                    (y..y.saturating_add(rows)).flat_map(|y| (x..x.saturating_add(columns)).map(move |x| (x, y)));
                places.for_each(|(x, y)| self.set_pending(x, y, None));
                graphics.push((x, y, cell));
            } else if is_of_picture(cell) {
                self.set_pending(x, y, Some(cell.clone()));
                self.stage = Stage::Fresh;
            } else {
                self.set_pending(x, y, None);
                text.push((x, y, cell));
            }
        }
        self.write_text(&text)?;
        if graphics.is_empty() { Ok(()) } else { self.text.draw(graphics.into_iter()) }
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.text.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.text.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking would race with the keys, and nothing needs it on a full screen.
        Ok(Position::default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.text.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, kind: ClearType) -> io::Result<()> {
        if let Ok(size) = self.text.size() {
            self.size = size;
        }
        self.forget();
        self.text.clear_region(kind)
    }

    fn size(&self) -> io::Result<Size> {
        self.text.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.text.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CellQueue {
    /// The screen has this size: whatever waits is drawn anew.
    pub(super) fn resized(&mut self, size: Size) {
        if self.size != size {
            self.size = size;
            self.forget();
        }
    }
}

#[cfg(test)]
mod tests;
