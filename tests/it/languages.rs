//! The program in Portuguese: help, the settings' choice, and what is said where the settings are broken.

use std::process::Command;

use smart_image_sorter::lang::Language;

use crate::support::{Finished, Workspace, finish};

/// Commands whose help is read.
const COMMANDS: [&str; 19] = [
    "model",
    "model list",
    "model pull",
    "model info",
    "",
    "classify",
    "review",
    "apply",
    "undo",
    "verify",
    "cache",
    "cache clear",
    "runtime",
    "runtime status",
    "runtime install",
    "demo",
    "doctor",
    "completions",
    "man",
];

/// Sentences that count, as they are said of one.
#[test]
fn one_is_said_as_one() {
    let one: &[(&str, &dyn std::fmt::Display)] = &[
        ("pictures", &1),
        ("waiting", &1),
        ("seconds", &1),
        ("removed", &1),
        ("sure", &1),
        ("unsure", &1),
        ("backlog", &1),
        ("back", &1),
        ("left", &1),
        ("count", &1),
        ("run", &7),
        ("review", &"F4"),
        ("files", &"F5"),
        ("start", &"Ctrl-S"),
        ("key", &"u"),
        ("source", &"/from"),
        ("how", &"--hidden"),
        ("paths", &".x"),
        ("reason", &""),
    ];
    let keys = [
        "app.classified",
        "app.classify_stopped",
        "app.undone",
        "app.undone_partly",
        "app.last_undone",
        "app.last_undone_partly",
        "watch.by_polling",
        "watch.by_polling_because",
        "watch.status",
        "bench.begin",
        "hub.waiting",
        "left_out.litter",
        "left_out.hidden",
        "left_out.excluded",
    ];
    let many = [
        "pictures",
        "copies",
        "files",
        "hidden files",
        "seconds",
        "imagens",
        "cópias",
        "arquivos",
        "segundos",
        "seguras",
    ];
    for (language, key) in Language::all().iter().flat_map(|language| keys.map(|key| (language, key))) {
        let said = language.say(key, one);
        assert!(many.iter().all(|word| !said.contains(&format!("1 {word}"))), "{key}: {said}");
    }
    // In columns of numbers.
    let rows = ["unsure", "suspect", "unsupported", "unreadable"].map(|row| format!("classify.{row}_row"));
    let plan = ["unsure", "none", "removed", "suspect", "failed"].map(|row| format!("app.plan_{row}"));
    for language in Language::all() {
        for key in rows.iter().chain(&plan).map(String::as_str).chain(["app.row_all"]) {
            let said = language.say(key, &[("count", &"    1"), ("threshold", &0.5), ("margin", &0.1)]);
            let many = ["they are", "ficam", "deixadas", "imagens", "pictures", "suportadas", "decodificadas"];
            assert!(many.iter().all(|word| !said.contains(word)), "{key}: {said}");
        }
    }
}

impl Workspace {
    /// The program in an environment of which nothing but these variables tells of a language.
    fn spoken_to(&self, environment: &[(&str, &str)], line: &str) -> Finished {
        let mut command: Command = self.program();
        for variable in ["SIS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"] {
            command.env_remove(variable);
        }
        command.envs(environment.iter().copied()).args(line.split_whitespace());
        finish(command)
    }

    /// Writes the user's settings where the program looks for them.
    pub(crate) fn write_settings(&self, text: &str) {
        // Where macOS has its settings, no variable tells.
        for folder in ["config/sis", "Library/Application Support/sis"] {
            let folder = self.home().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("settings.toml"), text).unwrap();
        }
    }
}

#[test]
fn the_help_of_every_command_is_in_portuguese() {
    let workspace = Workspace::new();
    for command in COMMANDS {
        let line = format!("{command} --help");
        let help = workspace.spoken_to(&[("SIS_LANG", "pt")], &line).ended_with(0).out;
        let english = workspace.spoken_to(&[], &line).ended_with(0).out;
        assert!(help.contains("Uso: sis") && help.contains("Mostrar a ajuda"), "{help}");
        assert!(english.contains("Usage: sis") && english.contains("Print help"), "{english}");
        let words = ["Options:", "Commands:", "Arguments:", "[default", "[env", "[possible", "the ", "Print"];
        let foreign: Vec<&str> = words.into_iter().filter(|word| help.contains(word)).collect();
        assert!(foreign.is_empty(), "{foreign:?}: {help}");
        let (own, other) = (help.lines().next(), english.lines().next());
        assert_ne!(own, other, "what a command does is in the language");
    }
    // The manual page and completions are of the same words.
    let manual = workspace.spoken_to(&[("LANG", "pt_MZ.UTF-8")], "man").ended_with(0).out;
    assert!(manual.contains("pasta com as imagens"), "{manual}");
}

#[test]
fn the_settings_choose_and_one_start_outranks_them() {
    let workspace = Workspace::new();
    let said = |environment: &[(&str, &str)]| workspace.spoken_to(environment, "doctor").ended_with(0).out;
    assert!(said(&[("LANG", "pt_BR.UTF-8")]).contains("Biblioteca: embutida"));
    assert!(said(&[("LANG", "pt_BR.UTF-8"), ("LC_ALL", "C")]).contains("Library: built in"));
    workspace.write_settings("language = \"pt\"");
    assert!(said(&[("LANG", "en_GB.UTF-8")]).contains("Biblioteca: embutida"));
    assert!(said(&[("SIS_LANG", "en")]).contains("Library: built in"));
    let help = workspace.spoken_to(&[], "--help").ended_with(0).out;
    assert!(help.contains("Comandos:"), "{help}");
}

#[test]
fn settings_broken_are_told_in_environments_language() {
    let workspace = Workspace::new();
    workspace.write_settings("language = \"pt\"\nmargin = \"wide\"");
    let said = |environment: &[(&str, &str)]| workspace.spoken_to(environment, "doctor").ended_with(1).err;
    let (portuguese, english) = (said(&[("LANG", "pt_AO")]), said(&[("LANG", "en_ZA")]));
    assert!(
        portuguese.starts_with("Erro: As configurações em ") && portuguese.contains("settings.toml"),
        "{portuguese}"
    );
    assert!(english.starts_with("Error: The settings in "), "{english}");
    // Help helps all the same.
    assert!(workspace.spoken_to(&[("LANG", "pt_AO")], "--help").ended_with(0).out.contains("Comandos:"));
}

#[test]
fn a_run_and_its_undo_are_told_in_portuguese() {
    let workspace = Workspace::new();
    workspace.write_pictures(["one.jpg", "two.jpg"]);
    workspace.write("source/half.jpg", &crate::support::picture(3)[..300]);
    workspace.write("source/notes.txt", "x");
    let mut classify = workspace.classify().flag("--verbose").command();
    classify.env("SIS_LANG", "pt");
    let out = finish(classify).ended_with(3).out;
    for words in ["Classificação terminada: 3 imagens.", "2 copiadas para", "1 outro arquivo não foi tocado (1 .txt)."]
    {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert!(["suspeita, o arquivo", "ilegível, o "].iter().any(|words| out.contains(words)), "{out}");
    let destination = workspace.destination().display().to_string();
    let undone = workspace.spoken_to(&[("SIS_LANG", "pt")], &format!("undo --destination {destination}"));
    assert!(undone.ended_with(0).out.contains("2 cópias removidas"));
}
