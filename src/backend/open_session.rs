//! An earlier session: what it holds, and what its pictures need to be scored with other labels.

use std::collections::HashMap;
use std::path::Path;

use super::change_feed::{Seen, hash_of};
use super::label_embedder::EmbedRequest;
use super::runner::{ChosenRuntime, RunnerContext};
use super::scorer::ScorerCommand;
use super::{CrewError, Event, Said, SaidStep};
use crate::domain::choice::Choice;
use crate::domain::collection::Entry;
use crate::domain::decision::{Decision, LabelId};
use crate::domain::picture::{ContentHash, PictureId};
use crate::domain::settings::{ModelName, Settings};
use crate::domain::template::Templates;
use crate::domain::variant::{Variant, VariantChoice};
use crate::engine::hub::{Hub, Place};
use crate::engine::runtime::Runtime;
use crate::jobs::embeddings::ModelCache;
use crate::jobs::model::OpenedModel;
use crate::store::session::{Origin, Session, SessionPicture, Sorting, Which};

/// Tells what an earlier session holds, then makes ready to score it with other labels.
pub(super) fn open(context: &RunnerContext, destination: &Path, runtime: &mut ChosenRuntime) -> Result<(), CrewError> {
    let mut session = Session::open_to_review(destination, &context.surroundings.known_sessions())?;
    let sorting = session.sorting()?;
    let origin = session.origin()?;
    let set = sorting.as_ref().map(|(_, set)| set.clone());
    let scored_by = set.as_ref().map(|set| session.model_of(set)).transpose()?.flatten();
    let sorting = sorting.map(|(sorting, _)| sorting);
    context.tell(Event::Opened { sorting: sorting.clone().map(Box::new), origin: origin.clone() });
    // Read first: what changes after it is followed.
    let since = session.revision()?;
    let texts = session.label_texts()?;
    let width = set.as_ref().map_or(0, |set| set.labels.len());
    let (mut entries, mut scores, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    session.for_each_picture(set.as_ref(), Which::All, |found| {
        hashes.push((found.id, hash_of(&found)));
        let seen = shown(found, &texts);
        match seen.scores.len() == width {
            true => scores.extend(&seen.scores),
            false => scores.extend(std::iter::repeat_n(f32::NAN, width)),
        }
        entries.push((seen.entry, seen.decided));
    })?;
    let _ = context.scorer.send(ScorerCommand::Begin(context.guide.begin()));
    let _ = context.scorer.send(ScorerCommand::Shown { entries, scores });
    context.guide.shown(destination, since, false);
    tell_decisions(context, &session)?;
    let (Some(sorting), Some(origin)) = (sorting, origin) else { return Ok(()) };
    // It names a model to be opened: not where nothing shows whose session it is, or where its ledger names another.
    let is_own = context.check_own(&mut session, destination);
    let may_open = is_own.and_then(|()| Ok(session.confirm_model(&origin.model)?));
    drop(session);
    if let Err(error) = may_open {
        context.tell_in_order(Event::NotScorable { error });
        return Ok(());
    }
    let made = runtime
        .get(context)
        .and_then(|runtime| make_scorable(context, destination, &sorting, &origin, &hashes, scored_by, runtime));
    context.tell_in_order(match made {
        Ok(missing) => Event::Scorable { missing },
        Err(error) => Event::NotScorable { error },
    });
    Ok(())
}

/// A picture of a session as the app shows it.
pub(super) fn shown(found: SessionPicture, texts: &HashMap<LabelId, String>) -> Seen {
    let decided = found.decision.and_then(Decision::label).and_then(|label| texts.get(&label).cloned());
    let entry = Entry {
        id: found.id,
        path: found.picture.path,
        hash: found.picture.hash,
        state: found.picture.state,
        trouble: found.trouble,
        decision: found.decision,
        placed: found.place.map(|place| place.folder),
    };
    let scores = found.picture.prediction.map(|prediction| prediction.scores.into_vec()).unwrap_or_default();
    Seen { entry, decided, scores, is_replaced: found.is_replaced }
}

/// Tells every step of the session, so that it can be taken back.
pub(super) fn tell_decisions(context: &RunnerContext, session: &Session) -> Result<(), CrewError> {
    let texts = session.label_texts()?;
    let steps = session.steps()?.into_iter().map(|step| {
        let said = step.said.into_iter().map(|(picture, said)| (picture, said.and_then(|said| in_words(said, &texts))));
        SaidStep { kind: step.kind, said: said.collect() }
    });
    context.tell(Event::Decided { steps: steps.collect() });
    Ok(())
}

/// A decision with its label's text; none where the session has lost it.
pub(super) fn in_words(decision: Decision, texts: &HashMap<LabelId, String>) -> Option<Said> {
    Some(match decision {
        Decision::Accepted(label) => Said::Accepted(texts.get(&label)?.clone()),
        Decision::Reassigned(label) => Said::Reassigned(texts.get(&label)?.clone()),
        Decision::NoneOfThese => Said::NoneOfThese,
        Decision::Skipped => Said::Skipped,
    })
}

/// Opens the model of a session, and gives the scorer the embeddings that are remembered. Gives how many are not.
fn make_scorable(
    context: &RunnerContext,
    destination: &Path,
    sorting: &Sorting,
    origin: &Origin,
    hashes: &[(PictureId, Option<ContentHash>)],
    scored_by: Option<String>,
    runtime: &Runtime,
) -> Result<usize, CrewError> {
    let model = ModelName::new(&origin.model, Path::is_dir);
    let folder = match &model {
        // Looking at what was sorted is no reason to download a model.
        ModelName::Hub(published) => match Hub::new(Place::from_environment()).cached(published) {
            Some(cached) => cached.folder,
            None => return Err(CrewError::NotCached { model: published.clone() }),
        },
        model => context.model_folder(model)?,
    };
    let settings = Settings {
        source: origin.source.clone().into(),
        recursive: origin.recursive,
        choice: Choice::default(),
        destination: destination.to_owned(),
        model,
        labels: sorting.labels.clone(),
        template: Templates::new(&sorting.template).unwrap_or_default(),
        operation: sorting.operation,
        sure: sorting.sure(),
        batch_size: None,
        trust_unchanged: false,
    };
    let cache = context.surroundings.cache.as_ref();
    // In the numbers of the session: those of others are other scores.
    let runtime = runtime.clone().in_variant(variant_of(origin));
    let OpenedModel { model, text, .. } = context.open_model(&folder, &settings, &runtime, false)?;
    if scored_by.is_some_and(|scored_by| scored_by != model.name_of_fingerprint()) {
        return Err(CrewError::OtherModel { model: settings.model });
    }
    let known = ModelCache::open(cache, &model.fingerprint, model.labels.ncols());
    let hashes: Vec<_> = hashes.iter().filter_map(|(id, hash)| Some((*id, (*hash)?))).collect();
    let embeddings = known.embeddings(&hashes);
    let missing = hashes.len() - embeddings.len();
    let _ = context.scorer.send(ScorerCommand::Remembered(embeddings));
    context.guide.memory(cache, model.fingerprint, model.labels.ncols());
    let _ = context.words.send(EmbedRequest::Model(Box::new(text), model.rule));
    Ok(missing)
}

/// The variant that a session's pictures were scored in. Sessions from before there were others say nothing.
fn variant_of(origin: &Origin) -> VariantChoice {
    let variant = origin.variant.as_deref().and_then(|name| name.parse().ok());
    variant.unwrap_or(VariantChoice::Only(Variant::Fp32))
}
