//! The program `sis`.

use std::process::ExitCode;

use smart_image_sorter::cli::exit::Exit;
use smart_image_sorter::cli::{self, Invocation};
use smart_image_sorter::tui;

/// With any value ONNX Runtime reports nothing. Its newer libraries for Linux keep a number of the device in the user's
/// cache folder, and send Microsoft what is run, from the moment that they are loaded.
const NO_REPORTS: (&str, &str) = ("ORT_DISABLE_TELEMETRY", "1");

fn main() -> ExitCode {
    keep_from_reporting();
    match cli::run(std::env::args_os()) {
        Invocation::Done(exit) => exit.end(),
        Invocation::App(start) => {
            let language = start.language.clone();
            match tui::run(*start) {
                Ok(()) => Exit::Done.end(),
                Err(error) => cli::say_that_the_app_failed(&error, &language).end(),
            }
        }
    }
}

/// The library asks the environment only, and before it can be told anything else. Processes that this one starts
/// inherit it.
#[allow(unsafe_code)]
fn keep_from_reporting() {
    let (name, value) = NO_REPORTS;
    // SAFETY: no other thread is running yet that could read the environment.
    unsafe { std::env::set_var(name, value) };
}
