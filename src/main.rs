//! The program `sis`.
#![allow(clippy::print_stdout)]
fn main() {
    let args: Vec<_> = std::env::args_os().collect();
    if args.len() == 3 {
        println!(
            "{}",
            serde_json::to_string(&smart_image_sorter::engine::runtime::probe::answer(std::path::Path::new(&args[2])))
                .unwrap_or_default()
        );
    }
}
