//! Commands that are run when a picture with a certain label arrives.
//!
//! A command is owed from the moment the picture is in the session, and owed until it was run: a watch that is killed in
//! between leaves it to the next. So it is run at least once. Arguments are passed as they are, never through a shell.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{Told, Watched};
use crate::domain::picture::PictureId;
use crate::store::StoreError;
use crate::store::session::{Session, SessionPicture};

/// Commands that run at the same time.
const AT_ONCE: usize = 2;

/// How long one may run before it is ended.
const LONGEST: Duration = Duration::from_secs(60);

/// How long those that run are waited for when the watch ends.
const AT_THE_END: Duration = Duration::from_secs(5);

/// How often it is looked whether a command is done.
const LOOK: Duration = Duration::from_millis(20);

/// What of its output goes to the log, in bytes.
const LOGGED: u64 = 2000;

/// The places in an argument that a path is put into.
const PATHS: [&str; 2] = ["{path}", "{source}"];

/// A command for a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCommand {
    /// The label's text.
    pub label: String,
    /// The program and its arguments, with places for values.
    pub words: Vec<String>,
}

/// Why a command cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// There is no `=`, or nothing beside it.
    #[error("{given:?} is not LABEL=COMMAND")]
    Form {
        /// What was given.
        given: String,
    },
    /// A quotation mark has no other one.
    #[error("a quotation mark in {given:?} is not closed")]
    Quotes {
        /// What was given.
        given: String,
    },
    /// There is no such label.
    #[error("{label:?} is no label")]
    NoLabel {
        /// The label.
        label: String,
    },
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertEnd {
    /// It succeeded.
    Done,
    /// It said that it failed.
    Failed {
        /// Its exit code; none where a signal ended it.
        code: Option<i32>,
    },
    /// It took too long and was ended.
    TimedOut,
    /// It could not be started.
    NotStarted {
        /// What the system said.
        detail: String,
    },
}

impl AlertEnd {
    /// The word for it in the session and in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            AlertEnd::Done => "done",
            AlertEnd::Failed { .. } => "failed",
            AlertEnd::TimedOut => "timed out",
            AlertEnd::NotStarted { .. } => "not started",
        }
    }
}

impl LabelCommand {
    /// Reads `LABEL=COMMAND` for one of these labels. The command is split into words as a shell would, without its other
    /// powers.
    pub fn parse(given: &str, labels: &[String]) -> Result<LabelCommand, BadCommand> {
        let bad_form = || BadCommand::Form { given: given.to_owned() };
        let (label, command) = given.split_once('=').ok_or_else(bad_form)?;
        let label = label.trim().to_owned();
        let words = shell_words::split(command).map_err(|_| BadCommand::Quotes { given: given.to_owned() })?;
        match (label.is_empty() || words.is_empty(), labels.contains(&label)) {
            (true, _) => Err(bad_form()),
            (false, false) => Err(BadCommand::NoLabel { label }),
            (false, true) => Ok(LabelCommand { label, words }),
        }
    }

    /// The words with the values of a picture in their places. The path comes last where nothing says where it belongs.
    fn filled(&self, picture: &SessionPicture, path: &Path) -> Vec<OsString> {
        let score = picture.picture.prediction.as_ref().map(|prediction| format!("{:.4}", prediction.score));
        let hash = picture.picture.hash.map(|hash| hash.to_string());
        let mut words: Vec<_> = self
            .words
            .iter()
            .map(|word| match word.as_str() {
                // A path may have any bytes: it can be a word, and a part of one where it is text.
                "{path}" => path.into(),
                "{source}" => picture.picture.path.clone().into_os_string(),
                word => word
                    .replace("{path}", &path.to_string_lossy())
                    .replace("{source}", &picture.picture.path.to_string_lossy())
                    .replace("{label}", &self.label)
                    .replace("{score}", score.as_deref().unwrap_or_default())
                    .replace("{sha256}", hash.as_deref().unwrap_or_default())
                    .into(),
            })
            .collect();
        let has_place = self.words.iter().any(|word| PATHS.iter().any(|place| word.contains(place)));
        if !has_place {
            words.push(path.into());
        }
        words
    }
}

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

