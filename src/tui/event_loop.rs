//! The loop: messages in, effects out, the screen drawn when something changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::Receiver;
use crossterm::event::{self, Event as Input, KeyEventKind};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::effect::Effect;
use super::keys::Keys;
use super::line::Line;
use super::message::Message;
use super::model::{Model, Work};
use super::preview::Preview;
use super::screen::Screen;
use super::theme::Theme;
use super::update::update;
use super::{Opening, SAMPLES_MODEL, Start, view};
use crate::built_in;
use crate::domain::settings::Operation;
use crate::files::transfer::TransferError;
use crate::files::trouble::Trouble;
use crate::jobs::crew::{Crew, Event, Order, Sayer};
use crate::lang::{Language, Say};

/// How long the loop waits for a key before it looks for what the crew tells. Without work there is little to tell.
const LOOK_BUSY: Duration = Duration::from_millis(20);
const LOOK_IDLE: Duration = Duration::from_millis(100);

/// Events that are taken in before the screen is drawn again.
const TAKEN_TOGETHER: usize = 500;

/// Where values of the last start are.
const VALUES_FILE: &str = "last.toml";

/// Runs the app until it is left.
pub fn run(start: Start) -> std::io::Result<()> {
    let keys = Keys::load(start.config_folder.as_deref());
    let mut model = Model::new(start.language.clone(), start.defaults, keys);
    let sayer = Arc::new(Words(start.language));
    let (crew, told) = Crew::start(start.surroundings, sayer);
    let mut app = App { crew, told, values: start.config_folder.map(|folder| folder.join(VALUES_FILE)) };
    let first = app.open(&mut model, start.opening)?;
    let leaving = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&leaving))?;
    }
    let mut screen = Screen::open(start.log.as_deref())?;
    let mut preview = Preview::ask_terminal();
    let ended = app.go_on(&mut model, first, &mut screen, &mut preview, &leaving);
    drop(screen);
    ended
}

/// Sentences for what is written into the session.
struct Words(Language);

impl Sayer for Words {
    fn trouble(&self, trouble: &Trouble) -> String {
        trouble.say(&self.0)
    }

    fn transfer(&self, error: &TransferError) -> String {
        error.say(&self.0)
    }
}

struct App {
    crew: Crew,
    told: Receiver<Event>,
    /// Where values are kept for the next start.
    values: Option<PathBuf>,
}

/// Whether the loop goes on.
enum Next {
    GoOn,
    End,
}

impl App {
    fn go_on(
        &mut self,
        model: &mut Model,
        first: Vec<Effect>,
        screen: &mut Screen,
        preview: &mut Preview,
        leaving: &AtomicBool,
    ) -> std::io::Result<()> {
        let theme = Theme::from_environment();
        let mut effects = first;
        let mut is_changed = true;
        let mut size = crossterm::terminal::size().ok();
        loop {
            for effect in std::mem::take(&mut effects) {
                if let Next::End = self.carry_out(effect, model, screen, &mut effects)? {
                    return Ok(());
                }
            }
            if !effects.is_empty() {
                continue;
            }
            if is_changed {
                screen.terminal.draw(|frame| view::draw(frame, model, theme, preview))?;
                is_changed = false;
            }
            let messages = self.messages(model, leaving)?;
            let size_now = crossterm::terminal::size().ok();
            is_changed |= std::mem::replace(&mut size, size_now) != size_now;
            for message in messages {
                is_changed = true;
                effects.extend(update(model, message));
            }
        }
    }

    /// Waits a little, and gives what happened.
    fn messages(&self, model: &Model, leaving: &AtomicBool) -> std::io::Result<Vec<Message>> {
        let mut messages: Vec<Message> = self.told.try_iter().take(TAKEN_TOGETHER).map(Message::Told).collect();
        let wait = match (messages.is_empty(), model.is_busy()) {
            (false, _) => Duration::ZERO,
            (true, true) => LOOK_BUSY,
            (true, false) => LOOK_IDLE,
        };
        match wait_for_input(wait) {
            _ if leaving.load(Ordering::Relaxed) => return Ok(vec![Message::Leave]),
            Waited::Gone => return Ok(vec![Message::Leave]),
            Waited::Nothing => return Ok(messages),
            Waited::Input => {}
        }
        while event::poll(Duration::ZERO)? {
            match event::read()? {
                Input::Key(key) if key.kind != KeyEventKind::Release => messages.push(Message::Key(key)),
                Input::Paste(text) => messages.push(Message::Paste(text)),
                _ => {}
            }
        }
        Ok(messages)
    }

