//! The program `sis`.

use std::process::ExitCode;

fn main() -> ExitCode {
    smart_image_sorter::cli::run(std::env::args_os()).into()
}
