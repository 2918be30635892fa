//! One content, several pictures: what a person decides of one holds for all of them. Each has its own row and its own
//! lines, in the table of decisions as in the ledger.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use rusqlite::Transaction;
use serde_json::json;

use super::{Session, StoreError, decisions};
use crate::domain::decision::{Decision, LabelId};
use crate::domain::history::{Step, StepKind};
use crate::domain::picture::{ContentHash, PictureId};

const FILES_OF_CONTENT: &str = "SELECT path FROM pictures WHERE hash = ?1
     UNION SELECT placed FROM pictures WHERE hash = ?1 AND placed IS NOT NULL";

const ALIKE: &str =
    "SELECT id, hash FROM pictures WHERE NOT replaced AND hash IN (SELECT hash FROM json_each(?1) AS said
         JOIN pictures ON pictures.id = said.value WHERE length(hash) > 0) ORDER BY id";

impl Session {
    /// Keeps decisions that a person made at once, which hold for every picture of the same content. Where a step is
    /// taken back or done again, so is what it did to pictures that the person did not see.
    pub fn decide_contents(&mut self, step: &Step) -> Result<(), StoreError> {
        self.change(|change| decisions::keep(change, &with_same_content(change, step)?))?;
        self.complete_ledger()
    }

    /// The files that pictures of a content were found as or have been sorted to.
    pub fn files_of_content(&self, hash: &ContentHash) -> Result<Vec<PathBuf>, StoreError> {
        self.read(|reading| {
            let mut files = reading.prepare(FILES_OF_CONTENT)?;
            let kept = files.query_map([hash.0.as_slice()], |row| row.get::<_, Vec<u8>>(0))?;
            kept.map(|kept| kept.map(|kept| self.absolute_path(&kept))).collect()
        })
    }
}

/// The step, with the pictures that have the content of one in it and are not in it themselves.
fn with_same_content(change: &Transaction<'_>, step: &Step) -> rusqlite::Result<Step> {
    let mut whole = step.clone();
    let said: HashMap<PictureId, Option<Decision>> = step.said.iter().copied().collect();
    let alike = alike(change, step)?;
    // The first picture of the step with each content speaks for it.
    let mut speaker: HashMap<&[u8], PictureId> = HashMap::new();
    for (picture, content) in alike.iter().filter(|(picture, _)| said.contains_key(picture)) {
        speaker.entry(content).or_insert(*picture);
    }
    let unsaid = || alike.iter().filter(|(picture, _)| !said.contains_key(picture));
    let last = match step.kind {
        StepKind::Undo | StepKind::Redo if unsaid().next().is_some() => last_said(change, &alike)?,
        _ => HashMap::new(),
    };
    for (picture, content) in unsaid() {
        let Some(speaker) = speaker.get(content.as_slice()) else { continue };
        let decision = match step.kind {
            StepKind::Decide => said.get(speaker).copied(),
            // A decision on both is taken back of both.
            StepKind::Undo | StepKind::Redo => match (last.get(speaker), last.get(picture)) {
                (Some(own), Some(other)) if own.step == other.step => Some(other.before),
                _ => None,
            },
        };
        whole.said.extend(decision.map(|decision| (*picture, decision)));
    }
    Ok(whole)
}

/// The pictures that have the content of one in the step, those in it among them, but for those whose path has another
/// content now.
fn alike(change: &Transaction<'_>, step: &Step) -> rusqlite::Result<Vec<(PictureId, Vec<u8>)>> {
    let mut statement = change.prepare_cached(ALIKE)?;
    let said = json!(step.said.iter().map(|(picture, _)| picture.0).collect::<Vec<_>>()).to_string();
    statement.query_map([said], |row| Ok((PictureId(row.get(0)?), row.get(1)?)))?.collect()
}

/// The last decision on a picture: its step, and the decision before.
struct Last {
    step: i64,
    now: Option<Decision>,
    before: Option<Decision>,
}

