//! Records of a destination: its ledger and its session; and labels files.

use sha2::{Digest, Sha256};
use smart_image_sorter::domain::label::{Label, from_file, from_lines};
use smart_image_sorter::jobs::cancel_token::CancelToken;
use smart_image_sorter::jobs::verify::verify;
use smart_image_sorter::store::ledger::{BEFORE_THE_FIRST, walk};
use smart_image_sorter::store::session::Which;
use smart_image_sorter::store::{Session, StoreError};

use super::{Answer, Fuzz, folder};
use crate::properties::ledger;
use crate::support::fixtures;

/// Whether every line follows the one before, as anybody can find out with a reader of JSON and SHA-256.
fn follows(bytes: &[u8]) -> bool {
    let mut previous = BEFORE_THE_FIRST.to_owned();
    for (line, number) in bytes.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        let Some(text) = line.strip_suffix(b"\n") else { return false };
        let Ok(fields) = serde_json::from_slice::<serde_json::Map<_, _>>(text) else { return false };
        let number: u64 = number;
        if fields.get("previous") != Some(&previous.into()) || fields.get("line") != Some(&number.into()) {
            return false;
        }
        previous = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    }
    true
}

#[test]
fn fuzz_ledger() {
    let corpus = vec![ledger(6), std::fs::read(fixtures().join("session-0.1.0/ledger.jsonl")).unwrap()];
    let words: &[&[u8]] =
        &[b"\"line\":", b"\"previous\":", b"\n", b"{", b"}", b"\"event\":\"transfer\",", b"\"source_bytes\":\"/w==\","];
    let folder = folder();
    let path = folder.path().join("ledger.jsonl");
    Fuzz { name: "fuzz_ledger", corpus, words, inputs: 3000 }.run(|input| {
        std::fs::write(&path, input).unwrap();
        let chain = walk(&path, &[], 0).unwrap();
        assert_eq!(chain.broken_at.is_none(), follows(input));
        Answer::of(chain.broken_at.is_none(), input, 30, 1)
    });
}

/// Reads whatever there is in a session.
fn look_at(session: &Session) -> Result<(), StoreError> {
    session.for_each_picture(None, Which::All, drop)?;
    session.steps()?;
    if let Some((sorting, set)) = session.sorting()? {
        let tree = session.tree(&set, &["a"], sorting.sure())?;
        session.for_each_picture(None, Which::All, |picture| drop(session.best_inside(picture.id, &tree)))?;
    }
    session.origin()?;
    session.runs_in_force()?;
    session.label_paths()?;
    verify(session, &CancelToken::default(), &mut |_| {})?;
    Ok(())
}

#[test]
fn fuzz_session() {
    let corpus = vec![std::fs::read(fixtures().join("session-0.1.0/session.db")).unwrap()];
    let folder = folder();
    let own = folder.path().join(".sis");
    std::fs::create_dir(&own).unwrap();
    std::fs::copy(fixtures().join("session-0.1.0/ledger.jsonl"), own.join("ledger.jsonl")).unwrap();
    let words: &[&[u8]] = &[b"SQLite format 3\0", b"CREATE TRIGGER", b"CREATE VIEW", b"ok", b"done", b"\xff"];
    Fuzz { name: "fuzz_session", corpus, words, inputs: 60 }.run(|input| {
        std::fs::write(own.join("session.db"), input).unwrap();
        let looked = Session::open_to_look(folder.path()).and_then(|session| look_at(&session));
        Answer::of(looked.is_ok(), input, 20, 32)
    });
}

#[test]
fn fuzz_labels_file() {
    let corpus = ["cat\ndog = a dog | a puppy\n# none\n\"a, b\"\n", "[\"a\", \"b\"]", "a, b\n“c”\n'd'\n"];
    let words: &[&[u8]] = &[
        b"\n",
        b"\"",
        b"=",
        b"|",
        b"\\",
        b",",
        b"#",
        b"[",
        b"]",
        b"\xef\xbb\xbf",
        "\u{201c}".as_bytes(),
        "\u{301}".as_bytes(),
    ];
    let corpus = corpus.map(|text| text.as_bytes().to_vec()).into();
    Fuzz { name: "fuzz_labels_file", corpus, words, inputs: 20_000 }.run(|input| {
        let labels = from_file(&String::from_utf8_lossy(input));
        let is_taken = labels.is_ok();
        if let Ok(labels) = labels {
            let lines: Vec<String> = labels.iter().map(Label::line).collect();
            assert_eq!(from_lines(&lines.join("\n")), Ok(labels), "{lines:?}");
        }
        Answer::of(is_taken, input, 60, 1)
    });
}
