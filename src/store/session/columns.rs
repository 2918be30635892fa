//! Columns of rows that several tables have.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rusqlite::Row;

use crate::domain::picture::ContentHash;

/// A content that is always there.
pub(super) fn hash(row: &Row<'_>, column: &str) -> rusqlite::Result<ContentHash> {
    let bytes: Vec<u8> = row.get(column)?;
    Ok(ContentHash(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32])))
}

/// A path as it is kept.
pub(super) fn path(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<PathBuf>> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    Ok(bytes.map(|bytes| PathBuf::from(OsString::from_vec(bytes))))
}

/// Nanoseconds since 1970 as a time in UTC.
pub(super) fn time_of(nanoseconds: i128) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_nanosecond(nanoseconds).ok()
}
