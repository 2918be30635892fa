//! The program without a screen of its own: arguments, commands, progress, exit codes.

mod app;
mod apply;
mod argument_values;
mod arguments;
mod bench;
mod bench_report;
mod cache;
mod classify;
mod console;
mod context;
mod demo;
mod doctor;
mod download;
mod emptied;
mod events;
pub mod exit;
mod face;
mod failure;
mod find;
pub mod help;
mod interrupt;
mod log;
mod model;
mod narrow;
mod outcome;
mod picture_line;
mod progress;
mod repair;
mod runtime;
mod session;
mod settings;
mod sorting;
mod summary;
mod undo;
mod unread;
mod verify;
mod watch;
mod watch_printer;

use std::ffi::OsString;

use arguments::{Action, CacheAction, ModelAction, RuntimeAction, RuntimeOptions};
use console::Console;
use context::{Beginning, Context};
use exit::Exit;
use failure::Failure;

use crate::app_start::{AppStart, Opening};
use crate::domain::printable::printable_text;
use crate::lang::Language;

/// The result of the command line.
pub enum Invocation {
    /// It was carried out.
    Done(Exit),
    /// The app is to be opened.
    App(Box<AppStart>),
}

/// Runs the program with these arguments, its own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Invocation {
    let beginning = Beginning::new();
    let action = match arguments::parse(arguments, &beginning.language) {
        Ok(action) => action,
        Err(error) => return Invocation::Done(say_usage(&error, &beginning.language)),
    };
    let console = Console::new(&beginning.language);
    match action {
        Action::App(_) if !app::has_terminal() => Invocation::Done(help::print_help(&beginning.language)),
        Action::App(runtime) => app_in_context(&runtime, |_| Ok(Opening::Welcome), beginning, console),
        Action::Review(arguments) => {
            let opening = Opening::Session { destination: arguments.destination, trust: arguments.trust };
            app_in_context(&arguments.runtime, |_| Ok(opening), beginning, console)
        }
        Action::Demo(arguments) if app::has_terminal() => {
            app_in_context(&arguments.runtime, app::samples, beginning, console)
        }
        action => Invocation::Done(headless(action, beginning, console)),
    }
}

/// Says that the app could not be opened or went wrong.
pub fn say_that_the_app_failed(error: &std::io::Error, language: &Language) -> Exit {
    let sentence = language.say("program.app_failed", &[("detail", error)]);
    Console::new(language).err(&language.say("program.failed", &[("sentence", &sentence)]));
    Exit::Failed
}

/// Says what is wrong with the command line; help and version are not errors: they go to standard output.
fn say_usage(error: &clap::Error, language: &Language) -> Exit {
    let mut console = Console::new(language);
    // It repeats what was typed, which may be the name of a file with anything in it.
    let text: Vec<String> = error.render().to_string().lines().map(printable_text).collect();
    let text = text.join("\n");
    if error.use_stderr() {
        console.err(&text);
        return Exit::Usage;
    }
    console.out(&text);
    console.ended(Exit::Done)
}

fn app_in_context(
    runtime: &RuntimeOptions,
    opening: impl FnOnce(&Context) -> Result<Opening, Failure>,
    beginning: Beginning,
    console: Console,
) -> Invocation {
    let mut start = None;
    let exit = in_context(beginning, console, |context| {
        let opening = opening(context)?;
        start = Some(app::start(opening, runtime, context)?);
        Ok(Exit::Done)
    });
    start.map_or(Invocation::Done(exit), |start| Invocation::App(Box::new(start)))
}

fn headless(action: Action, beginning: Beginning, mut console: Console) -> Exit {
    match action {
        Action::App(_) | Action::Review(_) => Exit::Usage,
        Action::Completions(shell) => help::print_completions(shell, &beginning.language, &mut console),
        Action::Man => help::print_manual(&beginning.language, &mut console),
        Action::RuntimeProbe(library) => runtime::probe(&library, &mut console),
        Action::Classify(arguments) => in_context(beginning, console, |c| classify::run(&arguments, c)),
        Action::Watch(arguments) => in_context(beginning, console, |c| watch::run(&arguments, c)),
        Action::Demo(arguments) => in_context(beginning, console, |c| demo::run(&arguments, c)),
        Action::Apply(arguments) => in_context(beginning, console, |c| apply::run(&arguments, c)),
        Action::Bench(arguments) => in_context(beginning, console, |c| bench::run(&arguments, c)),
        Action::Undo(arguments) => in_context(beginning, console, |c| undo::run(&arguments, c)),
        Action::Find(arguments) => in_context(beginning, console, |c| find::run(&arguments, c)),
        Action::Repair(arguments) => in_context(beginning, console, |c| repair::run(&arguments, c)),
        Action::Verify(arguments) => in_context(beginning, console, |c| verify::run(&arguments, c)),
        Action::Model(ModelAction::List(arguments)) => in_context(beginning, console, |c| model::list(&arguments, c)),
        Action::Model(ModelAction::Pull { models, check }) => {
            in_context(beginning, console, |c| model::pull(&models, check, c))
        }
        Action::Model(ModelAction::Info { model }) => in_context(beginning, console, |c| model::info(&model, c)),
        Action::Cache(CacheAction::Clear) => in_context(beginning, console, cache::clear),
        Action::Doctor(arguments) => in_context(beginning, console, |c| doctor::run(&arguments, c)),
        Action::Runtime(RuntimeAction::Status(choice)) => {
            in_context(beginning, console, |c| runtime::status(&choice, c))
        }
        Action::Runtime(RuntimeAction::Install { gpu }) => in_context(beginning, console, |c| runtime::install(gpu, c)),
    }
}

/// Runs a command with everything it may need; a failure is said in one sentence and goes to the log whole.
fn in_context(
    beginning: Beginning,
    console: Console,
    command: impl FnOnce(&mut Context) -> Result<Exit, Failure>,
) -> Exit {
    let mut context = match Context::new(beginning, console) {
        Ok(context) => context,
        Err((mut console, language, failure)) => {
            console.err(&language.say("program.failed", &[("sentence", &failure.sentence)]));
            return failure.exit;
        }
    };
    crate::panics::log_caught_panics();
    let exit = match command(&mut context) {
        Ok(Exit::Done) if context.is_unfinished => Exit::Partly,
        Ok(exit) => exit,
        Err(failure) => {
            tracing::error!(chain = failure.chain, "{}", failure.sentence);
            let sentence = context.language.say("program.failed", &[("sentence", &failure.sentence)]);
            context.console.err(&sentence);
            failure.exit
        }
    };
    context.console.ended(exit)
}
