//! The command line as the face of a run: events become sentences, JSON lines and progress.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::context::Context;
use super::download::DownloadProgress;
use super::events;
use super::failure::{Failure, chain};
use super::outcome::{Counted, Tally};
use super::picture_line::picture_line;
use super::progress::Progress;
use super::watch_printer::WatchPrinter;
use crate::domain::limit::Stage;
use crate::domain::plan::PlannedTransfer;
use crate::domain::printable::printable;
use crate::domain::settings::Settings;
use crate::engine::runtime::{Device, Runtime};
use crate::files::transfer::Ended;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::classify::Classified;
use crate::lang::{Language, Say, Values};
use crate::use_cases::{Face, Localizer, Machine, RunContext, RunError, RunEvent};

/// The output that a command was asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Output<'o> {
    /// One JSON object a line.
    pub(super) json: bool,
    /// A line for each picture.
    pub(super) verbose: bool,
    /// The settings of a run that classifies.
    pub(super) settings: Option<&'o Settings>,
    /// The runtime that it computes with.
    pub(super) runtime: Option<&'o Runtime>,
}

/// Carries a use case out, and shows it.
pub(super) fn run<T>(
    context: &mut Context,
    machine: &Machine,
    output: Output<'_>,
    work: impl FnOnce(&RunContext<'_>) -> Result<T, RunError>,
) -> Result<T, Failure> {
    run_counting(context, machine, output, None, work)?.0
}

/// The same, and gives what was counted. A watch is shown by its printer.
pub(super) fn run_counting<T>(
    context: &mut Context,
    machine: &Machine,
    output: Output<'_>,
    printer: Option<WatchPrinter<'_>>,
    work: impl FnOnce(&RunContext<'_>) -> Result<T, RunError>,
) -> Result<(Result<T, Failure>, Counted), Failure> {
    let stop = context.stop()?;
    let (done, shown) = {
        let language = context.language.clone();
        let shown = Shown { printer, ..Shown::default() };
        let face = CommandFace { language, stop: stop.clone(), output, inner: RefCell::new((context, shown)) };
        let is_stopped = || stop.is_requested();
        let done = work(&RunContext { machine, stop: &stop, is_stopped: &is_stopped, face: &face });
        (done, face.inner.into_inner().1)
    };
    let counted = shown.finish();
    Ok((done.map_err(|error| Failure::of_run(&error, &context.language)), counted))
}

/// The face of one run.
struct CommandFace<'c> {
    language: Language,
    stop: CancelToken,
    output: Output<'c>,
    inner: RefCell<(&'c mut Context, Shown<'c>)>,
}

/// The parts of the screen that a run is shown by.
#[derive(Default)]
struct Shown<'c> {
    download: Option<DownloadProgress>,
    progress: Option<Progress>,
    printer: Option<WatchPrinter<'c>>,
    has_said_stopping: bool,
    tally: Tally,
}

impl Face for CommandFace<'_> {
    fn tell(&self, event: RunEvent<'_>) {
        let (context, shown) = &mut *self.inner.borrow_mut();
        match event {
            RunEvent::Notice(notice) => {
                context.is_unfinished |= notice.leaves_unfinished();
                shown.note(&notice.say(&self.language), context);
            }
            RunEvent::Fetching(step) => {
                let download = shown.download.get_or_insert_with(DownloadProgress::new);
                download.show(&step, &mut context.console, &self.language);
            }
            RunEvent::Fetched => shown.download.take().into_iter().for_each(DownloadProgress::finish),
            RunEvent::OpeningModel(model) => {
                shown.line(&self.language.say("classify.opening", &[("model", model)]), context);
            }
            RunEvent::Quantising => shown.line(&self.language.text("classify.quantising"), context),
            RunEvent::RuntimeChosen(_) | RunEvent::ModelOpened { .. } | RunEvent::Stored(_) => {}
            RunEvent::Found { source, files } => {
                if files > 0 {
                    let values: Values<'_> = &[("files", &files), ("source", &printable(source))];
                    shown.line(&self.language.say("classify.found", values), context);
                }
            }
            RunEvent::StageBegins { total } => shown.progress = Some(Progress::new(total, &context.console)),
            RunEvent::LookedAt { classified, limit } => self.looked_at(classified, limit, shown, context),
            RunEvent::Transferred { planned, ended } => self.transferred(planned, ended, shown, context),
            RunEvent::TakenBack { path, ended } => {
                log_failure(path, ended, "could not be taken back");
                shown.advance(context, &self.language);
            }
            RunEvent::Watch(told) => {
                if let Some(printer) = &mut shown.printer {
                    printer.tell(told, &mut context.console);
                }
            }
            RunEvent::WatchStands { watch, limit, at } => {
                if let Some(printer) = &mut shown.printer {
                    printer.status(watch, limit.zip(self.device()), at, &mut context.console);
                }
            }
            RunEvent::WatchEnds => shown.line(&self.language.text("watch.stopping"), context),
        }
    }

    fn localizer(&self) -> &dyn Localizer {
        &self.language
    }
}

