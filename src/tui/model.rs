//! The state of the app, all of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use image::RgbImage;
use ratatui_textarea::TextArea;

use super::keys::Keys;
use super::line::Line;
use crate::config::Defaults;
use crate::domain::collection::Collection;
use crate::domain::count::Counts;
use crate::domain::decision::{Decision, LabelId};
use crate::domain::label::{self, Label, LabelError};
use crate::domain::plan::Plan;
use crate::domain::review::{Filter, Order};
use crate::domain::run::RunId;
use crate::domain::score::SureRule;
use crate::domain::settings::{ModelName, Operation, Settings};
use crate::domain::template::Template;
use crate::jobs::crew::{Checked, Tally};
use crate::lang::Language;

/// The state of the app.
pub(super) struct Model {
    pub(super) language: Language,
    pub(super) keys: Keys,
    pub(super) defaults: Defaults,
    pub(super) pane: Pane,
    /// The two doors of the first start, and which one is chosen.
    pub(super) doors: Option<usize>,
    pub(super) help: bool,
    /// A question that has to be answered with yes before the program ends.
    pub(super) asks_to_quit: bool,
    pub(super) setup: Setup,
    /// Where the pictures on the screen are sorted to: what the field said when they were classified or opened. Typing
    /// another destination is no decision about these pictures.
    pub(super) session: Option<PathBuf>,
    pub(super) labels: Labels,
    pub(super) collection: Collection,
    pub(super) counts: Counts,
    pub(super) review: Review,
    pub(super) files: Files,
    pub(super) work: Work,
    pub(super) runtime: Option<Runtime>,
    /// What was said last, for the line above the status line.
    pub(super) notice: Option<Notice>,
    /// Everything that was said.
    pub(super) log: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    Setup,
    Labels,
    Review,
    Files,
    Log,
}

impl Pane {
    pub(super) const ALL: [Pane; 5] = [Pane::Setup, Pane::Labels, Pane::Review, Pane::Files, Pane::Log];

    /// The pane so many places on.
    pub(super) fn step(self, by: isize) -> Pane {
        let place = Pane::ALL.iter().position(|pane| *pane == self).unwrap_or(0) as isize;
        Pane::ALL[(place + by).rem_euclid(Pane::ALL.len() as isize) as usize]
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) is_error: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Runtime {
    pub(super) name: String,
    pub(super) device: String,
    pub(super) is_gpu_unused: bool,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Work {
    #[default]
    Idle,
    Opening,
    /// Files that were found and files that are no pictures.
    Classifying {
        files: usize,
        others: usize,
    },
    Planning,
    Applying {
        tally: Tally,
        total: usize,
    },
    Undoing {
        tally: Tally,
        total: usize,
    },
}

/// A field of the setup pane, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Source,
    Destination,
    Model,
    Labels,
    Operation,
    Recursive,
    Template,
    Threshold,
    Margin,
    Start,
}

impl Field {
    pub(super) const ALL: [Field; 10] = [
        Field::Source,
        Field::Destination,
        Field::Model,
        Field::Labels,
        Field::Operation,
        Field::Recursive,
        Field::Template,
        Field::Threshold,
        Field::Margin,
        Field::Start,
    ];
}

pub(super) struct Setup {
    pub(super) chosen: Field,
    /// The field in which text is being edited, and what it was before.
    pub(super) editing: Option<String>,
    pub(super) source: Line,
    pub(super) destination: Line,
    pub(super) model: Line,
    pub(super) template: Line,
    pub(super) threshold: Line,
    pub(super) margin: Line,
    pub(super) operation: Operation,
    pub(super) recursive: bool,
    /// The number of the last check that was asked for, and what came of it.
    pub(super) check: u64,
    pub(super) checked: Option<Result<Checked, String>>,
}

impl Setup {
    /// The line of a field that has one.
    pub(super) fn line(&self, field: Field) -> Option<&Line> {
        Some(match field {
            Field::Source => &self.source,
            Field::Destination => &self.destination,
            Field::Model => &self.model,
            Field::Template => &self.template,
            Field::Threshold => &self.threshold,
            Field::Margin => &self.margin,
            Field::Labels | Field::Operation | Field::Recursive | Field::Start => return None,
        })
    }

