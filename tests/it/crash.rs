//! The program ended with no clean-up, at every named moment of the protocol and at random ones: nothing is lost,
//! nothing is wrong, and the next run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use smart_image_sorter::crash::{MOMENTS, VARIABLE};

use crate::support::{Entry, Workspace, hashes, picture, sorted, tree};
use crate::tools::second_file_system;

/// Set to have more files killed more often than every test run has time for: rounds.
const ROUNDS: &str = "SIS_TEST_KILLS";

/// A way of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Copy,
    Rename,
    AcrossFileSystems,
}

/// A workspace and a destination, on another file system if that is asked for.
struct Scene {
    workspace: Workspace,
    destination: PathBuf,
    operation: &'static str,
    before: BTreeMap<PathBuf, Entry>,
    _elsewhere: Option<tempfile::TempDir>,
}

impl Scene {
    /// None where there is no second file system.
    fn new(way: Way, pictures: usize) -> Option<Scene> {
        let workspace = Workspace::new();
        workspace.write_pictures((0..pictures).map(|number| format!("{}/{number}.jpg", number % 5)));
        for folder in ["x", "y"] {
            workspace.write(format!("source/{folder}/same.jpg"), picture(pictures));
            workspace.write(
                format!("source/{folder}/twin.jpg"),
                picture(pictures + folder.len() + folder.as_bytes()[0] as usize),
            );
        }
        let elsewhere = if way == Way::AcrossFileSystems { Some(second_file_system()?) } else { None };
        let destination = elsewhere.as_ref().map_or(workspace.destination(), |folder| folder.path().join("to"));
        let operation = if way == Way::Copy { "copy" } else { "move" };
        let before = tree(workspace.source());
        Some(Scene { workspace, destination, operation, before, _elsewhere: elsewhere })
    }

    fn classify(&self) -> Command {
        let classify = self.workspace.classify().with("--destination", &self.destination);
        quiet(classify.with("--operation", self.operation).command())
    }

    fn on_destination(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.program();
        command.args(arguments).arg("--destination").arg(&self.destination);
        quiet(command)
    }

    /// Every content of the source is whole somewhere; under a final name there is nothing else.
    fn assert_whole(&self, when: &str) {
        let there: BTreeSet<String> = hashes(self.workspace.source()).into_values().chain(self.sorted(true)).collect();
        let wanted: BTreeSet<String> = hashes_in(&self.before);
        let lost: Vec<_> = wanted.difference(&there).collect();
        assert!(lost.is_empty(), "{when}: lost {lost:?}");
        let finals: BTreeSet<String> = self.sorted(false).collect();
        assert!(finals.is_subset(&wanted), "{when}: a final name holds something else");
    }

    /// Hashes of what was sorted, of temporary files too or not.
    fn sorted(&self, with_temporary: bool) -> impl Iterator<Item = String> {
        let files = if self.destination.exists() { sorted(&self.destination) } else { BTreeMap::new() };
        files.into_iter().filter(move |(path, _)| with_temporary || !is_temporary(path)).map(|(_, hash)| hash)
    }

    fn assert_tidy(&self, when: &str) {
        let left: Vec<_> = [self.workspace.source(), self.destination.clone()]
            .into_iter()
            .flat_map(|folder| hashes(folder).into_keys())
            .filter(|path| is_temporary(path))
            .collect();
        assert!(left.is_empty(), "{when}: temporary files are left: {left:?}");
    }

