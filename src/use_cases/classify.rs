//! Classifying a source into the session of a destination.

use std::path::Path;
use std::time::Instant;

use super::find_pictures::find_pictures;
use super::runtime::ChosenRuntime;
use super::{Notice, RunContext, RunError, RunEvent, open_model, open_session};
use crate::domain::file_filter::LeftOut;
use crate::domain::limit::Stage;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::engine::encoder::TextEncoder;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::defect::PictureDefect;
use crate::files::destination;
use crate::files::scan::{Kept, Scan};
use crate::jobs::begin::begin_classify;
use crate::jobs::classify::{Classification, Classified, Encoders, Pipeline, classify};
use crate::jobs::kept::kept;
use crate::jobs::model::{Model, OpenedModel};
use crate::jobs::rescore::{Rescored, rescore};
use crate::jobs::session_writer::{Hooks, SessionWriter, SourceFolder};
use crate::jobs::stage_clocks::{RecentLimit, StageClocks};
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Sorting, Which};

/// A run that is asked for.
#[derive(Clone, Copy)]
pub struct ClassifyRequest<'r> {
    /// The source, the model, the labels and the destination.
    pub settings: &'r Settings,
    /// The table's name in the destination.
    pub table: &'r Path,
    /// The destination's session is obeyed, whoever made it.
    pub trust: bool,
    /// Nothing is kept: the run goes into a copy of the session.
    pub is_dry: bool,
}

/// A run that may begin, or that has nothing to do.
pub enum Prepared {
    /// The source has no files that are to be looked at.
    Nothing(Box<NothingFound>),
    /// Model, session and files are there.
    Ready(Box<Ready>),
}

/// A source without files that are to be looked at.
pub struct NothingFound {
    /// The destination's session, where there is one.
    pub session: Option<Session>,
    /// Files that are not to be looked at.
    pub left_out: LeftOut,
}

/// A run that may begin, and the text tower of its model.
pub struct Ready {
    /// The run.
    pub run: ReadyRun,
    /// Embeds other labels.
    pub text: TextEncoder,
}

/// A run of which nothing has been written yet.
pub struct ReadyRun {
    /// The model.
    pub model: Model,
    /// The runtime that computes.
    pub runtime: Runtime,
    /// The destination's session.
    pub session: Session,
    /// The source's files.
    pub found: Scan,
}

/// A run that is over, but for its table.
pub struct Report {
    /// The run.
    pub run: RunId,
    /// The labels that it scored with.
    pub set: LabelSet,
    /// Counts of what it looked at.
    pub classification: Classification,
    /// Pictures of earlier runs that it scored anew.
    pub rescored: Rescored,
    /// The stage that limited its speed, if one did.
    pub limit: Option<Stage>,
}

/// Makes a run ready: what a killed run left is finished first, which may remove files that would be found otherwise.
/// Whatever can be known to be wrong is an error now, and not when the pictures were looked at.
pub fn prepare(
    context: &RunContext<'_>,
    request: ClassifyRequest<'_>,
    runtime: &mut ChosenRuntime,
) -> Result<Prepared, RunError> {
    let settings = request.settings;
    destination::check(&settings.destination, &settings.source).map_err(RunError::Folders)?;
    open_session::check_tables(&settings.destination, request.table)?;
    let known = match request.is_dry {
        true if Session::exists(&settings.destination) => Some(Session::open_copy(&settings.destination)?),
        true => None,
        false => open_session::open_known(context, &settings.destination, request.trust)?,
    };
    let kept = known.as_ref().map_or_else(|| Ok(Kept::new()), |session| kept(session, settings))?;
    let found = find_pictures(context, settings, &kept)?;
    if found.files.is_empty() && !sorts_otherwise(known.as_ref(), settings)? {
        let nothing = NothingFound { session: known, left_out: found.left_out };
        return Ok(Prepared::Nothing(Box::new(nothing)));
    }
    let runtime = runtime.get(context)?.clone();
    context.check_goes_on()?;
    let OpenedModel { model, text, .. } = open_model::open(context, settings, &runtime, Some(found.files.len()))?;
    context.check_goes_on()?;
    let session = match (known, request.is_dry) {
        (Some(session), true) => session,
        (None, true) => Session::open_copy(&settings.destination)?,
        (known, false) => open_session::known_or_new(context, known, &settings.destination, request.trust)?,
    };
    let run = ReadyRun { model, runtime, session, found };
    Ok(Prepared::Ready(Box::new(Ready { run, text })))
}

