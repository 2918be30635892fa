//! Transfers from plan to end, undone, done again, and left by a killed program.

use super::super::changes::Which;
use super::super::labels::LabelSet;
use super::super::pictures::Found;
use super::super::{Narrowed, Sorting};
use super::*;
use crate::domain::decision::LabelId;
use crate::domain::history::{self, StepKind};
use crate::domain::label::Label;
use crate::domain::picture::{ContentHash, FileStamp, Picture, PictureState};
use crate::domain::settings::Operation;
use crate::store::database::{self, Kind};
use crate::store::known::KnownSessions;
use crate::store::ledger::{FileEvent, RunResult, RunSettings, WithinSettings};
use crate::store::schema::SESSION;

fn session_with_picture() -> (tempfile::TempDir, Session, PictureId) {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
    let run = session.begin_run(RunKind::Classify, None, None, RunSettings::none()).unwrap();
    let picture = Picture {
        path: "/from/1.jpg".into(),
        hash: Some(ContentHash([1; 32])),
        stamp: Some(FileStamp { device: 1, inode: u64::MAX, size: 9, modified_ns: 1_500_000_000_123_456_789 }),
        state: PictureState::Ok,
        prediction: None,
    };
    let set = LabelSet { id: 1, labels: vec![] };
    session
        .put_pictures(run, &set, &[Found { picture: &picture, path: &picture.path, trouble: None, alert: None }])
        .unwrap();
    let mut id = None;
    session
        .for_each_picture(None, Which::SeenIn(run), |picture| {
            assert_eq!(picture.picture.stamp.unwrap().inode, u64::MAX);
            id = Some(picture.id);
        })
        .unwrap();
    (folder, session, id.unwrap())
}

fn new_transfer(session: &Session, picture: PictureId) -> Transfer {
    Transfer {
        picture,
        action: Action::Copy,
        source: "/from/1.jpg".into(),
        folder: session.destination().join("a"),
        names: vec!["1.jpg".into(), OsString::from_vec(vec![0xff])],
        hash: ContentHash([1; 32]),
        size: 9,
        reverses: None,
        restores: Unkept::default(),
        relies_on: ReliesOn::Decision(None),
    }
}

/// A run, a transfer that was planned in it, and its number.
fn planned(session: &mut Session, picture: PictureId) -> (RunId, Transfer, TransferId) {
    let run = session.begin_run(RunKind::Apply, None, None, RunSettings::none()).unwrap();
    let transfer = new_transfer(session, picture);
    let id = session.plan_transfers(run, std::slice::from_ref(&transfer), &[]).unwrap()[0].unwrap();
    (run, transfer, id)
}

#[test]
fn an_unfinished_transfer_is_found_as_it_was_left() {
    let (_folder, mut session, picture) = session_with_picture();
    let (_, transfer, id) = planned(&mut session, picture);
    let lost = Unkept { mode: Some(0o600), ..Unkept::default() };
    let copied = Step::Copied { inode: 7, unkept: lost };
    let target = PathBuf::from("/x/a/1.jpg");
    for (step, reached) in [
        (None, Reached::Planned),
        (Some(copied), Reached::Copied { inode: 7 }),
        (Some(Step::Published { target: target.clone() }), Reached::Published { target }),
    ] {
        if let Some(step) = &step {
            session.record(&[(id, step.clone())]).unwrap();
        }
        let unfinished = session.unfinished().unwrap();
        let transfer = Transfer { relies_on: ReliesOn::Nothing, ..transfer.clone() };
        let expected = Unfinished {
            id,
            kind: RunKind::Apply,
            transfer,
            unkept: if step.is_some() { lost } else { Unkept::default() },
            reached,
            device: Some(1),
            is_superseded: false,
        };
        assert_eq!(unfinished, [expected]);
    }
    session.record(&[(id, Step::Ended(Ending::Abandoned))]).unwrap();
    assert!(session.unfinished().unwrap().is_empty());
    assert!(session.placed().unwrap().is_empty());
}

