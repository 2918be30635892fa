//! Files that have settled go through the pipeline and into the session. One that turns out not to be whole is held
//! back: nothing of it is scored or kept until its rest has come or is given up.

use super::command::LabelCommand;
use super::incoming::{Incoming, Ready};
use super::{WatchError, WatchEvent, WatchTools, Watched};
use crate::domain::decision::{Standing, standing};
use crate::files::defect::PictureDefect;
use crate::files::scan::by_extension;
use crate::jobs::classify::{Classified, Encoders, Pipeline, classify};
use crate::jobs::session_writer::{Hooks, SessionWriter, Sink, SinkError, SourceFolder};
use crate::store::session::{Known, Session};

/// Arriving files, and where they go.
#[derive(Clone, Copy)]
pub(super) struct Arriving<'a> {
    pub(super) watched: &'a Watched,
    pub(super) folder: &'a SourceFolder,
    pub(super) commands: &'a [LabelCommand],
}

/// The fate of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was not looked at: the watch is being stopped.
    Waiting,
    /// It is in the session.
    Kept,
    /// It is no picture.
    Other,
    /// It is not whole.
    NotWhole,
    /// It changed while it was read, so that it has not settled.
    Changed,
    /// It is gone.
    Gone,
}

/// Classifies files that have settled. Gives how many came to the session.
pub(super) fn classify_ready(
    arriving: Arriving<'_>,
    ready: &[Ready],
    incoming: &mut Incoming,
    encoders: &mut Encoders,
    session: &mut Session,
    tools: WatchTools<'_>,
    tell: &mut dyn FnMut(WatchEvent<'_>),
) -> Result<usize, WatchError> {
    let files: Vec<_> = ready.iter().map(|ready| ready.path.clone()).collect();
    let mut fates = vec![Fate::Waiting; ready.len()];
    let mut arrived: Vec<(Known, Classified)> = Vec::new();
    let pipeline = Pipeline {
        files: &files,
        model: tools.model,
        cache: tools.cache,
        decoders: tools.decoders,
        clocks: tools.clocks,
        awaits_rest: &|position| ready.get(position).is_some_and(|ready| !ready.is_given_up),
        // A file that is ready has arrived or changed.
        trusts_unchanged: false,
        stop: tools.stop,
    };
    let alert = |classified: &Classified| alert(arriving, classified);
    let hooks = Hooks {
        say: tools.say_trouble,
        alert: &alert,
        on_picture: &mut |_| {},
        on_silence: &mut || tell(WatchEvent::ModelIsSilent),
        on_stored: &mut |stored| arrived.extend(stored.into_iter().filter(|(known, _)| known.is_new)),
    };
    let watched = arriving.watched;
    let inner = SessionWriter::new(session, watched.run, &watched.set, arriving.folder.clone(), hooks);
    let classified = classify(&pipeline, encoders, &mut ArrivalSink { inner, ready, fates: &mut fates });
    // A picture that is in the session is done with, whatever came after it.
    if classified.is_ok() {
        settle(ready, &fates, incoming);
    }
    let count = arrived.len();
    if count > 0 {
        tell(WatchEvent::Arrived(arrived));
    }
    classified?;
    let others: Vec<_> = ready.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::Other).collect();
    if !others.is_empty() {
        let noted: Vec<_> = others.iter().map(|(ready, _)| (arriving.folder.real(&ready.path), ready.stamp)).collect();
        session.note_others(&noted)?;
        others.iter().for_each(|(ready, _)| incoming.done(&ready.path));
        tell(WatchEvent::Others(by_extension(others.iter().map(|(ready, _)| ready.path.as_path()))));
    }
    Ok(count)
}

fn settle(ready: &[Ready], fates: &[Fate], incoming: &mut Incoming) {
    for (ready, fate) in ready.iter().zip(fates) {
        match fate {
            Fate::Kept | Fate::Gone => incoming.done(&ready.path),
            Fate::NotWhole => incoming.hold(&ready.path),
            // They are due again: what changed has another stamp then.
            Fate::Changed | Fate::Waiting | Fate::Other => {}
        }
    }
}

