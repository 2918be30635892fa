//! A finer sort inside one label of a session that is there, to any depth.

use std::path::{Path, PathBuf};

use super::runtime::ChosenRuntime;
use super::{Notice, RunContext, RunError, RunEvent, open_model, open_session};
use crate::domain::decision::LabelId;
use crate::domain::file_filter::FileFilter;
use crate::domain::folder_name::folder_names;
use crate::domain::label::Label;
use crate::domain::label_tree::path_text;
use crate::domain::picture::PictureId;
use crate::domain::run::RunId;
use crate::domain::score::SureRule;
use crate::domain::settings::{ModelName, Operation, Settings};
use crate::domain::template::Templates;
use crate::engine::encoder::TextEncoder;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::destination;
use crate::jobs::classify::{Classification, Pipeline};
use crate::jobs::model::{Model, OpenedModel};
use crate::jobs::narrow::{LabelScores, Member, Scores, members, score_files, score_remembered, told};
use crate::jobs::session_writer::SourceFolder;
use crate::jobs::stage_clocks::{RecentLimit, StageClocks};
use crate::jobs::tables::table_name;
use crate::store::StoreError;
use crate::store::ledger::{RunResult, WithinSettings};
use crate::store::session::{LabelSet, Narrowed, Session, SessionTree, Sorting};

/// Bytes of the longest path that systems take, its end counted too (`PATH_MAX` of Linux and of macOS).
const LONGEST_PATH: usize = if cfg!(target_os = "macos") { 1024 } else { 4096 };

/// Bytes that are kept free for a file's name below a folder, the sign between them and the end of the path.
const ROOM_FOR_NAMES: usize = 255 + 2;

/// A finer sort that is asked for.
#[derive(Clone, Copy)]
pub struct NarrowRequest<'r> {
    /// The destination of the session.
    pub destination: &'r Path,
    /// The label inside which is sorted, by its path.
    pub within: &'r str,
    /// Only pictures that were found in this folder.
    pub source: Option<&'r Path>,
    /// The labels inside it.
    pub labels: &'r [Label],
    /// The sentences around each prompt.
    pub template: &'r Templates,
    /// When a prediction is acted on.
    pub sure: SureRule,
    /// Copy or move; as the session was sorted last where it is not said.
    pub operation: Option<Operation>,
    /// The model; the session's where it is not said.
    pub model: Option<&'r ModelName>,
    /// Pictures that go through the model together.
    pub batch_size: Option<usize>,
    /// The destination's session is obeyed, whoever made it.
    pub trust: bool,
    /// Nothing is kept: the run goes into a copy of the session.
    pub is_dry: bool,
}

/// A finer sort of which nothing has been written yet.
pub struct ReadyNarrow {
    /// The model, with the labels inside.
    pub model: Model,
    /// The runtime that computes.
    pub runtime: Runtime,
    /// The destination's session.
    pub session: Session,
    /// How the session's pictures are sorted at the root, and the labels there.
    pub root: (Sorting, LabelSet),
    /// The settings of the run: the labels are those inside, by their own texts.
    pub settings: Settings,
    /// The label inside which is sorted.
    pub within: LabelId,
    /// Its path.
    pub path: Vec<String>,
    pictures: Vec<Member>,
}

/// A finer sort that is over, but for its plan and its table.
pub struct Narrowing {
    /// The run.
    pub run: RunId,
    /// Counts of what it looked at.
    pub classification: Classification,
}

impl ReadyNarrow {
    /// The settings with the labels as people read them: each by its path.
    pub fn settings_to_tell(&self) -> Settings {
        let path_of = |label: &Label| {
            let path: Vec<&str> = self.path.iter().map(String::as_str).chain([label.text.as_str()]).collect();
            Label { text: path_text(&path), prompts: label.prompts.clone() }
        };
        Settings { labels: self.settings.labels.iter().map(path_of).collect(), ..self.settings.clone() }
    }
}