impl CommandFace<'_> {
    fn looked_at(
        &self,
        classified: Option<&Classified>,
        limit: Option<Stage>,
        shown: &mut Shown<'_>,
        context: &mut Context,
    ) {
        if let Some(line) = classified.and_then(|classified| self.picture_line(classified)) {
            shown.result(&line, context);
        }
        if self.stop.is_requested() && !std::mem::replace(&mut shown.has_said_stopping, true) {
            shown.line(&self.language.text("classify.interrupting"), context);
        }
        if let (Some(progress), Some(device)) = (&mut shown.progress, self.device()) {
            progress.limited_by(limit, device);
        }
        shown.advance(context, &self.language);
    }

    fn device(&self) -> Option<Device> {
        self.output.runtime.map(Runtime::device)
    }

    /// The line to print for a picture, if one is wanted.
    fn picture_line(&self, classified: &Classified) -> Option<String> {
        let Output { json, verbose, settings, .. } = self.output;
        match settings? {
            settings if json => Some(events::picture(classified, settings, &self.language)),
            settings if verbose => picture_line(classified, settings, &self.language),
            _ => None,
        }
    }

    fn transferred(&self, planned: &PlannedTransfer, ended: &Ended, shown: &mut Shown<'_>, context: &mut Context) {
        shown.tally.add(planned, ended, &self.language);
        if self.output.json {
            shown.result(&events::transfer(planned, ended, &self.language), context);
        }
        log_failure(&planned.source, ended, "transfer failed");
        shown.advance(context, &self.language);
    }
}

impl Shown<'_> {
    /// Prints without disturbing what is drawn on the terminal.
    fn aside(&self, print: impl FnOnce()) {
        match (&self.printer, &self.progress, &self.download) {
            (Some(printer), ..) => printer.aside(print),
            (None, Some(progress), _) => progress.aside(print),
            (None, None, Some(download)) => download.aside(print),
            (None, None, None) => print(),
        }
    }

    fn line(&self, line: &str, context: &mut Context) {
        self.aside(|| context.console.err(line));
    }

    fn note(&self, sentence: &str, context: &mut Context) {
        self.aside(|| context.note_text(sentence));
    }

    /// A line of the result, at once for a reader in a pipe.
    fn result(&self, line: &str, context: &mut Context) {
        self.aside(|| context.console.out(line));
        context.console.flush();
    }

    fn advance(&mut self, context: &mut Context, language: &Language) {
        if let Some(progress) = &mut self.progress {
            progress.advance(&mut context.console, language);
        }
    }

    /// Takes away what is drawn.
    fn finish(self) -> Counted {
        self.download.into_iter().for_each(DownloadProgress::finish);
        self.progress.into_iter().for_each(Progress::finish);
        match self.printer {
            Some(printer) => printer.end(),
            None => Counted { tally: self.tally, others: BTreeMap::new() },
        }
    }
}

fn log_failure(path: &Path, ended: &Ended, what: &str) {
    if let Err(error) = ended {
        tracing::error!(path = printable(path), chain = chain(error), "{what}");
    }
}
