//! `sis apply`: carries out what a session holds, decisions and all.

use super::arguments::ApplyArguments;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::session::{open_copy, open_known};
use super::settings::share;
use super::sorting::Work;
use crate::domain::settings::Operation;
use crate::jobs::tables;
use crate::store::StoreError;
use crate::store::session::Which;

pub(super) fn run(arguments: &ApplyArguments, context: &mut Context) -> Result<Exit, Failure> {
    let destination = &arguments.destination;
    let mut session = match arguments.dry_run {
        true if crate::store::Session::exists(destination) => open_copy(destination, context)?,
        _ => open_known(destination, arguments.trust, context)?,
    };
    let failed = |error: StoreError, context: &Context| Failure::of(&error, &context.language);
    let Some((mut sorting, set)) = session.sorting().map_err(|error| failed(error, context))? else {
        return Err(Failure::usage(context.language.text("store.nothing_classified")));
    };
    if let Some(threshold) = arguments.threshold {
        sorting.threshold = share("--threshold", threshold, &context.language)?;
    }
    if let Some(margin) = arguments.margin {
        sorting.margin = share("--margin", margin, &context.language)?;
    }
    sorting.operation = arguments.operation.map_or(sorting.operation, Operation::from);
    let table_name = tables::table_name(&session).map_err(|error| failed(error, context))?;
    let table_name = table_name.unwrap_or_else(|| context.defaults.output_file.clone());
    let stop = interrupt::listen().map_err(interrupt::failure)?;
    let work = Work {
        session: &mut session,
        sorting: &sorting,
        set: &set,
        table_name: &table_name,
        which: Which::All,
        resort: arguments.resort,
        dry_run: arguments.dry_run,
        json: arguments.json,
        stop: &stop,
    };
    work.finish(None, context)
}
