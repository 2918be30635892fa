//! Commands that are run when a picture with a certain label arrives.
//!
//! A command is owed from the moment the picture is in the session, and owed until it was run: a watch that is killed in
//! between leaves it to the next. So it is run at least once. Arguments are passed as they are, never through a shell.

use std::collections::HashSet;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::child::{AlertEnd, LONGEST, run};
use super::command::LabelCommand;
use super::{Told, Watched};
use crate::domain::picture::PictureId;
use crate::store::StoreError;
use crate::store::session::{Session, SessionPicture};

/// Commands that run at the same time.
const AT_ONCE: usize = 2;

/// How long those that run are waited for when the watch ends.
const AT_THE_END: Duration = Duration::from_secs(5);

/// How often it is looked whether a command is done.
const LOOK: Duration = Duration::from_millis(20);

/// The commands, and those that are running.
pub(super) struct Alerts {
    commands: Vec<LabelCommand>,
    running: HashSet<PictureId>,
    threads: Vec<JoinHandle<()>>,
    ended: (Sender<Ended>, Receiver<Ended>),
}

/// A command that has ended.
struct Ended {
    picture: PictureId,
    path: PathBuf,
    label: String,
    end: AlertEnd,
}

impl Alerts {
    pub(super) fn new(commands: Vec<LabelCommand>) -> Alerts {
        Alerts { commands, running: HashSet::new(), threads: vec![], ended: unbounded() }
    }

    pub(super) fn commands(&self) -> &[LabelCommand] {
        &self.commands
    }

    /// Takes note of those that have ended, and starts those that are owed.
    pub(super) fn turn(
        &mut self,
        watched: &Watched,
        session: &mut Session,
        tell: &mut dyn FnMut(Told<'_>),
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
        let ended = self.ended.0.clone();
        let work = move || {
            let end = run(&command.filled(&picture, &path), LONGEST);
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

    fn take_ended(&mut self, session: &mut Session, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), StoreError> {
        let ended: Vec<Ended> = self.ended.1.try_iter().collect();
        for Ended { picture, path, label, end } in ended {
            self.running.remove(&picture);
            session.end_alert(picture, end.word())?;
            tell(Told::Alerted { path: &path, label: &label, end: &end });
        }
        Ok(())
    }

    /// Waits a little for those that run. What does not end stays owed.
    pub(super) fn end(
        &mut self,
        watched: &Watched,
        session: &mut Session,
        tell: &mut dyn FnMut(Told<'_>),
    ) -> Result<(), StoreError> {
        let latest = Instant::now() + AT_THE_END;
        // Those that came with the last pictures have a right to be run as well.
        self.turn(watched, session, tell)?;
        while !self.running.is_empty() && Instant::now() < latest {
            std::thread::sleep(LOOK);
            self.take_ended(session, tell)?;
        }
        Ok(())
    }
}
