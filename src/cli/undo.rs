//! `sis undo`: takes back what runs did.

use std::path::Path;

use super::arguments::UndoArguments;
use super::context::Context;
use super::exit::Exit;
use super::failure::{Failure, chain};
use super::interrupt;
use super::outcome::NAMED;
use super::progress::Progress;
use super::session::{failure, open_known};
use super::sorting::tell_kept_aside;
use crate::domain::printable::printable;
use crate::domain::run::{RunId, RunKind};
use crate::files::transfer::Ended;
use crate::jobs::stop::Stop;
use crate::jobs::tables;
use crate::jobs::undo::{Undone, undo};
use crate::lang::{Say, Values};
use crate::store::StoreError;
use crate::store::session::{Run, Session};

pub(super) fn run(arguments: &UndoArguments, context: &mut Context) -> Result<Exit, Failure> {
    let mut session = open_known(&arguments.destination, arguments.trust, context)?;
    let runs = runs(arguments, &session, context)?;
    let is_nothing = runs.is_empty();
    if !arguments.trust {
        check_told(&runs, &session, context)?;
    }
    let stop = interrupt::listen().map_err(interrupt::failure)?;
    let mut exit = Exit::Done;
    for run in runs {
        let undone = take_back(&mut session, run, &stop, context)?;
        let is_stopped = stop.is_requested();
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
    rewrite_tables(&mut session, context)?;
    if is_nothing {
        return Err(Failure::usage(context.language.text("undo.nothing")));
    }
    Ok(exit)
}

/// The runs that are to be taken back, in this order.
fn runs(arguments: &UndoArguments, session: &Session, context: &Context) -> Result<Vec<Run>, Failure> {
    let failed = |error: StoreError| Failure::of(&error, &context.language);
    let in_force = session.runs_in_force().map_err(failed)?;
    let runs = match arguments.run {
        Some(number) => match session.run(RunId(number)).map_err(failed)? {
            Some(run) => vec![run],
            None => return Err(Failure::usage(context.language.say("undo.no_such_run", &[("run", &number)]))),
        },
        None if arguments.all => in_force,
        None => in_force.into_iter().take(1).collect(),
    };
    let mut with_something = Vec::new();
    for run in runs {
        if !session.reversible(run.id).map_err(failed)?.is_empty() {
            with_something.push(run);
        }
    }
    Ok(with_something)
}

/// A session that does not tell what its ledger does is not as this user's program left it.
fn check_told(runs: &[Run], session: &Session, context: &Context) -> Result<(), Failure> {
    for run in runs {
        let told = session.reversible_as_told(*run).map_err(|error| failure(&error, context))?;
        if let (_, [disputed, ..]) = (&told.0, told.1.as_slice()) {
            let (destination, path) = (session.destination().to_owned(), disputed.target.clone());
            return Err(failure(&StoreError::Disputed { destination, path }, context));
        }
    }
    Ok(())
}

fn take_back(session: &mut Session, run: Run, stop: &Stop, context: &mut Context) -> Result<Undone, Failure> {
    let total = session.reversible(run.id).map_err(|error| Failure::of(&error, &context.language))?.len();
    let mut progress = Progress::new(total, &context.console);
    let language = context.language.clone();
    let mut on_ended = |path: &Path, ended: &Ended| {
        if let Err(error) = ended {
            tracing::error!(path = printable(path), chain = chain(error), "could not be taken back");
        }
        progress.advance(&mut context.console, &language);
    };
    let undone = undo(session, run, &|error| error.say(&language), stop, &mut on_ended);
    progress.finish();
    undone.map_err(|error| Failure::of(&error, &context.language))
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

/// The table and the sums mirror the session after an undo too.
fn rewrite_tables(session: &mut Session, context: &mut Context) -> Result<(), Failure> {
    let written = tables::rewrite(session).map_err(|error| Failure::of(&error, &context.language))?;
    if let Some(written) = written {
        tell_kept_aside(&written, context);
    }
    Ok(())
}
