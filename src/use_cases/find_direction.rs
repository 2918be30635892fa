//! The direction to compare pictures with: the embedding of a sentence, or of a picture.

use std::path::Path;

use half::f16;
use ndarray::{Array1, Axis};

use super::find::KnownSession;
use super::runtime::ChosenRuntime;
use super::{FindError, RunContext, RunError, open_model, session_model};
use crate::domain::label::Label;
use crate::domain::picture::ContentHash;
use crate::domain::settings::Settings;
use crate::domain::template::Templates;
use crate::engine::EngineError;
use crate::engine::image_processor::PreparedPicture;
use crate::files::defect::PictureDefect;
use crate::files::read::{FileContent, Reading, read};
use crate::jobs::decoding::decoded;
use crate::jobs::embedding_cache::ModelCache;
use crate::jobs::model::{Model, ModelError, OpenedModel};
use crate::panics::caught;

/// A sentence is embedded as it is: this stands around it.
const NOTHING_AROUND: &str = "{}";

/// A direction, and the embeddings that were made by the same model.
pub(super) struct Direction {
    /// As many as the embeddings have dimensions, normalised.
    pub(super) values: Array1<f32>,
    /// The embeddings.
    pub(super) cache: ModelCache,
}

/// The direction of a sentence. Its model is opened.
pub(super) fn of_sentence(
    context: &RunContext<'_>,
    known: &mut KnownSession<'_>,
    sentence: &str,
    runtime: &mut ChosenRuntime,
) -> Result<Direction, RunError> {
    let sentence = sentence.trim();
    if sentence.is_empty() {
        return Err(FindError::EmptySentence.into());
    }
    let model = opened(context, known, sentence, 0, runtime)?;
    Ok(Direction { values: model.labels.row(0).to_owned(), cache: cache_of(context, &model) })
}

/// The direction of a picture: of its remembered embedding where the session has its content, without a model; else its
/// model is opened, and it goes through the image tower.
pub(super) fn of_picture(
    context: &RunContext<'_>,
    known: &mut KnownSession<'_>,
    file: &Path,
    runtime: &mut ChosenRuntime,
) -> Result<Direction, RunError> {
    // The program's own reading follows no links; this one was named by a person.
    let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let content = match read(&path) {
        Reading::Content(content) => Ok(content),
        Reading::NoPicture => Err(PictureDefect::NoPicture),
        Reading::Defect(defect) => Err(defect),
    };
    let hash = match &content {
        Ok(content) => Some(content.hash),
        // The file may have been moved since: the session knows what it was.
        Err(PictureDefect::Vanished) => known.content_at(&path),
        Err(_) => None,
    };
    if let Some(found) = hash.and_then(|hash| remembered(context, known, hash).transpose()).transpose()? {
        return Ok(found);
    }
    let no_picture = |defect| RunError::from(FindError::NoPicture { path: file.to_owned(), defect });
    let content = content.map_err(no_picture)?;
    let model = opened(context, known, "a picture", 1, runtime)?;
    let cache = cache_of(context, &model);
    let prepared = prepared(content, &model).map_err(no_picture)?;
    let name = known.settings().model;
    let encoded = open_model::answer(context, &name, move |_| encode(&model, &prepared))?;
    Ok(Direction { values: encoded, cache })
}

/// The embedding of a content, where it is remembered for the model that scored the session.
fn remembered(
    context: &RunContext<'_>,
    known: &KnownSession<'_>,
    hash: ContentHash,
) -> Result<Option<Direction>, RunError> {
    let fingerprint = known.session.model_of(&known.set)?;
    let fingerprint = fingerprint.and_then(|digits| ContentHash::from_digits(&digits));
    let place = context.machine.cache.as_ref();
    let found = fingerprint.and_then(|fingerprint| ModelCache::open_by_content(place, &fingerprint.0, hash));
    Ok(found.map(|(cache, embedding)| Direction { values: embedding.mapv(f16::to_f32), cache }))
}

fn cache_of(context: &RunContext<'_>, model: &Model) -> ModelCache {
    ModelCache::open(context.machine.cache.as_ref(), &model.fingerprint, model.labels.ncols())
}

/// Opens the session's model, with a sentence in place of its labels.
fn opened(
    context: &RunContext<'_>,
    known: &mut KnownSession<'_>,
    sentence: &str,
    pictures: usize,
    runtime: &mut ChosenRuntime,
) -> Result<Model, RunError> {
    // It names a model to be opened: not where nothing shows whose session it is, or where its ledger names another.
    if !known.request.trust {
        known.session.check_own(&context.machine.known_sessions())?;
    }
    known.session.confirm_model(&known.origin.model)?;
    let settings = Settings {
        labels: vec![Label::named(sentence)],
        template: Templates::new(NOTHING_AROUND).unwrap_or_default(),
        ..known.settings()
    };
    let folder = session_model::folder(context, &settings.model)?;
    // In the numbers of the session: those of others are other embeddings.
    let variant = known.request.variant.unwrap_or_else(|| session_model::variant_of(&known.origin));
    let runtime = runtime.get(context)?.clone().in_variant(variant);
    context.check_goes_on()?;
    let opened = open_model::open_folder(context, &settings, &folder, &runtime, Some(pictures));
    let OpenedModel { model, .. } = opened.map_err(of_the_sentence)?;
    let scored_by = known.session.model_of(&known.set)?;
    match scored_by.is_some_and(|scored_by| scored_by != model.name_of_fingerprint()) {
        true => Err(FindError::OtherModel { model: settings.model }.into()),
        false => Ok(model),
    }
}

/// The sentence took the place of a label.
fn of_the_sentence(error: RunError) -> RunError {
    match error {
        RunError::Model(ModelError::Engine(EngineError::LabelTooLong { tokens, limit, .. })) => {
            FindError::SentenceTooLong { tokens, limit }.into()
        }
        error => error,
    }
}

/// A picture as the image tower takes it.
fn prepared(content: FileContent, model: &Model) -> Result<PreparedPicture, PictureDefect> {
    let prepared = decoded(content, |decoded| caught(|| model.processor().prepare(&decoded.pixels)))?;
    prepared.map_err(|panicked| PictureDefect::Damaged { detail: panicked.to_string() })
}

/// The embedding of one picture, (dimensions), normalised and rounded as those are that it is compared with.
fn encode(model: &Model, prepared: &PreparedPicture) -> Result<Array1<f32>, EngineError> {
    let mut encoders = model.open_encoders()?;
    let rows = encoders.first_mut().map(|encoder| encoder.encode(&[prepared])).transpose()?;
    let row = rows.as_ref().and_then(|rows| rows.axis_iter(Axis(0)).next().map(|row| row.mapv(f16::to_f32)));
    row.ok_or(EngineError::NoPictures { variant: model.variant() })
}
