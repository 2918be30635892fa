//! How the parts of a line spell a text: quotes around it, blanks, and backslashes that take a meaning away.

/// Characters with a meaning in a line. A backslash before one, or before a blank, makes it a letter like others.
const SPECIAL: [char; 4] = ['#', '=', '|', ','];

/// Quotes that people put around a text, and programs in their place.
const QUOTES: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('«', '»')];

/// The text in a pair of quotes that is around all of it.
pub(super) fn unquoted(text: &str) -> Option<&str> {
    QUOTES.into_iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(open)?.strip_suffix(close)?;
        (!inside.contains([open, close])).then_some(inside)
    })
}

/// A text with one blank where there are several, or others.
pub(super) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text as it is read now where it was read to the letter before.
pub(super) fn as_read_now(text: &str) -> String {
    squeezed(unquoted(text).unwrap_or(text))
}

/// The text before and after the first special character that has its meaning.
pub(super) fn split_at_special(text: &str, special: char) -> Option<(&str, &str)> {
    let mut found = text.match_indices(special);
    let (place, _) = found.find(|(place, _)| !text[..*place].ends_with('\\'))?;
    Some((&text[..place], &text[place + special.len_utf8()..]))
}

/// A part of a line as it is meant: without quotes around it, with single blanks, and without the backslashes that take
/// a meaning away.
pub(super) fn unescaped(part: &str) -> String {
    let part = part.trim();
    let part = match unquoted(part) {
        Some(inside) => inside.trim(),
        None => without_first_backslash(part),
    };
    let mut meant = String::with_capacity(part.len());
    let mut letters = part.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '\\' && (SPECIAL.contains(next) || next.is_whitespace()) => {
                meant.extend(letters.next());
            }
            _ if letter.is_whitespace() => {
                if !meant.ends_with(char::is_whitespace) {
                    meant.push(' ');
                }
            }
            _ => meant.push(letter),
        }
    }
    meant
}

/// The part of a line that is read as this text. `is_read` says which characters, by their place, would have a meaning.
pub(super) fn escaped(text: &str, is_read: impl Fn(usize, char) -> bool) -> String {
    let mut part = String::with_capacity(text.len());
    if unquoted(text).is_some() || without_first_backslash(text) != text {
        part.push('\\');
    }
    for (place, letter) in text.char_indices() {
        let before = &text[..place];
        let is_last_comma = letter == ',' && place + 1 == text.len();
        // A backslash of the text itself would be taken for one that takes a meaning away.
        let follows_backslash = (SPECIAL.contains(&letter) || letter.is_whitespace()) && before.ends_with('\\');
        let is_first_or_again = before.is_empty() || before.ends_with(char::is_whitespace);
        let is_odd_blank = letter.is_whitespace() && (letter != ' ' || is_first_or_again);
        if is_last_comma || follows_backslash || is_odd_blank || is_read(place, letter) {
            part.push('\\');
        }
        part.push(letter);
    }
    part
}

/// A part of a line without the backslash that keeps a quote at its beginning.
fn without_first_backslash(part: &str) -> &str {
    let is_quote = |letter: char| QUOTES.iter().any(|(open, _)| letter == *open);
    match part.strip_prefix('\\') {
        Some(rest) if rest.trim_start_matches('\\').starts_with(is_quote) => rest,
        _ => part,
    }
}

/// A line that is read part by part, though there may be quotes around all of it.
pub(super) fn in_parts(line: String) -> String {
    match unquoted(&line) {
        Some(_) => format!("\\{line}"),
        None => line,
    }
}
