//! Cells of pictures as bytes for the terminal, in as few as it goes.

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::Color;

/// Which colours the bytes name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Palette {
    /// All of them, 24 bits each.
    True,
    /// The 256 that nearly every terminal has.
    Indexed,
}

/// Writes cells of pictures one after the other, and the place and the colours only where they change.
#[derive(Debug)]
pub(in crate::tui) struct Encoder {
    bytes: Vec<u8>,
    palette: Palette,
    /// Where the next sign appears by itself.
    place: Option<(u16, u16)>,
    ink: Option<Color>,
    ground: Option<Color>,
}

impl Encoder {
    pub(in crate::tui) fn new(palette: Palette) -> Encoder {
        Encoder { bytes: Vec::new(), palette, place: None, ink: None, ground: None }
    }

    /// How many bytes it is by now.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// A cell.
    pub(in crate::tui) fn cell(&mut self, x: u16, y: u16, cell: &Cell) {
        self.go(x, y);
        // A blank has no ink.
        let ink = (cell.symbol() != " ").then_some(cell.fg);
        self.colours(ink, cell.bg);
        self.bytes.extend(cell.symbol().as_bytes());
        self.place = Some((x + 1, y));
    }

    /// So many blank cells of one colour. Where the terminal `erases` in colours, it is told to do so.
    pub(super) fn blank(&mut self, x: u16, y: u16, count: u16, ground: Color, erases: bool) {
        self.go(x, y);
        self.colours(None, ground);
        // As long as what it stands for, with the way over it.
        const SHORTEST: u16 = 10;
        if erases && count > SHORTEST {
            self.write(format_args!("\x1b[{count}X"));
        } else {
            self.bytes.resize(self.bytes.len() + usize::from(count), b' ');
            self.place = Some((x + count, y));
        }
    }

    fn go(&mut self, x: u16, y: u16) {
        match self.place {
            Some((at, row)) if row == y && at == x => {}
            Some((at, row)) if row == y && at < x => self.write(format_args!("\x1b[{}C", x - at)),
            _ => self.write(format_args!("\x1b[{};{}H", y + 1, x + 1)),
        }
        self.place = Some((x, y));
    }

    fn colours(&mut self, ink: Option<Color>, ground: Color) {
        let shown = |colour| if self.palette == Palette::Indexed { indexed(colour) } else { colour };
        let (ink, ground) = (ink.map(shown), shown(ground));
        let new_ink = ink.filter(|_| ink != self.ink);
        let new_ground = Some(ground).filter(|ground| Some(*ground) != self.ground);
        let codes = [new_ink.map(|colour| code(colour, 38)), new_ground.map(|colour| code(colour, 48))];
        let codes: Vec<String> = codes.into_iter().flatten().collect();
        if !codes.is_empty() {
            self.write(format_args!("\x1b[{}m", codes.join(";")));
        }
        self.ink = new_ink.or(self.ink);
        self.ground = Some(ground);
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.bytes.write_fmt(text);
    }

    /// The bytes, after which the terminal has its own colours again.
    pub(in crate::tui) fn finish(mut self) -> Vec<u8> {
        if self.ink.is_some() || self.ground.is_some() {
            self.bytes.extend(b"\x1b[m");
        }
        self.bytes
    }
}

/// A colour's code for signs (38) or for the cell (48).
fn code(colour: Color, kind: u8) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("{kind};2;{r};{g};{b}"),
        Color::Indexed(number) => format!("{kind};5;{number}"),
        // Cells of pictures have no others, but for none at all.
        _ => (kind + 1).to_string(),
    }
}

/// The steps of a channel in the colours 16 to 231 of the 256.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of the 256 colours: of the cube of 6x6x6, or of the 24 greys.
pub(super) fn indexed(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let step = |channel: u8| (0..6).min_by_key(|step| STEPS[*step].abs_diff(channel)).unwrap_or(0);
    let steps = [r, g, b].map(step);
    let cube = steps.map(|step| STEPS[step]);
    let mean = (u32::from(r) + u32::from(g) + u32::from(b)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let level = 8 + 10 * grey;
    let distance = |other: [u8; 3]| -> u32 {
        [r, g, b].iter().zip(other).map(|(channel, other)| u32::from(channel.abs_diff(other)).pow(2)).sum()
    };
    match distance([level; 3]) < distance(cube) {
        true => Color::Indexed(232 + grey),
        false => Color::Indexed((16 + 36 * steps[0] + 6 * steps[1] + steps[2]) as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(sign: char, ink: Color, ground: Color) -> Cell {
        let mut cell = Cell::default();
        cell.set_char(sign).set_fg(ink).set_bg(ground);
        cell
    }

    #[test]
    fn only_what_changes_is_written() {
        let (red, blue) = (Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255));
        let mut encoder = Encoder::new(Palette::True);
        encoder.cell(3, 1, &cell('▀', red, blue));
        encoder.cell(4, 1, &cell('▌', red, blue));
        encoder.cell(5, 1, &cell(' ', blue, red));
        encoder.cell(8, 1, &cell(' ', Color::Reset, Color::Reset));
        let expected = "\x1b[2;4H\x1b[38;2;255;0;0;48;2;0;0;255m▀▌\x1b[48;2;255;0;0m \x1b[2C\x1b[49m \x1b[m";
        assert_eq!(String::from_utf8(encoder.finish()).unwrap(), expected);
    }

    #[test]
    fn blanks_are_erased_where_that_is_shorter() {
        let grey = Color::Indexed(240);
        let written = |count, erases| {
            let mut encoder = Encoder::new(Palette::Indexed);
            encoder.blank(0, 0, count, grey, erases);
            encoder.cell(count, 0, &cell('x', grey, grey));
            String::from_utf8(encoder.finish()).unwrap()
        };
        assert_eq!(written(40, true), "\x1b[1;1H\x1b[48;5;240m\x1b[40X\x1b[40C\x1b[38;5;240mx\x1b[m");
        assert_eq!(written(4, true), written(4, false));
        assert!(written(40, false).contains(&" ".repeat(40)));
    }

    #[test]
    fn the_nearest_of_256_colours_is_found() {
        let index = |r, g, b| match indexed(Color::Rgb(r, g, b)) {
            Color::Indexed(number) => number,
            other => panic!("{other:?}"),
        };
        assert_eq!((index(0, 0, 0), index(255, 255, 255), index(255, 0, 0)), (16, 231, 196));
        assert_eq!((index(128, 128, 128), index(8, 8, 8), index(97, 134, 177)), (244, 232, 67));
        assert_eq!(indexed(Color::Reset), Color::Reset);
        // No other of the 256 is nearer than the one that is found by more than a tie.
        let palette = |number: u8| match number {
            232.. => [8 + 10 * (number - 232); 3],
            _ => [(number - 16) / 36, (number - 16) / 6 % 6, (number - 16) % 6].map(|step| STEPS[usize::from(step)]),
        };
        for colour in
            (0..=255u32).step_by(15).flat_map(|r| (0..=255u32).step_by(17).map(move |g| [r, g, (r * g) % 256]))
        {
            let [r, g, b] = colour.map(|channel| channel as u8);
            let distance = |other: [u8; 3]| -> i64 {
                [r, g, b].iter().zip(other).map(|(a, b)| (i64::from(*a) - i64::from(b)).pow(2)).sum()
            };
            let best = (16..=255u8).map(|number| distance(palette(number))).min().unwrap();
            // Greys are chosen by the mean of the channels, which for colours far from grey may be one step off.
            assert!(distance(palette(index(r, g, b))) <= best + 300, "{r} {g} {b}");
        }
    }
}
