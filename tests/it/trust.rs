//! Whose a session is, and what is done by one that somebody else has had: nothing by itself, and nothing outside.

use std::path::{Path, PathBuf};

use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::store::Session;
use smart_image_sorter::store::known::KnownSessions;

use crate::support::{Finished, Workspace, fixtures, hashes, sha256, sorted, tree};

/// A workspace with pictures moved into the folders of labels.
fn moved() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "x/3.jpg"]);
    workspace.classify().with("--operation", "move").ends_with(0);
    workspace
}

fn ledger(workspace: &Workspace) -> PathBuf {
    workspace.destination().join(".sis/ledger.jsonl")
}

/// Writes the lines of the ledger anew, each with the hash of the one before, as whoever knows how it is done can; the
/// session is made to say the same.
fn rewrite_ledger(workspace: &Workspace, change: impl Fn(String) -> String) {
    let mut previous = "0".repeat(64);
    let mut written = String::new();
    let text = std::fs::read_to_string(ledger(workspace)).unwrap();
    for line in text.lines() {
        let mut line: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&change(line.to_owned())).unwrap();
        line.insert("previous".to_owned(), previous.into());
        let line = serde_json::Value::Object(line).to_string();
        previous = sha256(&line);
        written += &format!("{line}\n");
    }
    std::fs::write(ledger(workspace), &written).unwrap();
    workspace.meddle(&format!("UPDATE ledger SET head = '{previous}', written = {}", written.len()));
}

fn is_refused(finished: Finished) {
    let finished = finished.ended_with(2);
    assert!(finished.err.contains("--trust") && finished.err.contains("sis verify"), "{}", finished.err);
}

/// A returned folder did this once: a file of somebody else's choice, under a path of their choice.
fn plant(workspace: &Workspace, victim: &Path) {
    let evil = "[Desktop Entry]\nExec=sh -c 'touch owned'\n";
    let target = sorted(workspace.destination()).into_keys().next().unwrap();
    std::fs::write(&target, evil).unwrap();
    let kept = target.strip_prefix(workspace.destination().canonicalize().unwrap()).unwrap().display().to_string();
    let hash = sha256(evil);
    workspace.meddle(&format!(
        "UPDATE pictures SET hash = x'{hash}' WHERE placed = CAST('{kept}' AS BLOB);
         UPDATE transfers SET source = CAST('{}' AS BLOB), hash = x'{hash}', size = {} WHERE target = CAST('{kept}' AS BLOB)",
        victim.display(),
        evil.len()
    ));
}

#[test]
fn session_changed_writes_nothing_outside() {
    let workspace = moved();
    let victim = workspace.home().join(".config/autostart/evil.desktop");
    plant(&workspace, &victim);
    let before = tree(workspace.root());
    is_refused(workspace.sis_on_destination(&["undo"]));
    // The sentence says to look there.
    let verified = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(verified.out.contains("told otherwise by the session"), "{}", verified.out);
    assert_eq!(tree(workspace.root()).len(), before.len());
    let finished = workspace.sis_on_destination(&["undo", "--trust"]).ended_with(3);
    assert!(finished.out.contains("does not tell of it what its ledger does"), "{}", finished.out);
    assert!(!workspace.home().join(".config").exists());
    assert_eq!(hashes(workspace.source()).len(), 2, "what both tell alike is taken back");
}

#[test]
fn an_undo_leads_nowhere_else_and_does_not_climb() {
    for source in ["/ROOT/out/x.png", "../out/y.png", "a/../../out/z.png"] {
        let workspace = moved();
        std::fs::create_dir(workspace.path("out")).unwrap();
        let source = source.replace("/ROOT", &workspace.root().display().to_string());
        workspace.meddle(&format!("UPDATE transfers SET source = CAST('{source}' AS BLOB) WHERE step = 'done'"));
        is_refused(workspace.sis_on_destination(&["undo", "--all"]));
        workspace.sis_on_destination(&["undo", "--all", "--trust"]).ended_with(3);
        // The ledger is made to say so, too: the recorded sources hold all the same.
        rewrite_ledger(&workspace, |line| match line.contains("\"result\":\"done\"") {
            true => {
                let mut line: serde_json::Value = serde_json::from_str(&line).unwrap();
                line["source"] = source.clone().into();
                line.to_string()
            }
            false => line,
        });
        is_refused(workspace.sis_on_destination(&["undo", "--run", "2"]));
        let finished = workspace.sis_on_destination(&["undo", "--run", "2", "--trust"]).ended_with(3);
        assert!(finished.out.contains("was left alone"), "{}", finished.out);
        assert_eq!(hashes(workspace.path("out")).len(), 0, "{source}");
        assert_eq!(sorted(workspace.destination()).len(), 3);
    }
}

