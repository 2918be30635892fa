//! The sentence around a prompt.

use std::fmt;

/// The place in a template where the prompt goes.
const SLOT: &str = "{}";

/// A prompt template, such as `This is a photo of {}.`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template(String);

/// A template has no `{}`, so that every label would read the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template {0:?} has no {SLOT}")]
pub struct TemplateWithoutSlot(pub String);

impl Template {
    /// A template from its text, which must have a `{}` for the prompt.
    pub fn new(text: impl Into<String>) -> Result<Template, TemplateWithoutSlot> {
        let text = text.into();
        if text.contains(SLOT) { Ok(Template(text)) } else { Err(TemplateWithoutSlot(text)) }
    }

    /// The template itself.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The sentence for one prompt.
    pub fn fill(&self, prompt: &str) -> String {
        self.0.replace(SLOT, prompt)
    }
}

impl Default for Template {
    /// The template of the reference pipeline (transformers, zero-shot-image-classification), final full stop included.
    fn default() -> Template {
        Template("This is a photo of {}.".to_owned())
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
