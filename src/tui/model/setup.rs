//! The state of the setup pane.

use crate::backend::{Checked, ModelChoice, ModelPlace};
use crate::config::Defaults;
use crate::domain::hub_model::HubModel;
use crate::domain::patterns;
use crate::domain::settings::Operation;
use crate::tui::input_line::InputLine;

/// A field of the setup pane, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Source,
    Destination,
    Model,
    Labels,
    Operation,
    Recursive,
    Hidden,
    Include,
    Exclude,
    Watching,
    Template,
    Threshold,
    Margin,
    Start,
}

impl Field {
    pub(crate) const ALL: [Field; 14] = [
        Field::Source,
        Field::Destination,
        Field::Model,
        Field::Labels,
        Field::Operation,
        Field::Recursive,
        Field::Hidden,
        Field::Include,
        Field::Exclude,
        Field::Watching,
        Field::Template,
        Field::Threshold,
        Field::Margin,
        Field::Start,
    ];
}

/// The fate of pictures that arrive in the source later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Watching {
    /// Nothing: the source is looked through once.
    #[default]
    No,
    /// They are classified.
    Classify,
    /// They are classified, and sorted where they are sure or decided.
    Sort,
}

impl Watching {
    /// The one after this.
    pub(crate) fn next(self) -> Watching {
        match self {
            Watching::No => Watching::Classify,
            Watching::Classify => Watching::Sort,
            Watching::Sort => Watching::No,
        }
    }
}

pub(crate) struct Setup {
    pub(crate) chosen: Field,
    /// The text of the chosen field before editing began. None while nothing is edited.
    pub(crate) editing: Option<String>,
    pub(crate) source: InputLine,
    pub(crate) destination: InputLine,
    pub(crate) model: InputLine,
    pub(crate) template: InputLine,
    pub(crate) threshold: InputLine,
    pub(crate) margin: InputLine,
    pub(crate) operation: Operation,
    pub(crate) recursive: bool,
    pub(crate) hidden: bool,
    /// Patterns, with blanks between.
    pub(crate) include: InputLine,
    pub(crate) exclude: InputLine,
    pub(crate) watching: Watching,
    /// The number of the last check, and its result.
    pub(crate) check: u64,
    pub(crate) checked: Option<Result<Checked, String>>,
    /// Models that can be named without typing, while the field is being edited, and which of them is chosen.
    pub(crate) models: Vec<ModelChoice>,
    pub(crate) model_chosen: Option<usize>,
    /// Where the model of the field is, once that was looked up.
    pub(crate) model_found: Option<ModelChoice>,
    /// The model that could not be used because of its files.
    pub(crate) damaged: Option<String>,
    /// A start waits until the model is looked up; decisions of the session that is open come along, or do not.
    pub(crate) begins: Option<bool>,
}

impl Setup {
    /// The fields of the first start.
    pub(crate) fn new(defaults: &Defaults) -> Setup {
        Setup {
            chosen: Field::Source,
            editing: None,
            source: InputLine::default(),
            destination: InputLine::new("labelled"),
            model: InputLine::new(&defaults.model),
            template: InputLine::new(&defaults.template),
            threshold: InputLine::new(defaults.threshold.to_string()),
            margin: InputLine::new(defaults.margin.to_string()),
            operation: defaults.operation,
            recursive: defaults.recursive,
            hidden: defaults.hidden,
            include: InputLine::new(patterns::on_line(defaults.include.iter().map(String::as_str))),
            exclude: InputLine::new(patterns::on_line(defaults.exclude.iter().map(String::as_str))),
            watching: Watching::No,
            check: 0,
            checked: None,
            models: vec![],
            model_chosen: None,
            model_found: None,
            damaged: None,
            begins: None,
        }
    }

    /// Chooses the field so many places on.
    pub(crate) fn step(&mut self, by: isize) {
        let place = Field::ALL.iter().position(|field| *field == self.chosen).unwrap_or(0) as isize;
        let place = (place + by).clamp(0, Field::ALL.len() as isize - 1);
        self.chosen = Field::ALL[place as usize];
    }

    /// Ends editing and keeps the text.
    pub(crate) fn leave_field(&mut self) {
        self.editing = None;
        self.models.clear();
        self.model_chosen = None;
    }

    /// Where the model is that is in the field now, if that is known.
    pub(crate) fn found(&self) -> Option<&ModelChoice> {
        self.model_found.as_ref().filter(|found| found.name == self.model.text().trim())
    }

    /// True where the model in the field could not be used because of its files.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.as_deref() == Some(self.model.text().trim())
    }

    /// The model in the field, where it is one of the hub's of which files are in the cache.
    pub(crate) fn repairable(&self) -> Option<HubModel> {
        let is_cached = matches!(self.found(), Some(ModelChoice { place: ModelPlace::Cached { .. }, .. }));
        let model = HubModel::parse(self.model.text().trim())?;
        (is_cached || self.is_damaged()).then_some(model)
    }

    /// The line of a field that has one.
    pub(crate) fn line(&self, field: Field) -> Option<&InputLine> {
        Some(match field {
            Field::Source => &self.source,
            Field::Destination => &self.destination,
            Field::Model => &self.model,
            Field::Include => &self.include,
            Field::Exclude => &self.exclude,
            Field::Template => &self.template,
            Field::Threshold => &self.threshold,
            Field::Margin => &self.margin,
            Field::Labels | Field::Operation | Field::Recursive | Field::Hidden | Field::Watching | Field::Start => {
                return None;
            }
        })
    }

    pub(crate) fn line_mut(&mut self, field: Field) -> Option<&mut InputLine> {
        Some(match field {
            Field::Source => &mut self.source,
            Field::Destination => &mut self.destination,
            Field::Model => &mut self.model,
            Field::Include => &mut self.include,
            Field::Exclude => &mut self.exclude,
            Field::Template => &mut self.template,
            Field::Threshold => &mut self.threshold,
            Field::Margin => &mut self.margin,
            Field::Labels | Field::Operation | Field::Recursive | Field::Hidden | Field::Watching | Field::Start => {
                return None;
            }
        })
    }
}