/// The label whose command is to be run for a picture if it was not there before: the one that it is sorted by.
fn alert<'a>(arriving: Arriving<'a>, classified: &Classified) -> Option<&'a str> {
    if arriving.commands.is_empty() {
        return None;
    }
    let watched = arriving.watched;
    let standing = standing(&classified.picture, None, &watched.set.labels, watched.sorting.sure());
    let Standing::Label(label) = standing else { return None };
    let label = watched.sorting.labels.get(label)?.text.as_str();
    arriving.commands.iter().any(|command| command.label == label).then_some(label)
}

/// Lets through to the session what is whole or given up.
struct ArrivalSink<'s, 'r> {
    inner: SessionWriter<'s>,
    ready: &'r [Ready],
    fates: &'r mut [Fate],
}

impl Sink for ArrivalSink<'_, '_> {
    fn take(&mut self, position: usize, classified: Option<Classified>) -> Result<(), SinkError> {
        let fate = match self.ready.get(position) {
            Some(ready) => fate(classified.as_ref(), ready),
            None => Fate::Waiting,
        };
        if let Some(kept) = self.fates.get_mut(position) {
            *kept = fate;
        }
        self.inner.take(position, classified.filter(|_| fate == Fate::Kept))
    }

    fn model_is_silent(&mut self) {
        self.inner.model_is_silent();
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.inner.finish()
    }
}

fn fate(classified: Option<&Classified>, ready: &Ready) -> Fate {
    let Some(classified) = classified else { return Fate::Other };
    // A turn takes a while: what was read may be another file than the one that had settled.
    if classified.picture.stamp.is_some_and(|stamp| stamp != ready.stamp) {
        return Fate::Changed;
    }
    match &classified.trouble {
        // A picture that the model has no answer for is whole.
        None | Some(PictureDefect::ModelFailed { .. }) => Fate::Kept,
        Some(PictureDefect::Vanished) => Fate::Gone,
        Some(PictureDefect::Changed) => Fate::Changed,
        Some(_) if ready.is_given_up => Fate::Kept,
        // The rest of a file can make it whole, readable, or of a kind that is decoded.
        Some(_) => Fate::NotWhole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::{ContentHash, FileStamp, Picture, PictureState};

    const SETTLED: FileStamp = FileStamp { device: 1, inode: 2, size: 3, modified_ns: 4 };

    fn classified(stamp: FileStamp, trouble: Option<PictureDefect>) -> Classified {
        let picture = Picture {
            path: "1.jpg".into(),
            hash: Some(ContentHash([1; 32])),
            stamp: Some(stamp),
            state: PictureState::Ok,
            prediction: None,
        };
        Classified { picture, trouble, embedding: None }
    }

    #[test]
    fn only_what_has_settled_and_is_whole_or_given_up_is_kept() {
        let ready = |is_given_up| Ready { path: "1.jpg".into(), stamp: SETTLED, is_given_up };
        let of = |classified: &Classified, is_given_up| fate(Some(classified), &ready(is_given_up));
        assert_eq!(of(&classified(SETTLED, None), false), Fate::Kept);
        // Read after it had changed, whole or not.
        let changed = FileStamp { modified_ns: 5, ..SETTLED };
        assert_eq!(of(&classified(changed, None), false), Fate::Changed);
        assert_eq!(of(&classified(changed, Some(PictureDefect::Truncated)), true), Fate::Changed);
        assert_eq!(of(&classified(SETTLED, Some(PictureDefect::Truncated)), false), Fate::NotWhole);
        assert_eq!(of(&classified(SETTLED, Some(PictureDefect::Truncated)), true), Fate::Kept);
        assert_eq!(of(&classified(SETTLED, Some(PictureDefect::Empty)), false), Fate::NotWhole);
        assert_eq!(of(&classified(SETTLED, Some(PictureDefect::Vanished)), true), Fate::Gone);
        assert_eq!(fate(None, &ready(false)), Fate::Other);
    }
}
