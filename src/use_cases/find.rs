//! Finding the pictures of a session that are nearest to a sentence or to a picture, by the embeddings that are
//! remembered. Nothing is written into the session, and no picture of it goes through the model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use half::f16;
use ndarray::{Array1, Array2};

use super::find_direction::{Direction, of_picture, of_sentence};
use super::runtime::ChosenRuntime;
use super::{FindError, RunContext, RunError, session_model};
use crate::domain::decision::{Decision, LabelId, Standing};
use crate::domain::picture::{ContentHash, PictureState};
use crate::domain::ranking::Ranking;
use crate::domain::score::SureRule;
use crate::domain::settings::Settings;
use crate::domain::variant::VariantChoice;
use crate::engine::runtime::select::cores;
use crate::jobs::ranking::cosines_by_cores;
use crate::store::session::{LabelSet, Origin, Session, SessionPicture, SessionTree, Sorting, Which};

/// The wish of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Pictures that show what this says.
    Sentence(String),
    /// Pictures like the one in this file.
    Like(PathBuf),
}

/// A search that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct FindRequest<'r> {
    /// The destination with the session.
    pub destination: &'r Path,
    /// The wish.
    pub wanted: &'r Wanted,
    /// The model that the session names is opened, whoever made the session.
    pub trust: bool,
    /// The numbers that the model computes with; those of the session where not given.
    pub variant: Option<VariantChoice>,
    /// How many pictures to give at most.
    pub limit: usize,
}

/// A picture that was found.
#[derive(Debug, Clone)]
pub struct Nearest {
    /// The picture: of those with one content the first.
    pub picture: SessionPicture,
    /// How near it is, from -1 to 1.
    pub cosine: f32,
    /// The label that it counts for; none where nobody decided and the model is not sure.
    pub label: Option<String>,
    /// Other pictures with its content.
    pub others_alike: usize,
}

/// The pictures that were found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The nearest first.
    pub nearest: Vec<Nearest>,
    /// Contents that were compared.
    pub compared: usize,
    /// Contents that could have been, and of which no embedding is remembered.
    pub missing: usize,
    /// Pictures without pixels, as their files are damaged or not supported.
    pub without_pixels: usize,
    /// The session's model, as it was given.
    pub model: String,
}

/// Finds the nearest pictures of a session.
pub fn find(
    context: &RunContext<'_>,
    request: FindRequest<'_>,
    runtime: &mut ChosenRuntime,
) -> Result<Found, RunError> {
    let mut known = KnownSession::open(context, request)?;
    let Direction { values, cache } = match request.wanted {
        Wanted::Sentence(sentence) => of_sentence(context, &mut known, sentence, runtime)?,
        Wanted::Like(file) => of_picture(context, &mut known, file, runtime)?,
    };
    context.check_goes_on()?;
    let KnownSession { contents, without_pixels, origin, session, set, sorting, .. } = known;
    let hashes: Vec<(usize, ContentHash)> =
        contents.iter().enumerate().map(|(position, content)| (position, content.hash)).collect();
    let embeddings = cache.embeddings(&hashes);
    let missing = contents.len() - embeddings.len();
    if embeddings.is_empty() {
        return Err(FindError::NoEmbeddings { pictures: contents.len() }.into());
    }
    let cosines = cosines_of(&embeddings, &values, contents.len());
    let compared = contents.len() - missing;
    let ranking = Ranking::of(cosines, None);
    let labels = Labels::read(&session, &set, sorting.sure())?;
    let mut contents: Vec<Option<Content>> = contents.into_iter().map(Some).collect();
    let mut nearest = Vec::new();
    for position in ranking.order.iter().take(request.limit) {
        if let (Some(cosine), Some(content)) = (ranking.cosine(*position), contents[*position].take()) {
            let label = labels.of(&session, &content.picture)?;
            nearest.push(Nearest { picture: content.picture, cosine, label, others_alike: content.others_alike });
        }
    }
    Ok(Found { nearest, compared, missing, without_pixels, model: origin.model })
}

