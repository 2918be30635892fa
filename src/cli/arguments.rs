//! The command line: what can be asked for. `help` gives it its words.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

pub(super) use super::argument_values::RuntimeOptions;
use super::argument_values::{OperationName, seconds, yes_or_no};
use super::help::command;
use crate::lang::Language;

#[derive(Debug, Parser)]
#[command(name = "sis", version, disable_help_subcommand = true)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
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
    Find(FindArguments),
    Verify(DestinationArguments),
    Repair(RepairArguments),
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

/// The action that the program is asked for.
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
    Find(FindArguments),
    Verify(DestinationArguments),
    Repair(RepairArguments),
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

/// Source, labels and rules of sorting, which classify and watch have in common.
#[derive(Debug, Args)]
pub(super) struct SortingArguments {
    // Not needed for a finer sort of pictures that a session knows: `help` says for which commands it is.
    #[arg(long, value_name = "DIR")]
    pub(super) source: Option<PathBuf>,
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
    #[arg(long, overrides_with = "no_hidden")]
    pub(super) hidden: bool,
    #[arg(long)]
    pub(super) no_hidden: bool,
    #[arg(long, value_name = "PATTERN")]
    pub(super) include: Vec<String>,
    #[arg(long, value_name = "PATTERN")]
    pub(super) exclude: Vec<String>,
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
    #[arg(long, value_name = "LABEL", conflicts_with_all = [
        "recursive", "no_recursive", "hidden", "no_hidden", "include", "exclude", "trust_unchanged", "no_trust_unchanged"
    ])]
    pub(super) within: Option<String>,
    #[arg(long, requires = "within", conflicts_with_all = [
        "labels", "labels_file", "source", "model", "batch_size", "template", "threshold", "margin", "operation"
    ])]
    pub(super) widen: bool,
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
pub(super) struct FindArguments {
    #[arg(value_name = "TEXT", required_unless_present = "like", conflicts_with = "like")]
    pub(super) text: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) like: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: u32,
    #[arg(long)]
    pub(super) trust: bool,
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) runtime: RuntimeOptions,
}

#[derive(Debug, Args)]
pub(super) struct DestinationArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RepairArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[arg(long)]
    pub(super) trust: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReviewArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) destination: PathBuf,
    #[arg(long)]
    pub(super) trust: bool,
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
        ActionArguments::Find(arguments) => Action::Find(arguments),
        ActionArguments::Verify(arguments) => Action::Verify(arguments),
        ActionArguments::Repair(arguments) => Action::Repair(arguments),
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
            "sis find --destination b",
            "sis find words",
            "sis find words --like f.jpg --destination b",
            "sis find words --destination b --limit 0",
        ] {
            assert!(parsed(line).is_err_and(|error| error.use_stderr()), "{line}");
        }
    }
}
