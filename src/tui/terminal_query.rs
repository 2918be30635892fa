//! Asks the terminal what it can draw, and keeps the keys that are typed before it has answered.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_image::picker::cap_parser::{Parser, QueryStdioOptions};
use ratatui_image::picker::{Capability, Picker, ProtocolType};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long the terminal may take. Every one answers the last question, which is about its state; what answers later
/// would be read as keys.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take inside tmux, which hands the question on: where nobody looks at it, there is no terminal to
/// answer.
const PATIENCE_IN_TMUX: Duration = Duration::from_secs(1);

/// More than a person types and a terminal says meanwhile.
const MOST_BYTES: usize = 64 << 10;

/// More than all replies are together.
const MOST_REPLIED: usize = 2 << 10;

const ESCAPE: u8 = 0x1b;

/// The terminal's answer.
pub(super) struct Answer {
    /// How pictures are drawn; half blocks where the terminal did not say.
    pub(super) picker: Picker,
    /// Its background is light.
    pub(super) is_light: bool,
    /// Keys that were typed meanwhile.
    pub(super) keys: Vec<KeyEvent>,
}

/// Asks the terminal on standard input and output, which is in raw mode. To be called before events are read.
pub(super) fn ask() -> Answer {
    let is_tmux = Picker::halfblocks().tmux_detected();
    let question = Parser::query(is_tmux, options(None));
    let patience = if is_tmux { PATIENCE_IN_TMUX } else { PATIENCE };
    let (replies, typed) = match put(&question, patience) {
        Ok(bytes) => split(&bytes),
        Err(error) => {
            tracing::info!("the terminal cannot be asked: {error}");
            (vec![], vec![])
        }
    };
    let picker = read_by_library(&replies).unwrap_or_else(|error| {
        tracing::info!("no answer about pictures, half blocks are used: {error}");
        Picker::halfblocks()
    });
    let is_light = picker.capabilities().iter().any(|capability| match capability {
        // The luma of the colour (ITU-R BT.601), against the middle.
        Capability::Background(r, g, b) => 299 * u32::from(*r) + 587 * u32::from(*g) + 114 * u32::from(*b) > 127_500,
        _ => false,
    });
    Answer { picker, is_light, keys: keys(&typed) }
}

fn options(stdio: Option<(OwnedFd, OwnedFd)>) -> QueryStdioOptions {
    QueryStdioOptions {
        // Of the reading from memory, where all is there at once.
        timeout_ms: 100,
        terminal_background_color_osc: true,
        // Over a line, bytes cost more than packing them.
        kitty_compression: std::env::var_os("SSH_CONNECTION").is_some(),
        blacklist_protocols: if half_speaks_kitty() { vec![ProtocolType::Kitty, ProtocolType::Sixel] } else { vec![] },
        stdio,
        ..QueryStdioOptions::default()
    }
}

