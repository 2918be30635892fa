//! The program `sis`.

use std::process::ExitCode;

use smart_image_sorter::cli::exit::Exit;
use smart_image_sorter::cli::{self, Invocation};
use smart_image_sorter::tui;

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Invocation::Done(exit) => exit.into(),
        Invocation::App(start) => {
            let language = start.language.clone();
            match tui::run(*start) {
                Ok(()) => Exit::Done.into(),
                Err(error) => cli::say_that_the_app_failed(&error, &language).into(),
            }
        }
    }
}
