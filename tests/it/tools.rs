//! Programs of the system that a test needs: run, or said to be missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a command to its end. The error is what it said.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs a command to its end; false, said aloud, where it fails or is not there.
pub(crate) fn can(program: &str, arguments: &[&str]) -> bool {
    let ran = run(Command::new(program).args(arguments));
    if let Err(said) = &ran {
        println!("skipped: {program} {} is not possible here: {said}", arguments.join(" "));
    }
    ran.is_ok()
}

/// A file in a folder with a file system in it, made by this command; none where that cannot be, which is said.
pub(crate) fn image_made_by(make: &[&str], megabytes: u64, folder: &Path) -> Option<PathBuf> {
    let image = folder.join("image");
    std::fs::File::create(&image).unwrap().set_len(megabytes << 20).unwrap();
    can(make[0], &[&make[1..], &[image.to_str().unwrap()]].concat()).then_some(image)
}
