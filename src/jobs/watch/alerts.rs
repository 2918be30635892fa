//! Commands that are run when a picture with a certain label arrives.
//!
//! A command is owed from the moment the picture is in the session, and owed until it was run: a watch that is killed
//! in between leaves it to the next. So it is run at least once. Arguments are passed as they are, never through a
//! shell. Only where the watch itself is killed does a command outlive it.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::child::{AlertEnd, LONGEST, run};
use super::command::LabelCommand;
use super::{WatchEvent, Watched};
use crate::domain::picture::PictureId;
use crate::jobs::cancel_token::CancelToken;
use crate::store::StoreError;
use crate::store::session::{Session, SessionPicture};

/// Commands that run at the same time.
const AT_ONCE: usize = 2;

/// How long those that run are waited for when the watch ends.
const AT_THE_END: Duration = Duration::from_secs(5);

/// How long those that are ended then may take.
const GONE: Duration = Duration::from_secs(2);

/// How often it is looked whether a command is done.
const LOOK: Duration = Duration::from_millis(20);

/// The commands, and those that are running.
pub(super) struct Alerts {
    commands: Vec<LabelCommand>,
    /// Pictures whose commands run, and those whose end the session does not know yet.
    running: HashSet<PictureId>,
    threads: Vec<JoinHandle<()>>,
    ended: (Sender<Ended>, Receiver<Ended>),
    /// Commands whose end the session does not know yet.
    not_noted: VecDeque<Ended>,
    /// Ends all that run.
    stop: CancelToken,
}

/// A command that has ended.
struct Ended {
    picture: PictureId,
    path: PathBuf,
    label: String,
    /// None where it was ended with the watch.
    end: Option<AlertEnd>,
}

impl Alerts {
    pub(super) fn new(commands: Vec<LabelCommand>) -> Alerts {
        Alerts {
            commands,
            running: HashSet::new(),
            threads: vec![],
            ended: unbounded(),
            not_noted: VecDeque::new(),
            stop: CancelToken::default(),
        }
    }

    pub(super) fn commands(&self) -> &[LabelCommand] {
        &self.commands
    }

    /// Takes note of those that have ended, and starts those that are owed.
    pub(super) fn turn(
        &mut self,
        watched: &Watched,
        session: &mut Session,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<(), StoreError> {
        if self.commands.is_empty() {
            return Ok(());
        }
        self.take_ended(session, tell)?;
        self.threads.retain(|thread| !thread.is_finished());
        if self.running.len() >= AT_ONCE {
            return Ok(());
        }
        for owed in session.owed_alerts(AT_ONCE + self.running.len())? {
            if self.running.len() >= AT_ONCE || self.running.contains(&owed.picture) {
                continue;
            }
            let command = self.commands.iter().find(|command| command.label == owed.label);
            let picture = session.picture(owed.picture, Some(&watched.set))?;
            // A command that is not wanted any more, or a picture that is nothing any more, is owed by nobody.
            let (Some(command), Some(picture)) = (command, picture) else {
                session.end_alert(owed.picture, "dropped")?;
                continue;
            };
            self.start(command.clone(), picture, session);
        }
        Ok(())
    }

    fn start(&mut self, command: LabelCommand, picture: SessionPicture, session: &Session) {
        let place = picture.place.as_ref();
        let placed = place.map(|place| session.destination().join(&place.folder).join(&place.file_name));
        let path = placed.unwrap_or_else(|| picture.picture.path.clone());
        let id = picture.id;
        let (ended, stop) = (self.ended.0.clone(), self.stop.clone());
        let work = move || {
            let end = run(&command.filled(&picture, &path), LONGEST, &stop);
            let _ = ended.send(Ended { picture: picture.id, path, label: command.label, end });
        };
        match std::thread::Builder::new().name("alert".to_owned()).spawn(work) {
            Ok(thread) => {
                self.running.insert(id);
                self.threads.push(thread);
            }
            // It stays owed.
            Err(error) => tracing::error!("no thread: {error}"),
        }
    }

    fn take_ended(&mut self, session: &mut Session, tell: &mut dyn FnMut(WatchEvent<'_>)) -> Result<(), StoreError> {
        self.not_noted.extend(self.ended.1.try_iter());
        // One that the session cannot take note of is tried again the next time, and is not run again meanwhile.
        while let Some(Ended { picture, path, label, end }) = self.not_noted.front() {
            if let Some(end) = end {
                session.end_alert(*picture, end.word())?;
                tell(WatchEvent::Alerted { path, label, end });
            }
            self.running.remove(picture);
            self.not_noted.pop_front();
        }
        Ok(())
    }

    /// Waits a little for those that run. A command that does not end by itself is ended, and stays owed.
    pub(super) fn end(
        &mut self,
        watched: &Watched,
        session: &mut Session,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<(), StoreError> {
        let latest = Instant::now() + AT_THE_END;
        // Commands for the last pictures have a right to be run as well.
        self.turn(watched, session, tell)?;
        while !self.running.is_empty() && Instant::now() < latest {
            std::thread::sleep(LOOK);
            self.take_ended(session, tell)?;
        }
        self.end_all();
        // One that ended by itself in the last moment was run.
        self.take_ended(session, tell)
    }

    /// Ends those that run.
    fn end_all(&mut self) {
        self.stop.request();
        let latest = Instant::now() + GONE;
        while self.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < latest {
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Alerts {
    /// However the watch ends.
    fn drop(&mut self) {
        self.end_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::{ContentHash, Picture, PictureState};
    use crate::domain::run::RunKind;
    use crate::store::known::KnownSessions;
    use crate::store::session::{Found, LabelSet};

    #[test]
    fn an_end_that_the_session_cannot_take_note_of_is_noted_later() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
        let run = session.begin_run(RunKind::Classify, None, None, crate::store::ledger::RunSettings::none()).unwrap();
        let set = LabelSet { id: 1, labels: vec![] };
        let mut alerts = Alerts::new(vec![]);
        for number in 1..=2 {
            let path = PathBuf::from(format!("/from/{number}.jpg"));
            let picture = Picture {
                path: path.clone(),
                hash: Some(ContentHash([number; 32])),
                stamp: None,
                state: PictureState::Suspect,
                prediction: None,
            };
            let found = Found { picture: &picture, path: &path, trouble: None, alert: Some("a") };
            session.put_pictures(run, &set, &[found]).unwrap();
            let picture = PictureId(number.into());
            alerts.running.insert(picture);
            let ended = Ended { picture, path, label: "a".to_owned(), end: Some(AlertEnd::Done) };
            alerts.ended.0.send(ended).unwrap();
        }
        let outside = rusqlite::Connection::open(folder.path().join(".sis/session.db")).unwrap();
        let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON alerts WHEN OLD.picture = 1
                      BEGIN SELECT RAISE(ABORT, 'no'); END";
        outside.execute_batch(refuse).unwrap();
        assert!(alerts.take_ended(&mut session, &mut |_| {}).is_err());
        outside.execute_batch("DROP TRIGGER refuse").unwrap();
        let mut told = 0;
        alerts.take_ended(&mut session, &mut |_| told += 1).unwrap();
        assert_eq!((told, alerts.running.len()), (2, 0));
        assert!(session.owed_alerts(2).unwrap().is_empty());
    }
}
