//! Finding, trying, passing over and installing libraries of ONNX Runtime.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::skip::{Lacks, require_onnx_runtime, skip};
use crate::support::{fixtures, onnx_runtime_library, program, tree};
use crate::tools::compiled_at;

/// A program that finds no library but those that a test puts somewhere, and nothing of the machine's own.
struct Isolated {
    home: tempfile::TempDir,
}

impl Isolated {
    fn new() -> Isolated {
        Isolated { home: tempfile::tempdir().unwrap() }
    }

    fn data_folder(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).env_remove("ORT_DYLIB_PATH").env_remove("SIS_RUNTIME").env_remove("SIS_DEVICE");
        command.env("HOME", self.home.path()).env("SIS_DATA_DIR", self.data_folder()).env("SIS_LANG", "en");
        command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME").env_remove("LD_LIBRARY_PATH");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same with a library, or something that is called one, in the data folder.
    fn with_library(&self, folder: &str, content: &[u8]) -> PathBuf {
        let folder = self.data_folder().join("runtime").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("libonnxruntime.so.1.99.0");
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Compiles a shared library from C, or says that this machine cannot.
fn compiled(folder: &Path, name: &str, source: &str) -> Option<Vec<u8>> {
    compiled_at(folder, name, source).map(|library| std::fs::read(library).unwrap())
}

/// A library that says it is of a version, and has no more to say.
fn claiming_version(version: &str) -> String {
    format!(
        "static const char *version(void) {{ return \"{version}\"; }}
         static const void *api(unsigned v) {{ (void)v; return 0; }}
         static const struct {{ const void *(*api)(unsigned); const char *(*version)(void); }} base = {{api, version}};
         const void *OrtGetApiBase(void) {{ return &base; }}"
    )
}

#[test]
fn what_cannot_be_used_is_named_and_passed_over() {
    let machine = Isolated::new();
    let folder = tempfile::tempdir().unwrap();
    let mut cases = vec![
        ("no library at all", Some(b"not a library".to_vec()), "cannot be loaded"),
        (
            "a library cut short",
            onnx_runtime_library().map(|path| std::fs::read(path).unwrap()[..100_000].to_vec()),
            "",
        ),
    ];
    for (name, source, words) in [
        ("too old", claiming_version("1.16.3"), "is ONNX Runtime 1.16.3, older than 1.21"),
        ("without an interface", claiming_version("1.99.0"), "ended the process that tried it"),
        (
            "ends the process",
            "__attribute__((constructor)) void f(void) { *(volatile int *)0 = 0; }".to_owned(),
            "ended the process",
        ),
        ("another library", "int x;".to_owned(), "cannot be loaded"),
    ] {
        cases.push((name, compiled(folder.path(), "library.so", &source), words));
    }
    for (name, content, words) in cases.into_iter().filter_map(|(name, content, words)| Some((name, content?, words))) {
        let path = machine.with_library("onnxruntime-1.99.0", &content);
        let output = machine.run(&["runtime", "status"]);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        assert!(
            said.contains(path.to_str().unwrap()) && said.contains("passed over") && said.contains(words),
            "{name}: {said}"
        );
        let required = machine.run(&["runtime", "status", "--runtime", "onnxruntime"]);
        let found_elsewhere = required.status.success();
        assert!(found_elsewhere || text(&required.stderr).contains("sis runtime install"), "{name}");
    }
}

#[test]
fn a_library_that_is_named_and_missing_is_said() {
    let machine = Isolated::new();
    let output =
        machine.command(&["runtime", "status"]).env("ORT_DYLIB_PATH", "/nowhere/libonnxruntime.so").output().unwrap();
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("/nowhere/libonnxruntime.so, named by ORT_DYLIB_PATH, is not there"));
}

#[test]
fn tract_is_there_without_any_library() {
    let machine = Isolated::new();
    let model = fixtures().join("clip");
    let output = machine.run(&["doctor", "--runtime", "tract", "--model", model.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("Runtime: tract") && said.contains("Library: built in") && said.contains("The model works"));
}

#[test]
fn a_gpu_that_is_asked_for_and_not_there_is_said_aloud() {
    let machine = Isolated::new();
    let output = machine.run(&["runtime", "status", "--runtime", "tract", "--device", "cuda"]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("has no use for a GPU"));
    let Some(library) = require_onnx_runtime() else { return };
    for device in ["cuda", "cuda:0", "cuda:7"] {
        let mut command = machine.command(&["runtime", "status", "--device", device]);
        let output = command.env("ORT_DYLIB_PATH", &library).output().unwrap();
        assert!(output.status.success());
        assert!(text(&output.stderr).contains("The GPU cannot be used"), "{device}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains("on CPU"));
    }
}

/// Libraries of ONNX Runtime that report to their maker keep a number of the device in the cache folder, and the
/// session's in the temporary one.
#[test]
fn nothing_is_reported_to_anybody() {
    let Some(library) = require_onnx_runtime() else { return };
    let machine = Isolated::new();
    let model = fixtures().join("clip");
    let temporary = tempfile::tempdir().unwrap();
    let mut command = machine.command(&["doctor", "--runtime", "onnxruntime", "--model", model.to_str().unwrap()]);
    command.env("ORT_DYLIB_PATH", &library).env("TMPDIR", temporary.path()).env_remove("XDG_CACHE_HOME");
    // It has to be the program that switches them off.
    command.env_remove("ORT_DISABLE_TELEMETRY");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let is_own = |path: &Path| path.iter().any(|part| part == "sis") || path.iter().all(|part| part != ".cache");
    let kept = tree(machine.home.path());
    let foreign: Vec<&PathBuf> = kept.keys().filter(|path| path.is_file() && !is_own(path)).collect();
    assert_eq!((foreign, tree(temporary.path()).len()), (vec![], 0));
}

/// With `SIS_TEST_WHEELS`, a folder with the package, so that the test needs no network; without it, skipped.
#[test]
fn runtime_installed_is_used_and_broken_ones_passed_over() {
    let Some(wheels) = std::env::var_os("SIS_TEST_WHEELS") else {
        return skip(Lacks::OnnxRuntime, "SIS_TEST_WHEELS names no folder with the onnxruntime package");
    };
    let machine = Isolated::new();
    let install = || {
        let mut command = machine.command(&["runtime", "install"]);
        command
            .env("PIP_NO_INDEX", "1")
            .env("PIP_FIND_LINKS", &wheels)
            .env("UV_NO_INDEX", "1")
            .env("UV_FIND_LINKS", &wheels);
        command.output().unwrap()
    };
    let first = install();
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert!(text(&first.stdout).contains("is installed"));
    assert!(text(&install().stdout).contains("was installed already"));
    let status = machine.run(&["runtime", "status", "--runtime", "onnxruntime"]);
    assert!(text(&status.stdout).contains("from sis runtime install"), "{}", text(&status.stdout));
    let left = std::fs::read_dir(machine.data_folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["runtime"], "nothing of the installation is left over");

    let broken = machine.with_library("onnxruntime-9.9.9", b"broken");
    let model = fixtures().join("clip");
    let doctor = machine.run(&["doctor", "--model", model.to_str().unwrap()]);
    assert!(text(&doctor.stderr).contains(broken.to_str().unwrap()));
    let said = text(&doctor.stdout);
    assert!(doctor.status.success() && said.contains("ONNX Runtime") && said.contains("The model works"), "{said}");
}

#[test]
fn completions_and_the_manual_come_from_the_arguments() {
    let machine = Isolated::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&machine.run(&["completions", shell]).stdout).contains("labels-file"), "{shell}");
    }
    assert!(text(&machine.run(&["man"]).stdout).contains("classify"));
}
