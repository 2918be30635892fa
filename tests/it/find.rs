//! `sis find`: the nearest pictures to a sentence or to a picture, from what is remembered of a session.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;
use smart_image_sorter::backend::{Event, NotRanked, Order, RankBy};
use smart_image_sorter::built_in::{self, Unpacker};
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::domain::ranking::Ranking;
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::runtime::find::LibrarySearchPath;
use smart_image_sorter::engine::runtime::select::{RuntimeChoice, RuntimeRequest};
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::read::{Reading, read};
use smart_image_sorter::jobs::embedding_cache::EmbeddingCacheConfig;
use smart_image_sorter::use_cases::Machine;

use crate::support::{Finished, Workspace, copy_folder, fixtures, of_kind, picture, program};
use crate::working::Working;

/// Drawn pictures that the built-in model was not trained on, what they are, and words for that.
#[derive(Deserialize)]
struct Evaluation {
    labels: Vec<Wording>,
    pictures: Vec<Drawn>,
}

#[derive(Deserialize)]
struct Wording {
    kind: String,
    learnt: String,
}

#[derive(Deserialize)]
struct Drawn {
    file: String,
    kind: String,
}

fn evaluation() -> Evaluation {
    serde_json::from_slice(&std::fs::read(fixtures().join("demo/evaluation.json")).unwrap()).unwrap()
}

/// Three pictures of each kind, classified with the built-in model; and the kind of each by its path.
fn drawn() -> (Workspace, HashMap<String, String>) {
    let (workspace, mut kinds, mut counts) = (Workspace::new(), HashMap::new(), HashMap::<String, usize>::new());
    for Drawn { file, kind } in evaluation().pictures {
        let count = counts.entry(kind.clone()).or_default();
        *count += 1;
        if *count <= 3 {
            let content = std::fs::read(fixtures().join("demo").join(&file)).unwrap();
            let path = workspace.write(Path::new("source").join(&file), content);
            kinds.insert(path.to_str().unwrap().to_owned(), kind);
        }
    }
    workspace.classify().with("--model", "demo").with("--labels", "a map, a face, a meme").ends_with(0);
    (workspace, kinds)
}

fn found(finished: &Finished) -> Vec<(String, f64)> {
    let events = finished.events();
    let found = of_kind(&events, "found");
    found.map(|event| (event["path"].as_str().unwrap().to_owned(), event["score"].as_f64().unwrap())).collect()
}

fn summary(finished: &Finished) -> Json {
    finished.events().pop().unwrap()
}

/// The cosine of each picture to a sentence, by the engine alone, in double precision.
fn cosines(workspace: &Workspace, sentence: &str, paths: &[&String]) -> HashMap<String, f64> {
    let checkpoint = Checkpoint::open(&built_in::unpack_model(&workspace.home().join("model")).unwrap()).unwrap();
    let mut text = TextEncoder::open(&checkpoint, &Runtime::Tract).unwrap();
    let direction = text.encode(&[sentence.to_owned()]).unwrap().row(0).mapv(f64::from);
    let direction = &direction / direction.dot(&direction).sqrt();
    let mut images = ImageEncoder::open(&checkpoint, &Runtime::Tract, 1, Workload::Many).unwrap().remove(0);
    let cosine = |path: &&String| {
        let Reading::Content(content) = read(Path::new(path)) else { panic!("{path}") };
        let pixels = decode(&content.bytes, content.kind).unwrap().pixels;
        let embedding = images.encode(&[&checkpoint.processor().prepare(&pixels)]).unwrap();
        ((*path).clone(), embedding.row(0).mapv(|value| value.to_f64()).dot(&direction))
    };
    paths.iter().map(cosine).collect()
}