#[test]
fn what_a_killed_run_left_leads_nowhere_else() {
    for (step, set) in [
        ("planned", "source = CAST('VICTIM' AS BLOB)"),
        ("planned", "folder = CAST('OUT' AS BLOB)"),
        ("planned", "names = CAST('../../victim' AS BLOB)"),
        ("planned", "step = 'published', target = CAST('VICTIM' AS BLOB)"),
        ("planned", "action = 'remove', source = CAST('VICTIM' AS BLOB)"),
    ] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let victim = workspace.write("out/victim", crate::support::picture(0));
        let mut command = workspace.classify().with("--operation", "move").command();
        command.env("SIS_CRASH_AT", "planned").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        assert_eq!(command.status().unwrap().code(), None);
        let set =
            set.replace("VICTIM", victim.to_str().unwrap()).replace("OUT", workspace.path("out").to_str().unwrap());
        workspace.meddle(&format!("UPDATE transfers SET {set} WHERE step = '{step}'"));
        let before = tree(workspace.path("out"));
        for trust in [&[][..], &["--trust"]] {
            let finished = workspace.sis_on_destination(&[&["apply"], trust].concat());
            assert!(finished.err.contains("left as it is"), "{set}: {}", finished.err);
            assert_eq!(tree(workspace.path("out")), before, "{set}");
        }
    }
}

#[test]
fn an_apply_takes_nothing_from_elsewhere() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().with("--threshold", "1").with("--operation", "move").ends_with(0);
    let victim = workspace.write("out/victim.jpg", crate::support::picture(0));
    workspace.meddle(&format!("UPDATE pictures SET path = CAST('{}' AS BLOB)", victim.display()));
    let finished = workspace.sis_on_destination(&["apply", "--threshold", "0"]).ended_with(3);
    assert!(finished.out.contains("outside of the destination"), "{}{}", finished.out, finished.err);
    assert!(victim.exists() && sorted(workspace.destination()).is_empty());
}

#[test]
fn no_folder_elsewhere_is_removed_or_changed() {
    let workspace = moved();
    let (empty, dated) = (workspace.path("out/empty"), workspace.path("out/dated"));
    std::fs::create_dir_all(&empty).unwrap();
    std::fs::create_dir_all(&dated).unwrap();
    let before = tree(workspace.path("out"));
    workspace.meddle(&format!(
        "INSERT INTO folders (run, path, made) VALUES (2, CAST('{}' AS BLOB), 1);
         INSERT INTO folders (run, path, made, modified, left, restores) VALUES (2, CAST('{}' AS BLOB), 0, '1', '{}', 1)",
        empty.display(),
        dated.display(),
        std::fs::metadata(&dated).map(|found| std::os::unix::fs::MetadataExt::mtime(&found)).unwrap()
    ));
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(tree(workspace.path("out")), before);
}

#[test]
fn a_table_is_written_into_the_destination_only() {
    let workspace = moved();
    let victim = workspace.write("victim", "mine");
    workspace.meddle("UPDATE session SET value = CAST('../victim' AS BLOB) WHERE key = 'table'");
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(std::fs::read(&victim).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(workspace.root()).unwrap().count(), 3, "nothing was put beside it");
}

#[test]
fn a_ledger_that_was_written_anew_is_not_obeyed() {
    let workspace = moved();
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    rewrite_ledger(&workspace, |line| line.replacen("\"time\":\"20", "\"time\":\"19", 1));
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    is_refused(workspace.sis_on_destination(&["undo"]));
    assert_eq!(hashes(workspace.source()).len(), 0);
    workspace.sis_on_destination(&["undo", "--trust"]).ended_with(0);
    assert_eq!(hashes(workspace.source()).len(), 3);
    // It was trusted once: from then on it is one's own.
    workspace.sis_on_destination(&["apply"]).ended_with(0);
}

