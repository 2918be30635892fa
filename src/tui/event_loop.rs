//! The loop: messages in, effects out, the screen drawn when something changed.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use signal_hook::consts::SIGINT;

use super::action::AppAction;
use super::effect::Effect;
use super::input_line::InputLine;
use super::keys::Keys;
use super::last_settings::LastSettings;
use super::message::Message;
use super::model::{Field, Model, Pane, Work};
use super::preview::ScreenPainter;
use super::terminal::{Answers, Input, Known, Reader, Screen, is_state};
use super::theme::Theme;
use super::update::{look_up, update};
use super::wake::{Waited, Wake};
use super::{SAMPLES_MODEL, outside, samples, view};
use crate::app_start::{AppStart, Opening};
use crate::backend::{Backend, Event, Order};
use crate::built_in;
use crate::config::{Background, Preview};
use crate::lang::{Language, Say};

/// The time between two drawings for events of the backend, which may come by the thousand. Keys are drawn at once.
const FRAME: Duration = Duration::from_millis(20);

/// Events that are taken in before the screen is drawn again.
pub(super) const TAKEN_TOGETHER: usize = 500;

/// The file with the settings of the last start.
const LAST_SETTINGS: &str = "last.toml";

/// A picture that takes longer than this to get to the terminal keeps people waiting.
const SLOW: Duration = Duration::from_millis(1500);

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Runs the app until it is left.
pub fn run(start: AppStart) -> std::io::Result<()> {
    let AppStart { language, defaults, machine, config_folder, log, opening } = start;
    let (mouse, background) = (defaults.mouse, defaults.background);
    let (keys, faults) = Keys::load(config_folder.as_deref());
    let mut model = Model::new(language.clone(), defaults, keys, working_folder());
    model.is_line_unprotected = is_line_unprotected();
    model.has_colours = Theme::has_colours_in_environment();
    model.outside = outside::way(model.defaults.viewer.as_deref());
    let (painter, wake) = (ScreenPainter::new(), Wake::new()?);
    let (backend, events) = Backend::start(machine, Arc::new(language), painter.clone(), wake.waker());
    let last_settings = config_folder.map(|folder| folder.join(LAST_SETTINGS));
    let (question, answers) = Answers::ask();
    let mut app = App {
        backend,
        events,
        painter,
        wake,
        reader: Reader::default(),
        answers,
        background,
        theme: Theme::from_environment(background == Background::Light),
        shows_graphics: None,
        last_settings,
        samples: None,
    };
    let first = app.open(&mut model, opening)?;
    // The first stands on the screen, all of them in the log.
    for fault in faults.iter().rev() {
        model.say_error(fault.say(&model.language));
    }
    let mut screen = Screen::open(log.as_deref(), mouse)?;
    model.size = crossterm::terminal::size().unwrap_or(model.size);
    if app.answers.is_in_tmux() {
        screen.hear_no_answers();
    }
    // Before anything that is answered too. People see something before the answers have come.
    screen.ask(&question, Instant::now())?;
    screen.draw(|frame| view::draw(frame, &model, app.theme))?;
    app.painter.choose(model.review.preview);
    let ended = app.go_on(&mut model, first, &mut screen);
    drop(screen);
    // Work in hand, as a model that is being opened, may take a while: from here on Ctrl-C does not wait for it.
    let leaving = app.wake.leaving();
    leaving.store(true, Ordering::SeqCst);
    signal_hook::flag::register_conditional_shutdown(SIGINT, INTERRUPTED, leaving)?;
    app.backend.end(|| {
        // A terminal that is gone hears nothing.
        let _ = writeln!(std::io::stderr(), "{}", model.language.text("app.waits"));
    });
    if let Some(folder) = &app.samples {
        samples::leave(folder, &model.language);
    }
    ended
}

/// The folder that the program was started in; empty where that is gone: paths are taken as they are then.
pub(super) fn working_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// True where a connection that drops takes the program with it: over SSH, outside of what keeps a terminal alive.
fn is_line_unprotected() -> bool {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    has("SSH_CONNECTION") && !["TMUX", "STY", "ZELLIJ"].into_iter().any(has)
}

struct App {
    backend: Backend,
    events: Receiver<Event>,
    wake: Wake,
    painter: Arc<ScreenPainter>,
    reader: Reader,
    answers: Answers,
    /// The background that the user has set.
    background: Background,
    theme: Theme,
    /// The picture that was drawn last as the terminal's own graphics.
    shows_graphics: Option<u64>,
    /// The file of settings for the next start.
    last_settings: Option<PathBuf>,
    /// The folder that the samples were unpacked into.
    samples: Option<PathBuf>,
}

/// A change that is not drawn yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// An event of the backend: another may follow at once.
    CanWait,
    /// A person waits for it.
    Urgent,
}

