//! Downloads that are cut, stopped, damaged, or overtaken by a newer commit.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use smart_image_sorter::domain::hub_model::HubModel;
use smart_image_sorter::engine::hub::{DownloadControl, DownloadEvent, Hub, HubConfig, HubError};

use super::server::{Answer, Repository, Request, Server};
use super::{ID, User, WEIGHTS, misbehaving, published};
use crate::file_systems::Mounted;
use crate::tools::compiled_at;

#[test]
fn a_cut_connection_goes_on_where_it_was() {
    let repository = published();
    let server = misbehaving(&repository, |request, times, answer| match (request.is_for(WEIGHTS), times) {
        (true, 0) => answer.cut_after(100_000),
        (true, 1) => Answer::none(),
        (true, 2) => answer.cut_after(50_000),
        (false, 0) if request.path.starts_with("/api/") => Answer::none(),
        (false, 0) if request.is_for("tokenizer.json") => answer.cut_after(1),
        _ => answer,
    });
    let user = User::of(&server);
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
    let ranges: Vec<_> = server.asked_for(WEIGHTS).iter().map(Request::range).collect();
    assert_eq!(ranges, [None, Some(100_000), Some(100_000), Some(150_000)]);
    // One that is always cut ends, and what has arrived is kept.
    let server =
        misbehaving(&repository, |request, _, answer| if request.is_for(WEIGHTS) { Answer::none() } else { answer });
    let finished = User::of(&server).pull().ended_with(1);
    assert!(finished.err.contains("is cut again and again"), "{}", finished.err);
}

#[test]
fn a_server_that_knows_no_ranges_sends_it_all_again() {
    let repository = published();
    let whole = repository.clone();
    let server = misbehaving(&repository, move |request, times, answer| match (request.is_for(WEIGHTS), times) {
        (true, 0) => answer.cut_after(100_000),
        (true, _) => Answer::new(200, whole.main()[WEIGHTS].clone()),
        _ => answer,
    });
    let user = User::of(&server);
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
}

#[test]
fn a_connection_that_falls_silent_counts_as_cut() {
    let repository = published();
    let server = misbehaving(&repository, |request, times, answer| match (request.is_for(WEIGHTS), times) {
        (true, 0) => Answer { silent_after: Some(100_000), ..answer },
        _ => answer,
    });
    let user = User::of(&server).with("HF_HUB_DOWNLOAD_TIMEOUT", 1);
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
    assert_eq!(server.asked_for(WEIGHTS)[1].range(), Some(100_000));
}

/// Refuses what file systems without links refuse, whatever the file system.
const NO_LINKS: &str = "
#include <errno.h>
int symlink(const char *target, const char *path) { errno = EPERM; return -1; }
int symlinkat(const char *target, int folder, const char *path) { errno = EPERM; return -1; }
";

/// The user with a cache that knows no links: on a file system that has none, and with the system's call for them
/// refused, which every machine can do that links programs.
fn without_links(server: &Server) -> Vec<(User, PathBuf, Option<Mounted>)> {
    let mut users = Vec::new();
    let user = User::of(server);
    if let Some(mounted) = Mounted::made_with(&user.workspace, 64, &["mkfs.vfat"]) {
        let cache = mounted.0.join("hub");
        users.push((user.with("HF_HUB_CACHE", cache.display()), cache, Some(mounted)));
    }
    let user = User::of(server);
    if let Some(library) = compiled_at(user.workspace.root(), "no_links.so", NO_LINKS) {
        let cache = user.cache();
        users.push((user.with("LD_PRELOAD", library.display()), cache, None));
    }
    users
}

#[test]
fn a_cache_without_links_holds_the_files_themselves() {
    let repository = published();
    let server = Server::of(&repository);
    for (user, cache, _mounted) in without_links(&server) {
        check_without_links(user, &cache, &server);
    }
}

