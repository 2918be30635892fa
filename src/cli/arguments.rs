//! The command line. Its words are in the language file, under `help.command_argument`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::console::Console;
use super::exit::Exit;
use crate::domain::settings::Operation;
use crate::domain::variant::VariantChoice;
use crate::engine::runtime::select::{DeviceChoice, RuntimeChoice};
use crate::lang::Language;

#[derive(Debug, Parser)]
#[command(name = "sis", version, disable_help_subcommand = true)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    runtime: RuntimeOptions,
    #[command(subcommand)]
    action: Option<ActionArguments>,
}

#[derive(Debug, Subcommand)]
enum ActionArguments {
    Classify(Box<ClassifyArguments>),
    Watch(Box<WatchArguments>),
    #[command(subcommand, arg_required_else_help = true)]
    Runtime(RuntimeAction),
    Demo(DemoArguments),
    Review(ReviewArguments),
    Apply(ApplyArguments),
    Undo(UndoArguments),
    Verify(DestinationArguments),
    #[command(subcommand, arg_required_else_help = true)]
    Model(ModelAction),
    #[command(subcommand, arg_required_else_help = true)]
    Cache(CacheAction),
    Doctor(DoctorArguments),
    Bench(BenchArguments),
    Completions {
        shell: Shell,
    },
    Man,
    #[command(hide = true)]
    RuntimeProbe {
        library: PathBuf,
    },
}

/// What the program is asked to do.
#[derive(Debug)]
pub(super) enum Action {
    App(RuntimeOptions),
    Review(ReviewArguments),
    Classify(Box<ClassifyArguments>),
    Watch(Box<WatchArguments>),
    Runtime(RuntimeAction),
    Demo(DemoArguments),
    Apply(ApplyArguments),
    Undo(UndoArguments),
    Verify(DestinationArguments),
    Model(ModelAction),
    Cache(CacheAction),
    Doctor(DoctorArguments),
    Bench(BenchArguments),
    Completions(Shell),
    Man,
    RuntimeProbe(PathBuf),
}

#[derive(Debug, Subcommand)]
pub(super) enum RuntimeAction {
    Status(RuntimeOptions),
    Install {
        #[arg(long)]
        gpu: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ModelAction {
    List(ModelListArguments),
    Pull {
        #[arg(value_name = "ID", required = true)]
        models: Vec<String>,
        #[arg(long)]
        check: bool,
    },
    Info {
        #[arg(value_name = "ID")]
        model: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct ModelListArguments {
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) limit: u16,
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CacheAction {
    Clear,
}

/// What is sorted, by what, and how: what classify and watch have in common.
#[derive(Debug, Args)]
pub(super) struct SortingArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) source: PathBuf,
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[arg(long, value_name = "LIST", conflicts_with = "labels_file")]
    pub(super) labels: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) labels_file: Option<PathBuf>,
    #[arg(long, value_name = "ID|DIR|demo")]
    pub(super) model: Option<OsString>,
    #[arg(long, value_enum)]
    pub(super) operation: Option<OperationName>,
    #[arg(long, value_name = "NAME")]
    pub(super) output_file: Option<PathBuf>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) batch_size: Option<u32>,
    #[arg(long, value_name = "SENTENCE")]
    pub(super) template: Vec<String>,
    #[arg(long, value_name = "P")]
    pub(super) threshold: Option<f32>,
    #[arg(long, value_name = "P")]
    pub(super) margin: Option<f32>,
    #[arg(long, overrides_with = "no_recursive")]
    pub(super) recursive: bool,
    #[arg(long)]
    pub(super) no_recursive: bool,
    #[arg(long)]
    pub(super) trust: bool,
    #[arg(long)]
    pub(super) json: bool,
    // The Python tool is called with --verbose=True.
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          action = ArgAction::Set, value_parser = yes_or_no, default_value = "false", hide_default_value = true)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) runtime: RuntimeOptions,
}

#[derive(Debug, Args)]
pub(super) struct ClassifyArguments {
    #[command(flatten)]
    pub(super) sorting: SortingArguments,
    #[arg(long, overrides_with = "no_trust_unchanged")]
    pub(super) trust_unchanged: bool,
    #[arg(long)]
    pub(super) no_trust_unchanged: bool,
    #[arg(long)]
    pub(super) resort: bool,
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct WatchArguments {
    #[command(flatten)]
    pub(super) sorting: SortingArguments,
    #[arg(long)]
    pub(super) apply: bool,
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) settle: Option<Duration>,
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) give_up: Option<Duration>,
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) rescan: Option<Duration>,
    #[arg(long)]
    pub(super) poll: bool,
    #[arg(long, value_name = "LABEL=COMMAND")]
    pub(super) on_label: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[arg(long, value_enum)]
    pub(super) operation: Option<OperationName>,
    #[arg(long, value_name = "P")]
    pub(super) threshold: Option<f32>,
    #[arg(long, value_name = "P")]
    pub(super) margin: Option<f32>,
    #[arg(long)]
    pub(super) resort: bool,
    #[arg(long)]
    pub(super) trust: bool,
    #[arg(long)]
    pub(super) dry_run: bool,
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct UndoArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub(super) run: Option<i64>,
    #[arg(long)]
    pub(super) all: bool,
    #[arg(long)]
    pub(super) trust: bool,
}