/// Terminals that claim more than they can, and that the library asks less for that reason.
fn half_speaks_kitty() -> bool {
    ["WEZTERM_EXECUTABLE", "KONSOLE_VERSION"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}

/// Writes the question and reads until the last answer has come.
fn put(question: &str, patience: Duration) -> io::Result<Vec<u8>> {
    io::stdout().write_all(question.as_bytes())?;
    io::stdout().flush()?;
    let input = rustix::stdio::stdin();
    let (began, mut bytes) = (Instant::now(), Vec::new());
    while !has_last_answer(&bytes) && bytes.len() < MOST_BYTES {
        let left = patience.saturating_sub(began.elapsed());
        let wait = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut polled = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut polled, Some(&wait)) {
            Ok(0) => break,
            Ok(_) => {}
            // A signal, for example for another size.
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut buffer = [0; 4096];
        match rustix::io::read(input, &mut buffer)? {
            0 => break,
            count => bytes.extend(&buffer[..count]),
        }
    }
    Ok(bytes)
}

/// The library reads the terminal's replies once more, from a terminal that has nothing else in it.
fn read_by_library(replies: &[u8]) -> Result<Picker, Box<dyn std::error::Error>> {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let theirs = rustix::fs::open(ptsname(&ours, Vec::new())?, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
    let mut attributes = tcgetattr(&theirs)?;
    attributes.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &attributes)?;
    // A terminal holds this much though nobody has read yet.
    rustix::io::write(&ours, &replies[..replies.len().min(MOST_REPLIED)])?;
    let nowhere = rustix::fs::open("/dev/null", OFlags::WRONLY, Mode::empty())?;
    let picker = Picker::from_query_stdio_with_options(options(Some((theirs, nowhere))))?;
    Ok(picker)
}

/// True once the answer to the last question, about its state, is among the bytes: `CSI 0 n`.
fn has_last_answer(bytes: &[u8]) -> bool {
    Pieces(bytes).any(|piece| matches!(piece, [ESCAPE, b'[', .., b'n']))
}

/// The terminal's replies and what a person typed, which come through one line.
fn split(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut replies, mut typed) = (Vec::new(), Vec::new());
    for piece in Pieces(bytes) {
        match piece {
            // Strings of the terminal, and reports: of its kind, its size, a mode, the cursor.
            [ESCAPE, b'_' | b']' | b'P', ..] | [ESCAPE, b'[', .., b'c' | b't' | b'n' | b'R' | b'y' | b'u' | b'x'] => {
                replies.extend(piece);
            }
            _ => typed.extend(piece),
        }
    }
    (replies, typed)
}

/// Bytes cut into characters and escape sequences.
struct Pieces<'b>(&'b [u8]);

impl<'b> Iterator for Pieces<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let length = match self.0 {
            [] => return None,
            [ESCAPE, b'[', rest @ ..] => {
                2 + rest.iter().position(|b| (0x40..=0x7e).contains(b)).map_or(rest.len(), |end| end + 1)
            }
            [ESCAPE, b'_' | b']' | b'P', rest @ ..] => 2 + string_length(rest),
            [ESCAPE, b'O', _, ..] => 3,
            // A key with Alt held.
            [ESCAPE, next, ..] if *next != ESCAPE => 1 + character_length(*next),
            [first, ..] => character_length(*first),
        };
        let (piece, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        Some(piece)
    }
}

/// Bytes to the end of a string of the terminal, which is BEL or `ESC \`.
fn string_length(bytes: &[u8]) -> usize {
    let bell = bytes.iter().position(|b| *b == 7).map(|end| end + 1);
    let escape = bytes.windows(2).position(|pair| pair == [ESCAPE, b'\\']).map(|end| end + 2);
    match (bell, escape) {
        (Some(bell), Some(escape)) => bell.min(escape),
        (end, other) => end.or(other).unwrap_or(bytes.len()),
    }
}

/// Bytes of a character in UTF-8, by its first.
fn character_length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// Typed bytes as keys. Bytes that are no key of the program's are dropped.
fn keys(typed: &[u8]) -> Vec<KeyEvent> {
    Pieces(typed).filter_map(key).collect()
}

fn key(piece: &[u8]) -> Option<KeyEvent> {
    let plain = |code| Some(KeyEvent::new(code, KeyModifiers::NONE));
    match piece {
        [b'\r' | b'\n'] => plain(KeyCode::Enter),
        [b'\t'] => plain(KeyCode::Tab),
        [0x7f | 8] => plain(KeyCode::Backspace),
        [ESCAPE] => plain(KeyCode::Esc),
        [control @ 1..=26] => Some(KeyEvent::new(KeyCode::Char(char::from(control - 1 + b'a')), KeyModifiers::CONTROL)),
        [ESCAPE, b'[' | b'O', last] => plain(match last {
            b'A' => KeyCode::Up,
            b'B' => KeyCode::Down,
            b'C' => KeyCode::Right,
            b'D' => KeyCode::Left,
            b'H' => KeyCode::Home,
            b'F' => KeyCode::End,
            b'Z' => KeyCode::BackTab,
            b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
            _ => return None,
        }),
        [ESCAPE, b'[', number @ .., b'~'] => plain(match number {
            b"5" => KeyCode::PageUp,
            b"6" => KeyCode::PageDown,
            b"15" => KeyCode::F(5),
            b"17" => KeyCode::F(6),
            b"18" => KeyCode::F(7),
            _ => return None,
        }),
        [ESCAPE, rest @ ..] => {
            let character = single(rest)?;
            Some(KeyEvent::new(KeyCode::Char(character), KeyModifiers::ALT))
        }
        _ => plain(KeyCode::Char(single(piece)?)),
    }
}