#[test]
fn what_was_planned_on_another_decision_is_not_begun() {
    let (_folder, mut session, picture) = session_with_picture();
    let run = session.begin_run(RunKind::Apply, None, None, RunSettings::none()).unwrap();
    let transfer = new_transfer(&session, picture);
    let label = session.label("b").unwrap();
    let said = vec![(picture, Some(Decision::Reassigned(label)))];
    session.decide(&history::Step { kind: StepKind::Decide, said }).unwrap();
    assert_eq!(session.plan_transfers(run, std::slice::from_ref(&transfer), &[]).unwrap(), [None]);
    assert!(session.unfinished().unwrap().is_empty());
    let other = session.label("c").unwrap();
    for (decision, holds) in [(Decision::Reassigned(label), true), (Decision::Reassigned(other), false)] {
        let transfer = Transfer { relies_on: ReliesOn::Decision(Some(decision)), ..transfer.clone() };
        assert_eq!(session.plan_transfers(run, &[transfer], &[]).unwrap()[0].is_some(), holds, "{decision:?}");
    }
}

#[test]
fn what_is_undone_is_where_it_was_and_can_be_done_again() {
    let (_folder, mut session, picture) = session_with_picture();
    let target = session.destination().join("a/1.jpg");
    let done = |target: &Path| Step::Ended(Ending::Done { target: target.to_owned() });
    let apply = session.begin_run(RunKind::Apply, None, None, RunSettings::none()).unwrap();
    let transfer = new_transfer(&session, picture);
    let first = session.plan_transfers(apply, std::slice::from_ref(&transfer), &[]).unwrap()[0].unwrap();
    session.record(&[(first, done(&target))]).unwrap();
    assert_eq!(session.placed().unwrap()[0].place.folder, "a");
    assert_eq!(session.runs_in_force().unwrap().len(), 1);

    let undo = session.begin_run(RunKind::Undo, Some(apply), None, RunSettings::none()).unwrap();
    let back = Transfer { action: Action::Remove, reverses: Some(first), ..transfer.clone() };
    let second = session.plan_transfers(undo, &[back], &[]).unwrap()[0].unwrap();
    session.record(&[(second, done(Path::new("/from/1.jpg")))]).unwrap();
    assert!(session.placed().unwrap().is_empty());
    assert!(session.runs_in_force().unwrap().is_empty() && session.reversible(apply).unwrap().is_empty());

    let redo = session.begin_run(RunKind::Redo, Some(undo), None, RunSettings::none()).unwrap();
    assert_eq!(session.reversible(undo).unwrap()[0].id, second);
    let again = Transfer { reverses: Some(second), ..transfer };
    let third = session.plan_transfers(redo, &[again], &[]).unwrap()[0].unwrap();
    session.record(&[(third, done(&target))]).unwrap();
    assert_eq!(session.placed().unwrap().len(), 1);
    assert_eq!(session.runs_in_force().unwrap().iter().map(|run| run.id).collect::<Vec<_>>(), [redo]);
}

#[test]
fn what_was_not_on_disk_has_its_effect_once() {
    let (_folder, mut session, picture) = session_with_picture();
    let target = session.destination().join("a/1.jpg");
    let (run, transfer, id) = planned(&mut session, picture);
    let unsynced = Ending::Unsynced { target: target.clone(), reason: "the disk".to_owned() };
    session.record(&[(id, Step::Ended(unsynced.clone()))]).unwrap();
    assert_eq!(session.unfinished().unwrap()[0].id, id);
    let undo = session.begin_run(RunKind::Undo, Some(run), None, RunSettings::none()).unwrap();
    let back = Transfer { action: Action::Remove, reverses: Some(id), ..transfer };
    let second = session.plan_transfers(undo, &[back], &[]).unwrap()[0].unwrap();
    let done = |target: &Path| Step::Ended(Ending::Done { target: target.to_owned() });
    session.record(&[(second, done(Path::new("/from/1.jpg")))]).unwrap();
    assert!(session.unfinished().unwrap().is_empty(), "it was taken back: nothing is left to bring to disk");
    session.record(&[(id, done(&target))]).unwrap();
    assert!(session.placed().unwrap().is_empty(), "the picture is where the undo left it");
}

