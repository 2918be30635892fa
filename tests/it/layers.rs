//! The house's rules, read from the sources: arrows between layers point down only, unsafe code stays where it is
//! allowed, every sentence that the program says is in its language file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use smart_image_sorter::lang::Language;

use crate::rust_source::Source;

/// Each layer and the layers that it may use.
const ARROWS: [(&str, &[&str]); 20] = [
    ("main", &["cli", "tui"]),
    ("lib", &[]),
    ("built_in", &[]),
    ("app_start", &["config", "lang", "use_cases"]),
    ("cli", &["app_start", "built_in", "config", "domain", "engine", "files", "jobs", "lang", "store", "use_cases"]),
    (
        "tui",
        &[
            "app_start",
            "backend",
            "built_in",
            "config",
            "domain",
            "engine",
            "files",
            "jobs",
            "lang",
            "store",
            "use_cases",
        ],
    ),
    ("lang", &["backend", "config", "domain", "engine", "files", "jobs", "store", "use_cases"]),
    ("backend", &["domain", "engine", "files", "jobs", "store", "use_cases"]),
    ("use_cases", &["built_in", "domain", "engine", "files", "jobs", "store"]),
    ("jobs", &["built_in", "domain", "engine", "files", "store"]),
    ("config", &["domain"]),
    ("engine", &["domain"]),
    ("files", &["domain"]),
    ("store", &["domain"]),
    ("domain", &[]),
    ("panics", &[]),
    ("crash", &[]),
    ("file_system", &[]),
    ("plain_file", &[]),
    ("rights", &["domain"]),
];

/// Modules that all may use. `skip` is one of the tests, those beside the code too.
const FOR_ALL: [&str; 6] = ["panics", "crash", "file_system", "plain_file", "rights", "skip"];

/// Files that may hold unsafe code: bindings, each with its reason at the top.
const UNSAFE_ALLOWED: [&str; 3] = ["engine/runtime/library_version.rs", "files/lease.rs", "main.rs"];

/// Words that only `jobs` and `backend` may say: nothing else starts threads, by itself or by others.
const THREADS: [&str; 8] = [
    "thread::spawn",
    "thread::scope",
    "thread::Builder",
    "rayon",
    "par_iter",
    "RecommendedWatcher::new",
    "recommended_watcher",
    "with_intra_threads",
];

/// Threads of libraries that are started where the library is: they end with the call, or with what holds them.
const THREADS_ALLOWED: [(&str, &str); 3] = [
    ("engine/fingerprint/mod.rs", "rayon"),
    ("engine/runtime/onnx_runtime.rs", "with_intra_threads"),
    ("files/watcher.rs", "RecommendedWatcher::new"),
];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect();
    let text = |path: PathBuf| (path.strip_prefix(&root).unwrap().to_owned(), std::fs::read_to_string(path).unwrap());
    files.into_iter().map(text).collect()
}

/// The layer that a file belongs to: its folder, or its own name at the top.
fn layer(path: &Path) -> String {
    path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_point_down_only() {
    let mut layers = BTreeSet::new();
    for (path, text) in sources() {
        let own = layer(&path);
        let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == own).unwrap_or_else(|| panic!("{own} has no rule"));
        for used in Source::new(&text).top_modules(&path) {
            let may = used == own || FOR_ALL.contains(&used.as_str()) || allowed.contains(&used.as_str());
            assert!(may, "{} uses {used}, which {own} may not", path.display());
        }
        layers.insert(own);
    }
    assert!(ARROWS.iter().all(|(name, _)| layers.contains(*name)), "a rule for a layer that is not there");
}