/// Runs a command to its end, which is made after a while.
fn run(words: &[OsString], longest: Duration) -> AlertEnd {
    let (end, output) = match started(words) {
        Ok((child, output)) => (wait(child, longest), Some(output)),
        Err(error) => (AlertEnd::NotStarted { detail: error.to_string() }, None),
    };
    let program = words.first().map(crate::domain::printable::printable).unwrap_or_default();
    let output = output.map(first_bytes).unwrap_or_default();
    tracing::info!(program, ?end, output, "command for an arrival");
    end
}

fn started(words: &[OsString]) -> std::io::Result<(Child, File)> {
    let (program, arguments) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    let output = tempfile::tempfile()?;
    // A group of its own: Ctrl-C is for the watch, and what the command has started ends with it.
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .process_group(0)
        .spawn()?;
    Ok((child, output))
}

fn wait(mut child: Child, longest: Duration) -> AlertEnd {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return AlertEnd::Done,
            Ok(Some(status)) => return AlertEnd::Failed { code: status.code() },
            Ok(None) if began.elapsed() < longest => std::thread::sleep(LOOK),
            _ => {
                if let Some(group) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
                let _ = child.wait();
                return AlertEnd::TimedOut;
            }
        }
    }
}

fn first_bytes(mut output: File) -> String {
    let mut bytes = Vec::new();
    let read = output.rewind().and_then(|()| output.take(LOGGED).read_to_end(&mut bytes));
    let text = read.map(|_| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    crate::domain::printable::printable_text(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::{ContentHash, Picture, PictureState};

    fn picture() -> SessionPicture {
        SessionPicture {
            id: PictureId(1),
            picture: Picture {
                path: "/from/a b.jpg".into(),
                hash: Some(ContentHash([0xab; 32])),
                stamp: None,
                state: PictureState::Ok,
                prediction: None,
            },
            label_set: None,
            shown: "a b.jpg".into(),
            trouble: None,
            decision: None,
            place: None,
            placed_how: None,
            failure: None,
            is_replaced: false,
        }
    }

    fn parse(given: &str) -> Result<LabelCommand, BadCommand> {
        LabelCommand::parse(given, &["weapon".to_owned(), "a map".to_owned()])
    }

    #[test]
    fn a_command_is_words_and_no_shell() {
        let command = parse("weapon=notify 'a weapon; rm -rf /' {path} --score={score}").unwrap();
        assert_eq!(command.words, ["notify", "a weapon; rm -rf /", "{path}", "--score={score}"]);
        assert_eq!(command.filled(&picture(), Path::new("/to/$(x).jpg"))[2], "/to/$(x).jpg");
        assert_eq!(parse("a map=x").unwrap().filled(&picture(), Path::new("/to/1.jpg")), ["x", "/to/1.jpg"]);
        let words = parse("weapon=x {source} {label}-{sha256}").unwrap().filled(&picture(), Path::new("/to/1.jpg"));
        let expected = ["/from/a b.jpg".to_owned(), format!("weapon-{}", "ab".repeat(32))].map(OsString::from);
        assert_eq!(words[1..], expected);
    }

    #[test]
    fn what_is_no_command_is_said() {
        let form = |given: &str| BadCommand::Form { given: given.to_owned() };
        for given in ["weapon", "weapon=", "=x", "weapon=  "] {
            assert_eq!(parse(given), Err(form(given)));
        }
        assert!(matches!(parse("weapon='x"), Err(BadCommand::Quotes { .. })));
        assert_eq!(parse("other=x"), Err(BadCommand::NoLabel { label: "other".to_owned() }));
    }

    #[test]
    fn how_a_command_ended_is_known() {
        let words = |text: &str| shell_words::split(text).unwrap().into_iter().map(Into::into).collect::<Vec<_>>();
        assert_eq!(run(&words("true"), LONGEST), AlertEnd::Done);
        assert_eq!(run(&words("sh -c 'exit 3'"), LONGEST), AlertEnd::Failed { code: Some(3) });
        assert_eq!(run(&words("sleep 60"), Duration::ZERO), AlertEnd::TimedOut);
        assert!(matches!(run(&words("/no/such/program"), LONGEST), AlertEnd::NotStarted { .. }));
    }
}
