//! The state of the app, all of it.

mod chooser;
mod estimate;
mod files;
mod filters;
mod find;
mod grid;
mod label_book;
mod labels;
mod live;
mod packs;
mod review;
mod settings;
mod setup;
mod stacks;
mod work;

use std::path::PathBuf;

use ratatui_textarea::TextArea;

use super::action::{Action, AppAction};
use super::keys::Keys;
use super::last_settings::LastSettings;
use crate::config::{Defaults, Preview};
use crate::domain::collection::Collection;
use crate::domain::count::Counts;
use crate::domain::decision::LabelId;
use crate::domain::label::Label;
use crate::domain::label_tree::{key_path, label_key};
use crate::domain::limit::Stage;
use crate::domain::picture::PictureId;
use crate::jobs::undo::Outlook;
use crate::lang::Language;

pub(crate) use chooser::{Choice, Chooser, Pick, Popup, Shown};
pub(crate) use files::{Amounts, Done, Files};
pub(crate) use find::{Before, Find, Likening, Names, Ranked};
pub(crate) use grid::{Grid, OpenStack, Tile};
pub(crate) use labels::Labels;
pub(crate) use live::{Live, Sorts, WatchState};
pub(crate) use packs::{PACKS, Pack, lines as pack_lines};
pub(crate) use review::{Asked, Look, Outside, Review, Wanted};
pub(crate) use settings::Readiness;
pub(crate) use setup::{Field, Setup, Watching};
pub(crate) use work::Work;

/// The state of the app.
pub(crate) struct Model {
    pub(crate) language: Language,
    pub(crate) keys: Keys,
    pub(crate) defaults: Defaults,
    /// The folder that the program was started in.
    pub(crate) working_folder: PathBuf,
    pub(crate) pane: Pane,
    /// The first start: which of its two choices is marked.
    pub(crate) welcome: Option<usize>,
    /// A question that has to be answered before anything else.
    pub(crate) question: Option<Question>,
    /// A frame over the pane, which takes the keys.
    pub(crate) popup: Option<Popup>,
    /// An earlier session is opened to be reviewed: its pictures are looked at once they are there.
    pub(crate) lands_in_review: bool,
    /// Columns and rows of the screen.
    pub(crate) size: (u16, u16),
    /// The screen has colours, without which small pictures are drawn only where somebody chose a way of drawing.
    pub(crate) has_colours: bool,
    /// Lines of a long text that are above the screen.
    pub(crate) scroll: usize,
    /// The terminal is at the other end of a line that takes the program with it when it drops.
    pub(crate) is_line_unprotected: bool,
    /// How pictures are opened outside.
    pub(crate) outside: Outside,
    pub(crate) setup: Setup,
    /// The destination of the pictures on the screen: the field as it was when they were classified or opened. Typing
    /// another destination changes nothing for these pictures.
    pub(crate) session: Option<PathBuf>,
    /// The destination whose session is not obeyed, as nothing shows that it is the user's own.
    pub(crate) untrusted: Option<PathBuf>,
    /// The session whose decisions are to come along into this one, until they have.
    pub(crate) takes_from: Option<PathBuf>,
    /// The run that was ordered and has not begun.
    pub(crate) ordered: Option<Ordered>,
    /// The run that is under way goes on in the session whose pictures were on the screen before it.
    pub(crate) is_same_session: bool,
    pub(crate) labels: Labels,
    pub(crate) collection: Collection,
    pub(crate) counts: Counts,
    pub(crate) review: Review,
    pub(crate) find: Find,
    pub(crate) files: Files,
    pub(crate) work: Work,
    /// The watch that is running, beside other work.
    pub(crate) watch: Option<WatchState>,
    pub(crate) live: Live,
    pub(crate) is_paused: bool,
    /// Files that are looked at in a second, of late.
    pub(crate) pace: Option<f64>,
    /// The stage that limits it.
    pub(crate) limit: Option<Stage>,
    /// The settings that are remembered from start to start.
    pub(crate) last_settings: LastSettings,
    pub(crate) runtime: Option<Runtime>,
    /// The last message, for the line above the status line.
    pub(crate) notice: Option<Notice>,
    /// Everything that was said.
    pub(crate) log: Vec<String>,
}