/// True where pictures that were moved from the source, all that there were, are to be sorted by other labels, another
/// template or another model than before.
fn sorts_otherwise(session: Option<&Session>, settings: &Settings) -> Result<bool, StoreError> {
    let Some(session) = session else { return Ok(false) };
    let seen = session.last_seen_in(&settings.source)?;
    let (Some(seen), Some((sorting, _)), Some(origin)) = (seen, session.sorting()?, session.origin()?) else {
        return Ok(false);
    };
    let wanted = Sorting::from(settings);
    let is_same = wanted.labels == sorting.labels && wanted.template == sorting.template;
    let is_same = is_same && origin.model == settings.model.to_string();
    Ok(!is_same && were_moved(session, seen)?)
}

/// True where the source had pictures, and all of them were moved to where they belong.
pub fn is_emptied(session: Option<&Session>, settings: &Settings) -> Result<bool, StoreError> {
    let Some(session) = session else { return Ok(false) };
    let seen = session.last_seen_in(&settings.source)?;
    seen.map_or(Ok(false), |seen| were_moved(session, seen))
}

/// True where all pictures that a run saw were moved.
pub fn were_moved(session: &Session, seen: RunId) -> Result<bool, StoreError> {
    let mut were_moved = true;
    session.for_each_picture(None, Which::SeenIn(seen), |picture| {
        were_moved &= picture.placed_how.as_deref() == Some("moved");
    })?;
    Ok(were_moved)
}

impl ReadyRun {
    /// Looks at every file, and scores anew what was sorted from the source before. `before_end` does what else belongs
    /// to the run, while others are kept from the session.
    pub fn carry_out(
        &mut self,
        context: &RunContext<'_>,
        settings: &Settings,
        before_end: &mut dyn FnMut(&mut Session),
    ) -> Result<Report, RunError> {
        let ReadyRun { model, session, found, runtime } = self;
        let cache = context.machine.cache.as_ref();
        let (run, set) = begin_classify(session, settings, model, runtime, None)?;
        let clocks = StageClocks::default();
        let pipeline = Pipeline {
            files: &found.files,
            model,
            cache,
            decoders: cores(),
            clocks: &clocks,
            awaits_rest: &|_| false,
            trusts_unchanged: settings.trust_unchanged,
            stop: context.stop,
        };
        let mut classification = fill(context, session, (run, &set), settings, &pipeline)?;
        classification.left_out = found.left_out.clone();
        before_end(session);
        let rescored = match context.stop.is_requested() {
            true => Rescored::default(),
            false => rescore(session, (run, &set), &SourceFolder::new(&settings.source), model, cache)?,
        };
        session.end_run(run, classification.result())?;
        tell_rescored(context, rescored, &settings.destination);
        Ok(Report { run, set, classification, rescored, limit: clocks.so_far().limit() })
    }
}

/// Runs the pipeline into the session.
fn fill(
    context: &RunContext<'_>,
    session: &mut Session,
    (run, set): (RunId, &LabelSet),
    settings: &Settings,
    pipeline: &Pipeline<'_>,
) -> Result<Classification, RunError> {
    let localizer = context.face.localizer();
    let say = |trouble: &PictureDefect| localizer.trouble(trouble);
    let mut limit = RecentLimit::default();
    let hooks = Hooks {
        say: &say,
        alert: &|_| None,
        on_picture: &mut |classified: Option<&Classified>| {
            let limit = limit.at(Instant::now(), pipeline.clocks);
            context.tell(RunEvent::LookedAt { classified, limit });
        },
        on_silence: &mut || context.note(Notice::ModelSilent),
        on_stored: &mut |stored| context.tell(RunEvent::Stored(stored)),
    };
    let mut sink = SessionWriter::new(session, run, set, SourceFolder::new(&settings.source), hooks);
    context.tell(RunEvent::StageBegins { total: pipeline.files.len() });
    Ok(classify(pipeline, &mut Encoders::default(), &mut sink)?)
}

fn tell_rescored(context: &RunContext<'_>, rescored: Rescored, destination: &Path) {
    let Rescored { count, missing } = rescored;
    if count > 0 {
        context.note(Notice::Rescored { count, destination: destination.to_owned() });
    }
    if missing > 0 {
        context.note(Notice::NotRescored { count: missing, destination: destination.to_owned() });
    }
}
