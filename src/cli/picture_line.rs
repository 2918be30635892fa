//! A picture and what the model said of it, on one line.

use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Settings;
use crate::jobs::classify::Classified;
use crate::lang::{Language, Say, Values};

/// The line; none where there is nothing to say.
pub(super) fn picture_line(classified: &Classified, settings: &Settings, language: &Language) -> Option<String> {
    let picture = &classified.picture;
    let path = printable(&picture.path);
    if let Some(trouble) = &classified.trouble {
        let (state, trouble) = (picture.state.say(language), trouble.say(language));
        let values: Values<'_> = &[("path", &path), ("state", &state), ("trouble", &trouble)];
        return Some(language.say("classify.picture_trouble", values));
    }
    let prediction = picture.prediction.as_ref()?;
    let key = if settings.sure.is_sure(prediction) { "classify.picture" } else { "classify.picture_unsure" };
    let label = printable_text(&settings.labels.get(prediction.label)?.text);
    let score = format!("{:.4}", prediction.score);
    Some(language.say(key, &[("path", &path), ("label", &label), ("score", &score)]))
}