/// Two programs work at once, whatever kept the lock from them: the one that ends a transfer has the last word.
#[test]
fn a_transfer_that_has_ended_is_not_changed() {
    let (_folder, mut session, picture) = session_with_picture();
    let (_, _, id) = planned(&mut session, picture);
    let target = session.destination().join("a/1.jpg");
    session.record(&[(id, Step::Ended(Ending::Done { target: target.clone() }))]).unwrap();
    let (before, placed) = (session.ledger_head().unwrap(), session.placed().unwrap());
    for step in [
        Step::Copied { inode: 7, unkept: Unkept::default() },
        Step::Published { target: target.with_file_name("2.jpg") },
        Step::Ended(Ending::Failed { reason: String::new() }),
        Step::Ended(Ending::Abandoned),
    ] {
        let recorded = session.record(&[(id, step)]);
        assert!(matches!(recorded, Err(StoreError::EndedAlready { .. })), "{recorded:?}");
        assert_eq!((session.ledger_head().unwrap(), session.placed().unwrap()), (before.clone(), placed.clone()));
        assert!(session.unfinished().unwrap().is_empty());
    }
}

#[test]
fn a_session_of_the_version_before_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".sis");
    std::fs::create_dir(&path).unwrap();
    let former = Kind { migrations: &SESSION.migrations[..4], ..SESSION };
    let connection = database::open(&path.join("session.db"), &former).unwrap();
    connection
        .execute_batch(
            "INSERT INTO runs (id, kind, began, settings) VALUES (1, 'apply', 0, '{}');
             INSERT INTO pictures (id, path, shown, hash, state, seen) VALUES (7, CAST('/from/1.jpg' AS BLOB), x'61', zeroblob(32), 'ok', 1);
             INSERT INTO transfers (id, run, picture, action, source, folder, names, hash, size, step, target)
                VALUES (5, 1, 7, 'move', CAST('/from/1.jpg' AS BLOB), x'61', x'61', zeroblob(32), 9, 'done', CAST('a/1.jpg' AS BLOB));",
        )
        .unwrap();
    drop(connection);
    let session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
    let reversible = session.reversible(RunId(1)).unwrap();
    assert_eq!((reversible.len(), reversible[0].unkept), (1, Unkept::default()));
}