/// Makes a finer sort ready. Whatever can be known to be wrong is an error now.
pub fn prepare(
    context: &RunContext<'_>,
    request: NarrowRequest<'_>,
    runtime: &mut ChosenRuntime,
) -> Result<ReadyNarrow, RunError> {
    let destination = request.destination;
    let session = match request.is_dry && Session::exists(destination) {
        true => Session::open_copy(destination)?,
        false => match open_session::open_known(context, destination, request.trust)? {
            Some(session) => session,
            None => return Err(RunError::NothingClassified { destination: destination.to_owned() }),
        },
    };
    let nothing = || RunError::NothingClassified { destination: destination.to_owned() };
    let (mut sorting, set) = session.sorting()?.ok_or_else(nothing)?;
    let origin = session.origin()?.ok_or_else(nothing)?;
    let tree = tree_of(&session, &sorting, &set)?;
    let Some(position) = tree.labels.find(request.within) else {
        let (label, labels) = (request.within.to_owned(), tree.labels.names());
        return Err(RunError::NoSuchLabel { label, labels });
    };
    let path: Vec<String> = tree.labels.path(position).into_iter().map(str::to_owned).collect();
    check_folders(&session, &tree, (&sorting, position), request.labels)?;
    let model = match request.model {
        Some(model) => model.clone(),
        None => {
            session.confirm_model(&origin.model)?;
            ModelName::new(&origin.model, Path::is_dir)
        }
    };
    sorting.operation = request.operation.unwrap_or(sorting.operation);
    let within = tree.labels.labels().get(position).map(|label| label.id).ok_or_else(nothing)?;
    let pictures = members_from(&session, &tree, position, request.source)?;
    let settings = Settings {
        source: request.source.map_or_else(|| PathBuf::from(&origin.source), Path::to_owned),
        recursive: origin.recursive,
        choice: FileFilter::default(),
        destination: destination.to_owned(),
        model,
        labels: request.labels.to_vec(),
        template: request.template.clone(),
        operation: sorting.operation,
        sure: request.sure,
        batch_size: request.batch_size,
        trust_unchanged: false,
    };
    if !request.is_dry {
        destination::prepare(destination)?;
    }
    let runtime = runtime.get(context)?.clone();
    context.check_goes_on()?;
    // Most embeddings are remembered: the image tower is opened when a picture needs it.
    let OpenedModel { model, .. } = open_model::open(context, &settings, &runtime, Some(0))?;
    context.check_goes_on()?;
    Ok(ReadyNarrow { model, runtime, session, root: (sorting, set), settings, within, path, pictures })
}

/// The labels that a session's pictures are sorted by.
fn tree_of(session: &Session, sorting: &Sorting, set: &LabelSet) -> Result<SessionTree, StoreError> {
    let texts: Vec<&str> = sorting.labels.iter().map(|label| label.text.as_str()).collect();
    session.tree(set, &texts, sorting.sure())
}

/// The pictures of the label at a position that were found in a folder, where one is given. None at all is an error
/// then: labels inside that no picture is scored for would take the place of those that pictures are sorted by.
fn members_from(
    session: &Session,
    tree: &SessionTree,
    position: usize,
    source: Option<&Path>,
) -> Result<Vec<Member>, RunError> {
    let Some(within) = tree.labels.labels().get(position).map(|label| label.id) else { return Ok(vec![]) };
    let pictures = members(session, tree, within, source.map(SourceFolder::new).as_ref())?;
    match source.filter(|_| pictures.is_empty()) {
        Some(source) => {
            Err(RunError::NoneFromThere { label: tree.labels.name(position), source_folder: source.to_owned() })
        }
        None => Ok(pictures),
    }
}

/// An error where the folder of a label inside would have a longer path than systems take, or where a file lies in its
/// place: that may be a picture, which no one is to be told to remove.
fn check_folders(
    session: &Session,
    tree: &SessionTree,
    (sorting, position): (&Sorting, usize),
    inside: &[Label],
) -> Result<(), RunError> {
    let table = table_name(session)?.unwrap_or_default();
    let root = folder_names(&sorting.labels, &table.to_string_lossy());
    let above = tree.labels.folders(&root).get(position).cloned().unwrap_or_default();
    for name in folder_names(inside, "") {
        let folder = session.destination().join(&above).join(name);
        if folder.as_os_str().len() + ROOM_FOR_NAMES > LONGEST_PATH {
            return Err(RunError::FolderTooLong { folder });
        }
        if folder.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            return Err(RunError::FileInTheWay { path: folder });
        }
    }
    Ok(())
}

