//! Rows of pictures, as the session reads them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::Row;
use rusqlite::types::FromSql;

use crate::domain::decision::{Decision, LabelId};
use crate::domain::picture::{ContentHash, FileStamp, Picture, PictureId, PictureState};
use crate::domain::plan::Place;
use crate::domain::score::Prediction;

/// A picture in the session.
#[derive(Debug, Clone)]
pub struct SessionPicture {
    /// Its number.
    pub id: PictureId,
    /// The picture; its path is absolute.
    pub picture: Picture,
    /// The label set of its prediction.
    pub label_set: Option<i64>,
    /// The path as it was given.
    pub shown: PathBuf,
    /// The trouble with it, in words.
    pub trouble: Option<String>,
    /// A person's decision.
    pub decision: Option<Decision>,
    /// Where its content is in the destination.
    pub place: Option<Place>,
    /// The file that was to be moved to its place and could only be copied; it may be there still.
    pub left_behind: Option<PathBuf>,
    /// The action on its own file: the word of the outcome.
    pub placed_how: Option<String>,
    /// The reason, in words, for which its last transfer failed.
    pub failure: Option<String>,
    /// Its path has another content now, and nothing was done with this one.
    pub is_replaced: bool,
}

/// True where the file that a picture has as its place was put there by this program, for this picture or another one
/// with the same name and content.
pub(super) const IS_OURS: &str = "transfers.step <> 'present' OR EXISTS (SELECT 1 FROM transfers AS others
    WHERE others.target = pictures.placed AND others.step IN ('done', 'kept', 'unsynced') AND others.undone_by IS NULL
    AND others.action <> 'remove' AND NOT EXISTS (SELECT 1 FROM transfers AS taken
        WHERE taken.source = pictures.placed AND taken.step IN ('done', 'unsynced') AND taken.action <> 'copy' AND taken.id > others.id))";

/// The action on a picture's own file: `copy`, `move`, or nothing where its content was there before.
const FIRST: &str = "CASE WHEN placed IS NOT NULL THEN (SELECT CASE first.step WHEN 'kept' THEN
    CASE WHEN EXISTS (SELECT 1 FROM transfers AS ended WHERE ended.source = first.source AND ended.picture = first.picture
        AND ended.action = 'remove' AND ended.step IN ('done', 'unsynced') AND ended.undone_by IS NULL AND ended.id > first.id)
    THEN 'move' ELSE 'copy' END ELSE first.action END
    FROM transfers AS first WHERE first.picture = pictures.id AND first.source = pictures.path
    AND first.step IN ('done', 'kept', 'unsynced') AND first.action <> 'remove' AND first.undone_by IS NULL ORDER BY first.id DESC LIMIT 1) END";

/// The source of a move that was kept, and that nothing has removed since.
const LEFT_BEHIND: &str = "CASE WHEN placed IS NOT NULL THEN (SELECT kept.source FROM transfers AS kept
    WHERE kept.picture = pictures.id AND kept.step = 'kept' AND kept.action = 'move' AND kept.source = pictures.path
    AND kept.undone_by IS NULL AND NOT EXISTS (SELECT 1 FROM transfers AS ended WHERE ended.source = kept.source
        AND ended.action = 'remove' AND ended.step IN ('done', 'unsynced') AND ended.undone_by IS NULL
        AND ended.id > kept.id)
    ORDER BY kept.id DESC LIMIT 1) END";

/// The columns that are read of a picture. They are read by position: to look for twenty names in each of a million
/// rows takes seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Path,
    Shown,
    Hash,
    Device,
    Inode,
    Size,
    Modified,
    State,
    Trouble,
    LabelSet,
    Label,
    Score,
    Margin,
    Scores,
    Decision,
    Decided,
    Placed,
    Failure,
    First,
    IsOurs,
    Replaced,
    LeftBehind,
}

/// Each column, in the order of the rows.
const COLUMNS: [(Column, &str); 23] = [
    (Column::Id, "pictures.id"),
    (Column::Path, "path"),
    (Column::Shown, "shown"),
    (Column::Hash, "pictures.hash"),
    (Column::Device, "device"),
    (Column::Inode, "pictures.inode"),
    (Column::Size, "pictures.size"),
    (Column::Modified, "modified"),
    (Column::State, "state"),
    (Column::Trouble, "trouble"),
    (Column::LabelSet, "label_set"),
    (Column::Label, "label"),
    (Column::Score, "score"),
    (Column::Margin, "margin"),
    (Column::Scores, "scores"),
    (Column::Decision, "decision"),
    (Column::Decided, "decided"),
    (Column::Placed, "placed"),
    (Column::Failure, "failure"),
    (Column::First, FIRST),
    (Column::IsOurs, IS_OURS),
    (Column::Replaced, "replaced"),
    (Column::LeftBehind, LEFT_BEHIND),
];

