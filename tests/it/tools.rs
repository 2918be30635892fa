//! Programs of the system that a test needs: run, or said to be missing.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::skip::{Lacks, require, skip};

/// Runs a command to its end. The error is what it said.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs a command to its end; what needs it is skipped where it fails or is not there.
pub(crate) fn can(program: &str, arguments: &[&str]) -> bool {
    // Other systems make and mount their own file systems by other programs.
    if cfg!(target_os = "linux") && !require(program) {
        return false;
    }
    let ran = run(Command::new(program).args(arguments));
    if let Err(said) = &ran {
        skip(Lacks::FileSystem, format!("{program} {} is not possible here: {said}", arguments.join(" ")));
    }
    ran.is_ok()
}

/// True where calls of the system can be traced; what needs that is skipped otherwise.
pub(crate) fn can_trace() -> bool {
    if cfg!(target_os = "linux") && !require("strace") {
        return false;
    }
    let ran = run(Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]));
    if let Err(said) = &ran {
        skip(Lacks::System, format!("nothing can be traced here: {said}"));
    }
    ran.is_ok()
}

/// A shared library in a folder, compiled from C; what needs it is skipped where there is no compiler.
pub(crate) fn compiled_at(folder: &Path, name: &str, source: &str) -> Option<PathBuf> {
    let (code, library) = (folder.join(format!("{name}.c")), folder.join(name));
    std::fs::write(&code, source).unwrap();
    if !require("cc") {
        return None;
    }
    run(Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &code])).expect("cc makes a library");
    Some(library)
}

/// A folder on another file system than that of temporary files; what needs one is skipped where there is none.
pub(crate) fn second_file_system() -> Option<tempfile::TempDir> {
    let device = |path: &Path| std::fs::metadata(path).unwrap().dev();
    let elsewhere = tempfile::tempdir_in("/dev/shm").ok();
    let elsewhere = elsewhere.filter(|folder| device(folder.path()) != device(&std::env::temp_dir()));
    if elsewhere.is_none() {
        skip(Lacks::FileSystem, "there is no second file system at /dev/shm");
    }
    elsewhere
}

/// A file in a folder with a file system in it, made by this command; none where that cannot be.
pub(crate) fn image_made_by(make: &[&str], megabytes: u64, folder: &Path) -> Option<PathBuf> {
    let image = folder.join("image");
    std::fs::File::create(&image).unwrap().set_len(megabytes << 20).unwrap();
    can(make[0], &[&make[1..], &[image.to_str().unwrap()]].concat()).then_some(image)
}
