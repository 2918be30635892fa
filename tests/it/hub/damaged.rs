//! A model that is complete in the cache and cannot be used, because something changed a file of it there.

use std::path::{Path, PathBuf};

use super::choice::converted;
use super::server::{Answer, Repository, Server, files_of};
use super::{ID, User, WEIGHTS, misbehaving, published};
use crate::parity::put_data_beside;
use crate::skip::require_onnx_runtime;
use crate::support::{copy_folder, fixtures};

/// How to mend it.
const ADVICE: &str = "run `sis model pull owner/name --check`";

/// A damage that may have happened to a file.
#[derive(Clone, Copy)]
enum Damage {
    FirstByte,
    CutShort,
}

impl Damage {
    fn of(self, content: &[u8]) -> Vec<u8> {
        match self {
            Damage::FirstByte => [&[content[0] ^ 1], &content[1..]].concat(),
            Damage::CutShort => content[..content.len() / 2].to_vec(),
        }
    }
}

#[test]
fn a_damaged_model_is_sent_to_the_check_which_mends_it() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg"]);
    user.pull().ended_with(0);
    let snapshot = user.model().join("snapshots").join(repository.head());
    let damages = [
        (WEIGHTS, Damage::FirstByte),
        (WEIGHTS, Damage::CutShort),
        ("tokenizer.json", Damage::FirstByte),
        ("preprocessor_config.json", Damage::FirstByte),
    ];
    for (file, damage) in damages {
        // Written through the link, as by a disk that fails.
        std::fs::write(snapshot.join(file), damage.of(&repository.main()[file])).unwrap();
        let finished = user.classify(ID).ended_with(1);
        assert!(finished.err.contains(ADVICE), "{file}: {}", finished.err);
        assert!(!user.workspace.destination().exists(), "nothing was begun");
        let finished = user.sis(&["doctor", "--model", ID]).ended_with(1);
        assert!(finished.err.contains(ADVICE), "{file}: {}", finished.err);
        // A folder is nobody's but the user's: what is in it was not got from the hub.
        let finished = user.classify(snapshot.to_str().unwrap()).ended_with(1);
        assert!(!finished.err.contains("--check"), "{file}: {}", finished.err);
        user.sis(&["model", "pull", ID, "--check"]).ended_with(0);
        user.assert_pulled(&repository);
        user.sis(&["doctor", "--model", ID]).ended_with(0);
    }
    // A file that says nothing of the rest is as good as not there, and got again by itself.
    damage(&snapshot.join("config.json"));
    let finished = user.classify(ID).ended_with(0);
    assert!(finished.err.contains("Downloading owner/name: 2 kB in 1 file"), "{}", finished.err);
    user.assert_pulled(&repository);
}

/// A file of which one byte is another than it was, wherever it lies.
fn damage(path: &Path) {
    let content = std::fs::read(path).unwrap();
    std::fs::write(path, Damage::FirstByte.of(&content)).unwrap();
}

/// The model cannot be used, and is sent to the check; that mends it.
fn assert_mended(user: &User) {
    let finished = user.sis(&["doctor", "--model", ID]).ended_with(1);
    assert!(finished.err.contains(ADVICE), "{}", finished.err);
    user.sis(&["model", "pull", ID, "--check"]).ended_with(0);
    user.sis(&["doctor", "--model", ID]).ended_with(0);
}

/// The folder of what is opened.
fn opened(user: &User) -> PathBuf {
    let mut command = user.command(&["model", "info", ID]);
    let finished = crate::support::finish({
        command.env("HF_HUB_OFFLINE", "1");
        command
    });
    let line = finished.ended_with(0).out.lines().find_map(|line| line.strip_prefix("Folder: ").map(PathBuf::from));
    line.unwrap()
}

#[test]
fn pickle_damaged_is_replaced_by_its_conversion() {
    let repository = converted("SFconvertbot", false);
    // As Python leaves it, who knows no conversions of others.
    let user = User::of(&Server::of(&Repository { requests: vec![], ..repository.clone() }));
    user.pull().ended_with(0);
    let main = opened(&user);
    std::fs::write(main.join("pytorch_model.bin"), Damage::CutShort.of(&repository.main()["pytorch_model.bin"]))
        .unwrap();
    let server = Server::of(&repository);
    let user = User { endpoint: server.url(), ..user };
    assert_mended(&user);
    assert_eq!(opened(&user), user.model().join("snapshots").join(&repository.revisions["refs/pr/7"]));
    user.sis(&["model", "pull", ID, "--check"]).ended_with(0);
    assert_eq!(server.asked_for(WEIGHTS).len(), 1);
}

