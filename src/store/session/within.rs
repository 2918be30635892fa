//! Finer sorts inside labels: how each is sorted, and what the model said of its pictures.

use rusqlite::OptionalExtension;

use super::runs::sorting_of;
use super::{LabelSet, Session, SessionPicture, Sorting, StoreError};
use crate::domain::collection::BestLabel;
use crate::domain::decision::{LabelId, Standing};
use crate::domain::label_tree::LabelTree;
use crate::domain::picture::PictureId;
use crate::domain::run::{RunId, RunKind};
use crate::domain::score::SureRule;
use crate::store::ledger::{RunSettings, WithinSettings};

/// The labels inside one label, and how its pictures are sorted by them.
#[derive(Debug, Clone, PartialEq)]
pub struct Narrowed {
    /// The label.
    pub within: LabelId,
    /// How its pictures are sorted.
    pub sorting: Sorting,
    /// The labels inside it, and which predictions count.
    pub set: LabelSet,
}

/// All labels that a session's pictures are sorted by, those inside others too.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionTree {
    /// The labels, by their positions in the tree.
    pub labels: LabelTree,
    /// The root's label set.
    pub root: LabelSet,
    /// The sort inside a label, of each level but the root's: the first is of level 1.
    pub inside: Vec<Narrowed>,
}

/// The prediction for a picture inside a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestInside {
    /// The level of the tree.
    pub level: usize,
    /// The best label there.
    pub best: BestLabel,
}

impl SessionTree {
    /// How a picture of the session counts, with what the model said of it inside labels. Its own prediction is one for
    /// the root's labels.
    pub fn standing(&self, picture: &SessionPicture, inside: &[BestInside]) -> Standing {
        let root = picture.picture.prediction.as_ref().map(|prediction| BestLabel {
            label: prediction.label,
            score: prediction.score,
            margin: prediction.margin,
        });
        self.labels.standing(picture.decision, picture.picture.state, &|level| match level {
            0 => root,
            level => inside.iter().find(|found| found.level == level).map(|found| found.best),
        })
    }

    /// The label set of a level.
    pub fn set(&self, level: usize) -> Option<&LabelSet> {
        match level.checked_sub(1) {
            None => Some(&self.root),
            Some(inside) => self.inside.get(inside).map(|narrowed| &narrowed.set),
        }
    }
}

impl Session {
    /// The labels that pictures are sorted by where the root's are these: inside each label those of the last run that
    /// sorted inside it, unless it has none since.
    pub fn tree(&self, root: &LabelSet, texts: &[&str], sure: SureRule) -> Result<SessionTree, StoreError> {
        let ids: Vec<(LabelId, &str)> = root.labels.iter().copied().zip(texts.iter().copied()).collect();
        let mut tree = SessionTree {
            labels: LabelTree::new(&ids, sure, self.label_parents()?),
            root: root.clone(),
            inside: vec![],
        };
        let mut at = 0;
        while let Some(label) = tree.labels.labels().get(at).map(|label| label.id) {
            if let Some(narrowed) = self.narrowed(label)? {
                // A label has one place: a session that says otherwise is not followed round.
                let is_new = |id: &LabelId| tree.labels.position(*id).is_none();
                if narrowed.set.labels.iter().all(is_new) {
                    let texts = narrowed.sorting.labels.iter().map(|label| label.text.as_str());
                    let ids: Vec<(LabelId, &str)> = narrowed.set.labels.iter().copied().zip(texts).collect();
                    tree.labels.narrow(at, &ids, narrowed.sorting.sure());
                    tree.inside.push(narrowed);
                }
            }
            at += 1;
        }
        Ok(tree)
    }

    /// The labels inside a label, and how its pictures are sorted by them; none where it has none.
    pub fn narrowed(&self, within: LabelId) -> Result<Option<Narrowed>, StoreError> {
        let last = self.connection.prepare_cached(
            "SELECT settings, label_sets.id, label_sets.labels FROM runs LEFT JOIN label_sets ON label_sets.id = label_set
             WHERE within = ?1 ORDER BY runs.id DESC LIMIT 1",
        );
        let row = last.and_then(|mut last| {
            let row = last.query_row([within.0], |row| {
                let (id, labels): (Option<i64>, Option<String>) = (row.get(1)?, row.get(2)?);
                Ok(id.zip(labels).map(|(id, labels)| (row.get(0), id, labels)))
            });
            row.optional()
        });
        let Some((settings, id, labels)) = row.map_err(|error| self.failed(error))?.flatten() else { return Ok(None) };
        let settings: String = settings.map_err(|error| self.failed(error))?;
        Ok(sorting_of((settings, id, labels)).map(|(sorting, set)| Narrowed { within, sorting, set }))
    }