impl ReadyNarrow {
    /// Scores every picture of the label: from now on they are sorted by the labels inside it.
    pub fn carry_out(&mut self, context: &RunContext<'_>) -> Result<Narrowing, RunError> {
        let ReadyNarrow { model, runtime, session, settings, within, path, pictures, .. } = self;
        let cache = context.machine.cache.as_ref();
        context.tell(RunEvent::StageBegins { total: pictures.len() });
        let by = LabelScores { labels: model.labels.view(), rule: model.rule, fingerprint: &model.fingerprint };
        let mut scores = score_remembered(pictures, by, cache);
        let remembered = scores.len();
        for (at, member) in pictures.iter().enumerate() {
            if let Some(scores) = scores.get(&at) {
                context.tell(RunEvent::LookedAt { classified: Some(&told(member, scores)), limit: None });
            }
        }
        scores.extend(score_rest(context, model, pictures, &scores)?);
        let scored = scores.len();
        let sorting = Sorting::from(&*settings);
        let fingerprint = model.name_of_fingerprint();
        let set = session.label_set_within(*within, &sorting.labels, &sorting.template, &fingerprint)?;
        let narrowed = Narrowed { within: *within, sorting, set };
        let told = WithinSettings {
            within: path.clone(),
            model: settings.model.to_string(),
            model_fingerprint: fingerprint,
            runtime: format!("{} {}", runtime.name(), runtime.version()),
            device: runtime.device().to_string(),
            variant: model.variant().name().to_owned(),
        };
        let waiting = pictures.len() - scored;
        let run = keep(session, &narrowed, told, pictures, scores, waiting)?;
        let classification = Classification { pictures: scored, remembered, waiting, ..Classification::default() };
        Ok(Narrowing { run, classification })
    }
}

/// Scores the pictures that have no scores yet, from their files.
fn score_rest(
    context: &RunContext<'_>,
    model: &Model,
    pictures: &[Member],
    scores: &Scores,
) -> Result<Scores, RunError> {
    let (places, missing): (Vec<usize>, Vec<&Member>) =
        pictures.iter().enumerate().filter(|(at, _)| !scores.contains_key(at)).unzip();
    if missing.is_empty() {
        return Ok(Scores::new());
    }
    let files: Vec<PathBuf> = missing.iter().map(|member| member.file.clone()).collect();
    let clocks = StageClocks::default();
    let pipeline = Pipeline {
        files: &files,
        model,
        cache: context.machine.cache.as_ref(),
        decoders: cores(),
        clocks: &clocks,
        awaits_rest: &|_| false,
        trusts_unchanged: false,
        stop: context.stop,
    };
    let mut limit = RecentLimit::default();
    let found = score_files(
        &missing,
        &pipeline,
        &mut |member, classified| {
            let limit = limit.at(std::time::Instant::now(), &clocks);
            let prediction = classified.and_then(|classified| classified.picture.prediction.as_ref());
            let told = prediction.map(|prediction| told(member, &prediction.scores));
            context.tell(RunEvent::LookedAt { classified: told.as_ref(), limit });
        },
        &mut || context.note(Notice::ModelSilent),
    )?;
    Ok(found.into_iter().map(|(at, scores)| (places[at], scores)).collect())
}

/// Keeps what was scored, as a run.
fn keep(
    session: &mut Session,
    narrowed: &Narrowed,
    told: WithinSettings,
    pictures: &[Member],
    scores: Scores,
    waiting: usize,
) -> Result<RunId, StoreError> {
    let count = scores.len();
    let mut scores: Vec<(PictureId, Vec<f32>)> =
        scores.into_iter().filter_map(|(at, scores)| Some((pictures.get(at)?.id, scores))).collect();
    scores.sort_unstable_by_key(|(picture, _)| *picture);
    let run = session.begin_within(narrowed, told)?;
    session.put_scores_within(narrowed, &scores)?;
    session.end_run(run, RunResult::Within { pictures: count, waiting })?;
    Ok(run)
}

