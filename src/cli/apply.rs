//! `sis apply`: carries out what a session holds, decisions and all.

use super::arguments::{ApplyArguments, RuntimeOptions};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::session::open_known;
use super::settings::share;
use super::sorting::Work;
use crate::domain::settings::Operation;
use crate::jobs::tables;
use crate::store::StoreError;
use crate::store::session::{Session, Which};

pub(super) fn run(arguments: &ApplyArguments, context: &mut Context) -> Result<Exit, Failure> {
    let destination = &arguments.destination;
    let machine = context.machine(&RuntimeOptions::default());
    let failed = |error: StoreError, context: &Context| Failure::of_run(&error.into(), &context.language);
    let mut session = match arguments.dry_run {
        true if Session::exists(destination) => {
            Session::open_copy(destination).map_err(|error| failed(error, context))?
        }
        _ => open_known(destination, arguments.trust, &machine, context)?,
    };
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
    let work = Work {
        machine: &machine,
        session: &mut session,
        sorting: &sorting,
        set: &set,
        table_name: &table_name,
        which: Which::All,
        within: None,
        resort: arguments.resort,
        dry_run: arguments.dry_run,
        json: arguments.json,
    };
    work.finish(None, context)
}