fn single(bytes: &[u8]) -> Option<char> {
    let mut characters = std::str::from_utf8(bytes).ok()?.chars();
    characters.next().filter(|c| !c.is_control() && characters.next().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_and_keys_are_told_apart() {
        let bytes = b"a\x1b_Gi=31;OK\x1b\\\x1b[?62;4cj\x1b[6;20;10t\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[B\r\x1bO";
        let (replies, typed) = split(bytes);
        assert_eq!(replies, b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4c\x1b[6;20;10t\x1b]11;rgb:ffff/ffff/ffff\x07");
        assert_eq!(typed, b"aj\x1b[B\r\x1bO");
        assert!(has_last_answer(b"\x1b[?62;4cq\x1b[0n") && !has_last_answer(bytes));
    }

    #[test]
    fn what_was_typed_becomes_keys() {
        let typed: Vec<KeyCode> =
            keys("q\r\té\x7f\u{1b}[A\u{1b}OP\u{1b}[15~\u{1b}[99~".as_bytes()).into_iter().map(|k| k.code).collect();
        use KeyCode::{Backspace, Char, Enter, F, Tab, Up};
        assert_eq!(typed, [Char('q'), Enter, Tab, Char('é'), Backspace, Up, F(1), F(5)]);
        let held = keys(b"\x13\x1b3");
        assert_eq!((held[0].code, held[0].modifiers), (Char('s'), KeyModifiers::CONTROL));
        assert_eq!((held[1].code, held[1].modifiers), (Char('3'), KeyModifiers::ALT));
    }

    #[test]
    fn the_library_reads_what_is_replayed() {
        let picker = read_by_library(b"\x1b[?62;4c\x1b[6;20;10t\x1b[0n").unwrap();
        assert_eq!(picker.protocol_type(), ratatui_image::picker::ProtocolType::Sixel);
        assert_eq!((picker.font_size().width, picker.font_size().height), (10, 20));
    }

    /// Answers of terminals and keys of people, some of it cut, and any bytes.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let known: [&[u8]; 12] = [
            b"\x1b_Gi=31;OK\x1b\\",
            b"\x1b[?62;4c",
            b"\x1b[6;20;10t",
            b"\x1b]11;rgb:ffff/ffff/ffff\x07",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b[0n",
            b"\x1b[",
            b"\x1b]",
            b"\x1b",
            b"\x1bOP",
            b"\x1b[15~",
            "\u{e9}\u{1f600}".as_bytes(),
        ];
        let known = proptest::sample::select(known.map(<[u8]>::to_vec).to_vec());
        let cut = (known.clone(), 0..8usize).prop_map(|(piece, length)| piece[..length.min(piece.len())].to_vec());
        proptest::prop_oneof![known, cut, proptest::collection::vec(any::<u8>(), 1..4)]
    }

    proptest::proptest! {
        #[test]
        fn fuzz_terminal_answers(pieces in proptest::collection::vec(piece(), 0..60)) {
            let bytes = pieces.concat();
            let (replies, typed) = split(&bytes);
            proptest::prop_assert_eq!(replies.len() + typed.len(), bytes.len());
            proptest::prop_assert_eq!(split(&replies), (replies.clone(), vec![]));
            proptest::prop_assert!(keys(&typed).len() <= typed.len());
            has_last_answer(&bytes);
        }
    }
}
