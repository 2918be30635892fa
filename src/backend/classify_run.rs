//! A run of the app: from the source through the pipeline into the session and on to the scorer.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::import_decisions::take_over;
use super::label_embedder::EmbedRequest;
use super::prepare_run::Ready;
use super::rate_meter::RateMeter;
use super::runner::RunnerContext;
use super::scorer::ScorerCommand;
use super::{CrewError, Event, Order};
use super::{open_session, prepare_run};
use crate::domain::collection::Entry;
use crate::domain::decision::LabelId;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::scan::Scope;
use crate::jobs::begin::begin_classify;
use crate::jobs::classify::{Classification, Classified, Encoders, Pipeline, classify};
use crate::jobs::effort::{Clocks, LimitOfLate};
use crate::jobs::kept::kept;
use crate::jobs::sink::{Hooks, SessionSink, SourceFolder};
use crate::jobs::tables;
use crate::store::session::{Known, LabelSet, Session};

impl RunnerContext {
    /// Classifies the source into the destination's session.
    pub(super) fn classify(
        &self,
        settings: &Settings,
        table: &Path,
        decisions_of: Option<&Path>,
        orders: &Receiver<Order>,
        runtime: &Runtime,
    ) -> Result<(), CrewError> {
        let Ready { model, text, mut session } = prepare_run::make_ready(self, settings, runtime)?;
        let kept = kept(&session, settings)?;
        let found = Scope::of(settings, &kept).scan()?;
        if !prepare_run::may_begin(self, found.files.len(), &found.left_out, orders) {
            return Ok(());
        }
        open_session::tell_decisions(self, &session)?;
        let cache = self.surroundings.cache.as_ref();
        let _ = self.scorer.send(ScorerCommand::Begin(self.guide.begin()));
        let _ = self.words.send(EmbedRequest::Model(Box::new(text), model.rule));
        self.guide.shown(&settings.destination, session.revision()?, true);
        self.guide.memory(cache, model.fingerprint, model.labels.ncols());
        let (run, set) = begin_classify(&mut session, settings, &model, runtime, None)?;
        let clocks = Clocks::default();
        let pipeline = Pipeline {
            files: &found.files,
            model: &model,
            cache,
            decoders: cores(),
            clocks: &clocks,
            awaits_rest: &|_| false,
            trusts_unchanged: settings.trust_unchanged,
            stop: &self.stop,
        };
        let (mut pace, paused) = (RateMeter::new(), self.stop.paused());
        let mut classification = self.fill(&mut session, run, &set, settings, &pipeline, &mut pace)?;
        classification.left_out = found.left_out;
        if let Some(other) = decisions_of {
            self.tell_in_order(match take_over(other, &mut session, &self.surroundings.known_sessions()) {
                Ok(step) => Event::TakenOver { step },
                Err(error) => Event::NotTakenOver { error: error.into() },
            });
        }
        session.end_run(run, classification.result())?;
        tables::write(&mut session, table, Some(&set), settings.sure)?;
        // From here on, what is new in the session comes from others.
        self.guide.ended();
        let Classification { remembered, waiting, .. } = classification;
        let per_second = pace.in_all(remembered, self.stop.paused().saturating_sub(paused));
        self.tell_in_order(Event::Classified { remembered, waiting, per_second });
        Ok(())
    }

    /// Runs the pipeline; what is in the session goes on to the scorer.
    fn fill(
        &self,
        session: &mut Session,
        run: RunId,
        set: &LabelSet,
        settings: &Settings,
        pipeline: &Pipeline<'_>,
        pace: &mut RateMeter,
    ) -> Result<Classification, CrewError> {
        let say = |trouble: &crate::files::trouble::Trouble| self.sayer.trouble(trouble);
        // Decisions refer to labels of the session by number; the app knows them by text.
        let texts = session.label_texts()?;
        let mut on_stored = |stored: Vec<(Known, Classified)>| self.tell_arrivals(stored, &texts);
        let mut others = 0;
        let mut limit = LimitOfLate::default();
        let mut on_picture = |classified: Option<&Classified>| {
            let now = Instant::now();
            if let Some(per_second) = pace.count(now) {
                self.tell(Event::Pace { per_second, limit: limit.at(now, pipeline.clocks) });
            }
            if classified.is_none() {
                others += 1;
                self.tell(Event::Passed { others });
            }
        };
        let hooks = Hooks {
            say: &say,
            alert: &|_| None,
            on_picture: &mut on_picture,
            on_silence: &mut || self.tell(Event::ModelSilent),
            on_stored: &mut on_stored,
        };
        let mut sink = SessionSink::new(session, run, set, SourceFolder::new(&settings.source), hooks);
        Ok(classify(pipeline, &mut Encoders::default(), &mut sink)?)
    }

    /// Pictures that are in the session go on to the scorer.
    pub(super) fn tell_arrivals(&self, stored: Vec<(Known, Classified)>, texts: &HashMap<LabelId, String>) {
        let pictures = stored.into_iter().map(|(known, classified)| {
            let decided = known.decision.and_then(|d| d.label()).and_then(|label| texts.get(&label).cloned());
            let trouble = classified.trouble.as_ref().map(|trouble| self.sayer.trouble(trouble));
            let Classified { picture, embedding, .. } = classified;
            let entry = Entry {
                id: known.id,
                path: picture.path,
                hash: picture.hash,
                state: picture.state,
                trouble,
                decision: known.decision,
                placed: known.folder,
            };
            (entry, decided, embedding)
        });
        let _ = self.scorer.send(ScorerCommand::Arrived(pictures.collect()));
    }
}