    fn carry_out(
        &mut self,
        effect: Effect,
        model: &mut Model,
        screen: &mut Screen,
        more: &mut Vec<Effect>,
    ) -> std::io::Result<Next> {
        match effect {
            Effect::Order(order) => self.crew.send(order),
            Effect::Stop => self.crew.stop(),
            Effect::Complete(text) => {
                if let Some(whole) = completed(&text) {
                    more.extend(update(model, Message::Completed(whole)));
                }
            }
            Effect::OpenSamples => more.extend(self.open_samples(model)?),
            Effect::Keep(values) => self.keep(&values),
            Effect::Suspend => screen.suspend()?,
            Effect::Quit => return Ok(Next::End),
        }
        Ok(Next::GoOn)
    }

    fn open(&mut self, model: &mut Model, opening: Opening) -> std::io::Result<Vec<Effect>> {
        match opening {
            Opening::Doors => {
                let known = self.recall(model);
                model.doors = (!known).then_some(0);
                Ok(super::update::check_source(model))
            }
            Opening::Samples { folder } => Ok(self.show_samples(model, folder)),
            Opening::Session { destination } => {
                model.setup.destination = Line::new(destination.to_string_lossy());
                model.session = Some(model.destination());
                model.work = Work::Opening;
                Ok(vec![Effect::Order(Order::Open { destination: model.destination() })])
            }
        }
    }

    fn open_samples(&mut self, model: &mut Model) -> std::io::Result<Vec<Effect>> {
        Ok(self.show_samples(model, built_in::samples_folder()?))
    }

    fn show_samples(&mut self, model: &mut Model, folder: PathBuf) -> Vec<Effect> {
        model.doors = None;
        model.setup.source = Line::new(folder.join(built_in::SAMPLES).to_string_lossy());
        model.setup.destination = Line::new(folder.join("sorted").to_string_lossy());
        model.setup.model = Line::new(SAMPLES_MODEL.to_string());
        model.setup.chosen = super::model::Field::Start;
        model
            .set_labels(built_in::sample_labels().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect());
        // Values of the samples are of no use for the next start.
        self.values = None;
        super::update::check_source(model)
    }

    fn keep(&self, values: &[(&'static str, String)]) {
        let Some(path) = &self.values else { return };
        let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        let text: String = values.iter().map(|(key, value)| format!("{key} = {}\n", quoted(value))).collect();
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
        if let Err(error) = written {
            tracing::warn!("values could not be kept: {error}");
        }
    }

    /// Takes up the values of the last start; false where there was none.
    fn recall(&self, model: &mut Model) -> bool {
        let text = self.values.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let Some(table) = text.and_then(|text| text.parse::<toml::Table>().ok()) else { return false };
        let value = |key: &str| table.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        let setup = &mut model.setup;
        for (key, line) in [
            ("source", &mut setup.source),
            ("destination", &mut setup.destination),
            ("model", &mut setup.model),
            ("template", &mut setup.template),
            ("threshold", &mut setup.threshold),
            ("margin", &mut setup.margin),
        ] {
            if let Some(value) = value(key) {
                *line = Line::new(value);
            }
        }
        if let Some(operation) = value("operation") {
            setup.operation = if operation == "move" { Operation::Move } else { Operation::Copy };
        }
        if let Some(recursive) = value("recursive") {
            setup.recursive = recursive == "true";
        }
        if let Some(labels) = value("labels") {
            model.set_labels(labels.lines().map(str::to_owned).collect());
        }
        true
    }
}

/// The path with what all names that begin like it have in common.
fn completed(text: &str) -> Option<String> {
    let (folder, begun) = match text.rsplit_once('/') {
        Some((folder, begun)) => (format!("{folder}/"), begun),
        None => (String::new(), text),
    };
    let read = if folder.is_empty() { Path::new(".") } else { Path::new(&folder) };
    let entries = std::fs::read_dir(read).ok()?.flatten().filter(|entry| entry.path().is_dir());
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.starts_with(begun));
    let mut names: Vec<String> = names.filter(|name| !begun.is_empty() || !name.starts_with('.')).collect();
    names.sort_unstable();
    let (first, last) = (names.first()?, names.last()?);
    let common: String = first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let ending = if names.len() == 1 { "/" } else { "" };
    Some(format!("{folder}{common}{ending}"))
}

/// What waiting for the terminal came to.
enum Waited {
    Input,
    Nothing,
    /// It has hung up.
    Gone,
}

/// Waits for the terminal. The library that reads it is asked only when there is something: once a terminal has hung up,
/// it would read from it for ever.
fn wait_for_input(wait: Duration) -> Waited {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = rustix::stdio::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
    // A signal ends the wait early: the loop looks around and comes back.
    if poll(&mut polled, Some(&wait)).is_err() {
        return Waited::Nothing;
    }
    let found = polled[0].revents();
    match () {
        () if found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => Waited::Gone,
        () if found.contains(PollFlags::IN) => Waited::Input,
        () => Waited::Nothing,
    }
}