/// A run that was ordered and has not begun: its model is downloaded and opened first, which may fail. Until it begins,
/// the pictures of before stay on the screen and can be reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ordered {
    pub(crate) destination: PathBuf,
    /// The session whose decisions come along.
    pub(crate) takes_from: Option<PathBuf>,
}

/// A question that has to be answered before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// End the program, although something runs or waits?
    Quit,
    /// Look into files of which none has the name of a picture?
    NoNames,
    /// Take the decisions along to another destination?
    OtherDestination,
    /// Download the model first? `takes_decisions`: those of the open session come along.
    Download { takes_decisions: bool },
    /// Download and install a runtime?
    Install,
    /// Check the model's files and download damaged ones again?
    Repair,
    /// Obey a session that is not known to be the user's own?
    Trust,
    /// Carry the plan out?
    Apply,
    /// Take back what a run did, or do it again?
    TakeBack(Outlook),
    /// Decide all marked pictures, though some of them are not on the screen?
    DecideMarked(Wanted),
    /// Take back a step that was made before the session was opened?
    TakeBackEarlier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pane {
    Setup,
    Labels,
    Review,
    Files,
    Log,
}

impl Pane {
    pub(crate) const ALL: [Pane; 5] = [Pane::Setup, Pane::Labels, Pane::Review, Pane::Files, Pane::Log];