    /// Every finer sort, of labels that are not sorted by now too.
    pub fn all_narrowed(&self) -> Result<Vec<Narrowed>, StoreError> {
        let labels = || -> rusqlite::Result<Vec<LabelId>> {
            let mut labels =
                self.connection.prepare("SELECT DISTINCT within FROM runs WHERE within IS NOT NULL ORDER BY within")?;
            labels.query_map([], |row| row.get(0).map(LabelId))?.collect()
        };
        let labels = labels().map_err(|error| self.failed(error))?;
        labels.into_iter().filter_map(|label| self.narrowed(label).transpose()).collect()
    }

    /// Begins a run that scores the pictures of a label for labels inside it. From now on they are sorted by those.
    pub fn begin_within(&mut self, narrowed: &Narrowed, settings: WithinSettings) -> Result<RunId, StoreError> {
        let sorting = Some((&narrowed.sorting, &narrowed.set));
        let settings = RunSettings::Within(Box::new(settings));
        self.begin_run_within(Some(narrowed.within), RunKind::Classify, None, sorting, settings)
    }

    /// Begins a run from which on a label, by its number and its path, has no labels inside.
    pub fn begin_widening(&mut self, within: LabelId, path: Vec<String>) -> Result<RunId, StoreError> {
        self.begin_run_within(Some(within), RunKind::Classify, None, None, RunSettings::Widened(path))
    }

    /// Keeps the scores of pictures for the labels inside one, in place of those for others inside it.
    pub fn put_scores_within(
        &mut self,
        narrowed: &Narrowed,
        scores: &[(PictureId, Vec<f32>)],
    ) -> Result<(), StoreError> {
        self.change(|change| {
            let mut statement = change.prepare_cached(
                "INSERT INTO scores_within (picture, within, label_set, label, score, margin, scores)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (picture, within) DO UPDATE
                 SET label_set = ?3, label = ?4, score = ?5, margin = ?6, scores = ?7",
            )?;
            scores.iter().try_for_each(|(picture, scores)| {
                let Some(BestLabel { label, score, margin }) = BestLabel::of(scores) else { return Ok(()) };
                let bytes = scores.iter().flat_map(|score| score.to_le_bytes()).collect::<Vec<u8>>();
                let (within, set) = (narrowed.within.0, narrowed.set.id);
                statement.execute((picture.0, within, set, label as i64, score, margin, bytes)).map(drop)
            })
        })
    }

