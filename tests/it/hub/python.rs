//! One cache for both: what Python's huggingface_hub got is used here, and the other way round.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::choice::converted;
use super::server::Server;
use super::{ID, User, published};
use crate::skip::{Lacks, skip};
use crate::support::{Content, tree};

/// Gets four files of the model and prints where they are.
const DOWNLOAD: &str = "
from huggingface_hub import hf_hub_download
for name in ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'model.safetensors']:
    print(hf_hub_download('owner/name', name))
";

/// Prints what is wrong with the cache, and each model's snapshots: what they are called, how many files they have.
const SCAN: &str = "
from huggingface_hub import scan_cache_dir
found = scan_cache_dir()
print(found.warnings, sorted((sorted(r.refs), len(r.files)) for repo in found.repos for r in repo.revisions))
";

/// The Python that has huggingface_hub: named by `SIS_TEST_PYTHON`, else `python3`. None where there is none, which is
/// said.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("SIS_TEST_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let asked = Command::new(&python).args(["-c", "import huggingface_hub"]).stderr(Stdio::null()).status();
    if !asked.is_ok_and(|status| status.success()) {
        let wanted = "huggingface_hub (SIS_TEST_PYTHON names another Python)";
        skip(Lacks::Program, format!("{} has no {wanted}", python.display()));
        return None;
    }
    Some(python)
}

/// The output of a script that has the user's cache and hub.
fn run(python: &Path, user: &User, script: &str, is_offline: bool) -> String {
    let mut command = Command::new(python);
    command.args(["-c", script]).env("HF_ENDPOINT", &user.endpoint).env("HF_HUB_CACHE", user.cache());
    command.env("HF_HUB_OFFLINE", if is_offline { "1" } else { "0" }).env("HF_HUB_DISABLE_XET", "1");
    command.env("HF_HUB_DISABLE_TELEMETRY", "1").env("HOME", user.workspace.home());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_python_got_is_used() {
    let Some(python) = python() else { return };
    let server = Server::of(&published());
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg"]);
    run(&python, &user, DOWNLOAD, false);
    let asked = server.requests().len();
    let finished = user.classify(ID).ended_with(0);
    assert!(!finished.err.contains("Downloading"), "{}", finished.err);
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn what_was_got_here_is_used_by_python() {
    let Some(python) = python() else { return };
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.pull().ended_with(0);
    let contents = || -> BTreeMap<PathBuf, Content> {
        tree(user.model()).into_iter().map(|(path, entry)| (path, entry.content)).collect()
    };
    let before = contents();
    let printed = run(&python, &user, DOWNLOAD, true);
    let snapshot = user.model().join("snapshots").join(repository.head());
    for line in printed.lines() {
        let name = Path::new(line).strip_prefix(&snapshot).unwrap().to_str().unwrap();
        assert_eq!(std::fs::read(line).unwrap(), repository.main()[name]);
    }
    assert_eq!(printed.lines().count(), 4);
    // Python asks the hub again, and finds everything where it looks for it.
    run(&python, &user, DOWNLOAD, false);
    let after = contents();
    assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)));
    assert_eq!(run(&python, &user, SCAN, true).trim(), "[] [(['main'], 5)]");
}

#[test]
fn a_conversion_leaves_a_cache_that_python_finds_whole() {
    let Some(python) = python() else { return };
    let repository = converted("SFconvertbot", false);
    let user = User::of(&Server::of(&repository));
    user.pull().ended_with(0);
    let note = format!("sis/safetensors-of/{}", repository.head());
    let expected = format!("[] [(['main'], 4), (['refs/pr/7', '{note}'], 5)]");
    assert_eq!(run(&python, &user, SCAN, true).trim(), expected);
}