/// Scores the pictures of labels that have labels inside, level after level, where they are new there or were scored by
/// another model: by the embeddings that are remembered.
pub fn complete(
    context: &RunContext<'_>,
    session: &mut Session,
    settings: &Settings,
    (model, runtime): (&Model, &Runtime),
    text: TextEncoder,
) -> Result<(), RunError> {
    let (mut text, mut scored, mut missing) = (text, 0, 0);
    let mut level = 1;
    while let Some((sorting, set)) = session.sorting()? {
        let tree = tree_of(session, &sorting, &set)?;
        let Some(narrowed) = tree.inside.get(level - 1).cloned() else { break };
        let fingerprint = model.name_of_fingerprint();
        let is_of_now = session.model_of(&narrowed.set)?.is_some_and(|made_with| made_with == fingerprint);
        let mut pictures = members(session, &tree, narrowed.within, None)?;
        pictures.retain(|member| !is_of_now || member.inside.iter().all(|inside| inside.level != level));
        level += 1;
        if pictures.is_empty() || context.stop.is_requested() {
            continue;
        }
        let (labels, template) = (narrowed.sorting.labels.clone(), narrowed.sorting.template.clone());
        let template = Templates::new(&template).unwrap_or_default();
        let answer = open_model::answer(context, &settings.model, move |_| {
            let embeddings = text.encode_labels(&labels, &template)?;
            Ok((text, embeddings))
        })?;
        let embeddings;
        (text, embeddings) = answer;
        let by = LabelScores { labels: embeddings.view(), rule: model.rule, fingerprint: &model.fingerprint };
        let scores = score_remembered(&pictures, by, context.machine.cache.as_ref());
        scored += scores.len();
        missing += pictures.len() - scores.len();
        if scores.is_empty() {
            continue;
        }
        let (within, sorting) = (narrowed.within, narrowed.sorting);
        let set = session.label_set_within(within, &sorting.labels, &sorting.template, &fingerprint)?;
        let path = session.label_paths()?.remove(&within).unwrap_or_default();
        let told = WithinSettings {
            within: path,
            model: settings.model.to_string(),
            model_fingerprint: fingerprint,
            runtime: format!("{} {}", runtime.name(), runtime.version()),
            device: runtime.device().to_string(),
            variant: model.variant().name().to_owned(),
        };
        let waiting = pictures.len() - scores.len();
        keep(session, &Narrowed { within, sorting, set }, told, &pictures, scores, waiting)?;
    }
    if scored > 0 {
        context.note(Notice::ScoredInside { count: scored });
    }
    if missing > 0 {
        context.note(Notice::NotScoredInside { count: missing });
    }
    Ok(())
}

/// Ends the finer sort inside a label: its pictures are sorted to the label itself from then on.
pub fn widen(session: &mut Session, name: &str) -> Result<LabelId, RunError> {
    let destination = session.destination().to_owned();
    let Some((sorting, set)) = session.sorting()? else { return Err(RunError::NothingClassified { destination }) };
    let tree = tree_of(session, &sorting, &set)?;
    let Some(position) = tree.labels.find(name) else {
        return Err(RunError::NoSuchLabel { label: name.to_owned(), labels: tree.labels.names() });
    };
    let label = tree.labels.labels().get(position).filter(|_| tree.labels.level_inside(position).is_some());
    let Some(within) = label.map(|label| label.id) else {
        return Err(RunError::NotNarrowed { label: tree.labels.name(position) });
    };
    let path = tree.labels.path(position).into_iter().map(str::to_owned).collect();
    let run = session.begin_widening(within, path)?;
    session.end_run(run, RunResult::None {})?;
    Ok(within)
}

#[cfg(test)]
mod tests;