impl Change {
    fn of(message: &Message) -> Change {
        match message {
            Message::Backend(_) => Change::CanWait,
            _ => Change::Urgent,
        }
    }
}

/// Whether the loop goes on.
enum Next {
    GoOn,
    End,
}

impl App {
    fn go_on(&mut self, model: &mut Model, mut effects: Vec<Effect>, screen: &mut Screen) -> std::io::Result<()> {
        let mut messages = Vec::new();
        let mut changed = Some(Change::Urgent);
        let mut drawn_at = Instant::now();
        loop {
            for message in std::mem::take(&mut messages) {
                changed = changed.max(Some(Change::of(&message)));
                effects.extend(update(model, message));
            }
            for effect in std::mem::take(&mut effects) {
                if let Next::End = self.carry_out(effect, model, screen, &mut messages)? {
                    return Ok(());
                }
            }
            if !messages.is_empty() {
                continue;
            }
            screen.describe_keys(!model.is_typing() && model.popup.is_none())?;
            if self.painter.show_graphics(!screen.is_slow() || screen.is_quiet()) {
                changed = changed.max(Some(Change::Urgent));
            }
            let pause = match changed {
                Some(Change::CanWait) => FRAME.saturating_sub(drawn_at.elapsed()),
                Some(Change::Urgent) | None => Duration::ZERO,
            };
            if changed.is_some() && pause.is_zero() {
                changed = None;
                let is_slow = self.draw(model, screen)?;
                drawn_at = Instant::now();
                if is_slow {
                    messages.push(Message::SlowLine(self.painter.in_cells()));
                    continue;
                }
            } else {
                screen.go_on()?;
            }
            if changed.is_none() && screen.is_shown() {
                effects.extend(update(model, Message::Drawn));
            }
            messages = self.messages(model, screen, changed.map(|_| pause))?;
            // Somebody else stopped the program and had it go on: the terminal is as the shell left it.
            if self.wake.is_resumed() {
                screen.take_over()?;
                messages.push(Message::Resumed);
            }
            if self.wake.is_resized()
                && let Ok(size) = crossterm::terminal::size()
                && size != model.size
            {
                messages.insert(0, Message::Resized(size.0, size.1));
            }
        }
    }

    /// Draws the screen. True where a picture in the terminal's own graphics took long to be written.
    fn draw(&mut self, model: &Model, screen: &mut Screen) -> std::io::Result<bool> {
        let shown = drawn_picture(model).filter(|_| self.painter.draws_graphics());
        let is_new = shown.is_some() && shown != self.shows_graphics;
        let began = Instant::now();
        screen.draw(|frame| view::draw(frame, model, self.theme))?;
        self.shows_graphics = shown;
        Ok(is_new && began.elapsed() > SLOW)
    }

    /// Waits until something happens, or until changes that are not drawn yet have waited for `pause`. May return
    /// nothing: the loop looks again.
    fn messages(
        &mut self,
        model: &Model,
        screen: &mut Screen,
        pause: Option<Duration>,
    ) -> std::io::Result<Vec<Message>> {
        let mut messages: Vec<Message> = self
            .events
            .try_iter()
            .take(TAKEN_TOGETHER)
            .inspect(|event| log(event, &model.language))
            .map(Message::Backend)
            .collect();
        let now = Instant::now();
        let waits_for_quiet = screen.is_slow() && self.painter.paints_graphics() && !screen.is_quiet();
        let limits = [screen.wait(waits_for_quiet), self.answers.left(now)];
        let limit = limits.into_iter().flatten().min();
        let waited = match pause {
            _ if !messages.is_empty() => self.wake.wait_for_input(Duration::ZERO),
            Some(pause) => self.wake.wait_for_input(limit.map_or(pause, |limit| limit.min(pause))),
            None => self.wake.wait(limit),
        };
        if let Some(known) = self.answers.give_up(Instant::now()) {
            messages.extend(self.learn(known, screen));
        }
        match waited {
            _ if self.wake.is_leaving() => return Ok(vec![Message::Leave]),
            Waited::Gone => return Ok(vec![Message::Leave]),
            Waited::Woken => return Ok(messages),
            // The terminal is read only when there is something: one that has hung up would be read for ever.
            Waited::Input => {}
        }
        for input in self.reader.read()? {
            match input {
                Input::Key { key, position } => {
                    screen.pressed();
                    messages.push(position.map_or(Message::Key(key), |position| Message::KeyAt(key, position)));
                }
                Input::Paste(text) => messages.push(Message::Paste(text)),
                Input::Click { column, row } => messages.extend(view::clicked(model, column, row)),
                Input::Wheel(by) => messages.push(Message::Wheel(by)),
                Input::Answer(answer) => messages.extend(self.take_answer(answer, screen)),
            }
        }
        Ok(messages)
    }

