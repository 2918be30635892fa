//! Sessions, ledgers and caches that earlier versions wrote, in `tests/data/golden`: they open, verify and are taken
//! back; and today's program writes the same lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value as Json};
use smart_image_sorter::files::decode::revision::is_current;
use smart_image_sorter::files::kind::Kind;
use smart_image_sorter::store::ledger::walk;

use crate::session::summary;
use crate::support::{Finished, copy_folder, finish, fixtures, hashes, program, program_of, sorted};
use crate::tools::can;

/// Where the golden sessions were made: they have absolute paths in them.
const ROOT: &str = "/tmp/sis-golden";

/// Version 0.1.0, and the last one before ledger lines had types of their own.
const VERSIONS: [&str; 2] = ["0.1.0", "before"];

fn golden(version: &str) -> PathBuf {
    fixtures().join("golden").join(version)
}

/// The place in which the golden sessions were made. Only one test at a time has it.
struct Place {
    _lock: File,
}

impl Place {
    /// None where a path in the sessions would be another one without links, which is said.
    fn empty() -> Option<Place> {
        if Path::new("/tmp").canonicalize().is_ok_and(|real| real != Path::new("/tmp")) {
            println!("skipped: /tmp is a link on this machine");
            return None;
        }
        let lock = File::create(format!("{ROOT}.lock")).unwrap();
        lock.lock().unwrap();
        let place = Place { _lock: lock };
        place.clear();
        Some(place)
    }

    /// With everything as a version left it.
    fn of(version: &str) -> Option<Place> {
        let place = Place::empty()?;
        copy_folder(&golden(version), Path::new(ROOT));
        // Git keeps no folder without files.
        for source in ["second", "third"] {
            std::fs::create_dir_all(place.path(source)).unwrap();
        }
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(ROOT).join(name)
    }

    fn sis(&self, arguments: &[&str]) -> Finished {
        let mut command = program_of(Path::new(ROOT), &self.path("home"));
        command.args(arguments);
        finish(command)
    }

    fn on_destination(&self, command: &str) -> Finished {
        self.sis(&[command, "--destination", &format!("{ROOT}/destination")])
    }

    /// Verifies the destination. The ledger of version 0.1.0 does not tell that the program gave a file of somebody
    /// else's another name: that file is named as one that it did not put there.
    fn verify(&self, version: &str, said: &str) {
        let finished = self.on_destination("verify");
        if version == "0.1.0" {
            assert!(finished.out.contains("1 file was put into the destination by somebody else"), "{}", finished.out);
            assert!(finished.out.contains("destination/SHA256SUMS~"), "{}", finished.out);
        }
        assert!(finished.out.contains(said) && finished.out.contains("The ledger is whole"));
        finished.ended_with(if version == "0.1.0" { 3 } else { 0 });
    }

