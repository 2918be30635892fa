//! Embeds labels, the newest request first, and remembers what it embedded.

use std::collections::HashMap;

use crossbeam_channel::{Receiver, Sender};
use ndarray::{Array1, Array2, ArrayView2};

use super::Event;
use super::channels::{EmbedRequest, ScorerCommand};
use super::events::EventSender;
use super::ranking::{NotRanked, RankQuery};
use crate::domain::label::Label;
use crate::domain::score::{ScoreRule, label_embeddings};
use crate::domain::template::Templates;
use crate::engine::EngineError;
use crate::engine::encoder::TextEncoder;
use crate::engine::tokenizer::TokenizerError;

/// Labels whose embeddings have a larger cosine compete for the same pictures: their distance is below 0.25, so that
/// CLIP, whose scale is 100, can tell a picture of one from a picture of the other by a few logits at most. The bound
/// is a judgement; no measurement stands behind it.
const ALIKE: f32 = 0.97;

pub(super) fn run(orders: &Receiver<EmbedRequest>, scorer: &Sender<ScorerCommand>, events: &EventSender) {
    let mut embedder = LabelEmbedder::default();
    while let Ok(first) = orders.recv() {
        let (mut wanted, mut sentence, mut is_other_model) = (None, None, false);
        for asked in std::iter::once(first).chain(orders.try_iter()) {
            match asked {
                EmbedRequest::Model(encoder, rule) => {
                    embedder = LabelEmbedder { model: Some((encoder, rule)), ..embedder.without_memory() };
                    is_other_model = true;
                }
                EmbedRequest::Labels { revision, labels, template } => wanted = Some((revision, labels, template)),
                EmbedRequest::Sentence { number, sentence: text } => sentence = Some((number, text)),
            }
        }
        if wanted.is_some() || is_other_model {
            embedder.wanted = wanted.or(embedder.wanted);
            embedder.embed(scorer, events);
        }
        if let Some((number, sentence)) = sentence {
            match embedder.direction(&sentence) {
                Ok(direction) => {
                    let query = RankQuery::Direction(direction);
                    let _ = scorer.send(ScorerCommand::Rank { number, query });
                }
                Err(reason) => drop(events.send(Event::NotRanked { number, reason })),
            }
        }
    }
}

#[derive(Default)]
struct LabelEmbedder {
    model: Option<(Box<TextEncoder>, ScoreRule)>,
    /// Embeddings by sentence, as the tower gives them.
    remembered: HashMap<String, Array1<f32>>,
    /// EmbedRequest for last: another model embeds it again.
    wanted: Option<(u64, Vec<Label>, Templates)>,
}

impl LabelEmbedder {
    fn without_memory(self) -> LabelEmbedder {
        LabelEmbedder { remembered: HashMap::new(), ..self }
    }

    /// The direction of a sentence, which is embedded as it is, without a template.
    fn direction(&mut self, sentence: &str) -> Result<Array1<f32>, NotRanked> {
        let Some((encoder, _)) = self.model.as_mut() else { return Err(NotRanked::NoModel) };
        let rows = encoded(encoder, &mut self.remembered, &[sentence.to_owned()]).map_err(not_ranked)?;
        let directions = label_embeddings(rows.view(), &[1]).map_err(|error| not_ranked(error.into()))?;
        Ok(directions.row(0).to_owned())
    }

    fn embed(&mut self, scorer: &Sender<ScorerCommand>, events: &EventSender) {
        let Some((encoder, rule)) = self.model.as_mut() else { return };
        let Some((revision, labels, template)) = self.wanted.clone() else { return };
        let rule = *rule;
        match embedded(encoder, &mut self.remembered, &labels, &template) {
            Ok(labels) => {
                let _ = events.send(Event::Alike { revision, pairs: alike(labels.view()) });
                let _ = scorer.send(ScorerCommand::Labels { revision, labels, rule });
            }
            Err(error) => {
                let label = to_blame(&error, &labels, &template);
                let _ = events.send(Event::LabelsFailed { revision, label, error: error.into() });
            }
        }
    }
}

