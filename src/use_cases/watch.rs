//! Watching a source: the same preparations as for classifying, then turn after turn.

use std::path::Path;
use std::time::Instant;

use super::runtime::ChosenRuntime;
use super::sort::tell_weakness;
use super::{RunContext, RunError, RunEvent, open_model, open_session};
use crate::domain::folder_name::folder_names;
use crate::domain::limit::Stage;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::engine::encoder::TextEncoder;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::{destination, scan};
use crate::jobs::begin::begin_classify;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::kept::kept;
use crate::jobs::model::{Model, OpenedModel};
use crate::jobs::stage_clocks::{RecentLimit, StageClocks};
use crate::jobs::watch::{Watch, WatchError, WatchRules, WatchTools, Watched};
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Sorting};

/// A watch that is asked for.
#[derive(Clone, Copy)]
pub struct WatchRequest<'r> {
    /// The source, the model, the labels and the destination.
    pub settings: &'r Settings,
    /// The table's name in the destination.
    pub table: &'r Path,
    /// The destination's session is obeyed, whoever made it.
    pub trust: bool,
    /// Pictures that arrive are sorted too.
    pub sorts: bool,
}

/// A watch of which nothing has been written yet.
pub struct ReadyWatch {
    /// The model.
    pub model: Model,
    /// Its text tower.
    pub text: TextEncoder,
    /// The runtime that computes.
    pub runtime: Runtime,
    /// The destination's session.
    pub session: Session,
}

/// Makes a watch ready. A source that is not there at the start is a mistake in its name; one that goes later is waited
/// for.
pub fn prepare(
    context: &RunContext<'_>,
    request: WatchRequest<'_>,
    runtime: &mut ChosenRuntime,
) -> Result<ReadyWatch, RunError> {
    let settings = request.settings;
    destination::check(&settings.destination, &settings.source).map_err(RunError::Folders)?;
    scan::check(&settings.source)?;
    open_session::check_tables(&settings.destination, request.table)?;
    let known = open_session::open_known(context, &settings.destination, request.trust)?;
    let runtime = runtime.get(context)?.clone();
    context.check_goes_on()?;
    let OpenedModel { model, text, .. } = open_model::open(context, settings, &runtime, None)?;
    context.check_goes_on()?;
    let session = open_session::known_or_new(context, known, &settings.destination, request.trust)?;
    if request.sorts {
        tell_weakness(context, &settings.destination);
    }
    Ok(ReadyWatch { model, text, runtime, session })
}

/// Begins a run of a watch in the session. A watch reads every file, whatever the settings say.
pub fn begin(
    session: &mut Session,
    settings: &Settings,
    model: &Model,
    runtime: &Runtime,
    sorts: bool,
) -> Result<(RunId, LabelSet), StoreError> {
    begin_classify(session, settings, model, runtime, Some(sorts))
}

/// A run of a watch: with the same labels from beginning to end.
pub struct WatchRun<'w> {
    context: RunContext<'w>,
    model: &'w Model,
    watch: Watch,
    watched: Watched,
    clocks: StageClocks,
    limit: RecentLimit,
}

impl<'w> WatchRun<'w> {
    /// The watch of a run that was begun in the session. Nothing is looked at yet.
    pub fn new(
        context: RunContext<'w>,
        model: &'w Model,
        session: &Session,
        request: WatchRequest<'_>,
        (run, set): (RunId, &LabelSet),
        rules: WatchRules,
    ) -> Result<WatchRun<'w>, StoreError> {
        let (settings, table) = (request.settings, request.table);
        let sorting = Sorting::from(settings);
        let watched = Watched {
            source: settings.source.clone(),
            recursive: settings.recursive,
            choice: settings.choice.clone(),
            kept: kept(session, settings)?,
            run,
            folders: folder_names(&sorting.labels, &table.to_string_lossy()),
            sorting,
            set: set.clone(),
            table: table.to_owned(),
        };
        let watch = Watch::new(watched.clone(), session, rules);
        let (clocks, limit) = (StageClocks::default(), RecentLimit::default());
        Ok(WatchRun { context, model, watch, watched, clocks, limit })
    }

    /// Sorting heeds this token, and not that of the context: while it is set nothing is sorted, and the watch goes on.
    pub fn set_sorting_token(&mut self, stop: CancelToken) {
        self.watch.set_sorting_token(stop);
    }

    /// Tells that work of somebody else in the session has failed: transfers that it left are finished first of all.
    pub fn recover_first(&mut self) {
        self.watch.recover_first();
    }

    /// How it stands.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The folder that is watched, and how its pictures are sorted.
    pub fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Does what is to be done now, as far as that goes in about a second; true where more is to be done at once.
    pub fn turn(&mut self, session: &mut Session) -> Result<bool, WatchError> {
        let (context, localizer) = (self.context, self.context.face.localizer());
        let tools = WatchTools {
            model: self.model,
            cache: context.machine.cache.as_ref(),
            decoders: cores(),
            clocks: &self.clocks,
            say_trouble: &|trouble| localizer.trouble(trouble),
            say_transfer: &|error| localizer.transfer(error),
            stop: context.stop,
        };
        self.watch.turn(session, tools, &mut |told| context.tell(RunEvent::Watch(told)))
    }

    /// Tells how it stands.
    pub fn tell_status(&mut self) {
        let at = Instant::now();
        let limit = self.limit.at(at, &self.clocks);
        self.context.tell(RunEvent::WatchStands { watch: &self.watch, limit, at });
    }

    /// The stage that limited its speed, if one did.
    pub fn limit(&self) -> Option<Stage> {
        self.clocks.so_far().limit()
    }

    /// Ends the run and writes the table, also where a turn has failed.
    pub fn end(self, session: &mut Session) -> Result<(), WatchError> {
        let context = self.context;
        context.tell(RunEvent::WatchEnds);
        self.watch.end(session, &mut |told| context.tell(RunEvent::Watch(told)))
    }
}
