//! The whole app but for the terminal: the backend works, keys are pressed, the screen is drawn into memory. For
//! benchmarks, which measure what a person waits for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::effect::Effect;
use super::event_loop::{TAKEN_TOGETHER, working_folder};

use super::input_line::InputLine;
use super::keys::Keys;
use super::message::Message;
use super::model::{Model, Work};
use super::preview::ScreenPainter;
use super::theme::Theme;
use super::update::update;
use super::view;
use crate::app_start::AppStart;
use crate::backend::{Backend, Event, Order};

/// The app, open on an earlier session.
pub struct HeadlessApp {
    backend: Backend,
    events: Receiver<Event>,
    model: Model,
    terminal: Terminal<TestBackend>,
}

impl HeadlessApp {
    /// Opens the session of `destination` on a screen of so many columns and rows, as `sis review` does.
    pub fn open(start: AppStart, destination: &std::path::Path, columns: u16, rows: u16) -> HeadlessApp {
        let AppStart { language, defaults, machine, config_folder, .. } = start;
        let (keys, _) = Keys::load(config_folder.as_deref());
        let mut model = Model::new(language.clone(), defaults, keys, working_folder());
        model.size = (columns, rows);
        model.setup.destination = InputLine::new(destination.to_string_lossy());
        model.session = Some(model.destination());
        model.work = Work::Opening;
        let (backend, events) = Backend::start(machine, Arc::new(language), ScreenPainter::new(), Arc::new(()));
        backend.send(Order::Open { destination: model.destination() });
        // A screen in memory cannot fail.
        let terminal = match Terminal::new(TestBackend::new(columns, rows)) {
            Ok(terminal) => terminal,
            Err(never) => match never {},
        };
        HeadlessApp { backend, events, model, terminal }
    }

    /// Presses a key and draws the screen. Returns how long that took.
    pub fn press(&mut self, code: KeyCode) -> Duration {
        let began = Instant::now();
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        let effects = update(&mut self.model, Message::Key(key));
        self.carry_out(effects);
        self.draw();
        began.elapsed()
    }

    /// Takes in what the backend tells and draws it, until the screen shows something or the patience is at its end.
    /// Gives how long that took, where it did.
    pub fn wait_for(&mut self, is_shown: impl Fn(&str) -> bool, patience: Duration) -> Option<Duration> {
        let began = Instant::now();
        loop {
            if is_shown(&self.draw()) {
                return Some(began.elapsed());
            }
            let left = patience.checked_sub(began.elapsed())?;
            let first = self.events.recv_timeout(left).ok()?;
            // Events that came meanwhile are drawn together, as on a screen.
            let events: Vec<Event> =
                std::iter::once(first).chain(self.events.try_iter().take(TAKEN_TOGETHER)).collect();
            for event in events {
                let effects = update(&mut self.model, Message::Backend(event));
                self.carry_out(effects);
            }
        }
    }

    /// The screen as text.
    pub fn draw(&mut self) -> String {
        let HeadlessApp { model, terminal, .. } = self;
        match terminal.draw(|frame| view::draw(frame, model, Theme::from_environment(false))) {
            Ok(_) => {
                update(model, Message::Drawn);
                terminal.backend().to_string()
            }
            Err(never) => match never {},
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Order(order) => self.backend.send(order),
                Effect::Scroll(by) => {
                    let scrolled = view::scrolled(&self.model, by);
                    let effects = update(&mut self.model, scrolled);
                    self.carry_out(effects);
                }
                _ => {}
            }
        }
    }
}
