//! Models by name: got from a hub that behaves and from one that does not, used from the cache, shared with Python.

mod choice;
mod commands;
mod damaged;
mod drips;
mod python;
mod refused;
pub(crate) mod server;
mod tls;
mod transfer;

use std::path::PathBuf;

use self::server::{Answer, Repository, Request, Server};
use crate::support::{Finished, Workspace};

const ID: &str = "owner/name";

/// The file that holds nearly all bytes of the fixture.
const WEIGHTS: &str = "model.safetensors";

/// A user with an empty cache and a hub.
struct User {
    workspace: Workspace,
    endpoint: String,
    variables: Vec<(&'static str, String)>,
}

impl User {
    fn of(server: &Server) -> User {
        User { workspace: Workspace::new(), endpoint: server.url(), variables: vec![] }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> User {
        self.variables.push((name, value.to_string()));
        self
    }

    fn cache(&self) -> PathBuf {
        self.workspace.home().join("cache/huggingface/hub")
    }

    fn model(&self) -> PathBuf {
        self.cache().join("models--owner--name")
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.workspace.program();
        command.args(arguments).env("HF_ENDPOINT", &self.endpoint);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn sis(&self, arguments: &[&str]) -> Finished {
        crate::support::finish(self.command(arguments))
    }

    fn pull(&self) -> Finished {
        self.sis(&["model", "pull", ID])
    }

    fn classify(&self, model: &str) -> Finished {
        let source = self.workspace.source();
        let destination = self.workspace.destination();
        let paths = [source.to_str().unwrap(), destination.to_str().unwrap()];
        let [source, destination] = paths;
        self.sis(&[
            "classify",
            "--source",
            source,
            "--destination",
            destination,
            "--labels",
            "a, b",
            "--threshold",
            "0",
            "--margin",
            "0",
            "--model",
            model,
        ])
    }

    /// The files of the main branch's snapshot are those of the fixture, by content.
    fn assert_pulled(&self, repository: &Repository) {
        let snapshot = self.model().join("snapshots").join(repository.head());
        for name in ["config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"] {
            assert_eq!(std::fs::read(snapshot.join(name)).unwrap(), repository.main()[name], "{name}");
        }
        assert_eq!(std::fs::read_to_string(self.model().join("refs/main")).unwrap(), repository.head());
        assert_eq!(self.incomplete(), Vec::<PathBuf>::new());
    }

    fn incomplete(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.model().join("blobs")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "incomplete")).collect()
    }
}

fn published() -> Repository {
    Repository::of_fixture(ID, "clip")
}

/// A server that answers as it should, except where `misbehaves` has something else to say.
fn misbehaving(
    repository: &Repository,
    misbehaves: impl Fn(&Request, usize, Answer) -> Answer + Send + Sync + 'static,
) -> Server {
    let repository = repository.clone();
    Server::new(move |request, times| misbehaves(request, times, repository.answer(request)))
}

#[test]
fn a_model_is_used_by_name_and_then_without_a_network() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg", "2.jpg"]);
    let first = user.classify(ID).ended_with(0);
    assert!(first.err.contains("Downloading owner/name: 393 kB in 5 files"), "{}", first.err);
    user.assert_pulled(&repository);
    let asked = server.requests().len();
    let offline = User { variables: vec![("HF_HUB_OFFLINE", "1".to_owned())], ..user };
    let second = offline.classify(ID).ended_with(0);
    assert!(!second.err.contains("Downloading"), "{}", second.err);
    assert_eq!(server.requests().len(), asked, "what is in the cache is not asked for");
}
