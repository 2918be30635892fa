//! The app's backend at work without a screen, and everything that it tells.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use image::RgbImage;
use smart_image_sorter::backend::{Backend, Event, Order, PreviewRenderer, PreviewSize, RenderedPreview};
use smart_image_sorter::built_in::Unpacker;
use smart_image_sorter::domain::file_filter::FileFilter;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::domain::score::SureRule;
use smart_image_sorter::domain::settings::{ModelName, Operation, Settings};
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::runtime::find::LibrarySearchPath;
use smart_image_sorter::engine::runtime::select::{RuntimeChoice, RuntimeRequest};
use smart_image_sorter::jobs::embedding_cache::EmbeddingCacheConfig;
use smart_image_sorter::lang::Language;
use smart_image_sorter::store::session::Sorting;
use smart_image_sorter::use_cases::Machine;

use crate::support::{LONGEST_RUN, Workspace, fixtures, program};

struct Plain;

impl PreviewRenderer for Plain {
    fn paint(&self, _: RgbImage, _: PreviewSize) -> Option<RenderedPreview> {
        None
    }
}

/// A backend, and everything that it has told.
pub(crate) struct Working {
    pub(crate) backend: Backend,
    pub(crate) told: Receiver<Event>,
    pub(crate) events: Vec<Event>,
}

impl Working {
    pub(crate) fn start(workspace: &Workspace) -> Working {
        let machine = Machine {
            places: LibrarySearchPath::default(),
            runtime: RuntimeRequest { runtime: RuntimeChoice::Tract, ..RuntimeRequest::default() },
            program: program().to_owned(),
            cache: Some(EmbeddingCacheConfig { folder: workspace.home().join("cache"), limit: 1 << 30 }),
            built_in: Unpacker::new(Some(workspace.home().join("built-in"))),
            data_folder: Some(workspace.home().join("data/sis")),
        };
        Working::on(machine)
    }

    /// A backend on this machine.
    pub(crate) fn on(machine: Machine) -> Working {
        let (backend, told) = Backend::start(machine, Arc::new(Language::english()), Arc::new(Plain), Arc::new(()));
        Working { backend, told, events: vec![] }
    }

    /// Waits a little for an event. A run that may begin does.
    pub(crate) fn listen(&mut self) {
        let Ok(event) = self.told.recv_timeout(Duration::from_millis(100)) else { return };
        if matches!(event, Event::Found { .. }) {
            self.backend.send(Order::Begin);
        }
        self.events.push(event);
    }

    /// Waits until what was told so far is as it should be.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&[Event]) -> bool) {
        let began = Instant::now();
        while !is_so(&self.events) {
            assert!(began.elapsed() < LONGEST_RUN, "{what} does not come: {:?}", self.events.last());
            self.listen();
        }
    }

    /// Waits for an event after those that were told before.
    pub(crate) fn wait_for(&mut self, what: &str, is_it: impl Fn(&Event) -> bool) {
        let known = self.events.len();
        self.wait_until(what, |events| events[known.min(events.len())..].iter().any(&is_it));
    }

    /// Pictures that are known, each once.
    pub(crate) fn pictures(&self) -> Vec<PictureId> {
        let ids = self.events.iter().flat_map(|event| match event {
            Event::Arrived { entries, .. } => entries.iter().map(|(entry, _)| entry.id).collect(),
            Event::Followed { joined, .. } => joined.iter().map(|seen| seen.entry.id).collect(),
            _ => vec![],
        });
        ids.collect()
    }

    pub(crate) fn wait_for_pictures(&mut self, count: usize) {
        let began = Instant::now();
        while self.pictures().len() < count {
            assert!(began.elapsed() < LONGEST_RUN, "{count} pictures do not come: {:?}", self.events.last());
            self.listen();
        }
        assert_eq!(self.pictures().len(), count);
    }

    /// Makes a plan, and gives how many transfers it has.
    pub(crate) fn plan(&mut self, workspace: &Workspace, sorting: &Sorting) -> usize {
        let scores = self.pictures().into_iter().map(|picture| (picture, vec![0.9, 0.1])).collect();
        self.backend.send(Order::Plan {
            destination: workspace.destination(),
            sorting: Box::new(sorting.clone()),
            scores,
        });
        self.wait_for("a plan", |event| matches!(event, Event::Planned { .. }));
        let plan = self.events.iter().rev().find_map(|event| match event {
            Event::Planned { plan, .. } => Some(plan.transfers.len()),
            _ => None,
        });
        plan.unwrap()
    }
}

pub(crate) fn settings(workspace: &Workspace) -> Settings {
    Settings {
        source: workspace.source(),
        recursive: true,
        choice: FileFilter::default(),
        destination: workspace.destination(),
        model: ModelName::Folder(fixtures().join("clip")),
        labels: vec![Label::named("a"), Label::named("b")],
        template: Templates::default(),
        operation: Operation::Copy,
        sure: SureRule { threshold: 0.0, margin: 0.0 },
        batch_size: None,
        trust_unchanged: false,
    }
}