fn check_without_links(user: User, cache: &Path, server: &Server) {
    let before = server.asked_for(WEIGHTS).len();
    user.workspace.write_pictures(["1.jpg"]);
    user.classify(ID).ended_with(0);
    let asked = server.requests().len();
    let finished = user.pull().ended_with(0);
    assert!(finished.out.contains("is up to date"), "{}", finished.out);
    user.sis(&["model", "pull", "--check", ID]).ended_with(0);
    assert_eq!(server.asked_for(WEIGHTS).len(), before + 1);
    let links = walkdir::WalkDir::new(cache).into_iter().filter(|entry| entry.as_ref().unwrap().path_is_symlink());
    assert_eq!(links.count(), 0);
    let user = user.with("HF_HUB_OFFLINE", 1);
    user.classify(ID).ended_with(0);
    assert!(server.requests().len() > asked);
}

#[test]
fn a_conversion_comes_into_a_cache_without_links() {
    let repository = super::choice::converted("SFconvertbot", false);
    let server = Server::of(&repository);
    for (user, cache, _mounted) in without_links(&server) {
        let before = server.asked_for(WEIGHTS).len();
        for _ in 0..2 {
            user.pull().ended_with(0);
        }
        assert_eq!(server.asked_for(WEIGHTS).len(), before + 1);
        let main = cache.join("models--owner--name/snapshots").join(repository.head());
        assert_eq!(std::fs::read(main.join("config.json")).unwrap(), repository.main()["config.json"]);
        user.with("HF_HUB_OFFLINE", 1).sis(&["doctor", "--model", ID]).ended_with(0);
    }
}

/// Starts a pull of which the weights come to a near halt, and waits until so many bytes of them are there.
fn begun_pull(user: &User, bytes: u64) -> std::process::Child {
    begun(user.command(&["model", "pull", ID]), user, bytes)
}

