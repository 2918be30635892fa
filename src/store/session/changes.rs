//! Changes in a session since it was looked at last, for those that follow while another process works in it.

use super::{Session, StoreError};
use crate::domain::run::RunId;

/// A moment in the life of a session: every change of a picture after it has a higher number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Revision(pub i64);

/// Which pictures are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that are in the source as far as is known.
    All,
    /// Pictures that a run has seen.
    SeenIn(RunId),
    /// Pictures that came or changed since, with those whose path has another content now.
    ChangedSince(Revision),
}

impl Which {
    /// The condition, with its one parameter.
    pub(super) fn condition(self) -> (&'static str, Option<i64>) {
        match self {
            Which::All => ("?1 IS NULL AND NOT replaced", None),
            Which::SeenIn(run) => ("pictures.seen = ?1", Some(run.0)),
            Which::ChangedSince(revision) => ("pictures.revision > ?1", Some(revision.0)),
        }
    }
}

impl Session {
    /// The last change of a picture.
    pub fn revision(&self) -> Result<Revision, StoreError> {
        let found = self.connection.query_row("SELECT coalesce(max(revision), 0) FROM pictures", [], |row| row.get(0));
        found.map(Revision).map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::labels::LabelSet;
    use super::super::pictures::Found;
    use super::*;
    use crate::domain::decision::Decision;
    use crate::domain::history::{Step, StepKind};
    use crate::domain::picture::{ContentHash, FileStamp, Picture, PictureId, PictureState};
    use crate::domain::run::RunKind;
    use crate::store::known::KnownSessions;

    fn picture(number: u8) -> Picture {
        Picture {
            path: format!("/from/{number}.jpg").into(),
            hash: Some(ContentHash([number; 32])),
            stamp: Some(FileStamp { device: 1, inode: 2, size: 3, modified_ns: 4 }),
            state: PictureState::Ok,
            prediction: None,
        }
    }

    fn put(session: &mut Session, run: RunId, pictures: &[Picture]) -> Vec<bool> {
        let set = LabelSet { id: 1, labels: vec![] };
        let found: Vec<Found<'_>> =
            pictures.iter().map(|picture| Found { picture, path: &picture.path, trouble: None, alert: None }).collect();
        let known = session.put_pictures(run, &set, &found).unwrap();
        known.into_iter().map(|known| known.is_new).collect()
    }

    fn since(session: &Session, revision: Revision) -> Vec<(i64, bool)> {
        let mut found = vec![];
        let each = |picture: super::super::SessionPicture| found.push((picture.id.0, picture.is_replaced));
        session.for_each_picture(None, Which::ChangedSince(revision), each).unwrap();
        found
    }

    #[test]
    fn what_came_and_what_changed_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
        let run = session.begin_run(RunKind::Classify, None, None, crate::store::ledger::RunSettings::none()).unwrap();
        assert_eq!(session.revision().unwrap(), Revision(0));
        assert_eq!(put(&mut session, run, &[picture(1), picture(2)]), [true, true]);
        let first = session.revision().unwrap();
        assert_eq!(since(&session, Revision(0)), [(1, false), (2, false)]);
        // The same again is no change.
        assert_eq!(put(&mut session, run, &[picture(1)]), [false]);
        assert_eq!((session.revision().unwrap(), since(&session, first)), (first, vec![]));
        let step = Step { kind: StepKind::Decide, said: vec![(PictureId(1), Some(Decision::NoneOfThese))] };
        session.decide(&step).unwrap();
        assert_eq!(since(&session, first), [(1, false)]);
        // Another content under the path of the second: the row of the first content is replaced.
        let second = session.revision().unwrap();
        let changed = Picture { path: "/from/2.jpg".into(), ..picture(3) };
        assert_eq!(put(&mut session, run, &[changed]), [true]);
        assert_eq!(since(&session, second), [(2, true), (3, false)]);
    }
}