    /// The pane so many places on.
    pub(crate) fn step(self, by: isize) -> Pane {
        let place = Pane::ALL.iter().position(|pane| *pane == self).unwrap_or(0) as isize;
        Pane::ALL[(place + by).rem_euclid(Pane::ALL.len() as isize) as usize]
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Runtime {
    pub(crate) name: String,
    pub(crate) device: String,
    /// It is the one that is built in, slower than ONNX Runtime.
    pub(crate) is_built_in: bool,
    pub(crate) is_gpu_unused: bool,
}

impl Model {
    /// The number of a label that the session tells of by a key, and of those that it is inside.
    pub(crate) fn told_label(&mut self, key: &str) -> LabelId {
        let path = key_path(key);
        let mut at = self.labels.told_number(path.first().copied().unwrap_or_default());
        for depth in 2..=path.len() {
            let label = self.labels.told_number(&label_key(&path[..depth]));
            self.collection.know_inside(label, at);
            at = label;
        }
        at
    }

    pub(crate) fn new(language: Language, defaults: Defaults, keys: Keys, working_folder: PathBuf) -> Model {
        let first = packs::lines(&language, &PACKS[0]);
        let mut model = Model {
            pane: Pane::Setup,
            welcome: None,
            question: None,
            popup: None,
            lands_in_review: false,
            size: (80, 24),
            has_colours: true,
            scroll: 0,
            is_line_unprotected: false,
            outside: Outside::Clipboard,
            setup: Setup::new(&defaults),
            session: None,
            untrusted: None,
            takes_from: None,
            ordered: None,
            is_same_session: false,
            labels: Labels::default(),
            collection: Collection::default(),
            counts: Counts::default(),
            review: Review { preview: defaults.preview, ..Review::default() },
            find: Find::default(),
            files: Files::default(),
            work: Work::Idle,
            watch: None,
            live: Live::default(),
            is_paused: false,
            pace: None,
            limit: None,
            last_settings: LastSettings::default(),
            runtime: None,
            notice: None,
            log: vec![],
            language,
            keys,
            defaults,
            working_folder,
        };
        model.set_labels(first);
        model
    }

    /// Puts lines into the label editor.
    pub(crate) fn set_labels(&mut self, lines: Vec<String>) {
        self.labels.editor = TextArea::new(lines);
        self.take_labels();
    }

    /// Shows the labels of an earlier session, which count as they are: it may have some that nobody could write now.
    pub(crate) fn open_labels(&mut self, labels: Vec<Label>) {
        self.labels.editor = TextArea::new(labels.iter().map(Label::line).collect());
        self.become_labels(labels);
    }

    /// Reads the labels from the editor, if its text is valid. True where they changed.
    pub(crate) fn take_labels(&mut self) -> bool {
        match self.labels.parsed() {
            Err(error) => {
                self.labels.error = Some(error);
                false
            }
            Ok(labels) => self.become_labels(labels),
        }
    }

    pub(crate) fn become_labels(&mut self, labels: Vec<Label>) -> bool {
        self.labels.error = None;
        let changed = labels != self.labels.current;
        if changed {
            self.labels.take(labels);
            if let Some(within) = self.collection.within() {
                self.labels.numbers.iter().for_each(|label| self.collection.know_inside(*label, within));
            }
            self.labels.revision += 1;
            self.labels.too_long = None;
            self.labels.alike.clear();
        }
        changed
    }

    /// The destination as the field says it. A path that is not absolute begins at the working folder.
    pub(crate) fn destination(&self) -> PathBuf {
        let typed = self.setup.destination.text().trim();
        if typed.is_empty() {
            return PathBuf::new();
        }
        let mut path: PathBuf = self.working_folder.join(typed).components().collect();
        if typed.ends_with('/') {
            path.push("");
        }
        path
    }

    /// Where the pictures on the screen are sorted to.
    pub(crate) fn session(&self) -> PathBuf {
        self.session.clone().unwrap_or_else(|| self.destination())
    }

    /// True where the session of the pictures on the screen is not obeyed.
    pub(crate) fn is_untrusted(&self) -> bool {
        self.untrusted.as_ref().is_some_and(|untrusted| *untrusted == self.session())
    }

    /// True where the scores on the screen belong to the current labels.
    pub(crate) fn is_scored(&self) -> bool {
        self.labels.scored == self.labels.revision && self.labels.error.is_none()
    }

    /// Counts again after pictures, scores, decisions or the rule changed.
    pub(crate) fn recount(&mut self) {
        self.counts = self.collection.counts(self.sure(), self.waiting());
    }

    /// The picture that is looked at.
    pub(crate) fn in_hand(&self) -> Option<PictureId> {
        let entry = self.collection.entries().get(self.review.current()?)?;
        Some(entry.id)
    }

    /// True where small pictures are on the screen as pictures.
    pub(crate) fn draws_tiles(&self) -> bool {
        let is_drawn = match self.review.preview {
            Preview::None => false,
            Preview::Auto => self.has_colours,
            _ => true,
        };
        is_drawn && !self.review.hidden
    }

    /// True while keys are letters and not commands.
    pub(crate) fn is_typing(&self) -> bool {
        let in_pane = match self.pane {
            Pane::Setup => self.setup.editing.is_some(),
            Pane::Labels => self.labels.is_editing,
            Pane::Review => self.find.line.is_some() || self.review.grid.is_open && self.review.grid.has_letters,
            Pane::Files | Pane::Log => false,
        };
        in_pane || self.popup.is_some()
    }

    /// A sentence that names keys. Each pair is a placeholder and the action whose key replaces it.
    pub(crate) fn with_keys(&self, sentence: &str, keys: &[(&str, Action)]) -> String {
        let names: Vec<(&str, String)> = keys.iter().map(|(place, action)| (*place, self.keys.name(*action))).collect();
        let values: Vec<(&str, &dyn std::fmt::Display)> =
            names.iter().map(|(place, name)| (*place, name as &dyn std::fmt::Display)).collect();
        self.language.say(sentence, &values)
    }

    /// Says that something is running, and that one thing is done at a time.
    pub(crate) fn say_busy(&mut self) {
        self.say_error(self.with_keys("app.busy", &[("key", AppAction::Stop.into())]));
    }

    pub(crate) fn say(&mut self, text: String) {
        self.note(text, false);
    }

    /// Says in one line what a key did. It is not worth a line of the log.
    pub(crate) fn show(&mut self, text: String) {
        self.notice = Some(Notice { text, is_error: false });
    }

    pub(crate) fn say_error(&mut self, text: String) {
        self.note(text, true);
    }

    fn note(&mut self, text: String, is_error: bool) {
        self.log.push(text.clone());
        self.notice = Some(Notice { text, is_error });
    }
}
