//! The ledger tells of everything, and shows where somebody changed it; the sums are those that other programs check.

use serde_json::Value as Json;

use crate::session::{decide, folder_of, other, sorted_workspace};
use crate::support::{Workspace, hashes, of_kind, sha256};

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
    let check = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(workspace.destination())
        .output();
    match check {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 3);
        }
        Err(error) => println!("skipped: sha256sum cannot be run: {error}"),
    }
}

#[test]
fn a_lost_session_leaves_a_ledger_that_is_kept() {
    let workspace = sorted_workspace("copy");
    let ledger = std::fs::read(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    std::fs::remove_file(workspace.destination().join(".sis/session.db")).unwrap();
    workspace.classify().ends_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    let aside = workspace.destination().join(format!(".sis/ledger~{}.jsonl", &sha256(&ledger)[..8]));
    assert_eq!(std::fs::read(aside).unwrap(), ledger);
    std::fs::remove_file(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    workspace.classify().ends_with(0);
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("the lines before are missing"), "{}", finished.out);
}
