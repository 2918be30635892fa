//! What a machine cannot test is said, noted, and in a strict run a failure unless `tests/may_skip.txt` allows it.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// The variable that makes a skipped test a failure; `.ci/run` sets it.
const STRICT: &str = "SIS_TEST_STRICT";

/// Kinds of reasons that will do besides those of the list, for a run that leaves something out on purpose.
const ALSO: &str = "SIS_TEST_MAY_SKIP";

/// The file that each skip adds a line to.
const RECORD: &str = "SIS_TEST_SKIPS";

/// Kinds of reasons that always will do.
const LIST: &str = include_str!("../may_skip.txt");

/// What a machine lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lacks {
    /// A program or a package that can be installed.
    Program,
    /// ONNX Runtime, or the package it is installed from.
    OnnxRuntime,
    /// A file system that can be mounted here, or something that this one does not keep.
    FileSystem,
    /// Something that the kernel does not offer, or does not allow here.
    System,
    /// Another user: some things only root can do, and some only others fail to do.
    User,
    /// Larger test data, which is not in the repository.
    TestData,
}

impl Lacks {
    pub(crate) const ALL: [Lacks; 6] =
        [Lacks::Program, Lacks::OnnxRuntime, Lacks::FileSystem, Lacks::System, Lacks::User, Lacks::TestData];

    /// As in the list and in the record.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Lacks::Program => "program",
            Lacks::OnnxRuntime => "onnx-runtime",
            Lacks::FileSystem => "file-system",
            Lacks::System => "system",
            Lacks::User => "user",
            Lacks::TestData => "test-data",
        }
    }
}

/// Says that a test, or a part of it, is skipped. Panics in a strict run whose list does not have the reason.
pub(crate) fn skip(lacks: Lacks, detail: impl Display) {
    let detail = detail.to_string().replace(['\n', '\t'], " ");
    println!("skipped: {detail}");
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    if let Some(record) = std::env::var_os(RECORD) {
        let line = format!("{}\t{detail}\t{test}\n", lacks.name());
        let mut file = std::fs::File::options().append(true).create(true).open(record).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
    let is_strict = std::env::var_os(STRICT).is_some_and(|value| value == "1");
    let also = std::env::var(ALSO).unwrap_or_default();
    assert!(!is_strict || is_allowed(lacks, LIST, &also), "skipped in a strict run ({}): {detail}", lacks.name());
}

/// True where a line of the list begins with the reason's kind, or the other list names it.
fn is_allowed(lacks: Lacks, list: &str, also: &str) -> bool {
    let listed = list.lines().filter_map(|line| line.split_whitespace().next());
    listed.chain(also.split([',', ' '])).any(|kind| kind == lacks.name())
}

/// True where a program is on the path; what needs it is skipped otherwise.
pub(crate) fn require(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)));
    if !is_there {
        skip(Lacks::Program, format!("{program} is not on this machine"));
    }
    is_there
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The library that the tests are told to use; what needs it is skipped otherwise.
pub(crate) fn require_onnx_runtime() -> Option<std::path::PathBuf> {
    let library = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
    if library.is_none() {
        skip(Lacks::OnnxRuntime, "ORT_DYLIB_PATH names no library");
    }
    library.map(Into::into)
}

#[test]
fn a_reason_is_allowed_only_by_its_own_line() {
    let list = "# program is not one\nsystem  the kernel\nuser  root\n";
    let allowed = |also| Lacks::ALL.into_iter().filter(|lacks| is_allowed(*lacks, list, also)).collect::<Vec<_>>();
    assert_eq!(allowed(""), [Lacks::System, Lacks::User]);
    assert_eq!(allowed("onnx-runtime"), [Lacks::OnnxRuntime, Lacks::System, Lacks::User]);
}

#[test]
fn every_line_of_the_list_is_a_kind_with_its_reason() {
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let (kind, reason) = line.split_once(' ').unwrap_or_else(|| panic!("no reason: {line}"));
        assert!(Lacks::ALL.iter().any(|lacks| lacks.name() == kind), "no such kind: {line}");
        assert!(!reason.trim().is_empty(), "no reason: {line}");
    }
    assert!(!is_allowed(Lacks::Program, LIST, ""), "programs can be installed");
    assert!(!is_allowed(Lacks::OnnxRuntime, LIST, ""), "a run with ONNX Runtime has it");
}
