//! `sis watch`: classifies what arrives in a folder until it is stopped, and sorts it if that is asked for.

use std::time::Duration;

use super::arguments::WatchArguments;
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::outcome::{Classifying, Counted, Report, Tally};
use super::settings::{settings, table_name};
use super::watch_printer::WatchPrinter;
use super::{events, summary};
use crate::domain::limit::Stage;
use crate::domain::readiness::SettlePolicy;
use crate::domain::settings::Settings;
use crate::domain::variant::Variant;
use crate::engine::runtime::Runtime;
use crate::jobs::classify::Classification;
use crate::jobs::model::Model;
use crate::jobs::sort::{SortRules, sort};
use crate::jobs::watch::{LabelCommand, WatchRules, Watched};
use crate::store::session::{Session, Which};
use crate::use_cases::runtime::ChosenRuntime;
use crate::use_cases::watch::{ReadyWatch, WatchRequest, WatchRun, begin, prepare};
use crate::use_cases::{RunContext, RunError};

/// How long a watch waits before it looks around again.
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn run(arguments: &WatchArguments, context: &mut Context) -> Result<Exit, Failure> {
    let settings = settings(&arguments.sorting, context)?;
    let table_name = table_name(&arguments.sorting, context)?;
    let rules = rules(arguments, &settings, context)?;
    let machine = context.machine(&arguments.sorting.runtime);
    let (json, verbose) = (arguments.sorting.json, arguments.sorting.verbose);
    let request =
        WatchRequest { settings: &settings, table: &table_name, trust: arguments.sorting.trust, sorts: rules.apply };
    let output = Output { json, verbose, settings: Some(&settings), runtime: None };
    let ready = face::run(context, &machine, output, |run| prepare(run, request, &mut ChosenRuntime::default()))?;
    let ReadyWatch { model, mut session, runtime, .. } = ready;
    let output = Output { runtime: Some(&runtime), ..output };
    let stop = context.stop()?;
    context.console.end_with(&stop);
    let printer = WatchPrinter::new(&settings, json, verbose, &rules, context);
    let watching = |run: &RunContext<'_>| watch(run, request, rules, &model, &runtime, &mut session);
    let (ended, Counted { tally, others }) = face::run_counting(context, &machine, output, Some(printer), watching)?;
    let Ended { watched, mut classification, limit } = ended?;
    classification.other_files = others;
    let variant = model.variant();
    let last = LastWords { settings: &settings, runtime: &runtime, variant, classification, limit, tally };
    last.tell(&watched, &session, json, context)?;
    if context.console.has_left_out() {
        let sentence = context.language.text("watch.not_read");
        context.note_text(&sentence);
    }
    Ok(Exit::Done)
}

/// A watch that is over.
struct Ended {
    watched: Watched,
    classification: Classification,
    limit: Option<Stage>,
}

/// Watches until somebody asks to stop.
fn watch(
    context: &RunContext<'_>,
    request: WatchRequest<'_>,
    rules: WatchRules,
    model: &Model,
    runtime: &Runtime,
    session: &mut Session,
) -> Result<Ended, RunError> {
    let (run, set) = begin(session, request.settings, model, runtime, request.sorts)?;
    let mut watch = WatchRun::new(*context, model, session, request, (run, &set), rules)?;
    let mut done = Ok(());
    while !context.stop.is_requested() && done.is_ok() {
        match watch.turn(session) {
            Ok(true) => {}
            Ok(false) => context.stop.wait(LOOK),
            Err(error) => done = Err(error),
        }
        watch.tell_status();
    }
    let classification = Classification {
        pictures: watch.watch().pictures(),
        waiting: watch.watch().backlog(),
        left_out: watch.watch().left_out().clone(),
        ..Classification::default()
    };
    let (watched, limit) = (watch.watched().clone(), watch.limit());
    // Where the watch has failed, what can be put right is put right all the same.
    let put_right = watch.end(session);
    done.and(put_right)?;
    Ok(Ended { watched, classification, limit })
}

fn rules(arguments: &WatchArguments, settings: &Settings, context: &Context) -> Result<WatchRules, Failure> {
    let usual = WatchRules::usual(arguments.apply, settings.operation);
    let labels: Vec<String> = settings.labels.iter().map(|label| label.text.clone()).collect();
    let commands = LabelCommand::parse_all(&arguments.on_label, &labels);
    let commands = commands.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    let settle = arguments.settle.unwrap_or(usual.patience.settle);
    Ok(WatchRules {
        patience: SettlePolicy { settle, rest: arguments.give_up.unwrap_or(usual.patience.rest).max(settle) },
        settle_polled: arguments.settle.unwrap_or(usual.settle_polled),
        rescan: arguments.rescan.unwrap_or(usual.rescan),
        poll: arguments.poll,
        commands,
        ..usual
    })
}

/// The summary of a watch.
struct LastWords<'e> {
    settings: &'e Settings,
    runtime: &'e Runtime,
    variant: Variant,
    classification: Classification,
    limit: Option<Stage>,
    tally: Tally,
}

impl LastWords<'_> {
    fn tell(self, watched: &Watched, session: &Session, json: bool, context: &mut Context) -> Result<(), Failure> {
        let (Watched { sorting, set, folders, .. }, classification) = (watched, &self.classification);
        let waiting = classification.waiting;
        let rules = SortRules { sorting, set, folders, which: Which::All, resort: false, waiting, within: None };
        let sorted = sort(session, rules).map_err(|error| Failure::of(&error, &context.language))?;
        let classifying = Classifying {
            settings: self.settings,
            runtime: self.runtime,
            variant: self.variant,
            classification,
            unreadable_folders: 0,
            interrupted: false,
            arrived: Some(classification.pictures),
            limit: self.limit,
        };
        let report = Report {
            classifying: Some(classifying),
            destination: session.destination(),
            sorting,
            sorted: &sorted,
            tally: self.tally,
            run: None,
            dry_run: false,
            interrupted: false,
        };
        let table = session.destination().join(&watched.table);
        match json {
            true => {
                events::left_out(&classification.left_out).for_each(|line| context.console.out(&line));
                context.console.out(&events::summary(&report));
            }
            false => summary::print(&report, Some(table.as_path()), &context.language, &mut context.console),
        }
        Ok(())
    }
}
