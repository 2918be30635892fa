//! Means that the tests share: fixtures, runtimes, small pictures, and the program run on a workspace of its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use smart_image_sorter::domain::picture::ContentHash;
use smart_image_sorter::engine::runtime::Runtime;
use smart_image_sorter::engine::runtime::find::LibrarySearchPath;
use smart_image_sorter::engine::runtime::select::{DeviceChoice, RuntimeChoice, RuntimeRequest, cores, select};
use smart_image_sorter::files::output_csv::from_cell;
use smart_image_sorter::store::known::KnownSessions;

use crate::skip::{Lacks, require_onnx_runtime, skip};

pub(crate) use crate::tree::{Content, Entry, hashes, sorted, tree};

/// The program under test.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sis"))
}

/// The fixtures that the project carries.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// Larger test data beside the project, where a machine has it: real and hostile pictures. Says so where it is absent.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata").join(folder);
    if !path.is_dir() {
        skip(Lacks::TestData, format!("{} is not on this machine", path.display()));
        return None;
    }
    Some(path)
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Every runtime there is here: tract always, ONNX Runtime where `ORT_DYLIB_PATH` names a library.
pub(crate) fn runtimes() -> Vec<Runtime> {
    let mut runtimes = vec![Runtime::Tract];
    if let Some(library) = require_onnx_runtime() {
        let places = LibrarySearchPath { variable: Some(library), ..LibrarySearchPath::default() };
        let (runtime, device) = (RuntimeChoice::OnnxRuntime, DeviceChoice::Cpu);
        let wanted = RuntimeRequest { runtime, device, ..RuntimeRequest::default() };
        let selection = select(&wanted, &places, program(), cores());
        runtimes.push(selection.unwrap().runtime);
    }
    runtimes
}

/// The library that the tests are told to use.
pub(crate) fn onnx_runtime_library() -> Option<PathBuf> {
    std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(target).unwrap(),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Variables that huggingface_hub and the network read from the environment.
const OF_THE_HUB: [&str; 22] = [
    "HF_HUB_DOWNLOAD_TIMEOUT",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_TOKEN_PATH",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HF_HUB_DISABLE_XET",
    "HF_HUB_DISABLE_SYMLINKS",
];

/// How long a run may take before it counts as hanging.
pub(crate) const LONGEST_RUN: Duration = Duration::from_secs(300);

/// The program in a folder, with its own files in `home`: it learns nothing of this machine's settings, models and
/// libraries.
pub(crate) fn program_of(folder: &Path, home: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).env("HOME", home).env("SIS_RUNTIME", "tract").env("SIS_LANG", "en");
    for (variable, folder) in [
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        command.env(variable, home.join(folder));
    }
    for variable in ["ORT_DYLIB_PATH", "SIS_DATA_DIR", "SIS_DEVICE", "SIS_VARIANT"].iter().chain(&OF_THE_HUB) {
        command.env_remove(variable);
    }
    // No test asks the real hub.
    command.env("HF_ENDPOINT", "http://127.0.0.1:1");
    command
}

/// A folder with a `source` in it and room for a `destination`, and a home apart from it, where the program's own
/// files go.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Workspace {
        let workspace = Workspace { folder: tempfile::tempdir().unwrap(), home: tempfile::tempdir().unwrap() };
        std::fs::create_dir(workspace.source()).unwrap();
        workspace
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs SQL on the destination's session, as somebody with other tools may.
    pub(crate) fn meddle(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.destination().join(".sis/session.db")).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// The sessions that this user's data folder knows.
    pub(crate) fn known_sessions(&self) -> KnownSessions {
        KnownSessions::in_folder(Some(&self.home().join("data/sis")))
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.path("source")
    }

    pub(crate) fn destination(&self) -> PathBuf {
        self.path("destination")
    }

    /// Writes a file, and the folders it is in.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes pictures into the source, no two alike.
    pub(crate) fn write_pictures(&self, names: impl IntoIterator<Item = impl AsRef<Path>>) {
        for (number, name) in names.into_iter().enumerate() {
            self.write(Path::new("source").join(name), picture(number));
        }
    }

    /// The program, as [`program_of`] gives it.
    pub(crate) fn program(&self) -> Command {
        program_of(self.root(), self.home())
    }

    /// Runs the program with these arguments to its end, which must be one of its own.
    pub(crate) fn sis(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Finished {
        let mut command = self.program();
        command.args(arguments);
        finish(command)
    }

    /// Runs a command on the destination: `undo`, `verify`, `apply` and their options.
    pub(crate) fn sis_on_destination(&self, arguments: &[&str]) -> Finished {
        let destination = [OsString::from("--destination"), self.destination().into()];
        self.sis(arguments.iter().map(OsString::from).chain(destination))
    }

    /// `sis classify` from the source to the destination, every picture to the label that suits it best.
    pub(crate) fn classify(&self) -> Classify<'_> {
        let options = [
            ("--source", self.source()),
            ("--destination", self.destination()),
            ("--model", fixtures().join("clip")),
            ("--labels", "a, b".into()),
            ("--threshold", "0".into()),
            ("--margin", "0".into()),
        ];
        let options = options.map(|(name, value)| (name, value.into_os_string()));
        Classify { workspace: self, options: options.into(), flags: vec![] }
    }

    /// The rows of the table in the destination, by column.
    pub(crate) fn rows(&self) -> Vec<Row> {
        rows_of(&self.destination().join("output.csv"))
    }
}