/// The cosine of each content; not a number where no embedding is remembered.
fn cosines_of(embeddings: &[(usize, Array1<f16>)], direction: &Array1<f32>, contents: usize) -> Vec<f32> {
    let mut cosines = vec![f32::NAN; contents];
    let values = embeddings.iter().flat_map(|(_, embedding)| embedding.iter().copied()).collect();
    // The cache gives embeddings of one length only.
    if let Ok(rows) = Array2::from_shape_vec((embeddings.len(), direction.len()), values) {
        let made = cosines_by_cores(rows.view(), direction.view(), cores());
        embeddings.iter().zip(made).for_each(|((position, _), cosine)| cosines[*position] = cosine);
    }
    cosines
}

/// A content of the session that has pixels.
pub(super) struct Content {
    hash: ContentHash,
    /// The first picture that has it.
    picture: SessionPicture,
    others_alike: usize,
}

/// A session as it was read.
pub(super) struct KnownSession<'r> {
    pub(super) request: FindRequest<'r>,
    pub(super) session: Session,
    pub(super) sorting: Sorting,
    pub(super) set: LabelSet,
    pub(super) origin: Origin,
    contents: Vec<Content>,
    without_pixels: usize,
    /// The contents of files, by the paths that the session knows: where they were and where they are.
    by_path: HashMap<PathBuf, ContentHash>,
}

impl<'r> KnownSession<'r> {
    fn open(context: &RunContext<'_>, request: FindRequest<'r>) -> Result<KnownSession<'r>, RunError> {
        let session = Session::open_to_review(request.destination, &context.machine.known_sessions())?;
        let (Some((sorting, set)), Some(origin)) = (session.sorting()?, session.origin()?) else {
            return Err(RunError::NothingClassified { destination: request.destination.to_owned() });
        };
        let mut known = KnownSession {
            request,
            sorting,
            set,
            origin,
            contents: vec![],
            without_pixels: 0,
            by_path: HashMap::new(),
            session,
        };
        known.read()?;
        Ok(known)
    }

    fn read(&mut self) -> Result<(), RunError> {
        let (mut contents, mut places) = (Vec::<Content>::new(), HashMap::<ContentHash, usize>::new());
        let (mut without_pixels, mut by_path) = (0, HashMap::new());
        self.session.for_each_picture(Some(&self.set), Which::All, |picture| {
            if picture.is_replaced {
                return;
            }
            let has_pixels = matches!(picture.picture.state, PictureState::Ok | PictureState::Suspect);
            let Some(hash) = picture.picture.hash.filter(|_| has_pixels) else {
                without_pixels += 1;
                return;
            };
            by_path.insert(picture.picture.path.clone(), hash);
            if let Some(place) = &picture.place {
                by_path.insert(self.request.destination.join(&place.folder).join(&place.file_name), hash);
            }
            match places.get(&hash) {
                Some(known) => contents[*known].others_alike += 1,
                None => {
                    places.insert(hash, contents.len());
                    contents.push(Content { hash, picture, others_alike: 0 });
                }
            }
        })?;
        (self.contents, self.without_pixels, self.by_path) = (contents, without_pixels, by_path);
        Ok(())
    }

    /// The settings of the classify that it was made by.
    pub(super) fn settings(&self) -> Settings {
        session_model::settings(self.request.destination, &self.sorting, &self.origin)
    }

    /// The content that a file of this path had when the session saw it last.
    pub(super) fn content_at(&self, path: &Path) -> Option<ContentHash> {
        let absolute = std::path::absolute(path).ok()?;
        self.by_path.get(&absolute).or_else(|| self.by_path.get(path)).copied()
    }
}

/// The labels of a session, those inside others among them.
struct Labels {
    tree: SessionTree,
    /// As people read them.
    names: HashMap<LabelId, String>,
}

impl Labels {
    fn read(session: &Session, set: &LabelSet, sure: SureRule) -> Result<Labels, RunError> {
        let (tree, names) = session.named_tree(set, sure)?;
        Ok(Labels { tree, names })
    }

    /// The label that a picture counts for.
    fn of(&self, session: &Session, picture: &SessionPicture) -> Result<Option<String>, RunError> {
        let inside = session.best_inside(picture.id, &self.tree)?;
        let standing = self.tree.standing(picture, &inside);
        let decided = || picture.decision.and_then(Decision::label).and_then(|label| self.names.get(&label).cloned());
        Ok(match standing {
            // Decided for a label that is not sorted by any more.
            Standing::LabelRemoved => decided(),
            standing => standing.label().map(|label| self.tree.labels.name(label)),
        })
    }
}