#[test]
fn sentences_find_their_pictures_in_the_order_of_their_cosines() {
    let (workspace, kinds) = drawn();
    let (mut right, mut all) = (0, 0);
    for Wording { kind, learnt } in evaluation().labels {
        let finished = workspace.sis_on_destination(&["find", &learnt, "--limit", "1", "--json"]).ended_with(0);
        let [(path, _)] = &found(&finished)[..] else { panic!("{}", finished.out) };
        right += usize::from(kinds[path] == kind);
        all += 1;
    }
    assert!(right * 10 >= all * 9, "{right} of {all} sentences find a picture of their kind first");
    // Everything by brute force.
    let finished = workspace.sis_on_destination(&["find", " a map ", "--json"]).ended_with(0);
    let told = found(&finished);
    let paths: Vec<&String> = kinds.keys().collect();
    let exact = cosines(&workspace, "a map", &paths);
    assert_eq!(told.len(), kinds.len());
    assert!(told.iter().all(|(path, score)| (exact[path] - score).abs() < 1e-3), "{told:?}");
    assert!(told.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{told:?}");
    assert!(told.windows(2).all(|pair| exact[&pair[0].0] >= exact[&pair[1].0] - 1e-3));
    let summary = summary(&finished);
    for (key, value) in [("found", kinds.len()), ("compared", kinds.len()), ("missing", 0), ("without_pixels", 0)] {
        assert_eq!(summary[key], value, "{summary}");
    }
    assert_eq!(
        (&summary["event"], &summary["text"], &summary["model"]),
        (&"summary".into(), &" a map ".into(), &"demo".into())
    );
    // To people, a line each, the nearest first; the best 100 are all of them.
    let lines = workspace.sis_on_destination(&["find", "a map", "--limit", "5"]).ended_with(0);
    let first = lines.out.lines().next().unwrap();
    assert!(lines.out.lines().count() == 5 && first.contains(&told[0].0), "{}", lines.out);
    assert!(lines.err.contains("5 of 48 pictures"), "{}", lines.err);
}

#[test]
fn a_picture_finds_itself_first_and_others_of_its_kind() {
    let (workspace, kinds) = drawn();
    let (path, kind) = kinds.iter().find(|(_, kind)| *kind == "flag").unwrap();
    let finished = workspace.sis_on_destination(&["find", "--like", path, "--json"]).ended_with(0);
    let told = found(&finished);
    assert!(&told[0].0 == path && (told[0].1 - 1.0).abs() < 1e-3, "{told:?}");
    assert_eq!(&kinds[&told[1].0], kind, "{told:?}");
    assert_eq!(summary(&finished)["like"].as_str(), Some(path.as_str()));
    // Another picture of the kind, which was never classified, through the image tower.
    let other = evaluation().pictures.into_iter().rev().find(|drawn| drawn.kind == *kind).unwrap().file;
    let other = fixtures().join("demo").join(other);
    let finished = workspace.sis_on_destination(&["find", "--like", other.to_str().unwrap(), "--json"]).ended_with(0);
    let told = found(&finished);
    assert_eq!(&kinds[&told[0].0], kind, "{told:?}");
    assert!(told[0].1 < 0.9999, "{told:?}");
}

/// A destination whose model is in a folder that can be taken away.
fn with_model_folder() -> (Workspace, PathBuf) {
    let workspace = Workspace::new();
    let model = workspace.home().join("clip");
    copy_folder(&fixtures().join("clip"), &model);
    workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg"]);
    workspace.write("source/copies/again.jpg", picture(1));
    let odd = workspace.source().join(std::ffi::OsStr::from_bytes(b"b\xffd.jpg"));
    std::fs::write(&odd, picture(9)).unwrap();
    workspace.write("source/broken.jpg", "no picture at all");
    workspace.classify().with("--model", &model).ends_with(3);
    (workspace, model)
}

#[test]
fn every_picture_is_told_with_its_label_and_its_place() {
    let (workspace, _) = with_model_folder();
    let finished = workspace.sis_on_destination(&["find", "a", "--json"]).ended_with(0);
    let events = finished.events();
    assert_eq!(events.len(), 5, "{}", finished.out);
    for event in of_kind(&events, "found") {
        let placed = event["placed"].as_str().unwrap();
        let label = event["label"].as_str().unwrap();
        assert!(placed.contains(&format!("destination/{label}/")), "{event}");
        let (is_odd, is_copied) = (event.get("path_bytes").is_some(), event["others_alike"] == 1);
        let path = event["path"].as_str().unwrap();
        assert_eq!(is_copied, path.ends_with("2.jpg") || path.ends_with("again.jpg"), "{event}");
        assert_eq!((is_odd, event.get("placed_bytes").is_some()), (path.contains('\u{fffd}'), is_odd), "{event}");
        assert_eq!(event["sha256"].as_str().map(str::len), Some(64));
    }
    assert_eq!(events.iter().filter(|event| event.get("path_bytes").is_some()).count(), 1);
    assert_eq!((&events[4]["compared"], &events[4]["without_pixels"]), (&4.into(), &1.into()));
    // Names that are not text are escaped for people.
    let lines = workspace.sis_on_destination(&["find", "a"]).ended_with(0);
    assert!(lines.out.contains("b\\xffd.jpg") && lines.out.contains("and 1 more of the same content"), "{}", lines.out);
}

#[test]
fn likeness_to_a_picture_of_the_session_needs_no_model() {
    let (workspace, model) = with_model_folder();
    std::fs::remove_dir_all(&model).unwrap();
    let source = workspace.source().join("1.jpg");
    let like = |path: &Path| workspace.sis_on_destination(&["find", "--json", "--like", path.to_str().unwrap()]);
    let first = |finished: Finished| found(&finished.ended_with(0))[0].clone();
    let (path, score) = first(like(&source));
    assert!(path == source.to_str().unwrap() && (score - 1.0).abs() < 1e-3, "{path} {score}");
    // The same content under another name, a link to it, and a file that is gone.
    let other = workspace.write("elsewhere/other name.jpg", picture(0));
    assert_eq!(first(like(&other)).0, path);
    let link = workspace.path("link.jpg");
    std::os::unix::fs::symlink(&other, &link).unwrap();
    assert_eq!(first(like(&link)).0, path);
    std::fs::remove_file(&source).unwrap();
    assert_eq!(first(like(&source)).0, path);
    // A sentence needs the model, and so does a picture that the session does not know.
    let finished = workspace.sis_on_destination(&["find", "a map"]).ended_with(1);
    assert!(finished.err.contains(model.to_str().unwrap()), "{}", finished.err);
    like(&workspace.write("new.jpg", picture(77))).ended_with(1);
}

/// Runs it in both languages and gives what is said in English.
fn refused(workspace: &Workspace, arguments: &[&str], code: i32) -> String {
    let run = |language: &str| {
        let mut command = workspace.program();
        command.args(arguments).arg("--destination").arg(workspace.destination()).env("SIS_LANG", language);
        let finished = crate::support::finish(command).ended_with(code);
        assert!(!finished.err.contains("[find.") && !finished.err.is_empty(), "{}", finished.err);
        finished
    };
    let (english, portuguese) = (run("en"), run("pt"));
    assert_ne!(english.err, portuguese.err);
    assert_eq!(english.out, "");
    english.err
}

#[test]
fn a_search_that_cannot_be_made_is_refused_in_a_sentence() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.destination()).unwrap();
    assert!(refused(&workspace, &["find", "a map"], 2).contains("has no session"));
    let (workspace, _) = with_model_folder();
    assert!(refused(&workspace, &["find", "  "], 2).contains("nothing to look for"));
    let long = "rifle ".repeat(400);
    assert!(refused(&workspace, &["find", &long], 2).contains("too long for the model"));
    let text = workspace.write("notes.jpg", "no picture");
    let text = text.to_str().unwrap();
    let said = refused(&workspace, &["find", "--like", text], 1);
    assert!(said.contains(text) && said.contains("no picture"), "{said}");
    assert!(refused(&workspace, &["find", "--like", "gone.jpg"], 1).contains("gone.jpg"));
    workspace.sis(["cache", "clear"]).ended_with(0);
    let said = refused(&workspace, &["find", "a map"], 1);
    assert!(said.contains("4 pictures") && said.contains("sis classify"), "{said}");
}

