//! The ledger tells of everything, and shows where somebody changed it; the sums are those that other programs check.

use serde_json::Value as Json;

use crate::session::{decide, folder_of, other, sorted_workspace};
use crate::skip::require;
use crate::support::{Finished, Workspace, hashes, of_kind, picture, sha256, sorted};

#[test]
fn verify_finds_a_ledger_that_somebody_changed() {
    let workspace = sorted_workspace("copy");
    let path = workspace.destination().join(".sis/ledger.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let without_the_last = text.lines().rev().skip(1).collect::<Vec<_>>().into_iter().rev();
    let shorter: String = without_the_last.flat_map(|line| [line, "\n"]).collect();
    for (changed, said) in [
        (text.replacen("\"copy\"", "\"move\"", 1), "line 2 does not follow"),
        (text.lines().skip(1).flat_map(|line| [line, "\n"]).collect(), "it begins at line 2"),
        (shorter, "not the one that was written"),
        (format!("{text}{{}}\n"), "does not follow"),
        (String::new(), "not the one that was written"),
    ] {
        std::fs::write(&path, &changed).unwrap();
        let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
        assert!(finished.out.contains(said), "{said}: {}", finished.out);
        // A changed ledger is evidence too: the program does not mend it.
        assert_eq!(std::fs::read_to_string(&path).unwrap(), changed);
    }
}

#[test]
fn the_ledger_tells_of_every_run_transfer_and_decision() {
    let workspace = sorted_workspace("copy");
    decide(&workspace, "1.jpg", Some(other(&folder_of(&workspace, "1.jpg"))));
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    let text = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = of_kind(&lines, "run").map(|run| run["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["classify", "apply", "apply", "undo", "undo"]);
    let classify = of_kind(&lines, "run").next().unwrap();
    assert_eq!(classify["sorting"]["labels"][0]["text"], "a");
    assert_eq!(classify["model_fingerprint"].as_str().unwrap().len(), 64);
    assert!(classify["runtime"].as_str().unwrap().starts_with("tract") && classify["program"] != Json::Null);
    assert_eq!(of_kind(&lines, "decision").next().unwrap()["decision"], "reassigned");
    let transfers: Vec<_> = of_kind(&lines, "transfer").collect();
    assert_eq!(transfers.len(), 4 + 1 + 1 + 4);
    let contents = hashes(workspace.source());
    for transfer in transfers {
        assert!(contents.values().any(|hash| transfer["sha256"] == hash.as_str()), "{transfer}");
        for key in ["time", "source", "target", "size", "modified", "action", "result"] {
            assert!(!transfer[key].is_null(), "{key} in {transfer}");
        }
    }
    // The chain, without the program's help.
    let mut previous = "0".repeat(64);
    for (line, parsed) in text.lines().zip(&lines) {
        assert_eq!(parsed["previous"], previous);
        previous = sha256(line);
    }
}

#[test]
fn the_sums_are_those_that_sha256sum_takes() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "two\nlines \\ and more.jpg", "caf\u{e9}.jpg"]);
    workspace.classify().ends_with(0);
    if !require("sha256sum") {
        return;
    }
    let check = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(workspace.destination())
        .output();
    let output = check.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 3);
}

/// A session or a ledger that is lost is made anew from the other one, and not begun anew: that would be the end of the
/// way back.
#[test]
fn what_is_lost_is_named_with_the_way_back_and_not_begun_anew() {
    for (lost, said, code) in [("session.db", "is lost", 2), ("ledger.jsonl", "is not there", 1)] {
        let workspace = sorted_workspace("move");
        let of_session = |name: &str| workspace.destination().join(".sis").join(name);
        std::fs::remove_file(of_session(lost)).unwrap();
        let in_place = sorted(workspace.destination());
        let kept = std::fs::read(of_session("ledger.jsonl")).ok();
        workspace.write("source/new.jpg", picture(9));
        let is_refused = |finished: Finished| {
            let finished = finished.ended_with(code);
            assert!(
                finished.err.contains(said) && finished.err.contains("sis repair --destination"),
                "{}",
                finished.err
            );
        };
        is_refused(workspace.classify().run());
        for command in [&["undo"][..], &["apply"]] {
            is_refused(workspace.sis_on_destination(command));
        }
        match lost {
            "session.db" => {
                is_refused(workspace.sis_on_destination(&["verify"]));
                is_refused(workspace.sis_on_destination(&["apply", "--dry-run"]));
                is_refused(workspace.classify().flag("--dry-run").run());
            }
            _ => drop(workspace.sis_on_destination(&["verify"]).ended_with(1)),
        }
        assert_eq!(sorted(workspace.destination()), in_place);
        if let Some(kept) = kept {
            assert_eq!(std::fs::read(of_session("ledger.jsonl")).unwrap(), kept);
        }
        workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
        workspace.classify().ends_with(0);
        workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
        assert_eq!(hashes(workspace.source()).len(), 5, "{lost}");
    }
}

/// A session that is damaged is called that, under its own name, and the way out is named.
#[test]
fn a_damaged_session_is_named_with_its_repair() {
    for damage in [&b"not a database, but long enough to be taken for one"[..], &[0xa5; 3000]] {
        let workspace = sorted_workspace("copy");
        let database = workspace.destination().join(".sis/session.db");
        let mut content = std::fs::read(&database).unwrap();
        content[..damage.len()].copy_from_slice(damage);
        std::fs::write(&database, content).unwrap();
        let commands = ["verify", "undo", "apply"].map(|command| workspace.sis_on_destination(&[command]));
        for finished in commands.into_iter().chain([workspace.classify().run()]) {
            assert_ne!(finished.code, 0);
            assert!(finished.err.contains("sis repair --destination"), "{}", finished.err);
            let named = format!("session in {} cannot be used", workspace.destination().display());
            assert!(finished.err.contains(&named), "{}", finished.err);
        }
    }
}