fn last_said(change: &Transaction<'_>, alike: &[(PictureId, Vec<u8>)]) -> rusqlite::Result<HashMap<PictureId, Last>> {
    let wanted: HashSet<PictureId> = alike.iter().map(|(picture, _)| *picture).collect();
    let mut last: HashMap<PictureId, Last> = HashMap::new();
    let mut statement =
        change.prepare_cached("SELECT picture, coalesce(step, id), decision, label FROM decisions ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let picture = PictureId(row.get(0)?);
        if wanted.contains(&picture) {
            let word: Option<String> = row.get(2)?;
            let label = row.get::<_, Option<i64>>(3)?.map(LabelId);
            let now = word.and_then(|word| Decision::from_word(&word, label));
            let before = last.get(&picture).and_then(|last| last.now);
            last.insert(picture, Last { step: row.get(1)?, now, before });
        }
    }
    Ok(last)
}

/// The decision on a content: a picture that comes with it is not asked about again.
#[derive(Debug, Clone)]
struct Standing {
    word: String,
    label: Option<i64>,
    /// The step that said it last.
    step: i64,
    kind: String,
}

/// Contents that people have decided about, read again where decisions were made since.
#[derive(Debug, Default)]
pub(super) struct DecidedContents {
    /// The last row of the decisions that were read.
    last: i64,
    /// None where pictures with one content were decided differently.
    standing: HashMap<Vec<u8>, Option<Standing>>,
    /// Decisions were passed on since this was made.
    pub(super) has_passed_on: bool,
}

impl DecidedContents {
    /// Gives a picture that has just come the decision that stands for its content.
    pub(super) fn pass_on(
        &mut self,
        change: &Transaction<'_>,
        picture: PictureId,
        hash: &[u8],
    ) -> rusqlite::Result<Option<Decision>> {
        self.refresh(change)?;
        let Some(standing) = self.standing.get(hash).and_then(Option::as_ref) else { return Ok(None) };
        let decision = Decision::from_word(&standing.word, standing.label.map(LabelId));
        self.last = decisions::keep_one(change, picture, decision, standing.step, &standing.kind)?;
        self.has_passed_on = true;
        Ok(decision)
    }