#[test]
fn pictures_that_are_not_remembered_are_counted() {
    let (workspace, _) = with_model_folder();
    let hash = crate::support::sha256(picture(2));
    let cache = rusqlite::Connection::open(workspace.home().join("cache/sis/embeddings.db")).unwrap();
    let removed = cache.execute("DELETE FROM embeddings WHERE hex(hash) = ?1", [hash.to_uppercase()]).unwrap();
    assert_eq!(removed, 1);
    let finished = workspace.sis_on_destination(&["find", "a map", "--json"]).ended_with(3);
    assert_eq!((found(&finished).len(), &summary(&finished)["missing"]), (3, &1.into()));
    assert!(finished.err.contains("1 picture is not compared"), "{}", finished.err);
    // To classify again mends it.
    workspace.classify().with("--model", workspace.home().join("clip")).ends_with(3);
    assert_eq!(found(&workspace.sis_on_destination(&["find", "a map", "--json"]).ended_with(0)).len(), 4);
}

#[test]
fn a_strange_session_does_not_have_its_model_opened() {
    let (workspace, _) = with_model_folder();
    std::fs::remove_dir_all(workspace.home().join("data")).unwrap();
    let finished = workspace.sis_on_destination(&["find", "a map"]).ended_with(2);
    assert!(finished.err.contains("--trust"), "{}", finished.err);
    workspace.sis_on_destination(&["find", "a map", "--trust"]).ended_with(0);
    let source = workspace.source().join("1.jpg");
    workspace.sis_on_destination(&["find", "--like", source.to_str().unwrap()]).ended_with(0);
}