#[test]
fn conversion_damaged_is_mended_or_given_up() {
    let repository = converted("SFconvertbot", false);
    let user = User::of(&Server::of(&repository));
    user.pull().ended_with(0);
    let conversion = opened(&user);
    damage(&conversion.join(WEIGHTS));
    // A hub that says nothing of conversions at the moment.
    let silent =
        misbehaving(
            &repository,
            |request, _, answer| {
                if request.path.ends_with("/discussions") { Answer::new(404, "") } else { answer }
            },
        );
    let user = User { endpoint: silent.url(), ..user };
    assert_mended(&user);
    assert_eq!(opened(&user), conversion);
    assert!(silent.asked_for("pytorch_model.bin").is_empty());
    // One that was withdrawn.
    damage(&conversion.join(WEIGHTS));
    let without = Server::of(&Repository { requests: vec![], ..repository.clone() });
    let user = User { endpoint: without.url(), ..user };
    assert_mended(&user);
    assert_eq!(opened(&user), user.model().join("snapshots").join(repository.head()));
}

/// A model with weights and with two exports that have their data beside them. The folder has what is published.
fn with_exports() -> (Repository, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixtures().join("clip"), folder.path());
    copy_folder(&fixtures().join("clip-onnx/onnx"), &folder.path().join("onnx"));
    for tower in ["vision_model", "text_model"] {
        put_data_beside(&folder.path().join("onnx"), tower);
    }
    let mut repository = Repository { id: ID.to_owned(), ..Repository::default() };
    repository.publish("main", files_of(folder.path()));
    (repository, folder.path().join("onnx"), folder)
}

#[test]
fn exports_that_lie_beside_good_weights_are_mended_too() {
    let Some(library) = require_onnx_runtime() else { return };
    let (repository, exports, _folder) = with_exports();
    let server = Server::of(&repository);
    let user = User::of(&server).with("ORT_DYLIB_PATH", library.display()).with("SIS_RUNTIME", "onnxruntime");
    user.pull().ended_with(0);
    // Python got all of it, and ONNX Runtime prefers exports.
    let lying = opened(&user).join("onnx");
    copy_folder(&exports, &lying);
    let finished = user.sis(&["model", "pull", ID, "--check"]).ended_with(0);
    assert!(finished.out.contains("is up to date"), "{}", finished.out);
    let (graph, data) = ("vision_model.onnx", "text_model.onnx_data");
    let of = |name: &str| repository.main()[&format!("onnx/{name}")].clone();
    std::fs::write(lying.join(graph), Damage::FirstByte.of(&of(graph))).unwrap();
    assert_mended(&user);
    std::fs::write(lying.join(graph), Damage::CutShort.of(&of(graph))).unwrap();
    assert_mended(&user);
    std::fs::remove_file(lying.join(data)).unwrap();
    assert_mended(&user);
    for name in [graph, data] {
        assert_eq!(std::fs::read(lying.join(name)).unwrap(), of(name), "{name}");
        assert_eq!(server.asked_for(name).len(), if name == graph { 2 } else { 1 });
    }
    assert_eq!(server.asked_for(WEIGHTS).len(), 1);
}

#[test]
fn snapshot_file_is_checked_beside_its_blob() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.pull().ended_with(0);
    let snapshot = opened(&user);
    let is_link = |file: &str| snapshot.join(file).symlink_metadata().unwrap().is_symlink();
    for (file, is_damaged) in [(WEIGHTS, true), ("tokenizer.json", true), ("config.json", false)] {
        let content = repository.main()[file].clone();
        std::fs::remove_file(snapshot.join(file)).unwrap();
        // Another file in the link's place, or none at all.
        if is_damaged {
            std::fs::write(snapshot.join(file), Damage::FirstByte.of(&content)).unwrap();
        }
        let finished = user.sis(&["model", "pull", ID, "--check"]).ended_with(0);
        assert_eq!(finished.err.contains(&format!("{file} of owner/name was damaged")), is_damaged, "{}", finished.err);
        assert!(!finished.out.contains("is up to date"), "{file} was mended: {}", finished.out);
        assert!(is_link(file));
        user.assert_pulled(&repository);
        // So does a plain pull, which says so too.
        std::fs::remove_file(snapshot.join(file)).unwrap();
        let finished = user.pull().ended_with(0);
        assert!(!finished.out.contains("is up to date") && is_link(file), "{}", finished.out);
        let finished = user.sis(&["model", "pull", ID, "--check"]).ended_with(0);
        assert!(finished.out.contains("is up to date") && finished.err.is_empty(), "{}", finished.err);
    }
    assert_eq!(server.asked_for(WEIGHTS).len(), 1, "the blob was whole");
}

#[test]
fn a_small_file_of_another_content_is_no_more_there() {
    let repository = published();
    let user = User::of(&Server::of(&repository));
    user.pull().ended_with(0);
    for file in ["config.json", "preprocessor_config.json", "tokenizer.json"] {
        damage(&opened(&user).join(file));
        let finished = user.sis(&["model", "info", ID]).ended_with(0);
        let line = finished.out.lines().find(|line| line.trim().starts_with(file)).unwrap();
        assert!(line.contains("to be downloaded"), "{line}");
        let finished = user.pull().ended_with(0);
        assert!(!finished.out.contains("is up to date"), "{file}: {}", finished.out);
        user.assert_pulled(&repository);
    }
}
