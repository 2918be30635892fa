//! `sis undo`: takes back what runs did.

use std::path::Path;

use super::arguments::{RuntimeOptions, UndoArguments};
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::outcome::NAMED;
use super::session::open_known;
use crate::domain::printable::printable;
use crate::domain::run::{RunId, RunKind};
use crate::jobs::undo::Undone;
use crate::lang::{Say, Values};
use crate::use_cases::sort::rewrite_tables;
use crate::use_cases::undo::{self, ToUndo};

pub(super) fn run(arguments: &UndoArguments, context: &mut Context) -> Result<Exit, Failure> {
    let machine = context.machine(&RuntimeOptions::default());
    let mut session = open_known(&arguments.destination, arguments.trust, &machine, context)?;
    let wanted = match arguments.run {
        Some(number) => ToUndo::Run(RunId(number)),
        None if arguments.all => ToUndo::All,
        None => ToUndo::Last,
    };
    let runs =
        undo::runs(&session, wanted, arguments.trust).map_err(|error| Failure::of_run(&error, &context.language))?;
    let Some(runs) = runs else {
        let number = arguments.run.unwrap_or_default();
        return Err(Failure::usage(context.language.say("undo.no_such_run", &[("run", &number)])));
    };
    let is_nothing = runs.is_empty();
    let mut exit = Exit::Done;
    for run in runs {
        let undone = face::run(context, &machine, Output::default(), |context| undo::undo(context, &mut session, run))?;
        let is_stopped = context.stop()?.is_requested();
        tell(&undone, is_stopped, &arguments.destination, context);
        if undone.waiting > 0 {
            exit = if is_stopped { Exit::Interrupted } else { Exit::Partly };
            break;
        }
        if !undone.left.is_empty() {
            exit = Exit::Partly;
        }
    }
    // An undo that was cut short may have left nothing but its tables to be written.
    face::run(context, &machine, Output::default(), |context| rewrite_tables(context, &mut session))?;
    if is_nothing {
        return Err(Failure::usage(context.language.text("undo.nothing")));
    }
    Ok(exit)
}

fn tell(undone: &Undone, is_stopped: bool, destination: &Path, context: &mut Context) {
    let language = &context.language;
    let values: Values<'_> = &[("run", &undone.run.0), ("back", &undone.back), ("removed", &undone.removed)];
    let key = match undone.kind {
        _ if undone.taken_back() == 0 => "undo.nothing_back",
        RunKind::Redo => "undo.redone",
        _ => "undo.done",
    };
    context.console.out(&language.say(key, values));
    if undone.gone > 0 {
        context.console.out(&language.say("undo.gone", &[("count", &undone.gone)]));
    }
    if undone.waiting > 0 {
        let key = if is_stopped { "undo.waiting" } else { "undo.not_come_to" };
        context.console.out(&language.say(key, &[("count", &undone.waiting)]));
    }
    if undone.unkept > 0 {
        let key = if undone.kind == RunKind::Redo { "classify.unkept" } else { "undo.unkept" };
        context.console.out(&language.say(key, &[("count", &undone.unkept)]));
    }
    if !undone.left.is_empty() {
        context.console.out(&language.say("undo.left", &[("count", &undone.left.len())]));
        for (_, error) in undone.left.iter().take(NAMED) {
            context.console.out(&format!("  {}", error.say(language)));
        }
        if undone.left.len() > NAMED {
            context.console.out(&language.say("classify.more_troubles", &[("count", &(undone.left.len() - NAMED))]));
        }
    }
    if undone.taken_back() > 0 {
        let values: Values<'_> = &[("run", &undone.own.0), ("destination", &printable(destination))];
        context.console.out(&language.say("undo.redo", values));
    }
}