#[derive(Debug, Args)]
pub(super) struct DestinationArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ReviewArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[command(flatten)]
    pub(super) runtime: RuntimeOptions,
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    #[command(flatten)]
    pub(super) runtime: RuntimeOptions,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    #[arg(long, value_name = "ID|DIR|demo")]
    pub(super) model: Option<OsString>,
    #[command(flatten)]
    pub(super) runtime: RuntimeOptions,
}

#[derive(Debug, Args)]
pub(super) struct BenchArguments {
    #[arg(long, value_name = "ID|DIR|demo")]
    pub(super) model: Option<OsString>,
    #[arg(long, value_name = "DIR")]
    pub(super) source: Option<PathBuf>,
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) pictures: u32,
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(super) seconds: u32,
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) runtime: RuntimeOptions,
}

#[derive(Debug, Clone, Args)]
pub(super) struct RuntimeOptions {
    #[arg(long, value_name = "DEVICE", default_value = "auto", env = "SIS_DEVICE")]
    pub(super) device: DeviceChoice,
    #[arg(long, value_name = "RUNTIME", default_value = "auto", env = "SIS_RUNTIME")]
    pub(super) runtime: RuntimeName,
    #[arg(long, value_name = "VARIANT", env = "SIS_VARIANT")]
    pub(super) variant: Option<VariantChoice>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OperationName {
    Copy,
    Move,
}

impl From<OperationName> for Operation {
    fn from(name: OperationName) -> Operation {
        match name {
            OperationName::Copy => Operation::Copy,
            OperationName::Move => Operation::Move,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RuntimeName {
    Auto,
    #[value(name = "onnxruntime")]
    OnnxRuntime,
    Tract,
}

impl From<RuntimeName> for RuntimeChoice {
    fn from(name: RuntimeName) -> RuntimeChoice {
        match name {
            RuntimeName::Auto => RuntimeChoice::Auto,
            RuntimeName::OnnxRuntime => RuntimeChoice::OnnxRuntime,
            RuntimeName::Tract => RuntimeChoice::Tract,
        }
    }
}

/// Reads the command line, with the Python tool's spellings.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>, language: &Language) -> Result<Action, clap::Error> {
    let arguments = arguments.into_iter().map(|argument| with_dashes(&argument));
    let matches = command(language).try_get_matches_from(arguments)?;
    let Arguments { runtime, action } = Arguments::from_arg_matches(&matches)?;
    let Some(action) = action else { return Ok(Action::App(runtime)) };
    Ok(match action {
        ActionArguments::Review(arguments) => Action::Review(arguments),
        ActionArguments::Classify(arguments) => Action::Classify(arguments),
        ActionArguments::Watch(arguments) => Action::Watch(arguments),
        ActionArguments::Runtime(action) => Action::Runtime(action),
        ActionArguments::Demo(arguments) => Action::Demo(arguments),
        ActionArguments::Apply(arguments) => Action::Apply(arguments),
        ActionArguments::Undo(arguments) => Action::Undo(arguments),
        ActionArguments::Verify(arguments) => Action::Verify(arguments),
        ActionArguments::Model(action) => Action::Model(action),
        ActionArguments::Cache(action) => Action::Cache(action),
        ActionArguments::Doctor(arguments) => Action::Doctor(arguments),
        ActionArguments::Bench(arguments) => Action::Bench(arguments),
        ActionArguments::Completions { shell } => Action::Completions(shell),
        ActionArguments::Man => Action::Man,
        ActionArguments::RuntimeProbe { library } => Action::RuntimeProbe(library),
    })
}

/// `--output_file=x` as `--output-file=x`: the Python tool's options have underscores.
fn with_dashes(argument: &OsStr) -> OsString {
    let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else { return argument.to_owned() };
    match text.split_once('=') {
        Some((name, value)) => format!("{}={value}", name.replace('_', "-")).into(),
        None => text.replace('_', "-").into(),
    }
}

/// A length of time: from a tenth of a second to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "give seconds, 0.1 to 86400".to_owned())
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("give true or false".to_owned()),
    }
}

/// The command line with its words in a language.
pub fn command(language: &Language) -> Command {
    let command = Arguments::command().about(language.text("help.about"));
    let command = with_argument_words(command, "app_", language);
    // After the help, which every command has.
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).display_order(99);
    let command = command.disable_version_flag(true).arg(version.help(language.text("usage.version")));
    with_headings(command, language).mut_subcommands(|sub| with_words(sub, "", language))
}

