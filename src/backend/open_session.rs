//! An earlier session: what it holds, and what its pictures need to be scored with other labels.

use std::path::Path;

use super::app_face::AppFace;
use super::channels::{EmbedRequest, ScorerCommand};
use super::context::RunnerContext;
use super::session_rows::{embeddable_hash, label_keys, row_of, steps_by_text};
use super::{BackendError, Event, narrow_run};
use crate::domain::picture::{ContentHash, PictureId};
use crate::engine::runtime::Runtime;
use crate::jobs::embedding_cache::ModelCache;
use crate::jobs::model::OpenedModel;
use crate::store::session::{Origin, Session, Sorting, Which};
use crate::use_cases::runtime::ChosenRuntime;
use crate::use_cases::{FindError, RunContext, RunError, open_model, session_model};

/// Tells what an earlier session holds, then makes ready to score it with other labels.
pub(super) fn open(
    context: &RunnerContext,
    destination: &Path,
    runtime: &mut ChosenRuntime,
) -> Result<(), BackendError> {
    let face = AppFace::new(context);
    let run = face.run();
    let mut session = Session::open_to_review(destination, &context.machine.known_sessions())?;
    let sorting = session.sorting()?;
    let origin = session.origin()?;
    let set = sorting.as_ref().map(|(_, set)| set.clone());
    let scored_by = set.as_ref().map(|set| session.model_of(set)).transpose()?.flatten();
    let sorting = sorting.map(|(sorting, _)| sorting);
    context.tell(Event::Opened { sorting: sorting.clone().map(Box::new), origin: origin.clone() });
    context.tell(Event::Inside { labels: narrow_run::known(&session)? });
    // Read first: what changes after it is followed.
    let since = session.revision()?;
    let texts = label_keys(&session)?;
    let width = set.as_ref().map_or(0, |set| set.labels.len());
    let (mut entries, mut scores, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    session.for_each_picture(set.as_ref(), Which::All, |found| {
        hashes.push((found.id, embeddable_hash(&found)));
        let seen = row_of(found, &texts);
        match seen.scores.len() == width {
            true => scores.extend(&seen.scores),
            false => scores.extend(std::iter::repeat_n(f32::NAN, width)),
        }
        entries.push((seen.entry, seen.decided));
    })?;
    let _ = context.scorer.send(ScorerCommand::Begin(context.feed.begin()));
    let _ = context.scorer.send(ScorerCommand::Shown { entries, scores });
    context.feed.shown(destination, since, false);
    context.tell(Event::Decided { steps: steps_by_text(&session)? });
    let (Some(sorting), Some(origin)) = (sorting, origin) else { return Ok(()) };
    // It names a model to be opened: not where nothing shows whose session it is, or where its ledger names another.
    let is_own = context.check_own(&mut session, destination);
    let may_open = is_own.and_then(|()| Ok(session.confirm_model(&origin.model)?));
    drop(session);
    if let Err(error) = may_open {
        context.tell_in_order(Event::NotScorable { error });
        return Ok(());
    }
    let runtime = runtime.get(&run).map_err(BackendError::from);
    let shown = Shown { destination, sorting, origin, hashes, scored_by };
    let made = runtime.and_then(|runtime| make_scorable(context, &run, shown, runtime));
    context.tell_in_order(match made {
        Ok(missing) => Event::Scorable { missing },
        Err(error) => Event::NotScorable { error },
    });
    Ok(())
}

/// A session that is on the screen.
struct Shown<'s> {
    destination: &'s Path,
    sorting: Sorting,
    origin: Origin,
    /// Its pictures, with the hashes of those that can have an embedding.
    hashes: Vec<(PictureId, Option<ContentHash>)>,
    /// The fingerprint of the model that scored it.
    scored_by: Option<String>,
}

/// Opens the model of a session, and gives the scorer the embeddings that are remembered. Gives how many are not.
fn make_scorable(
    context: &RunnerContext,
    run: &RunContext<'_>,
    shown: Shown<'_>,
    runtime: &Runtime,
) -> Result<usize, BackendError> {
    let Shown { destination, sorting, origin, hashes, scored_by } = shown;
    let settings = session_model::settings(destination, &sorting, &origin);
    let folder = session_model::folder(run, &settings.model).map_err(|error| match error {
        RunError::Find(FindError::ModelNotHere { model }) => BackendError::NotCached { model },
        error => error.into(),
    })?;
    let cache = context.machine.cache.as_ref();
    // In the numbers of the session: those of others are other scores.
    let runtime = runtime.clone().in_variant(session_model::variant_of(&origin));
    // Labels are all that it is opened for.
    let OpenedModel { model, text, .. } = open_model::open_folder(run, &settings, &folder, &runtime, Some(0))?;
    if scored_by.is_some_and(|scored_by| scored_by != model.name_of_fingerprint()) {
        return Err(BackendError::OtherModel { model: settings.model });
    }
    let known = ModelCache::open(cache, &model.fingerprint, model.labels.ncols());
    let hashes: Vec<_> = hashes.into_iter().filter_map(|(id, hash)| Some((id, hash?))).collect();
    let embeddings = known.embeddings(&hashes);
    let missing = hashes.len() - embeddings.len();
    let _ = context.scorer.send(ScorerCommand::Remembered(embeddings));
    context.remembers(model.fingerprint, model.labels.ncols());
    let _ = context.embedder.send(EmbedRequest::Model(Box::new(text), model.rule));
    Ok(missing)
}
