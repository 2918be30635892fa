//! The shape of the house, read from its sources: how long files and functions are, and which files go round in
//! circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::rust_source::Source;

/// Lines of a file at most, its tests included.
const LONGEST_FILE: usize = 400;

/// Lines of a function at most.
const LONGEST_FUNCTION: usize = 80;

/// Files that may need one another: a table and the words for it, a module and its settings.
const LARGEST_CIRCLE: usize = 2;

/// A file, as the crate names it.
type Module = Vec<String>;

fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    rust.map(|path| (name(&path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Each function that has lines of its own, as the formatter indents them, and how many.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        let is_function = code.split_whitespace().take_while(|word| !word.contains('(')).any(|word| word == "fn")
            || code.starts_with("fn ");
        if !is_function || code.starts_with("//") {
            continue;
        }
        // A function that is declared alone or written in one line has no brace of its own at its depth.
        let end = format!("{indent}}}");
        let Some(last) = lines[first..].iter().position(|line| *line == end) else { continue };
        let is_deeper = |line: &&str| line.is_empty() || line.starts_with(&format!("{indent} "));
        let is_head =
            |line: &&str| line.starts_with(&format!("{indent})")) || line.starts_with(&format!("{indent}where"));
        if lines[first + 1..first + last]
            .iter()
            .all(|line| is_deeper(line) || is_head(line) || *line == format!("{indent}{{"))
        {
            found.push((code.to_owned(), last + 1));
        }
    }
    found
}

/// Every path of the code that begins at the crate, above or here, group by group.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let tokens = &source.tokens;
    let mut found = Vec::new();
    for index in 0..tokens.len() {
        let is_root = ["crate", "super", "self"].contains(&tokens[index].as_str());
        let goes_on = tokens.get(index + 1).is_some_and(|next| next == "::");
        if is_root && goes_on && (index == 0 || tokens[index - 1] != "::") {
            follow(tokens, index, &mut vec![], &mut found);
        }
    }
    found
}

/// Reads one path or group from a place; gives the place behind it.
fn follow(tokens: &[String], mut index: usize, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let depth = path.len();
    loop {
        match tokens.get(index).map(String::as_str) {
            Some("{") => {
                index += 1;
                while tokens.get(index).is_some_and(|token| token != "}") {
                    index = follow(tokens, index, path, found);
                    while tokens.get(index).is_some_and(|token| token == "," || token == "as" || token == "_") {
                        index += 1;
                    }
                }
                index += 1;
                break;
            }
            Some(word) => {
                path.push(word.to_owned());
                index += 1;
                if tokens.get(index).is_none_or(|token| token != "::") {
                    found.push(path.clone());
                    break;
                }
                index += 1;
            }
            None => break,
        }
    }
    path.truncate(depth);
    index
}

/// The file that a path leads to from a module; none where it leads out of the crate.
fn target(from: &Module, path: &[String], files: &BTreeMap<Module, String>) -> Option<Module> {
    let above = path.iter().take_while(|part| *part == "super").count();
    let mut whole: Vec<String> = match path[0].as_str() {
        "crate" => vec![],
        "self" => from.clone(),
        _ => from[..from.len().checked_sub(above)?].to_vec(),
    };
    whole.extend(path.iter().skip(above.max(1)).cloned());
    (1..=whole.len()).rev().map(|length| whole[..length].to_vec()).find(|name| files.contains_key(name))
}

/// Sets of files each of which needs all others, by way of others perhaps. A module that is a part of another one may
/// name it.
fn circles(files: &BTreeMap<Module, String>) -> Vec<BTreeSet<Module>> {
    let arrows: BTreeMap<&Module, BTreeSet<Module>> = files
        .iter()
        .map(|(module, text)| {
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let targets = paths(&Source::new(code)).into_iter().filter_map(|path| target(module, &path, files));
            (module, targets.filter(|target| !module.starts_with(target)).collect())
        })
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = arrows
        .keys()
        .map(|module| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![*module]);
            while let Some(one) = open.pop() {
                open.extend(arrows[one].iter().filter(|target| seen.insert(*target)));
            }
            (*module, seen)
        })
        .collect();
    let round = |one: &Module| -> BTreeSet<Module> {
        reached[one].iter().filter(|other| reached[**other].contains(one)).map(|other| (*other).clone()).collect()
    };
    files.keys().map(round).filter(|circle| circle.len() > 1).collect::<BTreeSet<_>>().into_iter().collect()
}

fn modules(sources: Vec<(String, String)>) -> BTreeMap<Module, String> {
    let name = |file: &str| -> Module {
        let parts = file.trim_end_matches(".rs").trim_end_matches("/mod").split('/');
        parts.map(str::to_owned).collect()
    };
    sources.into_iter().map(|(file, text)| (name(&file), text)).collect()
}

#[test]
fn files_and_functions_are_short() {
    for folder in ["src", "tests", "benches"] {
        for (file, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= LONGEST_FILE, "{folder}/{file} has {lines} lines");
            for (function, lines) in functions(&text) {
                assert!(lines <= LONGEST_FUNCTION, "{folder}/{file}: {function} has {lines} lines");
            }
        }
    }
}

#[test]
fn no_circle_spans_more_than_two_files() {
    let circles = circles(&modules(sources("src")));
    let large: Vec<_> = circles.into_iter().filter(|circle| circle.len() > LARGEST_CIRCLE).collect();
    assert!(large.is_empty(), "files that go round in a circle: {large:#?}");
}

#[test]
fn circle_through_groups_and_parents_is_seen() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let circles = circles(&modules(vec![
        file("a/mod.rs", "mod b; mod c; mod d;"),
        file("a/b.rs", "use crate::{a::{c::C, d}, e};"),
        file("a/c.rs", "use super::d::D;"),
        file("a/d.rs", "fn f() { super::b::g() }"),
        file("e.rs", "// use crate::a::b;\nconst T: &str = \"crate::a::b\";"),
    ]));
    let names = |circle: &BTreeSet<Module>| circle.iter().map(|name| name.join("::")).collect::<Vec<_>>();
    assert_eq!(circles.iter().map(names).collect::<Vec<_>>(), [["a::b", "a::c", "a::d"]]);
}

#[test]
fn length_of_function_is_measured_to_its_brace() {
    let text = "trait T {\n    fn declared(&self);\n\n    fn one(&self) -> u8 { 1 }\n}\n\nfn long(\n    a: u8,\n) {\n    a;\n}\n";
    assert_eq!(functions(text), [("fn long(".to_owned(), 5)]);
}