#[test]
fn unsafe_code_and_threads_stay_where_they_belong() {
    for (path, text) in sources() {
        let allowed = UNSAFE_ALLOWED.iter().any(|allowed| path == Path::new(allowed));
        assert!(allowed || !text.contains("allow(unsafe_code"), "{} allows unsafe code", path.display());
        if !["jobs", "backend"].contains(&layer(&path).as_str()) && !path.ends_with("tests.rs") {
            let code = Source::new(&text).tokens.concat();
            let started: Vec<&str> = THREADS.into_iter().filter(|words| code.contains(words)).collect();
            let allowed = THREADS_ALLOWED.iter().filter(|(file, _)| path == Path::new(file)).map(|(_, words)| *words);
            assert_eq!(started, allowed.collect::<Vec<_>>(), "{} starts threads", path.display());
        }
    }
}

/// Rooms of the app that are pure, and what their code may not say: the view is drawn from them, and the world outside
/// is asked by effects.
const PURE: [&str; 2] = ["tui/model", "tui/update"];
const IMPURE: [&str; 11] = [
    "tui::view",
    "super::view",
    "std::fs",
    "std::env",
    "is_dir(",
    "Path::is_dir",
    "is_file",
    "absolute(",
    "exists(",
    "Instant::now",
    "tracing::",
];

