//! The settings, as the fields of the screen say them.

use super::{Model, Watching};
use crate::backend::{Checked, ModelPlace};
use crate::domain::file_filter::FileFilter;
use crate::domain::patterns::Patterns;
use crate::domain::score::SureRule;
use crate::domain::settings::{ModelName, Settings};
use crate::domain::template::Templates;
use crate::lang::Say;
use crate::store::session::Sorting;
use crate::tui::input_line::InputLine;
use crate::tui::last_settings::LastSettings;

/// The obstacle to a start, in words.
pub(crate) type Problem = String;

/// Whether a start has pictures to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    /// The source is still being counted.
    Counting,
    /// There are files, and none has the name of a picture.
    NoNames,
    /// There are none, or it cannot be known.
    Problem(Problem),
}

impl Model {
    pub(crate) fn sure(&self) -> SureRule {
        let number = |line: &InputLine, otherwise: f32| line.text().trim().parse().unwrap_or(otherwise);
        SureRule {
            threshold: number(&self.setup.threshold, self.defaults.threshold),
            margin: number(&self.setup.margin, self.defaults.margin),
        }
    }

    /// The sorting that the fields describe. None while one of them is invalid.
    pub(crate) fn sorting(&self) -> Option<Sorting> {
        let is_number = |line: &InputLine| line.text().trim().parse::<f32>().is_ok();
        let makes_sense =
            self.labels.error.is_none() && is_number(&self.setup.threshold) && is_number(&self.setup.margin);
        let sure = self.sure();
        Some(Sorting {
            labels: self.labels.current.clone(),
            template: self.template().filter(|_| makes_sense)?.text(),
            threshold: sure.threshold,
            margin: sure.margin,
            operation: self.setup.operation,
        })
    }

    pub(crate) fn template(&self) -> Option<Templates> {
        Templates::new(self.setup.template.text()).ok()
    }

    /// Which files of the source are looked at, or which pattern cannot be used.
    pub(crate) fn choice(&self) -> Result<FileFilter, Problem> {
        let patterns = |line: &InputLine| Patterns::from_line(line.text()).map_err(|error| error.say(&self.language));
        let (include, exclude) = (patterns(&self.setup.include)?, patterns(&self.setup.exclude)?);
        Ok(FileFilter { hidden: self.setup.hidden, include, exclude })
    }

    /// The model of the field. A name counts as a folder's only once the lookup found the folder.
    fn model_name(&self) -> ModelName {
        let is_folder = self.setup.found().is_some_and(|found| found.place == ModelPlace::Folder);
        ModelName::new(self.setup.model.text().trim(), |_| is_folder)
    }

    /// The settings, or the reason why there are none.
    pub(crate) fn settings(&self) -> Result<Settings, Problem> {
        let say = |key: &str| Err(self.language.text(key));
        if self.setup.source.text().trim().is_empty() {
            return say("app.no_source");
        }
        if self.setup.destination.text().trim().is_empty() {
            return say("app.no_destination");
        }
        if self.setup.model.text().trim().is_empty() {
            return say("app.no_model");
        }
        if let Some(error) = &self.labels.error {
            return Err(error.say(&self.language));
        }
        for line in [&self.setup.threshold, &self.setup.margin] {
            if !line.text().trim().parse::<f32>().is_ok_and(|value| (0.0..=1.0).contains(&value)) {
                return say("app.not_a_share");
            }
        }
        let Some(template) = self.template() else { return say("app.bad_template") };
        Ok(Settings {
            source: self.setup.source.text().trim().into(),
            recursive: self.setup.recursive,
            choice: self.choice()?,
            destination: self.destination(),
            model: self.model_name(),
            labels: self.labels.current.clone(),
            template,
            operation: self.setup.operation,
            sure: self.sure(),
            batch_size: None,
            trust_unchanged: self.defaults.trust_unchanged,
        })
    }

    /// Whether the source has pictures that a start can be for. An empty folder that is watched may get some, and where
    /// all pictures of the session on the screen were moved away, they are known all the same.
    pub(crate) fn readiness(&self) -> Readiness {
        let is_known = || !self.collection.is_empty() && self.session() == self.destination();
        match &self.setup.checked {
            None => Readiness::Counting,
            Some(Err(problem)) => Readiness::Problem(problem.clone()),
            Some(Ok(checked)) if checked.pictures > 0 || self.setup.watching != Watching::No || is_known() => {
                Readiness::Ready
            }
            Some(Ok(Checked { others: 0, .. })) => Readiness::Problem(self.language.text("app.no_files")),
            Some(Ok(_)) => Readiness::NoNames,
        }
    }

    /// Keeps the fields for the next start.
    pub(crate) fn remember_fields(&mut self) {
        let setup = &self.setup;
        let text = |line: &InputLine| Some(line.text().to_owned());
        self.last_settings = LastSettings {
            source: text(&setup.source),
            destination: text(&setup.destination),
            model: text(&setup.model),
            labels: Some(self.labels.root_lines().join("\n")),
            template: text(&setup.template),
            threshold: text(&setup.threshold),
            margin: text(&setup.margin),
            operation: Some(setup.operation),
            recursive: Some(setup.recursive),
            hidden: Some(setup.hidden),
            include: text(&setup.include),
            exclude: text(&setup.exclude),
            pace: std::mem::take(&mut self.last_settings.pace),
        };
    }

    /// Fills the fields from the last start.
    pub(crate) fn fill_fields(&mut self, settings: LastSettings) {
        let setup = &mut self.setup;
        for (value, line) in [
            (&settings.source, &mut setup.source),
            (&settings.destination, &mut setup.destination),
            (&settings.model, &mut setup.model),
            (&settings.template, &mut setup.template),
            (&settings.include, &mut setup.include),
            (&settings.exclude, &mut setup.exclude),
            (&settings.threshold, &mut setup.threshold),
            (&settings.margin, &mut setup.margin),
        ] {
            if let Some(value) = value {
                *line = InputLine::new(value.clone());
            }
        }
        setup.operation = settings.operation.unwrap_or(setup.operation);
        setup.recursive = settings.recursive.unwrap_or(setup.recursive);
        setup.hidden = settings.hidden.unwrap_or(setup.hidden);
        if let Some(labels) = &settings.labels {
            self.set_labels(labels.lines().map(str::to_owned).collect());
        }
        self.last_settings = settings;
    }
}
