//! Lines that earlier versions wrote are known, and are written again as they were.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::fields::text_in;
use super::*;
use crate::domain::file_filter::LeftOutCounts;
use crate::domain::run::RunId;

const LEDGERS: [&str; 4] = [
    include_str!("../../../tests/data/golden/0.1.0/destination/.sis/ledger.jsonl"),
    include_str!("../../../tests/data/golden/before/destination/.sis/ledger.jsonl"),
    include_str!("../../../tests/data/golden/before/repaired/.sis/ledger.jsonl"),
    include_str!("../../../tests/data/golden/lines.jsonl"),
];

fn fields_of(line: &str) -> Map<String, Json> {
    serde_json::from_str(line).unwrap()
}

/// A line that tells of an event as another one did.
fn line_like(other: &Map<String, Json>, event: &LedgerEvent) -> String {
    let mut fields = event.fields();
    fields.extend(other.get(RETOLD).map(|retold| (RETOLD.to_owned(), retold.clone())));
    let text = |key| text_in(other, key).unwrap();
    line_of(other["line"].as_i64().unwrap(), text("time"), fields, text("previous"))
}

#[test]
fn every_line_of_every_version_is_known_and_written_again_as_it_was() {
    let mut kinds = std::collections::BTreeSet::new();
    for line in LEDGERS.iter().flat_map(|ledger| ledger.lines()) {
        let fields = fields_of(line);
        let event = LedgerEvent::of(&fields).unwrap();
        assert!(!matches!(event, LedgerEvent::Other(_)), "{line}");
        assert_eq!(line_like(&fields, &event), line);
        kinds.insert(
            ["event", "kind", "action", "result", "decision"].map(|key| text_in(&fields, key).map(str::to_owned)),
        );
    }
    // Each kind of line, of run, of action, of end and of decision is among them.
    let words: std::collections::BTreeSet<String> = kinds.into_iter().flatten().flatten().collect();
    for word in "run end transfer decision rename table aside repair classify apply undo redo copy move remove done \
                 present kept unsynced failed accepted reassigned skipped"
        .split_whitespace()
        .chain(["none of these", "none inside", "taken back"])
    {
        assert!(words.contains(word), "{word}");
    }
}

#[test]
fn what_other_versions_add_is_kept_or_passed_over() {
    // A kind of event, a kind of run, a setting and an end that are not known.
    for line in [
        r#"{"line":1,"time":"t","event":"seal","by":["a"],"previous":"0"}"#,
        r#"{"line":1,"time":"t","event":"run","run":1,"kind":"rescue","program":"sis 9","depth":{"a":1},"previous":"0"}"#,
        r#"{"line":1,"time":"t","event":"end","run":1,"rescued":3,"previous":"0"}"#,
        r#"{"line":1,"time":"t","event":"table","previous":"0"}"#,
    ] {
        let fields = fields_of(line);
        assert_eq!(line_like(&fields, &LedgerEvent::of(&fields).unwrap()), line);
    }
    let transfer = r#"{"event":"transfer","run":1,"transfer":2,"action":"link","result":"linked","source":"/a",
        "sha256":"0101010101010101010101010101010101010101010101010101010101010101","inode":7}"#;
    let Some(LedgerEvent::Transfer(ended)) = LedgerEvent::of(&fields_of(transfer)) else { panic!("it is known") };
    assert_eq!((ended.action.text(), ended.action.known(), ended.result.text()), ("link", None, "linked"));
    assert_eq!(LedgerEvent::of(&fields_of(r#"{"line":1,"previous":"0"}"#)), None);
}

#[test]
fn settings_and_results_are_written_as_they_always_were() {
    let settings = ClassifySettings {
        source: OsStr::from_bytes(b"/a\xff").into(),
        real_source: Some("/b".into()),
        recursive: true,
        hidden: false,
        include: vec!["*.jpg".to_owned()],
        exclude: vec![],
        model: "demo".to_owned(),
        model_fingerprint: "f".to_owned(),
        runtime: "tract 0.23".to_owned(),
        device: "CPU".to_owned(),
        variant: "fp32".to_owned(),
        trust_unchanged: false,
        watch: Some(false),
    };
    let left_out = LeftOutCounts { litter: 1, hidden: 2, excluded: 3 };
    for (fields, written) in [
        (
            RunSettings::Classify(Box::new(settings)).fields(),
            r#"{"source_bytes":"L2H/","source":"/a\\xff","real_source":"/b","recursive":true,"hidden":false,"include":["*.jpg"],"exclude":[],"model":"demo","model_fingerprint":"f","runtime":"tract 0.23","device":"CPU","variant":"fp32","trust_unchanged":false,"watch":true,"apply":false}"#,
        ),
        (
            RunSettings::Within(Box::new(WithinSettings {
                within: vec!["a".to_owned(), "b".to_owned()],
                model: "demo".to_owned(),
                model_fingerprint: "f".to_owned(),
                runtime: "tract 0.23".to_owned(),
                device: "CPU".to_owned(),
                variant: "fp32".to_owned(),
            }))
            .fields(),
            r#"{"within":["a","b"],"model":"demo","model_fingerprint":"f","runtime":"tract 0.23","device":"CPU","variant":"fp32"}"#,
        ),
        (RunSettings::Widened(vec!["a".to_owned()]).fields(), r#"{"within":["a"]}"#),
        (RunSettings::Transfers(3).fields(), r#"{"transfers":3}"#),
        (RunSettings::OfWatch(RunId(3)).fields(), r#"{"watch":3}"#),
        (
            RunResult::Classified { pictures: 1, waiting: 2, trusted: 3, left_out }.fields(),
            r#"{"pictures":1,"waiting":2,"trusted":3,"left_out":{"litter":1,"hidden":2,"excluded":3}}"#,
        ),
        (
            RunResult::Watched { pictures: 1, left_out }.fields(),
            r#"{"pictures":1,"left_out":{"litter":1,"hidden":2,"excluded":3}}"#,
        ),
        (RunResult::Within { pictures: 1, waiting: 2 }.fields(), r#"{"pictures":1,"waiting":2}"#),
        (RunResult::Applied { done: 1, failed: 2 }.fields(), r#"{"done":1,"failed":2}"#),
        (
            RunResult::Undone { back: 1, removed: 2, gone: 3, left: 4 }.fields(),
            r#"{"back":1,"removed":2,"gone":3,"left":4}"#,
        ),
        (RunResult::CUT_SHORT.fields(), r#"{"cut_short":true}"#),
        (RunResult::None {}.fields(), "{}"),
    ] {
        assert_eq!(Json::Object(fields).to_string(), written);
    }
}