fn with_words(command: Command, prefix: &str, language: &Language) -> Command {
    let key = format!("{prefix}{}", command.get_name().replace('-', "_"));
    let about = language.text(&format!("help.{key}"));
    let prefix = format!("{key}_");
    let command = with_argument_words(command.about(about), &prefix, language);
    with_headings(command, language).mut_subcommands(|sub| with_words(sub, &prefix, language))
}

fn with_argument_words(command: Command, prefix: &str, language: &Language) -> Command {
    command.mut_args(|argument| {
        // What a command has in common with classify is said as it is there.
        let keys = [prefix, "classify_"].map(|prefix| format!("help.{prefix}{}", argument.get_id()));
        let help = language.text(keys.iter().find(|key| language.has(key)).unwrap_or(&keys[0]));
        with_values(argument, help, language)
    })
}

/// What `clap` says of itself, in the language: it knows English only.
fn with_headings(command: Command, language: &Language) -> Command {
    let style = *command.get_styles().get_usage();
    let usage = language.text("usage.usage");
    let (options, arguments) = (language.text("usage.options"), language.text("usage.arguments"));
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help(language.text("usage.help"));
    command
        .help_template(format!("{{about-with-newline}}\n{style}{usage}{style:#} {{usage}}\n\n{{all-args}}"))
        .subcommand_help_heading(language.text("usage.commands"))
        .subcommand_value_name(language.text("usage.command"))
        .disable_help_flag(true)
        .arg(help)
        .mut_args(|argument| {
            let heading = if argument.is_positional() { arguments.clone() } else { options.clone() };
            argument.help_heading(heading)
        })
}

/// An argument with its help, and after it which values it takes.
fn with_values(argument: Arg, mut help: String, language: &Language) -> Arg {
    if !argument.get_action().takes_values() {
        return argument.help(help);
    }
    let values = argument.get_possible_values();
    let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
    let default = argument.get_default_values().first().filter(|_| !argument.is_hide_default_value_set());
    let mut add = |key: &str, name: &str, value: &str| help += &format!(" {}", language.say(key, &[(name, &value)]));
    if let Some(variable) = argument.get_env() {
        add("usage.variable", "variable", &variable.to_string_lossy());
    }
    if let Some(default) = default {
        add("usage.default", "value", &default.to_string_lossy());
    }
    if !values.is_empty() {
        add("usage.one_of", "values", &values.join(", "));
    }
    argument.help(help).hide_env(true).hide_default_value(true).hide_possible_values(true)
}

/// The help that `--help` prints, for a call without a command and without a terminal.
pub(super) fn print_help(language: &Language) -> Exit {
    Console::new().err(&command(language).render_help().to_string());
    Exit::Usage
}

pub(super) fn print_completions(shell: Shell, language: &Language, console: &mut Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(language), "sis", &mut script);
    console.out_bytes(&script);
    Exit::Done
}

pub(super) fn print_manual(language: &Language, console: &mut Console) -> Exit {
    let mut pages = Vec::new();
    let mut command = command(language);
    command.build();
    match render_manual(&command, &mut pages) {
        Ok(()) => console.out_bytes(&pages),
        Err(error) => console.err(&error.to_string()),
    }
    Exit::Done
}

/// The program's page, then one for each command and its commands.
fn render_manual(command: &Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| render_manual(sub, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Action, clap::Error> {
        parse(line.split(' ').map(OsString::from), &Language::english())
    }

    fn classify(line: &str) -> SortingArguments {
        match parsed(line).unwrap() {
            Action::Classify(arguments) => arguments.sorting,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definitions_hold_together() {
        Language::all().iter().for_each(|language| command(language).debug_assert());
    }

    #[test]
    fn the_python_tools_spellings_are_taken() {
        let given = classify(
            "sis classify --source a --destination b --labels=x_y,z --model m --output_file o_p.csv --batch_size=4 --verbose=True",
        );
        assert_eq!(given.output_file.as_deref(), Some(std::path::Path::new("o_p.csv")));
        assert_eq!(given.labels.as_deref(), Some("x_y,z"));
        assert_eq!((given.batch_size, given.verbose), (Some(4), true));
        let bare = classify("sis classify --source a --destination b --labels x,y --model m --verbose");
        assert!(bare.verbose && !bare.json);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "sis classify",
            "sis classify --source a --destination b --labels x --labels-file f --model m",
            "sis classify --source a --destination b --labels x,y --model m --device gpu",
            "sis classify --source a --destination b --labels x,y --model m --batch-size 0",
            "sis classify --source a --destination b --labels x,y --model m --operation delete",
            "sis sort",
            "sis watch --source a --destination b --labels x,y --settle 0",
            "sis watch --source a --destination b --labels x,y --dry-run",
            "sis bench --pictures 0",
        ] {
            assert!(parsed(line).is_err_and(|error| error.use_stderr()), "{line}");
        }
    }
}