#[test]
fn a_ledger_that_was_cut_takes_nothing_back() {
    let workspace = moved();
    let text = std::fs::read_to_string(ledger(&workspace)).unwrap();
    let cut = text.lines().count() - 1;
    std::fs::write(ledger(&workspace), text.lines().take(cut).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    for trust in [&[][..], &["--trust"]] {
        let finished = workspace.sis_on_destination(&[&["undo"], trust].concat()).ended_with(1);
        assert!(finished.err.contains("sis repair"), "{}", finished.err);
    }
    assert_eq!(hashes(workspace.source()).len(), 0);
}

#[test]
fn a_session_without_a_seal_is_nobodys() {
    let workspace = moved();
    workspace.meddle("DELETE FROM session WHERE key = 'seal'");
    for command in [&["undo"][..], &["apply"]] {
        is_refused(workspace.sis_on_destination(command));
    }
    let watch =
        ["watch", "--labels", "a, b", "--source"].map(Into::into).into_iter().chain([workspace.source().into()]);
    let watch = watch.chain(["--destination".into(), workspace.destination().into_os_string()]);
    is_refused(workspace.sis(watch.collect::<Vec<std::ffi::OsString>>()));
    workspace.write_pictures(["new.jpg"]);
    is_refused(workspace.classify().run());
    workspace.classify().flag("--trust").ends_with(0);
    workspace.classify().ends_with(0);
}

#[test]
fn what_somebody_else_adds_is_not_sealed_by_what_follows() {
    let workspace = moved();
    let other = tempfile::tempdir().unwrap();
    let decide = |known: &KnownSessions| {
        let mut session = Session::open_to_review(&workspace.destination(), known).unwrap();
        let said = vec![(PictureId(1), Some(Decision::NoneOfThese))];
        session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
    };
    // A person decides in another window, and it stays one's own.
    decide(&workspace.known_sessions());
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    decide(&KnownSessions::in_folder(Some(other.path())));
    decide(&workspace.known_sessions());
    is_refused(workspace.sis_on_destination(&["undo"]));
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn a_session_with_triggers_of_somebody_else_is_not_worked_in() {
    let workspace = moved();
    workspace.meddle(
        "CREATE TRIGGER t AFTER INSERT ON transfers BEGIN UPDATE transfers SET source = '/evil' WHERE id = NEW.id; END",
    );
    for trust in [&[][..], &["--trust"]] {
        let finished = workspace.sis_on_destination(&[&["undo"], trust].concat()).ended_with(1);
        assert!(finished.err.contains("not as sis makes them"), "{}", finished.err);
    }
    // The ledger is whole and sealed: it makes the session anew.
    workspace.sis_on_destination(&["repair"]).ended_with(0);
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(hashes(workspace.source()).len(), 3);
}

/// A session that version 0.1.0 wrote, in its place, with what it sorted.
fn of_version_0_1_0() -> Workspace {
    let workspace = Workspace::new();
    let of = |name: &str| std::fs::read(fixtures().join(name)).unwrap();
    for name in ["session.db", "ledger.jsonl"] {
        workspace.write(Path::new("destination/.sis").join(name), of(&format!("session-0.1.0/{name}")));
    }
    for name in ["bilevel.png", "one-pixel.png"] {
        workspace.write(Path::new("destination/b").join(name), of(&format!("pictures/{name}")));
    }
    let list = workspace.home().join("data/sis/sessions");
    std::fs::create_dir_all(list.parent().unwrap()).unwrap();
    std::fs::write(list, of("session-0.1.0/sessions")).unwrap();
    workspace
}

/// Its pictures were copied from a folder that is not there: it is obeyed where they stay for that reason.
fn is_obeyed(finished: Finished) -> bool {
    assert!([2, 3].contains(&finished.code), "{}{}", finished.out, finished.err);
    finished.code == 3
}

#[test]
fn a_session_of_version_0_1_0_is_taken_over_once() {
    let workspace = of_version_0_1_0();
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(is_obeyed(workspace.sis_on_destination(&["undo"])));
    assert!(is_obeyed(workspace.sis_on_destination(&["undo"])), "sealed, it goes on being one's own");
    workspace.meddle("DELETE FROM session WHERE key = 'seal'");
    assert!(!is_obeyed(workspace.sis_on_destination(&["undo"])), "its name alone proves nothing any more");
    // One that is not as its ledger tells is not taken over, nor one that is not in the list.
    let workspace = of_version_0_1_0();
    workspace.meddle("UPDATE transfers SET source = CAST('/evil' AS BLOB) WHERE id = 1");
    is_refused(workspace.sis_on_destination(&["undo"]));
    let workspace = of_version_0_1_0();
    std::fs::write(ledger(&workspace), "").unwrap();
    let finished = workspace.sis_on_destination(&["undo"]).ended_with(1);
    assert!(finished.err.contains("sis repair"), "{}", finished.err);
    let workspace = of_version_0_1_0();
    std::fs::write(workspace.home().join("data/sis/sessions"), "another\n").unwrap();
    is_refused(workspace.sis_on_destination(&["undo"]));
}

#[test]
fn a_home_that_cannot_be_written_is_said_and_accuses_nobody() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let file = workspace.write("file", "no folder");
    let without_home = |arguments: &[&str]| {
        let mut command = workspace.program();
        command.env("SIS_DATA_DIR", file.join("data")).args(arguments);
        crate::support::finish(command)
    };
    let (source, destination) = (workspace.source(), workspace.destination());
    let (source, destination) = (source.to_str().unwrap(), destination.to_str().unwrap());
    let model = fixtures().join("clip");
    let labels = ["--labels", "a, b", "--threshold", "0", "--margin", "0", "--model", model.to_str().unwrap()];
    let classify = [&["classify", "--source", source, "--destination", destination][..], &labels].concat();
    let finished = without_home(&classify).ended_with(0);
    assert_eq!(finished.err.matches("cannot be noted as your own").count(), 1, "{}", finished.err);
    assert!(finished.err.contains("SIS_DATA_DIR") && finished.err.contains("file/data"), "{}", finished.err);
    for command in [&["undo", "--destination", destination][..], &classify] {
        let finished = without_home(command).ended_with(2);
        assert!(finished.err.contains("cannot be told") && finished.err.contains("--trust"), "{}", finished.err);
        assert!(!finished.err.contains("somebody else"), "{}", finished.err);
    }
    without_home(&["undo", "--destination", destination, "--trust"]).ended_with(0);
    // Nothing proves that the tables were the program's own: they were kept.
    let left = sorted(workspace.destination());
    assert!(left.keys().all(|path| path.to_string_lossy().contains('~')), "{left:?}");
}

#[test]
fn the_secret_is_the_users_alone_and_is_never_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = moved();
    let secret = workspace.home().join("data/sis/secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read(&secret).unwrap();
    workspace.write("others/1.jpg", crate::support::picture(7));
    let others = workspace.path("others");
    for damaged in ["", "damaged"] {
        std::fs::write(&secret, damaged).unwrap();
        let finished = workspace.sis_on_destination(&["undo"]).ended_with(2);
        let named = format!("{} is damaged", secret.display());
        assert!(finished.err.contains(&named), "{damaged:?}: {}", finished.err);
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), damaged);
        // Nor is a new session begun, which would pass for somebody else's once the secret is mended.
        let finished =
            workspace.classify().with("--source", &others).with("--destination", workspace.path("new")).run();
        assert!(finished.err.contains(&named), "{damaged:?}: {}", finished.err);
    }
    std::fs::write(&secret, kept).unwrap();
    workspace.sis_on_destination(&["undo"]).ended_with(0);
}

