//! The terminal's input: keys, text that is pasted, the mouse, and its answers. The program reads all of it by
//! itself, as libraries drop the answers, and the place of a key on the keyboard.

use std::io;
use std::time::Duration;

use crossterm::event::KeyEvent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::parse::parsed;
use super::pieces::{ESCAPE, cut_length, first_length};

/// Something that came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum Input {
    /// A key, and the letter that its place has on an American keyboard where the terminal tells that.
    Key {
        /// The key.
        key: KeyEvent,
        /// The letter at its place.
        position: Option<char>,
    },
    /// Text was pasted.
    Paste(String),
    /// The mouse's first button was pressed on a cell.
    Click {
        /// Counted from 0.
        column: u16,
        /// Counted from 0.
        row: u16,
    },
    /// The wheel was turned: down is positive.
    Wheel(isize),
    /// An answer of the terminal, as it came.
    Answer(Vec<u8>),
}

impl Input {
    pub(super) fn key(key: KeyEvent) -> Input {
        Input::Key { key, position: None }
    }
}

/// How long the rest of an escape sequence may take. The key Esc is the beginning of all of them.
const REST: Duration = Duration::from_millis(25);

/// How long the rest of a longer one may take, that a packet of a line has cut.
const LONG_REST: Duration = Duration::from_millis(300);

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// Text that is pasted at most; the rest comes as another paste.
const LARGEST_PASTE: usize = 1 << 20;

/// Reads the terminal.
#[derive(Debug, Default)]
pub(in crate::tui) struct Reader {
    /// Bytes whose meaning is not known yet.
    rest: Vec<u8>,
    /// Text of a paste whose end has not come.
    pasted: Option<Vec<u8>>,
}

impl Reader {
    /// All that has come; to be called when the terminal has input. A sequence whose end is missing is waited for a
    /// moment.
    pub(in crate::tui) fn read(&mut self) -> io::Result<Vec<Input>> {
        let mut inputs = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            match rustix::io::read(rustix::stdio::stdin(), &mut buffer) {
                Ok(0) => return Ok(inputs),
                Ok(count) => self.take(&buffer[..count], &mut inputs),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let wait = match self.rest.as_slice() {
                // However long its end takes: what was pasted must not become keys.
                _ if self.pasted.is_some() => return Ok(inputs),
                [] => Duration::ZERO,
                [ESCAPE] => REST,
                _ => LONG_REST,
            };
            if !has_input(wait)? {
                self.give_up(&mut inputs);
                return Ok(inputs);
            }
        }
    }

    /// Waits until the terminal has input, at most so long. True where it has.
    pub(super) fn wait(&self, limit: Duration) -> io::Result<bool> {
        has_input(limit)
    }

    /// Takes bytes in.
    fn take(&mut self, bytes: &[u8], inputs: &mut Vec<Input>) {
        self.rest.extend(bytes);
        loop {
            if let Some(pasted) = &mut self.pasted {
                let end = self.rest.windows(PASTE_ENDS.len()).position(|window| window == PASTE_ENDS);
                // The end may lie across two readings.
                let text = end.unwrap_or(self.rest.len().saturating_sub(PASTE_ENDS.len() - 1));
                pasted.extend(self.rest.drain(..text));
                if end.is_none() && pasted.len() < LARGEST_PASTE {
                    return;
                }
                if end.is_some() {
                    self.rest.drain(..PASTE_ENDS.len());
                }
                let text = std::mem::take(pasted);
                inputs.push(Input::Paste(String::from_utf8_lossy(&text).into_owned()));
                if end.is_none() {
                    return;
                }
                self.pasted = None;
            }
            let Some(length) = first_length(&self.rest) else { return };
            self.piece(length, inputs);
        }
    }

    /// No more comes: whatever is there is taken as it is.
    fn give_up(&mut self, inputs: &mut Vec<Input>) {
        while self.pasted.is_none() && !self.rest.is_empty() {
            let length = first_length(&self.rest).unwrap_or_else(|| cut_length(&self.rest));
            self.piece(length, inputs);
        }
    }

    fn piece(&mut self, length: usize, inputs: &mut Vec<Input>) {
        let piece: Vec<u8> = self.rest.drain(..length).collect();
        match piece.as_slice() {
            PASTE_BEGINS => self.pasted = Some(Vec::new()),
            PASTE_ENDS => {}
            piece => inputs.extend(parsed(piece)),
        }
    }
}