    /// Takes in an answer of the terminal.
    fn take_answer(&mut self, answer: Vec<u8>, screen: &mut Screen) -> Vec<Message> {
        let mut messages = Vec::new();
        if is_state(&answer) && screen.arrived().is_some_and(|took| took > SLOW) && self.shows_graphics.is_some() {
            messages.push(Message::SlowLine(self.painter.in_cells()));
        }
        if let Some(known) = self.answers.take(answer) {
            messages.extend(self.learn(known, screen));
        }
        messages
    }

    /// Acts on what is known of the terminal.
    fn learn(&mut self, known: Known, screen: &mut Screen) -> Option<Message> {
        if self.background == Background::Auto {
            self.theme = Theme::from_environment(known.is_light);
        }
        if known.describes_keys {
            screen.can_describe_keys();
        }
        self.painter.answered(known.abilities);
        Some(Message::Answered(known.takes.into_iter().map(Preview::from).collect()))
    }

    /// Does what the app wants; what follows from it at once goes to `more`.
    fn carry_out(
        &mut self,
        effect: Effect,
        model: &mut Model,
        screen: &mut Screen,
        more: &mut Vec<Message>,
    ) -> std::io::Result<Next> {
        match effect {
            Effect::Order(order) => self.backend.send(order),
            Effect::Stop => self.backend.stop(),
            Effect::Pause(wanted) => self.backend.pause(wanted),
            Effect::StopWatch => self.backend.stop_watch(),
            Effect::PauseWatch(wanted) => self.backend.pause_watch(wanted),
            Effect::LetSort(watch) => self.backend.let_sort(watch),
            Effect::Scroll(by) => more.push(view::scrolled(model, by)),
            Effect::Copy(path) => outside::copy(&path)?,
            Effect::Paint(preview) => self.painter.choose(preview),
            Effect::OpenSamples => {
                let folder = built_in::samples_folder()?;
                for effect in self.show_samples(model, folder) {
                    self.carry_out(effect, model, screen, more)?;
                }
            }
            Effect::Remember(settings) => {
                if let Some(path) = &self.last_settings {
                    settings.store(path);
                }
            }
            Effect::Suspend => {
                screen.suspend()?;
                more.push(Message::Resumed);
            }
            Effect::Quit => return Ok(Next::End),
        }
        Ok(Next::GoOn)
    }

    fn open(&mut self, model: &mut Model, opening: Opening) -> std::io::Result<Vec<Effect>> {
        match opening {
            Opening::Welcome => {
                match self.last_settings.as_deref().and_then(LastSettings::load) {
                    Some(settings) => model.fill_fields(settings),
                    None => model.welcome = Some(0),
                }
                Ok(look_up(model))
            }
            Opening::Samples { folder } => Ok(self.show_samples(model, folder)),
            Opening::Session { destination, trust } => {
                model.setup.destination = InputLine::new(destination.to_string_lossy());
                model.session = Some(model.destination());
                model.last_settings = self.last_settings.as_deref().and_then(LastSettings::load).unwrap_or_default();
                model.work = Work::Opening;
                model.lands_in_review = true;
                let destination = model.destination();
                let trusted = trust.then(|| Order::Trust { destination: destination.clone() });
                Ok(trusted.into_iter().chain([Order::Open { destination }]).map(Effect::Order).collect())
            }
        }
    }

    fn show_samples(&mut self, model: &mut Model, folder: PathBuf) -> Vec<Effect> {
        model.welcome = None;
        model.setup.source = InputLine::new(folder.join(built_in::SAMPLES).to_string_lossy());
        model.setup.destination = InputLine::new(folder.join("sorted").to_string_lossy());
        model.setup.model = InputLine::new(SAMPLES_MODEL.to_string());
        model.setup.chosen = Field::Start;
        model
            .set_labels(built_in::sample_labels().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect());
        // Settings for the samples are of no use for the next start.
        self.last_settings = None;
        self.samples = Some(folder);
        model.say(model.with_keys("app.samples_ready", &[("key", AppAction::Start.into())]));
        look_up(model)
    }
}

/// Logs errors, notices and the end of a run.
fn log(event: &Event, language: &Language) {
    match event {
        Event::Failed { error }
        | Event::Trouble { error }
        | Event::NotTakenOver { error }
        | Event::NotScorable { error }
        | Event::WatchEnded { error: Some(error), .. }
        | Event::LabelsFailed { error, label: None, .. } => tracing::error!("{error}"),
        Event::Notice { notice } => tracing::warn!("{}", notice.say(language)),
        Event::Classified { remembered, waiting, .. } => tracing::info!(remembered, waiting, "classified"),
        _ => {}
    }
}

/// The picture that is on the screen, by the number that it was asked for with.
fn drawn_picture(model: &Model) -> Option<u64> {
    let is_shown = model.pane == Pane::Review && model.popup.is_none() && model.welcome.is_none();
    (is_shown && matches!(model.review.viewed, Some(Ok(_)))).then_some(model.review.view)
}
