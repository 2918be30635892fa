//! Paths of labels as texts: as people write and read them, and as the app keeps them.

/// Stands between the parts of a label's path, as between folders.
pub(super) const BETWEEN: char = '/';

/// The parts of a path as one text. A part with the sign between parts in it, or that begins as a quoted one, is
/// quoted, its own quotes doubled: [`path_parts`] gives the same parts again.
pub fn path_text<T: AsRef<str>>(parts: &[T]) -> String {
    let written = parts.iter().map(|part| {
        let part = part.as_ref();
        match part.contains(BETWEEN) || part.starts_with('"') {
            true => format!("\"{}\"", part.replace('"', "\"\"")),
            false => part.to_owned(),
        }
    });
    written.collect::<Vec<_>>().join(&BETWEEN.to_string())
}

/// Stands between the parts of a label's key: no label of one line has it.
const IN_A_KEY: char = '\n';

/// A label's path as one text by which the app knows it; a label of the root is known by its own text. It is not shown.
pub fn label_key<T: AsRef<str>>(path: &[T]) -> String {
    path.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(&IN_A_KEY.to_string())
}

/// The path of a label by its key.
pub fn key_path(key: &str) -> Vec<&str> {
    key.split(IN_A_KEY).collect()
}

/// A label as people read it, by its key.
pub fn key_text(key: &str) -> String {
    match key_path(key).as_slice() {
        [only] => (*only).to_owned(),
        path => path_text(path),
    }
}

/// The parts of a path; none of a text that is no path.
pub fn path_parts(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let after = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (part, end) = quoted_part(quoted)?;
                parts.push(part);
                end
            }
            None => {
                let end = rest.find(BETWEEN).unwrap_or(rest.len());
                parts.push(rest[..end].to_owned());
                &rest[end..]
            }
        };
        if after.is_empty() {
            return parts.iter().all(|part| !part.is_empty()).then_some(parts);
        }
        rest = after.strip_prefix(BETWEEN)?;
    }
}

/// The part up to the quote that ends it, and the text after that.
fn quoted_part(quoted: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('"')?;
        part.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                part.push('"');
                rest = after;
            }
            None => return Some((part, rest)),
        }
    }
}
