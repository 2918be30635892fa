//! Fields of a line, as JSON has them.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::domain::picture::ContentHash;
use crate::domain::printable::printable;

pub(super) fn put(fields: &mut Map<String, Json>, key: &str, value: impl Serialize) {
    fields.insert(key.to_owned(), json!(value));
}

/// Puts a path as text, and its exact bytes in base64 beside it where the text does not tell them.
pub(super) fn put_path(fields: &mut Map<String, Json>, key: &str, path: &Path) {
    use std::os::unix::ffi::OsStrExt;
    match path.to_str() {
        Some(text) => put(fields, key, text),
        None => {
            put(fields, &format!("{key}_bytes"), BASE64_STANDARD.encode(path.as_os_str().as_bytes()));
            put(fields, key, printable(path));
        }
    }
}

/// A path, with its exact bytes.
pub(super) fn path_in(fields: &Map<String, Json>, key: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    match text_in(fields, &format!("{key}_bytes")) {
        Some(bytes) => Some(std::ffi::OsString::from_vec(BASE64_STANDARD.decode(bytes).ok()?).into()),
        None => Some(text_in(fields, key)?.into()),
    }
}

pub(super) fn text_in<'f>(fields: &'f Map<String, Json>, key: &str) -> Option<&'f str> {
    fields.get(key)?.as_str()
}

/// Texts in a list; none where there is no such list.
pub(super) fn texts_in(fields: &Map<String, Json>, key: &str) -> Vec<String> {
    let list = fields.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

pub(super) fn number_in(fields: &Map<String, Json>, key: &str) -> Option<i64> {
    fields.get(key)?.as_i64()
}

pub(super) fn flag_in(fields: &Map<String, Json>, key: &str) -> bool {
    fields.get(key).and_then(Json::as_bool).unwrap_or_default()
}

/// The content that a line tells of.
pub(super) fn hash_in(fields: &Map<String, Json>) -> Option<ContentHash> {
    ContentHash::from_digits(text_in(fields, "sha256")?)
}

/// A content in hexadecimal digits; of one that could not be read there are none.
pub(super) fn hex_digits(hash: Option<ContentHash>) -> String {
    hash.map(|hash| hash.to_string()).unwrap_or_default()
}