    fn clear(&self) {
        let _ = std::fs::remove_dir_all(ROOT);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The lines of a ledger.
fn lines(ledger: &Path) -> Vec<Map<String, Json>> {
    let text = std::fs::read_to_string(ledger).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_session_of_an_earlier_version_opens_verifies_and_is_taken_back() {
    for version in VERSIONS {
        let Some(place) = Place::of(version) else { return };
        place.verify(version, "25 files are whole");
        let moved = |folder: &str| {
            let is_moved = move |(path, hash): (PathBuf, String)| {
                let number: u32 = path.file_stem()?.to_str()?.parse().ok()?;
                let of = if (10..20).contains(&number) { "second" } else { "third" };
                (number >= 10 && of == folder).then_some(hash)
            };
            sorted(place.path("destination")).into_iter().filter_map(is_moved).collect::<BTreeSet<_>>()
        };
        let (second, copied) = (moved("second"), hashes(place.path("source")));
        assert_eq!(second.len(), 5);

        place.sis(&["undo", "--all", "--destination", &format!("{ROOT}/destination")]).ended_with(0);
        assert_eq!(hashes(place.path("second")).into_values().collect::<BTreeSet<_>>(), second);
        assert_eq!(hashes(place.path("third")).len(), 4, "moved by a run that was killed, or copied by the watch");
        assert_eq!(hashes(place.path("source")), copied);
        // What is left was somebody else's.
        let left = sorted(place.path("destination")).into_keys();
        let mut pictures = left.filter(|path| path.parent() != Some(&place.path("destination")));
        assert!(pictures.all(|path| path.ends_with("circle/1.png")), "{version}");
        place.verify(version, "1 file is whole");

        // The lines that were there are there, and the others follow them.
        let (before, after) = (
            std::fs::read(golden(version).join("destination/.sis/ledger.jsonl")).unwrap(),
            std::fs::read(place.path("destination/.sis/ledger.jsonl")).unwrap(),
        );
        assert!(after.starts_with(&before) && after.len() > before.len());
        let chain = walk(&place.path("destination/.sis/ledger.jsonl"), &[], 0).unwrap();
        assert_eq!(chain.broken_at, None, "{version}");
    }
}

#[test]
fn a_session_that_an_earlier_version_repaired_is_taken_back() {
    let Some(place) = Place::of("before") else { return };
    let repaired = format!("{ROOT}/repaired");
    place.sis(&["verify", "--destination", &repaired]).ended_with(0);
    place.sis(&["undo", "--all", "--destination", &repaired]).ended_with(0);
    assert!(sorted(place.path("repaired")).is_empty());
}

#[test]
fn a_session_of_an_earlier_version_is_made_anew_from_its_ledger() {
    for version in VERSIONS {
        let Some(place) = Place::of(version) else { return };
        std::fs::remove_file(place.path("destination/.sis/session.db")).unwrap();
        place.sis(&["repair", "--trust", "--destination", &format!("{ROOT}/destination")]).ended_with(0);
        place.verify(version, "25 files are whole");
        place.sis(&["undo", "--all", "--destination", &format!("{ROOT}/destination")]).ended_with(0);
        assert_eq!(hashes(place.path("second")).len(), 5, "{version}");
    }
}

/// Pictures of a folder whose embeddings an earlier version kept, and how many of those today's decoders would make
/// too.
fn known(cache: &Path, folder: &Path) -> (usize, usize) {
    let connection = rusqlite::Connection::open(cache).unwrap();
    let has_decoder = "SELECT 1 FROM pragma_table_info('embeddings') WHERE name = 'decoder'";
    let column = if connection.prepare(has_decoder).unwrap().exists([]).unwrap() { "decoder" } else { "''" };
    let mut rows = connection.prepare(&format!("SELECT lower(hex(hash)), {column} FROM embeddings")).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let decoders: BTreeMap<String, String> = rows.map(|row| row.unwrap()).collect();
    let files = hashes(folder);
    let decoder_of = |(path, hash): (&PathBuf, &String)| {
        let file = folder.join(path);
        Some((Kind::of(&std::fs::read(&file).unwrap(), &file), decoders.get(hash)?.clone()))
    };
    let kept: Vec<_> = files.iter().filter_map(decoder_of).collect();
    (kept.len(), kept.iter().filter(|(kind, decoder)| is_current(decoder, *kind)).count())
}

#[test]
fn embeddings_of_an_earlier_version_are_known_where_the_decoder_is_the_same() {
    for version in VERSIONS {
        let Some(place) = Place::of(version) else { return };
        let cache = place.path("home/cache/sis/embeddings.db");
        let (kept, current) = known(&cache, &place.path("source"));
        assert_eq!(kept, 13, "{version}");
        // Version 0.1.0 did not say which decoder it was.
        assert!(version != "0.1.0" || current == 0);
        let rows = || {
            let connection = rusqlite::Connection::open(&cache).unwrap();
            connection.query_row("SELECT count(*) FROM embeddings", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        let before = rows();
        let classified = place.sis(&[
            "classify",
            "--json",
            "--source",
            &format!("{ROOT}/source"),
            "--destination",
            &format!("{ROOT}/elsewhere"),
            "--model",
            "demo",
            "--labels",
            "triangle, square",
        ]);
        assert_eq!(summary(&classified.ended_with(0))["remembered"], current, "{version}");
        assert_eq!(
            rows(),
            before,
            "{version}: what is made anew has the place of what was there: the model is the same"
        );
        let log = std::fs::read_to_string(place.path("home/state/sis/sis.log")).unwrap();
        assert_eq!(log.contains("opening the image tower"), current < kept, "{version}: {log}");
    }
}

/// What a line says, without what is another one each time: times, disks, and what follows from them.
fn constant(line: &Map<String, Json>) -> String {
    let mut line = line.clone();
    for (key, value) in &mut line {
        if ["time", "previous", "modified", "device", "program", "runtime", "set_aside"].contains(&key.as_str()) {
            *value = Json::from("*");
        }
    }
    Json::Object(line).to_string()
}

#[test]
fn the_same_commands_write_the_same_lines_as_before() {
    let Some(place) = Place::empty() else { return };
    if !can("python3", &["-V"]) || !can("tmux", &["-V"]) {
        return;
    }
    let result = tempfile::tempdir().unwrap();
    let (script, made) = (fixtures().join("golden/make.py"), result.path().join("now"));
    let output = Command::new("python3").arg(script).arg(program()).arg(&made).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    drop(place);
    for ledger in ["destination/.sis/ledger.jsonl", "repaired/.sis/ledger.jsonl"] {
        let lines_of = |folder: &Path| lines(&folder.join(ledger)).iter().map(constant).collect::<Vec<_>>();
        let (before, now) = (lines_of(&golden("before")), lines_of(&made));
        for (before, now) in before.iter().zip(&now) {
            assert_eq!(before, now);
        }
        assert_eq!(before.len(), now.len());
    }
}
