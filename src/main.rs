//! The program `sis`.

use std::process::ExitCode;

use smart_image_sorter::built_in;
use smart_image_sorter::cli::app::{AppOpening, AppStart};
use smart_image_sorter::cli::exit::Exit;
use smart_image_sorter::cli::{self, Invocation};
use smart_image_sorter::tui::{self, Opening, Start};

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Invocation::Done(exit) => exit.into(),
        Invocation::App(start) => open(*start).into(),
    }
}

/// Opens the app; what keeps it from opening is told in the system's words, on a screen that is not the app's.
fn open(start: AppStart) -> Exit {
    let words = start.language.clone();
    let opened = opening(&start.opening).and_then(|opening| {
        let AppStart { language, defaults, surroundings, config_folder, log, .. } = start;
        tui::run(Start { language, defaults, surroundings, config_folder, log, opening })
    });
    match opened {
        Ok(()) => Exit::Done,
        Err(error) => cli::say_that_the_app_failed(&error, &words),
    }
}

fn opening(wanted: &AppOpening) -> std::io::Result<Opening> {
    Ok(match wanted {
        AppOpening::Start => Opening::Doors,
        AppOpening::Samples => Opening::Samples { folder: built_in::samples_folder()? },
        AppOpening::Session(destination) => Opening::Session { destination: destination.clone() },
    })
}
