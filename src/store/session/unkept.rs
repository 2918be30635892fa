//! Metadata that a copy could not be given, as session and ledger keep it: JSON with the words that the ledger has for
//! a file's other facts.

use rusqlite::Row;
use serde_json::{Map, Value as Json, json};

use super::columns::time_of;
use crate::domain::unkept::Unkept;

/// The bits of a mode.
const MODE: u32 = 0o7777;

/// As it is kept; nothing where nothing was lost.
pub(super) fn kept(unkept: Unkept) -> Option<Json> {
    let modified = unkept.modified_ns.and_then(time_of).map(|time| ("modified", json!(time.to_string())));
    let mode = unkept.mode.map(|mode| ("mode", json!(format!("{mode:03o}"))));
    let attributes = unkept.attributes.then_some(("attributes", json!(true)));
    let fields = [modified, mode, attributes].into_iter().flatten();
    unkept.any().then(|| Json::Object(Map::from_iter(fields.map(|(key, value)| (key.to_owned(), value)))))
}

/// From a row of the session.
pub(super) fn in_row(row: &Row<'_>, column: &str) -> rusqlite::Result<Unkept> {
    row.get::<_, Option<String>>(column).map(|kept| told(kept.as_deref()))
}

/// From what is kept; what cannot be read was not lost, as far as is known.
fn told(kept: Option<&str>) -> Unkept {
    let fields: Json = kept.and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default();
    let time = fields["modified"].as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let mode = fields["mode"].as_str().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    Unkept {
        modified_ns: time.map(jiff::Timestamp::as_nanosecond),
        mode: mode.map(|mode| mode & MODE),
        attributes: fields["attributes"].as_bool().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_told_again() {
        let lost = Unkept { modified_ns: Some(1_577_934_245_678_000_001), mode: Some(0o600), attributes: true };
        for unkept in [lost, Unkept { mode: None, ..lost }, Unkept { mode: Some(0o2640), ..Unkept::default() }] {
            assert_eq!(told(kept(unkept).map(|kept| kept.to_string()).as_deref()), unkept);
        }
        assert_eq!(kept(Unkept::default()), None);
        for damaged in [None, Some("{"), Some("[]"), Some("{\"mode\":\"x\",\"modified\":7}")] {
            assert_eq!(told(damaged), Unkept::default());
        }
        assert_eq!(told(Some("{\"mode\":\"7777777\"}")).mode, Some(0o7777));
    }
}