/// The app's threads, on the folders of the program that the workspace runs.
fn app(workspace: &Workspace) -> Working {
    Working::on(Machine {
        places: LibrarySearchPath::default(),
        runtime: RuntimeRequest { runtime: RuntimeChoice::Tract, ..RuntimeRequest::default() },
        program: program().to_owned(),
        cache: Some(EmbeddingCacheConfig { folder: workspace.home().join("cache/sis"), limit: 1 << 30 }),
        built_in: Unpacker::new(Some(workspace.home().join("built-in"))),
        data_folder: Some(workspace.home().join("data/sis")),
    })
}

/// The answer to an order to rank.
fn ranked(app: &mut Working, number: u64, by: RankBy) -> Result<Ranking, String> {
    app.backend.send(Order::Rank { number, by });
    let is_answer = |event: &Event| match event {
        Event::Ranked { number: told, .. } | Event::NotRanked { number: told, .. } => *told == number,
        _ => false,
    };
    app.wait_for("an answer", is_answer);
    let answer = app.events.iter().rev().find(|event| is_answer(event));
    match answer {
        Some(Event::Ranked { ranking, .. }) => Ok(ranking.clone()),
        Some(Event::NotRanked { reason, .. }) => Err(format!("{reason:?}")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_app_ranks_as_the_command_does() {
    let (workspace, _) = with_model_folder();
    let mut app = app(&workspace);
    let sentence = || RankBy::Sentence("a map".to_owned());
    assert_eq!(ranked(&mut app, 1, sentence()), Err(format!("{:?}", NotRanked::NoModel)));
    app.backend.send(Order::Open { destination: workspace.destination() });
    app.wait_for("the model", |event| matches!(event, Event::Scorable { missing: 0 }));
    let entries: Vec<(PictureId, PathBuf)> = app
        .events
        .iter()
        .flat_map(|event| match event {
            Event::Arrived { entries, .. } => {
                entries.iter().map(|(entry, _)| (entry.id, entry.path.clone())).collect::<Vec<_>>()
            }
            _ => vec![],
        })
        .collect();
    assert_eq!(entries.len(), 6);
    let ranking = ranked(&mut app, 2, sentence()).unwrap();
    let told = found(&workspace.sis_on_destination(&["find", "a map", "--json"]).ended_with(0));
    let by_path: HashMap<String, f64> = told.iter().cloned().collect();
    for (position, (_, path)) in entries.iter().enumerate() {
        if let Some(score) = by_path.get(&path.to_string_lossy().into_owned()) {
            let own = ranking.cosine(position).unwrap();
            assert_eq!(own, *score as f32, "{path:?}");
        }
    }
    let order = ranking.order.iter().map(|position| entries[*position].1.to_string_lossy().into_owned());
    let order: Vec<String> = order.filter(|path| by_path.contains_key(path)).collect();
    assert_eq!(order, told.into_iter().map(|(path, _)| path).collect::<Vec<_>>());
    assert_eq!(ranking.known(), 5, "one picture is broken");
    let (id, path) = &entries[ranking.order[2]];
    let like = ranked(&mut app, 3, RankBy::Likeness(*id)).unwrap();
    assert_eq!(&entries[like.order[0]].1, path);
    let broken = entries.iter().find(|(_, path)| path.ends_with("broken.jpg")).unwrap().0;
    let unknown = format!("{:?}", NotRanked::PictureUnknown);
    assert_eq!(ranked(&mut app, 4, RankBy::Likeness(broken)), Err(unknown));
    let long = ranked(&mut app, 5, RankBy::Sentence("rifle ".repeat(400))).unwrap_err();
    assert!(long.starts_with("TooLong"), "{long}");
}
