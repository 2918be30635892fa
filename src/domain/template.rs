//! Templates: the sentence around a prompt.

use std::fmt;

use super::label::Label;

/// The place in a template where the prompt goes.
const SLOT: &str = "{}";

/// The separator of templates written on one line. In a file, a line break separates them.
const SEPARATOR: char = '|';

/// The name of a set that comes with the program.
const SEVEN: &str = "seven";

/// The seven templates that, of the eighty of the CLIP paper, do better together than all eighty (openai/CLIP,
/// notebooks/Prompt_Engineering_for_ImageNet.ipynb).
const SEVEN_TEMPLATES: [&str; 7] = [
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
];

/// One prompt template or several, such as `This is a photo of {}.` With several, a label is the mean of what they make
/// of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Templates(Vec<String>);

/// A template has no `{}`, so that every label would read the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template {0:?} has no {SLOT}")]
pub struct TemplateWithoutSlot(pub String);

impl Templates {
    /// Templates from text: separated by `|` or line breaks, each with a `{}` for the prompt, or `seven` for the set of
    /// that name.
    pub fn new(text: &str) -> Result<Templates, TemplateWithoutSlot> {
        let mut templates = Vec::new();
        let pieces = text.split([SEPARATOR, '\n']).map(str::trim).filter(|piece| !piece.is_empty());
        for piece in pieces {
            match piece {
                SEVEN => templates.extend(SEVEN_TEMPLATES.map(str::to_owned)),
                piece if piece.contains(SLOT) => templates.push(piece.to_owned()),
                piece => return Err(TemplateWithoutSlot(piece.to_owned())),
            }
        }
        if templates.is_empty() {
            return Err(TemplateWithoutSlot(text.to_owned()));
        }
        Ok(Templates(templates))
    }

    /// The text that they can be made of again, on one line.
    pub fn text(&self) -> String {
        self.0.join(&format!(" {SEPARATOR} "))
    }

    /// The sentences for one prompt, one a template.
    pub fn fill(&self, prompt: &str) -> impl Iterator<Item = String> {
        self.0.iter().map(move |template| template.replace(SLOT, prompt))
    }

    /// The sentences for all labels, those of the first label first, and how many each label has.
    pub fn sentences(&self, labels: &[Label]) -> (Vec<String>, Vec<usize>) {
        let counts = labels.iter().map(|label| label.prompts.len() * self.0.len());
        let sentences = labels.iter().flat_map(|label| &label.prompts).flat_map(|prompt| self.fill(prompt));
        (sentences.collect(), counts.collect())
    }
}

impl Default for Templates {
    /// The template of the reference pipeline (transformers, zero-shot-image-classification), final full stop included.
    fn default() -> Templates {
        Templates(vec!["This is a photo of {}.".to_owned()])
    }
}

impl fmt::Display for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_setting_holds_one_or_several() {
        let templates = |text: &str| Templates::new(text).map(|templates| templates.0);
        assert_eq!(templates(" a photo of {}. "), Ok(vec!["a photo of {}.".to_owned()]));
        let two = Ok(vec!["a {}".to_owned(), "b {}".to_owned()]);
        assert_eq!(templates("a {} | b {}"), two);
        assert_eq!(templates("a {}\n\nb {}\n"), two);
        assert_eq!(templates("seven | a {}").unwrap().len(), 8);
        assert_eq!(templates("a {} | b"), Err(TemplateWithoutSlot("b".to_owned())));
        assert_eq!(templates(" | "), Err(TemplateWithoutSlot(" | ".to_owned())));
        let seven = Templates::new(SEVEN).unwrap();
        assert_eq!(Templates::new(&seven.text()), Ok(seven));
    }

    #[test]
    fn sentences_put_every_prompt_into_every_template() {
        let labels = [
            Label { text: "fire".to_owned(), prompts: vec!["fire".to_owned(), "flames".to_owned()] },
            Label::named("map"),
        ];
        let (sentences, counts) = Templates::new("a {}|the {} {}").unwrap().sentences(&labels);
        assert_eq!(sentences, ["a fire", "the fire fire", "a flames", "the flames flames", "a map", "the map map"]);
        assert_eq!(counts, [4, 2]);
    }
}