fn not_ranked(error: EngineError) -> NotRanked {
    match error {
        EngineError::Tokenizer(TokenizerError::TooLong { tokens, limit, .. }) => NotRanked::TooLong { tokens, limit },
        error => NotRanked::Failed(error.into()),
    }
}

/// Embeddings of labels.
fn embedded(
    encoder: &mut TextEncoder,
    remembered: &mut HashMap<String, Array1<f32>>,
    labels: &[Label],
    template: &Templates,
) -> Result<Array2<f32>, EngineError> {
    let (sentences, counts) = template.sentences(labels);
    let prompts = encoded(encoder, remembered, &sentences).map_err(|error| error.about(labels, template))?;
    Ok(label_embeddings(prompts.view(), &counts)?)
}

/// Embeddings of sentences as the tower gives them; only those that were not embedded before go through it.
fn encoded(
    encoder: &mut TextEncoder,
    remembered: &mut HashMap<String, Array1<f32>>,
    sentences: &[String],
) -> Result<Array2<f32>, EngineError> {
    let fresh: Vec<String> = sentences.iter().filter(|sentence| !remembered.contains_key(*sentence)).cloned().collect();
    if !fresh.is_empty() {
        let rows = encoder.encode(&fresh)?;
        remembered.extend(fresh.into_iter().zip(rows.rows().into_iter().map(|row| row.to_owned())));
    }
    let width = sentences.first().and_then(|sentence| remembered.get(sentence)).map_or(0, Array1::len);
    let mut prompts = Array2::zeros((sentences.len(), width));
    for (mut row, sentence) in prompts.rows_mut().into_iter().zip(sentences) {
        if let Some(known) = remembered.get(sentence) {
            row.assign(known);
        }
    }
    Ok(prompts)
}

/// Pairs of labels whose embeddings, normalised, are nearly the same.
fn alike(labels: ArrayView2<'_, f32>) -> Vec<(usize, usize)> {
    let cosines = labels.dot(&labels.t());
    let pairs = (0..labels.nrows()).flat_map(|one| (one + 1..labels.nrows()).map(move |other| (one, other)));
    pairs.filter(|pair| cosines[*pair] > ALIKE).collect()
}

/// The label whose sentence an error is about.
fn to_blame(error: &EngineError, labels: &[Label], templates: &Templates) -> Option<usize> {
    match error {
        EngineError::LabelTooLong { label, .. } => labels.iter().position(|known| known.text == *label),
        EngineError::Tokenizer(TokenizerError::Failed { text, .. }) => {
            let is_its = |prompt: &String| templates.fill(prompt).any(|sentence| sentence == *text);
            labels.iter().position(|label| label.prompts.iter().any(is_its))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn labels_that_mean_the_same_are_found() {
        let labels = array![[1.0, 0.0], [0.0, 1.0], [0.999, 0.0447]];
        assert_eq!(alike(labels.view()), [(0, 2)]);
        assert!(alike(Array2::zeros((0, 0)).view()).is_empty());
    }

    #[test]
    fn a_label_that_is_too_long_is_named() {
        let labels = [Label::named("a"), Label { text: "b".to_owned(), prompts: vec!["c".to_owned(), "d".to_owned()] }];
        let templates = Templates::default();
        let text = templates.fill("d").next().unwrap();
        let error = EngineError::from(TokenizerError::TooLong { text: text.clone(), tokens: 99, limit: 77 });
        assert_eq!(to_blame(&error.about(&labels, &templates), &labels, &templates), Some(1));
        let error = EngineError::from(TokenizerError::Failed { text, source: "it failed".into() });
        assert_eq!(to_blame(&error, &labels, &templates), Some(1));
        let error = EngineError::from(TokenizerError::TooLong { text: "x".to_owned(), tokens: 99, limit: 77 });
        assert_eq!(to_blame(&error.about(&labels, &templates), &labels, &templates), None);
    }
}
