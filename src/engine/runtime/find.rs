//! Searches for a library of ONNX Runtime, in a fixed order of places.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::child;
use super::library::{FoundLibrary, Origin, RejectReason, RejectedLibrary};
use super::probe;

/// The library's file name, up to its version.
const LIBRARY: &str = if cfg!(target_os = "macos") { "libonnxruntime.dylib" } else { "libonnxruntime.so" };

/// The folder in the program's data folder that holds installed runtimes.
pub const RUNTIME_FOLDER: &str = "runtime";

/// How long Python may take to say where a package is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints the folder of the `onnxruntime` package without importing it, and without looking into the working folder,
/// which may be anyone's.
const ASK_PYTHON: &str = "import sys\nsys.path = [p for p in sys.path if p]\nimport importlib.util as u\ns = u.find_spec('onnxruntime')\nprint(s.submodule_search_locations[0] if s else '')";

/// The places to search, in this order.
#[derive(Debug, Clone, Default)]
pub struct LibrarySearchPath {
    /// From the user's settings.
    pub setting: Option<PathBuf>,
    /// From the environment, `ORT_DYLIB_PATH`.
    pub variable: Option<PathBuf>,
    /// The folder of the program.
    pub program_folder: Option<PathBuf>,
    /// The program's data folder.
    pub data_folder: Option<PathBuf>,
    /// The folders that the system's loader looks into.
    pub loader: bool,
    /// The `onnxruntime` package of the Python on the path.
    pub python: bool,
}

/// Finds the first library that works, and lists those rejected before it. `program` is this program, which tries each
/// in a child process.
pub fn find(places: &LibrarySearchPath, program: &Path) -> (Option<FoundLibrary>, Vec<RejectedLibrary>) {
    let mut passed_over = Vec::new();
    for place in PLACES {
        for (path, origin) in place(places) {
            let by_name = origin == Origin::Loader;
            let has_folder = path.components().count() > 1;
            if has_folder && !path.exists() {
                passed_over.push(RejectedLibrary { path, origin, reason: RejectReason::Missing });
                continue;
            }
            match probe::ask(program, &path) {
                Ok((version, cuda)) => return (Some(FoundLibrary { path, origin, version, cuda }), passed_over),
                // The loader found none: that is not worth a note.
                Err(RejectReason::NotLoadable { .. }) if by_name => {}
                Err(reason) => passed_over.push(RejectedLibrary { path, origin, reason }),
            }
        }
    }
    (None, passed_over)
}

/// Lists the libraries in one kind of place.
type Lister = fn(&LibrarySearchPath) -> Vec<(PathBuf, Origin)>;

/// The places in order. A place is searched only if those before it had no working library.
const PLACES: [Lister; 6] = [
    |places| named(places.setting.as_deref(), Origin::Setting),
    |places| named(places.variable.as_deref(), Origin::Variable),
    |places| places.program_folder.iter().flat_map(|folder| in_folder(folder, Origin::Program)).collect(),
    |places| places.data_folder.iter().flat_map(|folder| installed(folder)).collect(),
    |places| places.loader.then(|| (PathBuf::from(LIBRARY), Origin::Loader)).into_iter().collect(),
    |places| places.python.then(from_python).flatten().iter().flat_map(|f| in_folder(f, Origin::Python)).collect(),
];

fn named(path: Option<&Path>, origin: Origin) -> Vec<(PathBuf, Origin)> {
    match path {
        Some(folder) if folder.is_dir() => in_folder(folder, origin),
        Some(file) => vec![(file.to_owned(), origin)],
        None => vec![],
    }
}

/// Libraries in a folder, newest name first; links to another of them are not counted twice.
pub fn in_folder(folder: &Path, origin: Origin) -> Vec<(PathBuf, Origin)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut libraries: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(LIBRARY))
        .filter_map(|entry| entry.path().canonicalize().ok())
        .collect();
    libraries.sort_by_cached_key(|path| std::cmp::Reverse(with_numbers(path)));
    libraries.dedup();
    libraries.into_iter().map(|path| (path, origin)).collect()
}

/// A path in pieces that sort as people expect: 1.9 before 1.32.
fn with_numbers(path: &Path) -> Vec<(u64, String)> {
    let text = path.to_string_lossy();
    let piece = |piece: &str| (piece.parse().unwrap_or(u64::MAX), piece.to_owned());
    text.split(['.', '-', '_']).map(piece).collect()
}

/// Installed runtimes, those with CUDA first, then the newest first.
fn installed(data_folder: &Path) -> Vec<(PathBuf, Origin)> {
    let entries = std::fs::read_dir(data_folder.join(RUNTIME_FOLDER)).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort_by_cached_key(|path| std::cmp::Reverse(with_numbers(path)));
    folders.iter().flat_map(|folder| in_folder(folder, Origin::Installed)).collect()
}

/// The folder with the library of the `onnxruntime` package, if the Python on the path has one.
fn from_python() -> Option<PathBuf> {
    let mut command = Command::new("python3");
    command.args(["-c", ASK_PYTHON]);
    let output = child::answer_of(&mut command, PATIENCE).ok().flatten().filter(|output| output.status.success())?;
    let folder = String::from_utf8(output.stdout).ok()?;
    let folder = folder.trim();
    (!folder.is_empty()).then(|| Path::new(folder).join("capi"))
}