    fn verify(&self, when: &str) {
        let output = self.on_destination(&["verify"]).stdout(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{when}: {said}");
    }
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.ends_with(".partial") || name.ends_with(".leaving")
}

fn hashes_in(tree: &BTreeMap<PathBuf, Entry>) -> BTreeSet<String> {
    let hash = |entry: &Entry| match &entry.content {
        crate::support::Content::File(hash) => Some(hash.clone()),
        _ => None,
    };
    tree.values().filter_map(hash).collect()
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs the command, which a moment may end; true where it did.
fn crashes_at(moment: &str, mut command: Command) -> bool {
    let status = command.env(VARIABLE, moment).status().unwrap();
    assert!(status.code().is_some() || status.signal() == Some(9), "{moment}: {status}");
    status.signal() == Some(9)
}

fn code(mut command: Command) -> i32 {
    command.status().unwrap().code().expect("it ends by itself")
}

#[test]
fn at_every_moment_of_the_protocol() {
    let mut reached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for way in [Way::Copy, Way::Rename, Way::AcrossFileSystems] {
        // The first time and the third: in the middle of a batch.
        let moments = MOMENTS.map(|(_, moment)| [moment.to_owned(), format!("{moment}:3")]).into_iter().flatten();
        for moment in moments {
            let name = moment.split(':').next().unwrap().to_owned();
            let moment = moment.as_str();
            let Some(scene) = Scene::new(way, 4) else { break };
            let when = format!("{way:?}, {moment}");
            if crashes_at(moment, scene.classify()) {
                reached.entry(name.clone()).or_default().insert(format!("{way:?}"));
            }
            scene.assert_whole(&when);
            assert_eq!(code(scene.classify()), 0, "{when}");
            scene.assert_whole(&when);
            scene.assert_tidy(&when);
            let sorted_once = (tree(scene.workspace.source()), sorted(&scene.destination));
            assert_eq!(code(scene.classify()), 0, "{when}");
            assert_eq!((tree(scene.workspace.source()), sorted(&scene.destination)), sorted_once, "{when}: done twice");
            scene.verify(&when);

            let when = format!("undo of {when}");
            if crashes_at(moment, scene.on_destination(&["undo", "--all"])) {
                reached.entry(name).or_default().insert(format!("undo of {way:?}"));
            }
            scene.assert_whole(&when);
            // Where the crash came after everything, nothing is left to take back.
            assert!([0, 2].contains(&code(scene.on_destination(&["undo", "--all"]))), "{when}");
            assert_eq!(code(scene.on_destination(&["undo", "--all"])), 2, "{when}");
            scene.assert_tidy(&when);
            assert!(tree(scene.workspace.source()) == scene.before, "{when}: the source is not as it was");
            assert_eq!(scene.sorted(true).count(), 0, "{when}");
            scene.verify(&when);
        }
    }
    for (_, moment) in MOMENTS {
        let ways: Vec<String> = reached.get(moment).into_iter().flatten().cloned().collect();
        println!("| {moment} | {} |", ways.join(", "));
        assert!(!ways.is_empty(), "no run came by {moment}");
    }
}

/// A move that was killed when it had emptied its source has nothing left to find: the next run tells what became of
/// it, and writes what it had not.
#[test]
fn a_killed_move_that_had_emptied_its_source_is_finished() {
    for moment in ["renamed", "before-tables"] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let classify = || workspace.classify().with("--operation", "move");
        assert!(crashes_at(moment, quiet(classify().command())), "{moment}");
        assert_eq!((hashes(workspace.source()).len(), sorted(workspace.destination()).len()), (0, 1), "{moment}");
        let finished = classify().ends_with(0);
        assert_eq!(finished.err.contains("1 transfer"), moment == "renamed", "{moment}: {}", finished.err);
        assert!(
            finished.err.contains("has no pictures left") && finished.out.contains("1 where it belongs already"),
            "{finished:?}"
        );
        assert_eq!(workspace.rows()[0]["status"], "moved");
        assert!(workspace.destination().join("SHA256SUMS").exists());
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        // As often as it is asked for; and once they are back, they are found again.
        classify().ends_with(0);
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        classify().ends_with(0);
        assert_eq!(sorted(workspace.destination()).len(), 1);
    }
    // Copied pictures should be there still: their disk may be another one.
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().ends_with(0);
    std::fs::remove_file(workspace.source().join("1.jpg")).unwrap();
    assert!(workspace.classify().ends_with(1).err.contains("has no pictures: check the path"));
}

#[test]
fn at_random_moments() {
    let rounds: usize = std::env::var(ROUNDS).ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let files = if rounds > 50 { 2_000 } else { 400 };
    println!("{rounds} kills over runs of {files} files; {ROUNDS}=200 has 200 over runs of 2,000");
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for way in [Way::Copy, Way::Rename, Way::AcrossFileSystems] {
        let Some(scene) = Scene::new(way, files) else { continue };
        let mut longest = Duration::ZERO;
        let (mut killed, mut round) = (0, 0);
        while killed < rounds.div_ceil(3) {
            round += 1;
            let is_undo = round % 3 == 0;
            let command = || if is_undo { scene.on_destination(&["undo", "--all"]) } else { scene.classify() };
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Somewhere within a run, as long as one has taken so far.
            let span = longest.max(Duration::from_millis(300));
            let after = span.mul_f64((random % 1000) as f64 / 1000.0);
            killed += usize::from(killed_after(after, command()));
            scene.assert_whole(&format!("{way:?}, round {round}, after {after:?}"));
            if round % 8 == 7 {
                let began = Instant::now();
                assert_eq!(code(scene.classify()), 0);
                longest = longest.max(began.elapsed());
                scene.assert_tidy(&format!("{way:?}, round {round}"));
                scene.verify(&format!("{way:?}, round {round}"));
            }
        }
        println!("{way:?}: killed {killed} times in {round} runs");
        assert_eq!(code(scene.classify()), 0);
        scene.verify("after all");
        assert_eq!(code(scene.on_destination(&["undo", "--all"])), 0);
        scene.assert_tidy("after all");
        assert!(tree(scene.workspace.source()) == scene.before, "{way:?}: the source is not as it was");
    }
}

/// Starts the command and kills it after a while; false where it had ended.
fn killed_after(after: Duration, mut command: Command) -> bool {
    let mut child = command.spawn().unwrap();
    // The moment is what is random here; nothing is waited for.
    std::thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap().signal() == Some(9)
}