/// The rows of a table, by column, as they were before they became cells.
pub(crate) fn rows_of(table: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(table).unwrap();
    let rows = reader.deserialize().map(|row| row.unwrap());
    rows.map(|row: Row| row.into_iter().map(|(name, cell)| (name, from_cell(&cell).to_owned())).collect()).collect()
}

/// A row of `output.csv`, by column.
pub(crate) type Row = BTreeMap<String, String>;

/// A call of `sis classify`.
pub(crate) struct Classify<'w> {
    workspace: &'w Workspace,
    options: BTreeMap<&'static str, OsString>,
    flags: Vec<&'static str>,
}

impl Classify<'_> {
    /// Sets an option, or sets it otherwise.
    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.options.insert(name, value.as_ref().to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.options.remove(name);
        self
    }

    pub(crate) fn flag(mut self, name: &'static str) -> Self {
        self.flags.push(name);
        self
    }

    pub(crate) fn labels_file(self, path: impl AsRef<OsStr>) -> Self {
        self.without("--labels").with("--labels-file", path)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = self.workspace.program();
        command.arg("classify").args(&self.flags);
        for (name, value) in &self.options {
            // Joined, so that a value may begin with a dash.
            let mut argument = OsString::from(format!("{name}="));
            argument.push(value);
            command.arg(argument);
        }
        command
    }

    /// The labels that the first picture is scored by, and its scores; nothing is sorted.
    pub(crate) fn scores(self) -> serde_json::Map<String, serde_json::Value> {
        let events = self.flag("--dry-run").flag("--json").ends_with(0).events();
        let picture = of_kind(&events, "picture").next().unwrap();
        picture["scores"].as_object().unwrap().clone()
    }

    /// Runs it to its end, which must be one of its own.
    pub(crate) fn run(&self) -> Finished {
        finish(self.command())
    }

    /// Runs it and expects this exit code.
    pub(crate) fn ends_with(&self, code: i32) -> Finished {
        let finished = self.run();
        assert_eq!(finished.code, code, "{}{}", finished.out, finished.err);
        finished
    }
}

/// Runs a command to its end, which must be one of its own.
pub(crate) fn finish(command: Command) -> Finished {
    let output = assert_cmd::Command::from_std(command).timeout(LONGEST_RUN).output().unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("it hung or crashed: {}", output.status));
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    Finished { code, out: text(output.stdout), err: text(output.stderr) }
}

/// The output of a run, and its exit code.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Finished {
    /// Expects this exit code.
    pub(crate) fn ended_with(self, code: i32) -> Finished {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// The lines of `--json`.
    pub(crate) fn events(&self) -> Vec<Json> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}

/// Events of one kind.
pub(crate) fn of_kind<'e>(events: &'e [Json], kind: &'static str) -> impl Iterator<Item = &'e Json> {
    events.iter().filter(move |event| event["event"] == kind)
}

/// A small whole picture, another one for each number.
pub(crate) fn picture(number: usize) -> Vec<u8> {
    distinct("pictures/baseline-420.jpg", number)
}

/// A fixture with something after its end, where a picture may have anything.
pub(crate) fn distinct(fixture: impl AsRef<Path>, number: usize) -> Vec<u8> {
    let mut bytes = std::fs::read(fixtures().join(fixture)).unwrap();
    write!(bytes, "number {number}").unwrap();
    bytes
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    ContentHash(Sha256::digest(bytes).into()).to_string()
}

/// Gives a file a time of its own and permissions.
pub(crate) fn set_time_and_mode(path: &Path, modified: SystemTime, mode: u32) {
    File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Waits for the end of a run and watches its memory: its exit code, and the most it used, in kilobytes.
pub(crate) fn watch(mut child: Child) -> (Option<i32>, Option<u64>) {
    let status_file = format!("/proc/{}/status", child.id());
    let (began, mut peak) = (Instant::now(), None);
    loop {
        // The system keeps the maximum, so that nothing between two looks is missed.
        peak = peak.max(std::fs::read_to_string(&status_file).ok().and_then(|status| peak_in(&status)));
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        if began.elapsed() > LONGEST_RUN {
            child.kill().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