    fn refresh(&mut self, change: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut newest = change.prepare_cached("SELECT coalesce(max(id), 0) FROM decisions")?;
        let newest: i64 = newest.query_row([], |row| row.get(0))?;
        if newest == self.last {
            return Ok(());
        }
        self.standing.clear();
        // Beside the largest, SQLite gives the other columns of its row.
        let mut statement = change.prepare_cached(
            "SELECT hash, pictures.decision, decided, said.step, said.kind
             FROM (SELECT picture, max(id) AS id, coalesce(step, id) AS step, kind FROM decisions GROUP BY picture) AS said
                 JOIN pictures ON pictures.id = said.picture
             WHERE pictures.decision IS NOT NULL AND length(hash) > 0 ORDER BY said.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let fresh = Standing { word: row.get(1)?, label: row.get(2)?, step: row.get(3)?, kind: row.get(4)? };
            let known = self.standing.entry(row.get(0)?).or_insert_with(|| Some(fresh.clone()));
            let is_alike = known.as_ref().is_some_and(|known| (&known.word, known.label) == (&fresh.word, fresh.label));
            *known = is_alike.then_some(fresh);
        }
        self.last = newest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Which;
    use super::super::labels::LabelSet;
    use super::super::pictures::Found;
    use super::*;
    use crate::domain::history::History;
    use crate::domain::picture::{ContentHash, FileStamp, Picture, PictureState};
    use crate::domain::run::{RunId, RunKind};
    use crate::store::database::{self, Kind};
    use crate::store::known::KnownSessions;
    use crate::store::schema::SESSION;

    const NONE: Option<Decision> = Some(Decision::NoneOfThese);
    const SKIPPED: Option<Decision> = Some(Decision::Skipped);

    struct Scene {
        _folder: tempfile::TempDir,
        session: Session,
        run: RunId,
        /// The label whose command is owed for what comes.
        alert: Option<&'static str>,
    }

    impl Scene {
        /// A session with pictures of these contents, numbered from 1 on.
        fn new(contents: &[u8]) -> Scene {
            let folder = tempfile::tempdir().unwrap();
            let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
            let run =
                session.begin_run(RunKind::Classify, None, None, crate::store::ledger::RunSettings::none()).unwrap();
            let mut scene = Scene { _folder: folder, session, run, alert: None };
            for content in contents {
                assert_eq!(scene.put(*content), None);
            }
            scene
        }

        fn put(&mut self, content: u8) -> Option<Decision> {
            let number = self.decisions().len() + 1;
            let picture = Picture {
                path: format!("/from/{number}.jpg").into(),
                hash: Some(ContentHash([content; 32])),
                stamp: Some(FileStamp { device: 1, inode: 2, size: 3, modified_ns: 4 }),
                state: PictureState::Ok,
                prediction: None,
            };
            let found = Found { picture: &picture, path: &picture.path, trouble: None, alert: self.alert };
            let set = LabelSet { id: 1, labels: vec![] };
            self.session.put_pictures(self.run, &set, &[found]).unwrap()[0].decision
        }

        fn say(&mut self, kind: StepKind, said: &[(i64, Option<Decision>)]) {
            let said = said.iter().map(|(picture, said)| (PictureId(*picture), *said)).collect();
            self.session.decide_contents(&Step { kind, said }).unwrap();
        }

        /// As an earlier version did: one picture is decided by itself.
        fn say_of_one(&mut self, picture: i64, decision: Option<Decision>) {
            let step = Step { kind: StepKind::Decide, said: vec![(PictureId(picture), decision)] };
            self.session.decide(&step).unwrap();
        }

        fn decisions(&self) -> Vec<Option<Decision>> {
            let mut decisions = vec![];
            self.session.for_each_picture(None, Which::All, |picture| decisions.push(picture.decision)).unwrap();
            decisions
        }

        fn lines(&self) -> u64 {
            self.session.ledger_head().unwrap().0
        }
    }

    #[test]
    fn a_decision_holds_for_its_content_and_is_taken_back_whole() {
        let mut scene = Scene::new(&[1, 2, 1, 1]);
        let before = scene.lines();
        scene.say(StepKind::Decide, &[(3, NONE)]);
        assert_eq!(scene.decisions(), [NONE, None, NONE, NONE]);
        assert_eq!(scene.lines() - before, 3, "a line each");
        // The app may not have seen those that it does not tell of.
        scene.say(StepKind::Undo, &[(3, None)]);
        assert_eq!(scene.decisions(), [None; 4]);
        scene.say(StepKind::Redo, &[(3, NONE)]);
        assert_eq!(scene.decisions(), [NONE, None, NONE, NONE]);
        // A picture in the step itself has its own decision.
        scene.say(StepKind::Decide, &[(1, SKIPPED), (3, NONE)]);
        assert_eq!(scene.decisions(), [SKIPPED, None, NONE, SKIPPED]);
    }

    #[test]
    fn a_picture_that_comes_later_has_the_decision_of_its_content() {
        let mut scene = Scene::new(&[1, 2]);
        scene.say(StepKind::Decide, &[(1, NONE)]);
        scene.say(StepKind::Decide, &[(2, SKIPPED)]);
        let before = scene.lines();
        assert_eq!((scene.put(1), scene.put(3), scene.put(1)), (NONE, None, NONE));
        assert_eq!(scene.lines() - before, 2);
        // It belongs to the first step, in a later start too.
        let mut history = History::of(scene.session.steps().unwrap());
        assert_eq!(history.to_take_back().unwrap().len(), 1);
        let first = history.to_take_back().unwrap();
        assert_eq!(first.iter().map(|change| change.picture.0).collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!(history.to_take_back(), None);
        scene.say(StepKind::Undo, &[(1, None)]);
        assert_eq!(scene.decisions(), [None, SKIPPED, None, None, None]);
        assert_eq!(scene.put(1), None, "nothing stands for it any more");
    }

    #[test]
    fn no_command_is_owed_for_a_label_that_a_person_decided_against() {
        let mut scene = Scene::new(&[1, 2, 3]);
        let [a, b] = ["a", "b"].map(|text| scene.session.label(text).unwrap());
        scene.alert = Some("a");
        scene.say(
            StepKind::Decide,
            &[(1, NONE), (2, Some(Decision::Reassigned(a))), (3, Some(Decision::Reassigned(b)))],
        );
        for content in [1, 2, 3, 4] {
            scene.put(content);
        }
        let owed = "SELECT picture FROM alerts ORDER BY picture";
        let owed: Result<Vec<i64>, _> =
            scene.session.read(|reading| reading.prepare(owed)?.query_map([], |row| row.get(0))?.collect());
        assert_eq!(owed.unwrap(), [5, 7]);
    }

    #[test]
    fn what_was_decided_one_by_one_stays_so() {
        let mut scene = Scene::new(&[1, 1, 1]);
        scene.say_of_one(1, NONE);
        scene.say_of_one(2, SKIPPED);
        assert_eq!(scene.put(1), None, "they differ");
        assert_eq!(scene.decisions(), [NONE, SKIPPED, None, None]);
        // Each was a step of its own, and is taken back by itself.
        scene.say(StepKind::Undo, &[(2, None)]);
        assert_eq!(scene.decisions(), [NONE, None, None, None]);
        // The next decision is for all, and its undo gives each what it had.
        scene.say(StepKind::Decide, &[(3, SKIPPED)]);
        assert_eq!(scene.decisions(), [SKIPPED; 4]);
        scene.say(StepKind::Undo, &[(3, None)]);
        assert_eq!(scene.decisions(), [NONE, None, None, None]);
    }

    #[test]
    fn pictures_whose_content_is_not_known_are_not_alike() {
        let mut scene = Scene::new(&[1, 1]);
        scene.session.change(|change| change.execute("UPDATE pictures SET hash = x''", []).map(drop)).unwrap();
        scene.say(StepKind::Decide, &[(1, NONE)]);
        assert_eq!(scene.decisions(), [NONE, None]);
    }
    /// The places in the tables that a look-up of a content reads.
    fn plan_of(session: &Session, query: &str) -> String {
        let mut plan = session.connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let steps = plan.query_map([rusqlite::types::Null], |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn contents_are_looked_up_by_an_index_in_sessions_of_the_version_before_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".sis");
        std::fs::create_dir(&path).unwrap();
        let former = Kind { migrations: &SESSION.migrations[..5], ..SESSION };
        let connection = database::open(&path.join("session.db"), &former).unwrap();
        let statements = "INSERT INTO runs (id, kind, began, settings) VALUES (1, 'classify', 0, '{}');
             INSERT INTO pictures (id, path, shown, hash, state, seen) VALUES
                (1, CAST('/from/1.jpg' AS BLOB), x'61', zeroblob(32), 'ok', 1),
                (2, CAST('/from/2.jpg' AS BLOB), x'62', zeroblob(32), 'ok', 1);";
        connection.execute_batch(statements).unwrap();
        drop(connection);
        let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
        for query in [ALIKE, FILES_OF_CONTENT] {
            let plan = plan_of(&session, query);
            assert!(plan.contains("USING INDEX pictures_hash") && !plan.contains("SCAN pictures"), "{plan}");
        }
        session.decide_contents(&Step { kind: StepKind::Decide, said: vec![(PictureId(1), NONE)] }).unwrap();
        let mut decisions = vec![];
        session.for_each_picture(None, Which::All, |picture| decisions.push(picture.decision)).unwrap();
        assert_eq!(decisions, [NONE, NONE]);
        let files = session.files_of_content(&ContentHash([0; 32])).unwrap();
        assert_eq!(files, ["/from/1.jpg", "/from/2.jpg"].map(PathBuf::from));
    }
}