/// All that is read of a picture.
pub(super) fn select() -> String {
    let columns = COLUMNS.map(|(_, expression)| expression).join(", ");
    format!("SELECT {columns} FROM pictures LEFT JOIN transfers ON transfers.id = pictures.placed_by")
}

fn get<T: FromSql>(row: &Row<'_>, column: Column) -> rusqlite::Result<T> {
    row.get(column as usize)
}

/// A picture, with its prediction if that was made with the label set `set`, or if `set` is none. None for a picture in
/// a state that this version does not know.
pub(super) fn picture(row: &Row<'_>, destination: &Path, set: Option<i64>) -> rusqlite::Result<Option<SessionPicture>> {
    let Some(state) = PictureState::from_word(&get::<String>(row, Column::State)?) else { return Ok(None) };
    let hash: Vec<u8> = get(row, Column::Hash)?;
    let path = |column| get::<Vec<u8>>(row, column).map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes)));
    let decision: Option<String> = get(row, Column::Decision)?;
    let decided = get::<Option<i64>>(row, Column::Decided)?.map(LabelId);
    let placed: Option<Vec<u8>> = get(row, Column::Placed)?;
    let is_ours = get::<Option<bool>>(row, Column::IsOurs)?.unwrap_or(false);
    let first: Option<String> = get(row, Column::First)?;
    let left_behind: Option<Vec<u8>> = get(row, Column::LeftBehind)?;
    Ok(Some(SessionPicture {
        id: PictureId(get(row, Column::Id)?),
        picture: Picture {
            path: destination.join(path(Column::Path)?),
            hash: <[u8; 32]>::try_from(hash).ok().map(ContentHash),
            stamp: stamp(row)?,
            state,
            prediction: prediction(row, set)?,
        },
        label_set: get(row, Column::LabelSet)?,
        shown: path(Column::Shown)?,
        trouble: get(row, Column::Trouble)?,
        decision: decision.and_then(|word| Decision::from_word(&word, decided)),
        placed_how: placed.is_some().then(|| match first.as_deref() {
            Some("copy") => "copied".to_owned(),
            Some("move") => "moved".to_owned(),
            _ => "already present".to_owned(),
        }),
        place: placed.and_then(|placed| place(&placed, is_ours)),
        left_behind: left_behind.map(|kept| destination.join(OsStr::from_bytes(&kept))),
        failure: get(row, Column::Failure)?,
        is_replaced: get(row, Column::Replaced)?,
    }))
}

fn stamp(row: &Row<'_>) -> rusqlite::Result<Option<FileStamp>> {
    let number = |column| get::<Option<i64>>(row, column).map(|value| value.map(|value| value as u64));
    let (device, inode, size) = (number(Column::Device)?, number(Column::Inode)?, number(Column::Size)?);
    let modified: Option<String> = get(row, Column::Modified)?;
    Ok(match (device, inode, size, modified.and_then(|text| text.parse().ok())) {
        (Some(device), Some(inode), Some(size), Some(modified_ns)) => {
            Some(FileStamp { device, inode, size, modified_ns })
        }
        _ => None,
    })
}

fn prediction(row: &Row<'_>, set: Option<i64>) -> rusqlite::Result<Option<Prediction>> {
    let made_with: Option<i64> = get(row, Column::LabelSet)?;
    if set.is_some() && made_with != set {
        return Ok(None);
    }
    let (label, scores): (Option<i64>, Option<Vec<u8>>) = (get(row, Column::Label)?, get(row, Column::Scores)?);
    let (score, margin): (Option<f32>, Option<f32>) = (get(row, Column::Score)?, get(row, Column::Margin)?);
    let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    Ok(match (label, score, margin, scores) {
        (Some(label), Some(score), Some(margin), Some(scores)) => {
            let scores = scores.chunks_exact(4).map(number).collect();
            Some(Prediction { label: label as usize, score, margin, scores })
        }
        _ => None,
    })
}

/// `folder/name` as a place.
pub(super) fn place(kept: &[u8], is_ours: bool) -> Option<Place> {
    let path = Path::new(OsStr::from_bytes(kept));
    let folder = path.parent()?.to_str()?.to_owned();
    Some(Place { folder, file_name: path.file_name()?.to_owned(), is_ours })
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;

    #[test]
    fn columns_are_in_their_places() {
        for (position, (column, _)) in COLUMNS.into_iter().enumerate() {
            assert_eq!(column as usize, position, "{column:?}");
        }
    }
}
