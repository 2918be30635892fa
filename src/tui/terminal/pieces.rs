//! Bytes of a terminal, cut into characters and escape sequences.

pub(super) const ESCAPE: u8 = 0x1b;

/// The longest string of a terminal that is waited for. Its answers are shorter; more is somebody's typing.
const LONGEST_STRING: usize = 4 << 10;

/// The length of the first character or escape sequence; none where its end has not come, or where there is nothing.
pub(super) fn first_length(bytes: &[u8]) -> Option<usize> {
    let length = match bytes {
        [] | [ESCAPE] | [ESCAPE, b'O'] => return None,
        // Nothing between the beginning and the end of a report is outside of these; another byte is somebody's typing.
        [ESCAPE, b'[', rest @ ..] => 2 + 1 + rest.iter().position(|byte| !(0x20..=0x3f).contains(byte))?,
        [ESCAPE, b'_' | b']' | b'P', rest @ ..] => match string_length(rest) {
            Some(length) => 2 + length,
            None if rest.len() > LONGEST_STRING => 2,
            None => return None,
        },
        [ESCAPE, b'O', ..] => 3,
        [ESCAPE, ESCAPE, ..] => 1,
        // A key with Alt held.
        [ESCAPE, next, ..] => 1 + character_length(*next),
        [first, ..] => character_length(*first),
    };
    (length <= bytes.len()).then_some(length)
}

/// The length of the first piece where no more comes: all that is left of a sequence is one.
pub(super) fn cut_length(bytes: &[u8]) -> usize {
    match bytes {
        // Keys with Alt held, which begin as strings of the terminal do.
        [ESCAPE, b'O' | b'_' | b']' | b'P', ..] => 2,
        [ESCAPE, b'[', ..] => bytes.len(),
        [ESCAPE, ..] => 1,
        [first, ..] => character_length(*first).min(bytes.len()),
        [] => 0,
    }
}

/// Bytes to the end of a string of the terminal, which is BEL or `ESC \`.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let bell = bytes.iter().position(|byte| *byte == 7).map(|end| end + 1);
    let escape = bytes.windows(2).position(|pair| pair == [ESCAPE, b'\\']).map(|end| end + 2);
    match (bell, escape) {
        (Some(bell), Some(escape)) => Some(bell.min(escape)),
        (end, other) => end.or(other),
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