/// Waits until the terminal has input, at most so long.
fn has_input(limit: Duration) -> io::Result<bool> {
    let input = rustix::stdio::stdin();
    let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    match poll(&mut polled, Some(&limit)) {
        Ok(_) => Ok(polled[0].revents().contains(PollFlags::IN)),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};
    use proptest::prelude::*;

    use super::*;

    /// All that bytes mean where no more come.
    fn read(bytes: &[u8]) -> Vec<Input> {
        let (mut reader, mut inputs) = (Reader::default(), Vec::new());
        reader.take(bytes, &mut inputs);
        reader.give_up(&mut inputs);
        inputs
    }

    fn codes(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
        let key = |input| match input {
            Input::Key { key, .. } => (key.code, key.modifiers),
            other => panic!("{other:?} is no key"),
        };
        read(bytes).into_iter().map(key).collect()
    }

    fn answer(bytes: &[u8]) -> Input {
        Input::Answer(bytes.to_vec())
    }

    #[test]
    fn answers_and_keys_are_told_apart() {
        let bytes = b"a\x1b_Gi=31;OK\x1b\\\x1b[?62;4cj\x1b[6;20;10t\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[0n\x1bP>|kitty(0.41.1)\x1b\\";
        let key = |letter| Input::key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        let expected = [
            key('a'),
            answer(b"\x1b_Gi=31;OK\x1b\\"),
            answer(b"\x1b[?62;4c"),
            key('j'),
            answer(b"\x1b[6;20;10t"),
            answer(b"\x1b]11;rgb:ffff/ffff/ffff\x07"),
            answer(b"\x1b[0n"),
            answer(b"\x1bP>|kitty(0.41.1)\x1b\\"),
        ];
        assert_eq!(read(bytes), expected);
    }

    #[test]
    fn what_is_typed_becomes_keys() {
        use KeyCode::{BackTab, Backspace, Char, Down, End, Enter, Esc, F, Home, PageUp, Tab, Up};
        const NONE: KeyModifiers = KeyModifiers::NONE;
        let typed =
            codes("q\r\té\x7f\u{1b}[A\u{1b}OP\u{1b}[15~\u{1b}[99~\u{1b}[Z\u{1b}[5~\u{1b}[1~\u{1b}OF\u{1b}".as_bytes());
        let plain = [Char('q'), Enter, Tab, Char('é'), Backspace, Up, F(1), F(5), BackTab, PageUp, Home, End, Esc];
        assert_eq!(typed, plain.map(|code| (code, NONE)));
        let held = codes(b"\x13\x1b3\x1b[1;5B\x1b[20;2~\x1b\x1b");
        let (control, alt, shift) = (KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT);
        let expected =
            [(Char('s'), control), (Char('3'), alt), (Down, control), (F(9), shift), (Esc, NONE), (Esc, NONE)];
        assert_eq!(held, expected);
    }

    #[test]
    fn keys_that_a_terminal_describes_have_a_place() {
        let described = |bytes: &[u8]| match read(bytes).as_slice() {
            [Input::Key { key, position }] => (key.code, key.modifiers, *position),
            other => panic!("{other:?}"),
        };
        use KeyCode::{Char, Enter, Esc};
        const NONE: KeyModifiers = KeyModifiers::NONE;
        assert_eq!(described("\u{1b}[1092::97;;1092u".as_bytes()), (Char('ф'), NONE, Some('a')));
        assert_eq!(described(b"\x1b[1092:1060:97;2u"), (Char('Ф'), NONE, Some('a')));
        assert_eq!(described(b"\x1b[97;5u"), (Char('a'), KeyModifiers::CONTROL, None));
        assert_eq!(described(b"\x1b[56::56;7;91u"), (Char('8'), KeyModifiers::CONTROL | KeyModifiers::ALT, Some('8')));
        // A sign of the third level, whose text alone tells it.
        assert_eq!(described(b"\x1b[56;1;91u"), (Char('['), NONE, None));
        assert_eq!(described(b"\x1b[27u").0, Esc);
        assert_eq!(described(b"\x1b[13;1:2u").0, Enter);
        assert_eq!(described(b"\x1b[57400u").0, Char('1'));
        for nothing in [&b"\x1b[97;1:3u"[..], b"\x1b[57441u", b"\x1b[99999999999u", b"\x1b[;u"] {
            assert_eq!(read(nothing), [], "{nothing:?}");
        }
    }

    #[test]
    fn the_mouse_is_read() {
        assert_eq!(read(b"\x1b[<0;5;3M\x1b[<0;5;3m"), [Input::Click { column: 4, row: 2 }]);
        assert_eq!(read(b"\x1b[<64;1;1M\x1b[<65;1;1M"), [Input::Wheel(-1), Input::Wheel(1)]);
        assert_eq!(read(b"\x1b[<35;9;9M\x1b[<0;0;0M"), []);
    }

    #[test]
    fn a_paste_is_text_whatever_is_in_it() {
        let inputs = read("\u{1b}[200~a\u{1b}[Aé\nq\u{1b}[201~j".as_bytes());
        assert_eq!(inputs[0], Input::Paste("a\u{1b}[Aé\nq".to_owned()));
        assert_eq!(inputs.len(), 2);
    }

    /// Answers of terminals and keys of people, some of it cut, and any bytes.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let known: [&[u8]; 16] = [
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
            b"\x1b[200~",
            b"\x1b[201~",
            b"\x1b[<0;5;3M",
            b"\x1b[1092:1060:97;2:1;1092u",
            "\u{e9}\u{1f600}".as_bytes(),
        ];
        let known = proptest::sample::select(known.map(<[u8]>::to_vec).to_vec());
        let cut = (known.clone(), 0..8usize).prop_map(|(piece, length)| piece[..length.min(piece.len())].to_vec());
        proptest::prop_oneof![known, cut, proptest::collection::vec(any::<u8>(), 1..4)]
    }

    proptest::proptest! {
        /// However a line cuts what comes, it means the same.
        #[test]
        fn fuzz_terminal_input(pieces in proptest::collection::vec(piece(), 0..60), cut in 1..9usize) {
            let bytes = pieces.concat();
            let whole = read(&bytes);
            let (mut reader, mut inputs) = (Reader::default(), Vec::new());
            for part in bytes.chunks(cut) {
                reader.take(part, &mut inputs);
            }
            reader.give_up(&mut inputs);
            prop_assert_eq!(&inputs, &whole);
            prop_assert!(inputs.len() <= bytes.len());
            prop_assert!(reader.rest.is_empty() || reader.pasted.is_some());
        }
    }
}
