//! A model that is complete in the cache and cannot be used, because something changed a file of it there.

use std::path::{Path, PathBuf};

use super::choice::converted;
use super::server::{Answer, Repository, Server};
use super::{ID, User, WEIGHTS, misbehaving, published};

/// How to mend it.
const ADVICE: &str = "run `sis model pull owner/name --check`";

/// What may have happened to a file.
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
        ("config.json", Damage::FirstByte),
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
    user.classify(ID).ended_with(0);
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
fn a_damaged_pickle_is_mended_by_its_conversion_which_is_used_from_then_on() {
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
fn a_damaged_conversion_is_mended_or_given_up_where_the_hub_has_it_no_more() {
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