/// The session says that the table is a picture, and that the program wrote it: its seal does not cover that.
#[test]
fn session_makes_no_table_of_foreign_file() {
    for (name, content) in [("evidence.png", &b"a picture"[..]), ("notes.csv", b"somebody's own")] {
        for proof in [
            "",
            "INSERT OR REPLACE INTO session SELECT 'proof own NAME', value FROM session WHERE key = 'proof own output.csv';",
        ] {
            let workspace = moved();
            let theirs = workspace.write(Path::new("destination").join(name), content);
            let sql = "INSERT OR REPLACE INTO session VALUES ('table', CAST('NAME' AS BLOB)), ('own NAME', x'HASH');";
            let sql = format!("{sql}{proof}").replace("NAME", name).replace("HASH", &sha256(content));
            workspace.meddle(&sql);
            let verified = workspace.sis_on_destination(&["verify"]).ended_with(3);
            assert!(verified.out.contains(&format!("/{name}\n")), "{}", verified.out);
            workspace.sis_on_destination(&["undo"]).ended_with(0);
            let kept = std::fs::read_dir(workspace.destination()).unwrap().any(|entry| {
                let path = entry.unwrap().path();
                path.is_file() && std::fs::read(path).unwrap() == content
            });
            assert!(kept, "{name} is lost");
            assert!(name.ends_with(".csv") || std::fs::read(theirs).unwrap() == content);
        }
    }
}

/// A session of an earlier version has no proofs: what is there is kept once, and then the table is known.
#[test]
fn a_table_without_a_proof_is_kept_once() {
    let workspace = moved();
    workspace.meddle("DELETE FROM session WHERE key LIKE 'proof %'");
    let before = std::fs::read(workspace.destination().join("output.csv")).unwrap();
    let asides = || {
        let entries = std::fs::read_dir(workspace.destination()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.to_string_lossy().contains("output~")).collect::<Vec<_>>()
    };
    workspace.write("source/4.jpg", crate::support::picture(4));
    workspace.classify().ends_with(0);
    assert_eq!(std::fs::read(&asides()[0]).unwrap(), before);
    workspace.write("source/5.jpg", crate::support::picture(5));
    workspace.classify().ends_with(0);
    assert_eq!(asides().len(), 1);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}