    pub(super) fn line_mut(&mut self, field: Field) -> Option<&mut Line> {
        Some(match field {
            Field::Source => &mut self.source,
            Field::Destination => &mut self.destination,
            Field::Model => &mut self.model,
            Field::Template => &mut self.template,
            Field::Threshold => &mut self.threshold,
            Field::Margin => &mut self.margin,
            Field::Labels | Field::Operation | Field::Recursive | Field::Start => return None,
        })
    }
}

pub(super) struct Labels {
    pub(super) editor: TextArea<'static>,
    pub(super) is_editing: bool,
    /// The text of every label that there was, by number: a label keeps its number when its line is edited.
    pub(super) book: Vec<String>,
    /// The labels of now, and their numbers; an error of the text leaves the last ones.
    pub(super) current: Vec<Label>,
    pub(super) numbers: Vec<LabelId>,
    pub(super) error: Option<LabelError>,
    /// Raised with every change of the labels. Scores of an older revision are stale.
    pub(super) revision: u64,
    /// The revision that the scores are of.
    pub(super) scored: u64,
}

impl Labels {
    /// The number of a label by its text, new where the text is.
    pub(super) fn number(&mut self, text: &str) -> LabelId {
        let place = self.book.iter().position(|known| known == text).unwrap_or_else(|| {
            self.book.push(text.to_owned());
            self.book.len() - 1
        });
        LabelId(place as i64 + 1)
    }

    pub(super) fn text_of(&self, number: LabelId) -> Option<&str> {
        let place = usize::try_from(number.0 - 1).ok()?;
        self.book.get(place).map(String::as_str)
    }

    /// What the editor's text says.
    pub(super) fn parsed(&self) -> Result<Vec<Label>, LabelError> {
        label::from_lines(&self.editor.lines().join("\n"))
    }
}

/// One decision that was made at once, for undo: pictures by position, and what was said of them before.
pub(super) type Before = Vec<(usize, Option<Decision>)>;

#[derive(Default)]
pub(super) struct Review {
    /// Pictures by position in the collection, in the order in which they are looked at.
    pub(super) queue: Vec<usize>,
    /// Position in the queue.
    pub(super) at: usize,
    pub(super) order: Order,
    pub(super) filter: Filter,
    pub(super) marked: BTreeSet<usize>,
    /// Where a range of marks begins.
    pub(super) anchor: Option<usize>,
    pub(super) done: Vec<Before>,
    pub(super) undone: Vec<Before>,
    /// A label that is being looked for.
    pub(super) finding: Option<Line>,
    pub(super) details: bool,
    pub(super) hidden: bool,
    /// The number of the last picture that was asked for; its position; its pixels once they are there.
    pub(super) view: u64,
    pub(super) viewed: Option<usize>,
    pub(super) pixels: Option<Option<Arc<RgbImage>>>,
}

impl Review {
    /// The picture that is looked at, by its position in the collection.
    pub(super) fn current(&self) -> Option<usize> {
        self.queue.get(self.at).copied()
    }
}

#[derive(Default)]
pub(super) struct Files {
    pub(super) plan: Option<Box<Plan>>,
    pub(super) last: Option<Done>,
    pub(super) failures: Vec<String>,
    pub(super) head: Option<String>,
}

/// What was done to the files last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Done {
    Applied { run: Option<RunId>, tally: Tally, total: usize },
    Undone { run: RunId, own: RunId, back: usize, removed: usize, left: usize },
}

/// What stands in the way of a start, in words.
pub(super) type Problem = String;

