//! The state of the setup pane: three questions, the destination, and what few people change under "more".

use std::path::Path;

use crate::backend::{Checked, ModelChoice, ModelPlace};
use crate::config::Defaults;
use crate::domain::hub_model::HubModel;
use crate::domain::patterns;
use crate::domain::settings::Operation;
use crate::tui::input_line::InputLine;

/// A field of the setup pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Source,
    Labels,
    Model,
    Destination,
    /// Shows or hides the fields that few people change.
    More,
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
    /// The fields that everybody sees, before and after those under "more".
    const FIRST: [Field; 5] = [Field::Source, Field::Labels, Field::Model, Field::Destination, Field::More];

    /// The fields under "more".
    pub(crate) const MORE: [Field; 9] = [
        Field::Operation,
        Field::Recursive,
        Field::Hidden,
        Field::Include,
        Field::Exclude,
        Field::Watching,
        Field::Template,
        Field::Threshold,
        Field::Margin,
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
    /// The fields under "more" are shown.
    pub(crate) is_more: bool,
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
    /// A start waits until the source is counted.
    pub(crate) waits_for_count: bool,
    /// Models that can be named without typing, while the field is being edited, and which of them is chosen.
    pub(crate) models: Vec<ModelChoice>,
    pub(crate) model_chosen: Option<usize>,
    /// Where the model of the field is, once that was looked up.
    pub(crate) model_found: Option<ModelChoice>,
    /// The model that may do instead of one that would have to be downloaded: the name of that one comes first.
    pub(crate) instead: Option<(String, ModelChoice)>,
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
            is_more: false,
            editing: None,
            source: InputLine::default(),
            destination: InputLine::new(default_destination("")),
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
            waits_for_count: false,
            models: vec![],
            model_chosen: None,
            model_found: None,
            instead: None,
            damaged: None,
            begins: None,
        }
    }

    /// The fields that are on the screen, in order.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let more = if self.is_more { &Field::MORE[..] } else { &[] };
        Field::FIRST.iter().chain(more).chain(&[Field::Start]).copied().collect()
    }

    /// Chooses the field so many places on.
    pub(crate) fn step(&mut self, by: isize) {
        let fields = self.fields();
        let place = fields.iter().position(|field| *field == self.chosen).unwrap_or(0) as isize;
        let place = (place + by).clamp(0, fields.len() as isize - 1);
        self.chosen = fields[place as usize];
    }

    /// True where the destination is the one that goes with the source.
    pub(crate) fn follows_source(&self) -> bool {
        let destination = self.destination.text().trim();
        destination.is_empty() || destination == default_destination(self.source.text())
    }

    /// Gives the destination that goes with the source.
    pub(crate) fn follow_source(&mut self, follows: bool) {
        if follows {
            self.destination = InputLine::new(default_destination(self.source.text()));
        }
    }

    /// The model that may do instead of the one in the field.
    pub(crate) fn instead(&self) -> Option<&ModelChoice> {
        self.instead.as_ref().filter(|(name, _)| name == self.model.text().trim()).map(|(_, choice)| choice)
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
            Field::Labels | Field::More | Field::Operation | Field::Recursive => return None,
            Field::Hidden | Field::Watching | Field::Start => return None,
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
            Field::Labels | Field::More | Field::Operation | Field::Recursive => return None,
            Field::Hidden | Field::Watching | Field::Start => return None,
        })
    }
}

/// The end of the name of a destination that nobody has written.
const LABELLED: &str = "labelled";

/// The destination that goes with a source: a folder beside it that has its name and an addition. For a source without
/// a name, such as `/` or `..`, a folder in the one that the program was started in.
fn default_destination(source: &str) -> String {
    let source = Path::new(source.trim());
    match source.file_name().and_then(|name| name.to_str()) {
        Some(name) => source.with_file_name(format!("{name}-{LABELLED}")).to_string_lossy().into_owned(),
        None => LABELLED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_goes_with_the_source_until_somebody_writes_one() {
        for (source, destination) in [
            ("", "labelled"),
            ("/", "labelled"),
            ("..", "labelled"),
            ("pictures", "pictures-labelled"),
            (" /mnt/a chat/ ", "/mnt/a chat-labelled"),
            ("/mnt/chat.zip", "/mnt/chat.zip-labelled"),
        ] {
            assert_eq!(default_destination(source), destination);
        }
        let mut setup = Setup::new(&Defaults::load(None).unwrap());
        let take = |setup: &mut Setup, source: &str| {
            let follows = setup.follows_source();
            setup.source = InputLine::new(source);
            setup.follow_source(follows);
            setup.destination.text().to_owned()
        };
        assert_eq!(take(&mut setup, "/mnt/one"), "/mnt/one-labelled");
        assert_eq!(take(&mut setup, "/mnt/two"), "/mnt/two-labelled");
        setup.destination = InputLine::new("/elsewhere");
        assert_eq!(take(&mut setup, "/mnt/three"), "/elsewhere");
    }

    #[test]
    fn fields_under_more_are_passed_over_while_they_are_hidden() {
        let mut setup = Setup::new(&Defaults::load(None).unwrap());
        setup.chosen = Field::More;
        setup.step(1);
        assert_eq!(setup.chosen, Field::Start);
        setup.step(-1);
        setup.is_more = true;
        setup.step(1);
        assert_eq!(setup.chosen, Field::Operation);
        setup.step(100);
        assert_eq!(setup.chosen, Field::Start);
        setup.step(-1);
        assert_eq!(setup.chosen, Field::Margin);
    }
}
