//! Where classified pictures go: into the session, in the order in which their files were found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::classified::Classified;
use crate::domain::run::RunId;
use crate::files::defect::PictureDefect;
use crate::store::StoreError;
use crate::store::session::{Found, Known, LabelSet, Session};

/// Pictures that are written together.
const TOGETHER: usize = 256;

/// How many at most, where they come so fast that bringing them to disk would be most of the work: known pictures do.
const MOST_TOGETHER: usize = 1024;

/// From one writing to the next, unless there are that many.
const PAUSE: Duration = Duration::from_millis(250);

/// Pictures of a slow model are written after so long, however few they are: a user who was told of a picture finds it
/// in the session after a power cut as well.
const LONGEST: Duration = Duration::from_secs(2);

/// Takes what the pipeline finishes.
pub trait Sink {
    /// A file, by its position, as a picture or as none.
    fn take(&mut self, position: usize, classified: Option<Classified>) -> Result<(), SinkError>;

    /// The model has not answered for long; it is waited for.
    fn model_is_silent(&mut self) {}

    /// There are no more.
    fn finish(&mut self) -> Result<(), SinkError>;
}

/// A picture that could not be kept.
pub type SinkError = StoreError;

/// Puts pictures into a session. They are numbered in the order of their files, whatever order they come in; but a file
/// that takes so long that a thousand others would wait for it is numbered when it comes.
pub struct SessionWriter<'s> {
    session: &'s mut Session,
    run: RunId,
    set: &'s LabelSet,
    source: SourceFolder,
    hooks: Hooks<'s>,
    order: ReorderBuffer<Classified>,
    ready: Vec<Classified>,
    written: Instant,
}

/// Puts items that come in any order into that of the files.
struct ReorderBuffer<T> {
    /// Items that came before those that they have to follow; none for a file that is no picture.
    early: BTreeMap<usize, Option<T>>,
    next: usize,
}

impl<T> Default for ReorderBuffer<T> {
    fn default() -> ReorderBuffer<T> {
        ReorderBuffer { early: BTreeMap::new(), next: 0 }
    }
}

impl<T> ReorderBuffer<T> {
    /// Takes one, and gives those whose turn it is. Behind one that does not come no more than a thousand wait.
    fn take(&mut self, position: usize, one: Option<T>, ready: &mut Vec<T>) {
        if position < self.next {
            ready.extend(one);
            return;
        }
        self.early.insert(position, one);
        while let Some(one) = self.early.remove(&self.next) {
            self.next += 1;
            ready.extend(one);
        }
        if self.early.len() >= MOST_TOGETHER {
            self.take_all(ready);
        }
    }

    fn take_all(&mut self, ready: &mut Vec<T>) {
        self.next = self.early.last_key_value().map_or(self.next, |(last, _)| last + 1);
        ready.extend(std::mem::take(&mut self.early).into_values().flatten());
    }
}

/// Callbacks while pictures go into a session.
pub struct Hooks<'s> {
    /// The trouble with a picture, in words.
    pub say: &'s dyn Fn(&PictureDefect) -> String,
    /// The label whose command is owed for a picture that was not there before.
    pub alert: &'s dyn Fn(&Classified) -> Option<&'s str>,
    /// Told of each as it comes.
    pub on_picture: &'s mut dyn FnMut(Option<&Classified>),
    /// Told where the model has not answered for long.
    pub on_silence: &'s mut dyn FnMut(),
    /// Given those that are in the session, with what it knows of them.
    pub on_stored: &'s mut dyn FnMut(Vec<(Known, Classified)>),
}

/// A source folder under the name that was given and under its real one: the same folder by another spelling holds the
/// same pictures.
#[derive(Debug, Clone)]
pub struct SourceFolder {
    given: PathBuf,
    real: PathBuf,
}

impl SourceFolder {
    /// The folder, by the name that was given.
    pub fn new(given: &Path) -> SourceFolder {
        let absolute = || std::path::absolute(given).unwrap_or_else(|_| given.to_owned());
        SourceFolder { given: given.to_owned(), real: given.canonicalize().unwrap_or_else(|_| absolute()) }
    }

    /// The path in the folder of a file in it, by its path as the session knows it.
    pub fn inside<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.strip_prefix(&self.real).ok()
    }

    /// The path of a file in it as the session knows it.
    pub fn real(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.given).map_or_else(|_| path.to_owned(), |inside| self.real.join(inside))
    }
}

impl<'s> SessionWriter<'s> {
    /// A sink for the pictures of a run, scored with a label set.
    pub fn new(
        session: &'s mut Session,
        run: RunId,
        set: &'s LabelSet,
        source: SourceFolder,
        hooks: Hooks<'s>,
    ) -> SessionWriter<'s> {
        let written = Instant::now();
        SessionWriter { session, run, set, source, hooks, order: ReorderBuffer::default(), ready: vec![], written }
    }

    fn write(&mut self) -> Result<(), SinkError> {
        let troubles: Vec<Option<String>> =
            self.ready.iter().map(|classified| classified.trouble.as_ref().map(self.hooks.say)).collect();
        let paths: Vec<PathBuf> =
            self.ready.iter().map(|classified| self.source.real(&classified.picture.path)).collect();
        let found = self.ready.iter().zip(&troubles).zip(&paths);
        let found: Vec<Found<'_>> = found
            .map(|((classified, trouble), path)| Found {
                picture: &classified.picture,
                path,
                trouble: trouble.as_deref(),
                alert: (self.hooks.alert)(classified),
            })
            .collect();
        let known = self.session.put_pictures(self.run, self.set, &found)?;
        drop(found);
        (self.hooks.on_stored)(known.into_iter().zip(self.ready.drain(..)).collect());
        self.written = Instant::now();
        Ok(())
    }
}

impl Sink for SessionWriter<'_> {
    fn take(&mut self, position: usize, classified: Option<Classified>) -> Result<(), SinkError> {
        (self.hooks.on_picture)(classified.as_ref());
        self.order.take(position, classified, &mut self.ready);
        let is_due = match self.ready.len() {
            MOST_TOGETHER.. => true,
            TOGETHER.. => self.written.elapsed() >= PAUSE,
            1.. => self.written.elapsed() >= LONGEST,
            0 => false,
        };
        if is_due { self.write() } else { Ok(()) }
    }

    fn model_is_silent(&mut self) {
        (self.hooks.on_silence)();
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        // A run that was stopped has gaps.
        self.order.take_all(&mut self.ready);
        self.write()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_order_unless_one_keeps_a_thousand_waiting() {
        let (mut order, mut ready) = (ReorderBuffer::default(), vec![]);
        for position in [1, 0, 3, 2] {
            order.take(position, (position != 2).then_some(position), &mut ready);
        }
        assert_eq!(std::mem::take(&mut ready), [0, 1, 3], "one is no picture");
        let late = 4;
        for position in (late + 1..late + MOST_TOGETHER).rev() {
            order.take(position, Some(position), &mut ready);
        }
        assert!(ready.is_empty());
        let last = late + MOST_TOGETHER;
        order.take(last, Some(last), &mut ready);
        assert_eq!(std::mem::take(&mut ready), (late + 1..=last).collect::<Vec<_>>());
        order.take(late, Some(late), &mut ready);
        order.take(last + 1, Some(last + 1), &mut ready);
        assert_eq!(ready, [late, last + 1]);
    }
}
