//! Pictures that came and changed in the session, by whatever process works in it. Nothing moves under the person: what
//! came is at the end of the queue.

use super::{grid_page, preview, queue};
use crate::backend::{ScoredWith, SessionRow};
use crate::domain::collection::Entry;
use crate::domain::picture::PictureId;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane, Question};

/// Another session begins.
pub(super) fn begun(model: &mut Model, begun: u64) {
    model.live.begun = begun;
    model.live.awaits_begin = false;
    // A list that was opened for the former one is of no use.
    model.popup = None;
    // Neither is a question about what was on the screen.
    let is_of_pictures = |question: &Question| {
        matches!(
            question,
            Question::DecideMarked(_) | Question::TakeBackEarlier | Question::Apply | Question::TakeBack(_)
        )
    };
    model.question.take_if(|question| is_of_pictures(question));
}

/// The changes that were read in the session, and how many of this app's own decisions were in it.
pub(super) struct Read {
    pub(super) kept: u64,
    pub(super) with: Option<ScoredWith>,
    pub(super) revision: u64,
    pub(super) joined: Vec<SessionRow>,
    pub(super) scores: Vec<f32>,
    pub(super) changed: Vec<SessionRow>,
    pub(super) are_arrivals: bool,
}

pub(super) fn followed(model: &mut Model, begun: u64, read: Read) -> Vec<Effect> {
    if begun != model.live.begun || model.live.awaits_begin {
        return vec![];
    }
    model.live.kept(read.kept);
    let are_own = read.with.as_ref().is_some_and(|with| is_on_screen(model, with));
    if are_own && model.collection.is_empty() && !model.is_scored() {
        // The session has scores for these labels already: there is nothing to wait for.
        model.collection.rescore(model.labels.numbers.clone(), vec![]);
        model.labels.scored = model.labels.revision;
    }
    let first = model.collection.len();
    let is_changed = change(model, read.changed, are_own);
    join(model, (read.revision, &read.scores), read.joined, are_own);
    let count = model.collection.len();
    if count == first && !is_changed {
        return vec![];
    }
    if is_changed && matches!(model.review.viewed, Some(Err(_))) {
        // A picture that could not be shown may have been moved: it is asked for where it is now.
        model.review.asked = None;
    }
    if is_changed {
        grid_page::look_for_gone(model);
    }
    after_joining(model, first, read.are_arrivals)
}

/// Counts pictures that joined the collection from position `first` on, and appends them to the queue.
pub(super) fn after_joining(model: &mut Model, first: usize, are_arrivals: bool) -> Vec<Effect> {
    if are_arrivals {
        model.live.arrived(first..model.collection.len());
        model.files.is_stale = true;
    }
    model.recount();
    queue::extend(model, first);
    match model.pane {
        Pane::Review => preview::look(model),
        _ => vec![],
    }
}

/// True where the session's scores belong to the labels and the template on the screen.
fn is_on_screen(model: &Model, with: &ScoredWith) -> bool {
    let template = model.template().map(|template| template.text());
    model.labels.error.is_none() && with.labels == model.labels.current && Some(&with.template) == template.as_ref()
}

fn join(model: &mut Model, (revision, scores): (u64, &[f32]), joined: Vec<SessionRow>, are_own: bool) {
    let width = model.collection.labels().len();
    let are_current = revision != 0 && revision == model.labels.scored && scores.len() == joined.len() * width;
    let are_own = are_own && model.is_scored();
    let mut rows = Vec::with_capacity(joined.len() * width);
    let mut entries = Vec::with_capacity(joined.len());
    for (number, seen) in joined.into_iter().enumerate() {
        let fresh = if are_current { &scores[number * width..(number + 1) * width] } else { &[] };
        match fresh.first().is_none_or(|score| score.is_nan()) && are_own && seen.scores.len() == width {
            true => rows.extend(&seen.scores),
            false if fresh.is_empty() => rows.extend(std::iter::repeat_n(f32::NAN, width)),
            false => rows.extend(fresh),
        }
        entries.push(numbered(model, seen.entry, seen.decided));
    }
    model.collection.add(entries, &rows);
}

/// Takes over differences. True where there are any.
fn change(model: &mut Model, changed: Vec<SessionRow>, are_own: bool) -> bool {
    let mut is_changed = false;
    for SessionRow { entry, decided, scores, is_replaced } in changed {
        let Some(index) = model.collection.place_of(entry.id) else { continue };
        let mut entry = numbered(model, entry, decided);
        let Some(known) = model.collection.entries().get(index) else { continue };
        // A decision made here since the session was read is on its way there.
        if model.live.on_their_way.contains_key(&entry.id) {
            entry.decision = known.decision;
        }
        let is_same = Entry { path: known.path.clone(), ..entry.clone() } == *known;
        is_changed |= !is_same || is_replaced != model.collection.is_replaced(index);
        model.collection.change(index, entry);
        model.collection.set_replaced(index, is_replaced);
        if are_own && model.is_scored() && model.collection.best(index).is_none() && !scores.is_empty() {
            model.collection.set_scores(index, &scores);
            is_changed = true;
        }
    }
    is_changed
}

/// An entry with the app's own numbers for labels.
pub(super) fn numbered(model: &mut Model, mut entry: Entry, decided: Option<String>) -> Entry {
    entry.decision = match (entry.decision, decided) {
        (Some(decision), Some(key)) => Some(decision.with_label(model.told_label(&key))),
        (decision, _) => decision,
    };
    entry
}

/// Pictures that were shown before they could be scored.
pub(super) fn scored_late(model: &mut Model, revision: u64, pictures: &[PictureId], scores: &[f32]) {
    let width = model.collection.labels().len();
    if revision != model.labels.scored || width == 0 || scores.len() != pictures.len() * width {
        return;
    }
    for (picture, scores) in pictures.iter().zip(scores.chunks_exact(width)) {
        if let Some(index) = model.collection.place_of(*picture) {
            model.collection.set_scores(index, scores);
        }
    }
    model.recount();
}
