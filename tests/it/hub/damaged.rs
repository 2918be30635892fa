//! A model that is complete in the cache and cannot be used, because something changed a file of it there.

use super::server::Server;
use super::{ID, User, WEIGHTS, published};

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