#[test]
fn what_a_copy_lost_is_kept_and_told() {
    let (folder, mut session, picture) = session_with_picture();
    let (run, _, id) = planned(&mut session, picture);
    let unkept = Unkept { modified_ns: Some(1), mode: Some(0o600), attributes: true };
    let target = session.destination().join("a/1.jpg");
    session.record(&[(id, Step::Copied { inode: 7, unkept })]).unwrap();
    session.record(&[(id, Step::Ended(Ending::Done { target }))]).unwrap();
    assert_eq!(session.reversible(run).unwrap()[0].unkept, unkept);
    session.complete_ledger().unwrap();
    let ledger = std::fs::read_to_string(folder.path().join(".sis/ledger.jsonl")).unwrap();
    assert!(
        ledger.contains(r#""unkept":{"modified":"1970-01-01T00:00:00.000000001Z","mode":"600","attributes":true}"#),
        "{ledger}"
    );
}

/// A line without what is another one each time.
fn constant(line: &str) -> String {
    let mut line = line.to_owned() + "\n";
    for key in ["time", "previous", "program"].map(|key| format!("\"{key}\":\"")) {
        if let Some((before, (_, after))) = line.split_once(&key).and_then(|(b, rest)| Some((b, rest.split_once('"')?)))
        {
            line = format!("{before}{key}*\"{after}");
        }
    }
    line
}

/// The lines that few runs write: those of others are in the sessions that earlier versions wrote.
#[test]
fn rare_lines_are_written_as_they_always_were() {
    let (folder, mut session, picture) = session_with_picture();
    let run = session.begin_run(RunKind::Apply, None, None, RunSettings::none()).unwrap();
    let target = session.destination().join("a").join(OsString::from_vec(b"\xff\n\xe2\x80\xae.jpg".to_vec()));
    let reason = String::from("“no room”\n\u{1b}[1m\u{202e}");
    let lost = Unkept { modified_ns: Some(1), mode: Some(0o600), attributes: true };
    for (ending, unkept) in [
        (Ending::Present { target: target.clone() }, Unkept::default()),
        (Ending::Kept { target: target.clone(), reason: reason.clone() }, lost),
        (Ending::Done { target: target.clone() }, Unkept { mode: None, attributes: false, ..lost }),
        (Ending::Failed { reason: reason.clone() }, lost),
        (Ending::Abandoned, lost),
        (Ending::Unsynced { target: target.clone(), reason }, Unkept { modified_ns: None, ..lost }),
    ] {
        let transfer =
            Transfer { action: Action::Move, relies_on: ReliesOn::Nothing, ..new_transfer(&session, picture) };
        let id = session.plan_transfers(run, &[transfer], &[]).unwrap()[0].unwrap();
        session.record(&[(id, Step::Copied { inode: 7, unkept })]).unwrap();
        let is_unsynced = matches!(ending, Ending::Unsynced { .. });
        session.record(&[(id, Step::Ended(ending))]).unwrap();
        if is_unsynced {
            session.record(&[(id, Step::Ended(Ending::Done { target: target.clone() }))]).unwrap();
        }
    }
    let (action, reverses) = (Action::Remove, Some(TransferId(3)));
    let removal = Transfer { action, reverses, source: target.clone(), ..new_transfer(&session, picture) };
    session.record_gone(run, &[(removal, "/from/1.jpg".into())]).unwrap();
    let (a, b) = (session.label("a").unwrap(), session.label("b").unwrap());
    for said in [
        Some(Decision::Accepted(a)),
        Some(Decision::Reassigned(b)),
        Some(Decision::NoneOfThese),
        Some(Decision::Skipped),
        None,
    ] {
        session.decide(&history::Step { kind: StepKind::Decide, said: vec![(picture, said)] }).unwrap();
    }
    session.rename_label(&["a"], "“ä” \u{202e}").unwrap();
    session.tell_of_file(FileEvent::Table, "output.csv").unwrap();
    session.tell_of_file(FileEvent::Aside, "SHA256SUMS~").unwrap();
    let sorting = Sorting {
        labels: vec![Label::named("a")],
        template: "a {}".to_owned(),
        threshold: 0.3,
        margin: 0.1,
        operation: Operation::Move,
    };
    let set = session.label_set(&sorting.labels, &sorting.template, "model").unwrap();
    let other = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), RunSettings::OtherLabels).unwrap();
    session.end_run(other, RunResult::None {}).unwrap();
    session.end_run(run, RunResult::CUT_SHORT).unwrap();
    tell_inside(&mut session, picture, (b, sorting));
    let ledger = std::fs::read_to_string(folder.path().join(".sis/ledger.jsonl")).unwrap();
    let golden = std::fs::read_to_string("tests/data/golden/lines.jsonl").unwrap();
    assert_eq!(ledger.lines().map(constant).collect::<String>(), golden);
}

/// Lines about labels inside others.
fn tell_inside(session: &mut Session, picture: PictureId, (b, sorting): (LabelId, Sorting)) {
    let inside = session.label_at(&["b", "c/d"]).unwrap().unwrap();
    for said in [Decision::Reassigned(inside), Decision::NoneInside(b), Decision::NoneInside(inside)] {
        session.decide(&history::Step { kind: StepKind::Decide, said: vec![(picture, Some(said))] }).unwrap();
    }
    session.rename_label(&["b", "c/d"], "e").unwrap();
    let set = session.label_set_within(b, &sorting.labels, &sorting.template, "model").unwrap();
    let narrowed = Narrowed { within: b, sorting, set };
    let settings = WithinSettings {
        within: vec!["b".to_owned()],
        model: "demo".to_owned(),
        model_fingerprint: "model".to_owned(),
        runtime: "tract 0.23".to_owned(),
        device: "CPU".to_owned(),
        variant: "fp32".to_owned(),
    };
    let run = session.begin_within(&narrowed, settings).unwrap();
    session.end_run(run, RunResult::Within { pictures: 1, waiting: 0 }).unwrap();
    let run = session.begin_widening(b, vec!["b".to_owned()]).unwrap();
    session.end_run(run, RunResult::None {}).unwrap();
}