impl Model {
    pub(super) fn new(language: Language, defaults: Defaults, keys: Keys) -> Model {
        let first = language.text("app.default_labels");
        let mut model = Model {
            pane: Pane::Setup,
            doors: None,
            help: false,
            asks_to_quit: false,
            setup: Setup {
                chosen: Field::Source,
                editing: None,
                source: Line::default(),
                destination: Line::new("labelled"),
                model: Line::new("demo"),
                template: Line::new(&defaults.template),
                threshold: Line::new(defaults.threshold.to_string()),
                margin: Line::new(defaults.margin.to_string()),
                operation: defaults.operation,
                recursive: defaults.recursive,
                check: 0,
                checked: None,
            },
            session: None,
            labels: Labels {
                editor: TextArea::default(),
                is_editing: false,
                book: vec![],
                current: vec![],
                numbers: vec![],
                error: None,
                revision: 0,
                scored: 0,
            },
            collection: Collection::default(),
            counts: Counts::default(),
            review: Review::default(),
            files: Files::default(),
            work: Work::Idle,
            runtime: None,
            notice: None,
            log: vec![],
            language,
            keys,
            defaults,
        };
        model.set_labels(first.split(", ").map(str::to_owned).collect());
        model
    }

    /// Puts lines into the label editor.
    pub(super) fn set_labels(&mut self, lines: Vec<String>) {
        self.labels.editor = TextArea::new(lines);
        self.take_labels();
    }

    /// Takes what the editor says as the labels, if it makes sense; true where they changed.
    pub(super) fn take_labels(&mut self) -> bool {
        match self.labels.parsed() {
            Err(error) => {
                self.labels.error = Some(error);
                false
            }
            Ok(labels) => {
                self.labels.error = None;
                let changed = labels != self.labels.current;
                if changed {
                    self.labels.numbers = labels.iter().map(|label| self.labels.number(&label.text)).collect();
                    self.labels.current = labels;
                    self.labels.revision += 1;
                }
                changed
            }
        }
    }

    pub(super) fn sure(&self) -> SureRule {
        let number = |line: &Line, otherwise: f32| line.text().trim().parse().unwrap_or(otherwise);
        SureRule {
            threshold: number(&self.setup.threshold, self.defaults.threshold),
            margin: number(&self.setup.margin, self.defaults.margin),
        }
    }

    pub(super) fn destination(&self) -> PathBuf {
        let given = PathBuf::from(self.setup.destination.text().trim());
        std::path::absolute(&given).unwrap_or(given)
    }

    /// Where the pictures on the screen are sorted to.
    pub(super) fn session(&self) -> PathBuf {
        self.session.clone().unwrap_or_else(|| self.destination())
    }

    /// True where the scores on the screen are those for the labels of now.
    pub(super) fn is_scored(&self) -> bool {
        self.labels.scored == self.labels.revision && self.labels.error.is_none()
    }

    pub(super) fn template(&self) -> Option<Template> {
        Template::new(self.setup.template.text()).ok()
    }

    /// The settings, or what stands in the way of them.
    pub(super) fn settings(&self) -> Result<Settings, Problem> {
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
            return Err(crate::lang::Say::say(error, &self.language));
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
            destination: self.destination(),
            model: ModelName::from(std::ffi::OsString::from(self.setup.model.text().trim())),
            labels: self.labels.current.clone(),
            template,
            operation: self.setup.operation,
            sure: self.sure(),
            batch_size: None,
        })
    }

    /// Files that were found and are not classified yet.
    pub(super) fn waiting(&self) -> usize {
        match self.work {
            Work::Classifying { files, others } => files.saturating_sub(others + self.collection.len()),
            _ => 0,
        }
    }

    /// Counts again after pictures, scores, decisions or the rule changed.
    pub(super) fn recount(&mut self) {
        self.counts = self.collection.counts(self.sure(), self.waiting());
    }

    pub(super) fn is_busy(&self) -> bool {
        self.work != Work::Idle
    }

    /// True while keys are letters and not commands.
    pub(super) fn is_typing(&self) -> bool {
        match self.pane {
            Pane::Setup => self.setup.editing.is_some(),
            Pane::Labels => self.labels.is_editing,
            Pane::Review => self.review.finding.is_some(),
            Pane::Files | Pane::Log => false,
        }
    }

    pub(super) fn say(&mut self, text: String) {
        self.note(text, false);
    }

    pub(super) fn say_error(&mut self, text: String) {
        self.note(text, true);
    }

    fn note(&mut self, text: String, is_error: bool) {
        self.log.push(text.clone());
        self.notice = Some(Notice { text, is_error });
    }
}