fn begun(mut command: Command, user: &User, bytes: u64) -> std::process::Child {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    // A file that has become whole gets its name between the listing and the look at it.
    let length = |path: &std::path::PathBuf| path.metadata().map_or(0, |file| file.len());
    let arrived = || user.incomplete().iter().map(length).max().unwrap_or_default();
    while arrived() < bytes {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not begin");
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn trickling(repository: &Repository) -> Server {
    misbehaving(repository, |request, times, answer| match request.is_for(WEIGHTS) && times == 0 {
        true => Answer { trickle_after: Some(200_000), ..answer },
        false => answer,
    })
}

#[test]
fn a_killed_pull_goes_on_where_it_was() {
    let repository = published();
    let server = trickling(&repository);
    let user = User::of(&server);
    let mut child = begun_pull(&user, 200_000);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!user.model().join("refs/main").exists());
    let finished = user.pull().ended_with(0);
    assert!(finished.err.contains("of 393 kB are left"), "{}", finished.err);
    user.assert_pulled(&repository);
    let from = server.asked_for(WEIGHTS)[1].range().unwrap();
    assert!(from >= 200_000, "{from}");
    assert_eq!(server.asked_for("tokenizer.json").len(), 1, "what is whole is not asked for again");
}

#[test]
fn a_pull_can_be_stopped_and_another_waits_for_the_one_before() {
    let repository = published();
    let server = trickling(&repository);
    let user = User::of(&server);
    let first = begun_pull(&user, 200_000);
    let mut second = user.command(&["model", "pull", ID]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // It says that it waits before the first is ended, so that it did wait.
    let mut waiting = std::io::BufReader::new(second.stderr.take().unwrap());
    let mut said_by_second = String::new();
    while !said_by_second.contains("waiting for it") {
        assert_ne!(waiting.read_line(&mut said_by_second).unwrap(), 0, "{said_by_second}");
    }
    let killed = Command::new("kill").args(["-INT", &first.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let first = first.wait_with_output().unwrap();
    let said = String::from_utf8(first.stderr).unwrap();
    assert_eq!(first.status.code(), Some(130), "{said}");
    assert!(said.contains("What has arrived is kept"), "{said}");
    waiting.read_to_string(&mut said_by_second).unwrap();
    assert!(second.wait().unwrap().success(), "{said_by_second}");
    user.assert_pulled(&repository);
    assert!(server.asked_for(WEIGHTS)[1].range().unwrap() >= 200_000);
}

#[test]
fn the_download_of_a_run_can_be_stopped_too() {
    let server = trickling(&published());
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg"]);
    let (source, destination) = (user.workspace.source(), user.workspace.destination());
    let paths = ["--source", source.to_str().unwrap(), "--destination", destination.to_str().unwrap()];
    let arguments = [&["classify", "--model", ID, "--labels", "a, b"][..], &paths].concat();
    let run = begun(user.command(&arguments), &user, 200_000);
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let run = run.wait_with_output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(130), "{said}");
    assert!(!destination.exists(), "nothing was begun");
}

#[test]
fn what_is_not_as_published_never_gets_its_name() {
    let repository = published();
    for file in [WEIGHTS, "tokenizer.json"] {
        let server = misbehaving(&repository, move |request, _, mut answer| {
            if request.is_for(file) {
                answer.body[0] ^= 1;
            }
            answer
        });
        let user = User::of(&server);
        let finished = user.pull().ended_with(1);
        assert!(
            finished.err.contains(&format!("{file} of owner/name arrived with another content"))
                && finished.err.contains("was not kept"),
            "{}",
            finished.err
        );
        assert!(user.incomplete().is_empty(), "what is damaged is not gone on with");
        assert!(!user.model().join("snapshots").join(repository.head()).join(file).exists());
        assert!(!user.model().join("refs/main").exists());
    }
    // A half-finished file may be wrong too: then all of it is asked for again.
    let server = Server::of(&repository);
    let user = User::of(&server);
    let hash = crate::support::sha256(&repository.main()[WEIGHTS]);
    std::fs::create_dir_all(user.model().join("blobs")).unwrap();
    for wrong in [vec![1; repository.main()[WEIGHTS].len()], vec![1; 1000], vec![1; 1_000_000]] {
        std::fs::write(user.model().join(format!("blobs/{hash}.incomplete")), wrong).unwrap();
        user.pull().ended_with(0);
        user.assert_pulled(&repository);
        std::fs::remove_file(user.model().join("blobs").join(&hash)).unwrap();
    }
    // Damage that the length does not show is found when one asks for it.
    let mut weights = repository.main()[WEIGHTS].clone();
    weights[1000] ^= 1;
    std::fs::write(user.model().join("blobs").join(&hash), weights).unwrap();
    let finished = user.sis(&["model", "pull", "--check", ID]).ended_with(0);
    assert!(finished.err.contains("model.safetensors of owner/name was damaged"), "{}", finished.err);
    user.assert_pulled(&repository);
    let finished = user.sis(&["model", "pull", "--check", ID]).ended_with(0);
    assert!(finished.out.contains("is up to date") && !finished.err.contains("damaged"), "{}", finished.err);
    // A blob that somebody cut short is no blob.
    std::fs::write(user.model().join("blobs").join(&hash), b"cut short").unwrap();
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
}

#[test]
fn download_cut_is_hashed_aloud_and_can_be_stopped() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    let content = &repository.main()[WEIGHTS];
    let part = user.model().join("blobs").join(format!("{}.incomplete", crate::support::sha256(content)));
    std::fs::create_dir_all(part.parent().unwrap()).unwrap();
    std::fs::write(&part, &content[..300_000]).unwrap();
    let variable = |name: &str| match name {
        "HF_ENDPOINT" => Some(server.url().into()),
        "HF_HUB_CACHE" => Some(user.cache().into()),
        _ => None,
    };
    let (hub, model) = (Hub::new(HubConfig::from_variables(&variable)), HubModel::parse(ID).unwrap());
    let stop = AtomicBool::new(false);
    let mut tell = |step: DownloadEvent<'_>| {
        if let DownloadEvent::Checking { total, .. } = step {
            assert_eq!(total, 300_000);
            stop.store(true, Ordering::Relaxed);
        }
    };
    let got = hub.folder(&model, &mut DownloadControl { stop: &stop, tell: &mut tell });
    assert!(matches!(got, Err(HubError::Cancelled)), "{got:?}");
    assert_eq!(part.metadata().unwrap().len(), 300_000);
    assert!(server.asked_for(WEIGHTS).is_empty());
}

#[test]
fn a_wrong_length_is_refused_before_it_is_written() {
    let repository = published();
    let longer = misbehaving(&repository, |request, _, mut answer| {
        if request.is_for(WEIGHTS) {
            answer.body.extend([0; 1000]);
        }
        answer
    });
    let shorter = misbehaving(&repository, |request, _, mut answer| {
        if request.is_for(WEIGHTS) {
            answer.body.truncate(1000);
        }
        answer
    });
    let another_part = misbehaving(&repository, |request, times, answer| match (request.is_for(WEIGHTS), times) {
        (true, 0) => answer.cut_after(1000),
        (true, _) => Answer { headers: vec![], ..answer }.with("Content-Range", "bytes 1000-1999/2000"),
        _ => answer,
    });
    for server in [longer, shorter, another_part] {
        let finished = User::of(&server).pull().ended_with(1);
        assert!(finished.err.contains("model.safetensors of owner/name has another length"), "{}", finished.err);
    }
}

#[test]
fn a_branch_that_moves_on_meanwhile_does_no_harm() {
    let mut repository = published();
    let first = repository.head().to_owned();
    let before = repository.clone();
    let mut files = repository.main();
    files.insert("config.json".to_owned(), [files["config.json"].clone(), b"\n".to_vec()].concat());
    files.insert(WEIGHTS.to_owned(), [files[WEIGHTS].clone(), b" ".to_vec()].concat());
    repository.publish("main", files);
    let after = repository.clone();
    // As soon as the listing was given out, main stands for the other commit.
    let server = Server::new(move |request, times| {
        let is_first = request.path.starts_with("/api/") && times == 0;
        if is_first { before.answer(request) } else { after.answer(request) }
    });
    let user = User::of(&server);
    user.pull().ended_with(0);
    let snapshot = user.model().join("snapshots").join(&first);
    for (name, content) in &repository.commits[&first] {
        if snapshot.join(name).exists() {
            assert_eq!(&std::fs::read(snapshot.join(name)).unwrap(), content, "{name}");
        }
    }
    assert_eq!(std::fs::read_to_string(user.model().join("refs/main")).unwrap(), first);
    user.pull().ended_with(0);
    user.assert_pulled(&repository);
    assert_eq!(server.asked_for("tokenizer.json").len(), 1, "what did not change is not asked for again");
    let finished = user.pull().ended_with(0);
    assert!(finished.out.contains("is up to date"), "{}", finished.out);
}

#[test]
fn a_full_disk_is_said_before_and_when_it_fills_up_meanwhile() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    let cache = user.workspace.path("hub");
    {
        let Some(_mounted) = Mounted::new(&cache, &["-t", "tmpfs", "-o", "size=200k", "none"]) else { return };
        let user = User::of(&server).with("HF_HUB_CACHE", cache.display());
        let finished = user.pull().ended_with(1);
        assert!(
            finished.err.contains("has room for") && finished.err.contains("393 kB are needed"),
            "{}",
            finished.err
        );
        assert!(server.asked_for(WEIGHTS).is_empty());
    }
    let Some(_mounted) = Mounted::new(&cache, &["-t", "tmpfs", "-o", "size=800k", "none"]) else { return };
    let filler = cache.join("somebody else's");
    let fills = filler.clone();
    let server = misbehaving(&repository, move |request, _, answer| {
        if request.is_for(WEIGHTS) {
            let _ = std::fs::write(&fills, vec![1; 500_000]);
        }
        answer
    });
    let user = User::of(&server).with("HF_HUB_CACHE", cache.display());
    let finished = user.pull().ended_with(1);
    assert!(finished.err.contains("has room for") && finished.err.contains("are needed"), "{}", finished.err);
    std::fs::remove_file(&filler).unwrap();
    let server = Server::of(&repository);
    User { endpoint: server.url(), ..user }.pull().ended_with(0);
    let from = server.asked_for(WEIGHTS)[0].range().unwrap();
    assert!(from > 0, "what was written before is gone on from");
}