    /// The predictions for a picture inside labels of the tree, where it was scored for the labels that they have now.
    pub fn best_inside(&self, picture: PictureId, tree: &SessionTree) -> Result<Vec<BestInside>, StoreError> {
        if !tree.labels.is_narrowed() {
            return Ok(vec![]);
        }
        let found = || -> rusqlite::Result<Vec<BestInside>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT within, label_set, label, score, margin FROM scores_within WHERE picture = ?1",
            )?;
            let mut rows = statement.query([picture.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (within, set): (i64, i64) = (row.get(0)?, row.get(1)?);
                let level = tree.labels.position(LabelId(within)).and_then(|at| tree.labels.level_inside(at));
                let level = level.filter(|level| tree.set(*level).is_some_and(|of_now| of_now.id == set));
                let best = BestLabel { label: row.get::<_, i64>(2)? as usize, score: row.get(3)?, margin: row.get(4)? };
                found.extend(level.map(|level| BestInside { level, best }));
            }
            Ok(found)
        };
        found().map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Found, Which};
    use super::*;
    use crate::domain::decision::Decision;
    use crate::domain::history::{Step, StepKind};
    use crate::domain::label::Label;
    use crate::domain::picture::{ContentHash, Picture, PictureState};
    use crate::domain::score::Prediction;
    use crate::domain::settings::Operation;
    use crate::store::StoreError;
    use crate::store::database::{self, Kind};
    use crate::store::known::KnownSessions;
    use crate::store::ledger::RunResult;
    use crate::store::schema::SESSION;

    fn unknown() -> KnownSessions {
        KnownSessions::in_folder(None)
    }

    fn sorting(labels: [&str; 2]) -> Sorting {
        Sorting {
            labels: labels.map(Label::named).to_vec(),
            template: "{}".to_owned(),
            threshold: 0.5,
            margin: 0.0,
            operation: Operation::Copy,
        }
    }

    fn settings(within: &[&str]) -> WithinSettings {
        WithinSettings {
            within: within.iter().map(|text| (*text).to_owned()).collect(),
            model: "demo".to_owned(),
            model_fingerprint: "m".to_owned(),
            runtime: String::new(),
            device: String::new(),
            variant: String::new(),
        }
    }

    /// A session with one picture that is a photo, and is sorted by `a photo, a map`.
    fn session(folder: &Path) -> (Session, LabelSet, PictureId) {
        let mut session = Session::open_to_work(folder, &unknown()).unwrap();
        let sorting = sorting(["a photo", "a map"]);
        let set = session.label_set(&sorting.labels, &sorting.template, "m").unwrap();
        let source = RunSettings::Other([("source".to_owned(), "/from".into())].into_iter().collect());
        let run = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), source).unwrap();
        let picture = Picture {
            path: "/from/1.jpg".into(),
            hash: Some(ContentHash([1; 32])),
            stamp: None,
            state: PictureState::Ok,
            prediction: Some(Prediction { label: 0, score: 0.9, margin: 0.8, scores: [0.9, 0.1].into() }),
        };
        let found = [Found { picture: &picture, path: &picture.path, trouble: None, alert: None }];
        let known = session.put_pictures(run, &set, &found).unwrap();
        session.end_run(run, RunResult::None {}).unwrap();
        (session, set, known[0].id)
    }

    /// Sorts the picture inside a label, which it is given scores for.
    fn narrow(session: &mut Session, path: &[&str], labels: [&str; 2], picture: PictureId, scores: [f32; 2]) -> RunId {
        let within = session.label_at(path).unwrap().unwrap();
        let sorting = sorting(labels);
        let set = session.label_set_within(within, &sorting.labels, &sorting.template, "m").unwrap();
        let narrowed = Narrowed { within, sorting, set };
        let run = session.begin_within(&narrowed, settings(path)).unwrap();
        session.put_scores_within(&narrowed, &[(picture, scores.to_vec())]).unwrap();
        session.end_run(run, RunResult::Within { pictures: 1, waiting: 0 }).unwrap();
        run
    }

    fn standing(session: &Session) -> (Vec<String>, Option<String>) {
        let (sorting, set) = session.sorting().unwrap().unwrap();
        let texts: Vec<&str> = sorting.labels.iter().map(|label| label.text.as_str()).collect();
        let tree = session.tree(&set, &texts, sorting.sure()).unwrap();
        let mut found = None;
        session
            .for_each_picture(Some(&set), Which::All, |picture| {
                let inside = session.best_inside(picture.id, &tree).unwrap();
                found = tree.standing(&picture, &inside).label().map(|at| tree.labels.name(at));
            })
            .unwrap();
        (tree.labels.names(), found)
    }

    #[test]
    fn a_label_is_sorted_inside_by_its_last_run_to_any_depth_and_until_it_is_widened() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, root, picture) = session(folder.path());
        assert_eq!(standing(&session).1.unwrap(), "a photo");
        narrow(&mut session, &["a photo"], ["indoors", "a map"], picture, [0.1, 0.9]);
        let (names, at) = standing(&session);
        assert_eq!(names, ["a photo", "a map", "a photo/indoors", "a photo/a map"], "texts of two levels may be alike");
        assert_eq!(at.unwrap(), "a photo/a map");
        // The sort of the root is as it was, and the source of the pictures too.
        assert_eq!(session.sorting().unwrap().unwrap().1, root);
        assert_eq!(session.origin().unwrap(), None);

        let before = session.revision().unwrap();
        narrow(&mut session, &["a photo"], ["indoors", "outdoors"], picture, [0.2, 0.8]);
        assert!(session.revision().unwrap() > before, "who follows the session is told");
        narrow(&mut session, &["a photo", "outdoors"], ["a street", "a field"], picture, [0.3, 0.7]);
        let (names, at) = standing(&session);
        assert_eq!(names.len(), 6);
        assert_eq!(at.unwrap(), "a photo/outdoors/a field");

        let photo = session.label("a photo").unwrap();
        session.begin_widening(photo, vec!["a photo".to_owned()]).unwrap();
        let (names, at) = standing(&session);
        assert_eq!((names, at.unwrap()), (vec!["a photo".to_owned(), "a map".to_owned()], "a photo".to_owned()));
    }

    #[test]
    fn a_session_that_is_made_anew_has_its_labels_inside_and_what_people_said_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, _, picture) = session(folder.path());
        narrow(&mut session, &["a photo"], ["indoors", "a map"], picture, [0.9, 0.1]);
        session.rename_label(&["a photo", "indoors"], "inside").unwrap();
        let inside = session.label_at(&["a photo", "inside"]).unwrap().unwrap();
        let photo = session.label("a photo").unwrap();
        for said in [Decision::Accepted(inside), Decision::NoneInside(photo), Decision::Reassigned(inside)] {
            session.decide(&Step { kind: StepKind::Decide, said: vec![(picture, Some(said))] }).unwrap();
        }
        let steps = |session: &Session| {
            let paths = session.label_paths().unwrap();
            let said = |step: Step| step.said[0].1.map(|said| (said.word(), paths[&said.label().unwrap()].join("/")));
            session.steps().unwrap().into_iter().map(said).collect::<Vec<_>>()
        };
        let before = (steps(&session), session.narrowed(photo).unwrap().unwrap().sorting);
        assert_eq!(before.0[1], Some(("none inside", "a photo".to_owned())));
        assert_eq!(before.0[2], Some(("reassigned", "a photo/inside".to_owned())));
        drop(session);
        std::fs::remove_file(folder.path().join(".sis/session.db")).unwrap();
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!(".sis/session.db{ending}")));
        }
        Session::repair(folder.path(), &unknown(), true).unwrap().unwrap();
        let mut session = Session::open_to_work(folder.path(), &unknown()).unwrap();
        let photo = session.label("a photo").unwrap();
        let after = (steps(&session), session.narrowed(photo).unwrap().unwrap().sorting);
        assert_eq!(after, before);
    }

    #[test]
    fn labels_of_texts_that_others_had_are_not_those_others() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, before, picture) = session(folder.path());
        session.rename_label(&["a photo"], "a drawing").unwrap();
        let drawing = session.label("a drawing").unwrap();
        let said = vec![(picture, Some(Decision::Accepted(drawing)))];
        session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
        // The drawing is given up, and a photo is a new label.
        let sorting = sorting(["a photo", "a map"]);
        let set = session.label_set(&sorting.labels, &sorting.template, "m").unwrap();
        assert_eq!((set.id, set.labels.contains(&drawing)), (before.id, false));
        assert_eq!(session.sorting().unwrap().unwrap().1, set, "a later start knows the same labels");
        assert_eq!(standing(&session).1, None, "a drawing is no photo");
    }

    #[test]
    fn a_session_of_version_6_keeps_its_labels_and_a_program_of_version_6_refuses_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".sis")).unwrap();
        let path = folder.path().join(".sis/session.db");
        let former = Kind { migrations: &SESSION.migrations[..6], ..SESSION };
        let connection = database::open(&path, &former).unwrap();
        connection
            .execute_batch(
                "INSERT INTO labels VALUES (3, 'a'), (5, 'b/c');
                 INSERT INTO label_sets VALUES (2, 'k', '[5,3]');
                 INSERT INTO runs (id, kind, label_set, began, settings) VALUES (1, 'classify', 2, 0, '{}');
                 INSERT INTO pictures (id, path, shown, hash, state, seen, label_set, decision, decided)
                    VALUES (7, x'61', x'61', zeroblob(32), 'ok', 1, 2, 'accepted', 5);
                 INSERT INTO decisions (picture, decision, label, at) VALUES (7, 'accepted', 5, 0);",
            )
            .unwrap();
        drop(connection);
        let (session, _) = Session::open_as_own(folder.path(), &unknown(), true).unwrap();
        let paths = session.label_paths().unwrap();
        assert_eq!(paths[&LabelId(5)], ["b/c"]);
        assert_eq!(session.labels_by_set().unwrap()[&2], ["b/c", "a"]);
        let said = session.steps().unwrap();
        assert_eq!(said[0].said, [(PictureId(7), Some(Decision::Accepted(LabelId(5))))]);
        assert_eq!(session.narrowed(LabelId(5)).unwrap(), None);
        let dangling: i64 = session
            .connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(dangling, 0);
        let refused = session.connection.execute("DELETE FROM labels WHERE id = 5", []);
        assert!(refused.is_err(), "references are kept from now on");
        drop(session);
        assert!(matches!(database::open(&path, &former), Err(StoreError::Newer { found: 7, known: 6, .. })));
    }
}