#[test]
fn the_apps_state_and_its_changes_ask_neither_the_view_nor_the_system() {
    let pure = sources().into_iter().filter(|(path, _)| PURE.iter().any(|room| path.starts_with(room)));
    let mut count = 0;
    for (path, text) in pure {
        let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.find(|line| IMPURE.iter().any(|word| line.contains(word)));
        assert_eq!(found, None, "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn sentences_said_are_those_in_language_files() {
    Language::all().iter().for_each(every_sentence_is_in_the_file_of);
}

fn every_sentence_is_in_the_file_of(language: &Language) {
    let sections: BTreeSet<&str> = language.keys().map(|key| key.split('.').next().unwrap()).collect();
    let mut said = BTreeSet::new();
    for (path, text) in sources() {
        for literal in &Source::new(&text).literals {
            let is_key = literal.split_once('.').is_some_and(|(section, name)| {
                sections.contains(section) && !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric())
            });
            if is_key && [".toml", ".json", ".txt"].iter().all(|ending| !literal.ends_with(ending)) {
                assert!(language.has(literal), "{}: no sentence for {literal}", path.display());
                said.insert(literal.clone());
            }
        }
    }
    let silent: Vec<&str> = language.keys().filter(|key| !said.contains(*key) && !is_of_a_table(key)).collect();
    assert!(silent.is_empty(), "sentences that nothing says: {silent:?}");
}

/// True for words that other tests match with what they are for: arguments, and the table of keys.
fn is_of_a_table(key: &str) -> bool {
    ["help.", "keys.", "key_help."].iter().any(|section| key.starts_with(section))
}

#[test]
fn every_key_has_its_word_and_all_words_a_key() {
    let table: toml::Table = include_str!("../../config/keys.toml").parse().unwrap();
    let mut wanted = BTreeSet::from(["keys.review_digit".to_owned()]);
    for (section, actions) in &table {
        wanted.insert(format!("keys.section_{section}"));
        wanted.extend(actions.as_table().unwrap().keys().map(|action| format!("keys.{section}_{action}")));
    }
    for language in Language::all() {
        let there = language.keys().filter(|key| key.starts_with("keys.")).map(str::to_owned);
        assert_eq!(wanted, there.collect());
        // The list of keys has a sentence for each.
        let explained = language.keys().filter_map(|key| key.strip_prefix("key_help."));
        let is_of_digits = |name: &&str| name.starts_with("review_digit") || name.starts_with("review_shift_digit");
        let mut explained = explained.filter(|name| !is_of_digits(name));
        assert_eq!(explained.find(|name| !wanted.contains(&format!("keys.{name}"))), None);
    }
}

#[test]
fn every_argument_has_its_words_and_all_words_an_argument() {
    for language in Language::all() {
        let mut wanted = BTreeSet::from(["help.about".to_owned()]);
        let command = smart_image_sorter::cli::help::command(&language);
        let own = command.get_arguments().map(|argument| argument.get_id().as_str());
        wanted.extend(own.filter(|id| !["help", "version"].contains(id)).map(|id| format!("help.app_{id}")));
        collect_help_keys(&command, "help.", &language, &mut wanted);
        let there = language.keys().filter(|key| key.starts_with("help.")).map(str::to_owned);
        assert_eq!(wanted, there.collect());
    }
}

/// An argument that a command has in common with classify has its words there, unless the command has its own.
fn collect_help_keys(command: &clap::Command, prefix: &str, language: &Language, keys: &mut BTreeSet<String>) {
    for sub in command.get_subcommands() {
        let key = format!("{prefix}{}", sub.get_name().replace('-', "_"));
        let arguments = sub.get_arguments().map(|argument| argument.get_id().as_str());
        let own_or_common = |id: &str| {
            let (own, common) = (format!("{key}_{id}"), format!("help.classify_{id}"));
            if key == "help.watch" && !language.has(&own) { common } else { own }
        };
        keys.extend(arguments.filter(|id| *id != "help").map(own_or_common));
        keys.insert(key.clone());
        collect_help_keys(sub, &format!("{key}_"), language, keys);
    }
}

/// A newcomer looks into the map before the tree.
#[test]
fn every_module_of_a_layer_is_on_the_map() {
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let map = std::fs::read_to_string(map).unwrap();
    // What stands between two backticks, folders apart.
    let named: BTreeSet<&str> = map.split('`').skip(1).step_by(2).flat_map(|name| name.split(['/', ':'])).collect();
    let modules: BTreeSet<String> = sources()
        .into_iter()
        .filter_map(|(path, _)| path.components().nth(1).map(|module| module.as_os_str().to_str().unwrap().to_owned()))
        .map(|module| module.trim_end_matches(".rs").to_owned())
        .filter(|module| module != "mod" && !module.ends_with("tests"))
        .collect();
    assert!(modules.len() > 100, "{}", modules.len());
    let missing: Vec<&String> = modules.iter().filter(|module| !named.contains(module.as_str())).collect();
    assert!(missing.is_empty(), "not in docs/architecture.md: {missing:?}");
}

/// Columns of a line of prose: two files fit side by side on a wide screen.
const COLUMNS: usize = 120;

#[test]
fn prose_has_at_most_120_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wide = Vec::new();
    for folder in ["src", "tests", "benches", "docs"] {
        let files = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().map(Result::unwrap);
        for path in files.map(walkdir::DirEntry::into_path) {
            let is_prose: fn(&str) -> bool = match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => |line| line.trim_start().starts_with("//"),
                Some("md") => |line| !line.trim_start().starts_with('|') && !line.starts_with("apt-get "),
                _ => continue,
            };
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = (1..).zip(text.lines()).filter(|(_, line)| is_prose(line) && line.chars().count() > COLUMNS);
            // A diagram in a code block is as wide as it has to be.
            let lines = lines.filter(|(_, line)| !line.contains("-> ["));
            wide.extend(lines.map(|(number, _)| format!("{}:{number}", path.display())));
        }
    }
    assert!(wide.is_empty(), "wider than {COLUMNS} columns:\n{}", wide.join("\n"));
}

#[test]
fn tests_that_look_for_onnx_runtime_are_run_without_it_too() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checks = std::fs::read_to_string(root.join(".ci/run")).unwrap();
    let listed = checks.lines().find_map(|line| line.strip_prefix("without_onnx_runtime=")).unwrap();
    for entry in walkdir::WalkDir::new(root.join("tests/it")) {
        let path = entry.unwrap().into_path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_helper = ["support", "skip", "layers", "tmux"].contains(&name);
        if is_helper || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if ["runtimes()", "onnx_runtime", "ORT_DYLIB_PATH"].iter().any(|word| text.contains(word)) {
            assert!(listed.contains(&format!("{name}::")), "{} is not in the list of .ci/run", path.display());
        }
    }
}
