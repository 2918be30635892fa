//! `sis watch`: classifies what arrives in a folder until it is stopped, and sorts it if that is asked for.

use std::time::{Duration, Instant};

use super::arguments::WatchArguments;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::opening::{open_destination, open_model};
use super::outcome::{Classifying, Report, Tally};
use super::session::open_to_work;
use super::settings::{settings, table_name};
use super::watch_teller::Teller;
use super::{events, summary};
use crate::domain::folder_name::folder_names;
use crate::domain::limit::Stage;
use crate::domain::readiness::Patience;
use crate::domain::settings::Settings;
use crate::domain::variant::Variant;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::destination;
use crate::files::scan;
use crate::jobs::begin::begin_classify;
use crate::jobs::classify::Classification;
use crate::jobs::effort::{Clocks, LimitOfLate};
use crate::jobs::kept::kept;
use crate::jobs::sort::{SortRules, sort};
use crate::jobs::watch::{LabelCommand, Watch, WatchRules, WatchTools, Watched};
use crate::lang::Say;
use crate::store::session::{Session, Sorting, Which};

/// How long a watch waits before it looks around again.
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn run(arguments: &WatchArguments, context: &mut Context) -> Result<Exit, Failure> {
    let settings = settings(&arguments.sorting, context)?;
    let table_name = table_name(&arguments.sorting, context)?;
    let rules = rules(arguments, &settings, context)?;
    check_source(&settings, context)?;
    let known = match Session::exists(&settings.destination) {
        true => Some(open_to_work(&settings.destination, arguments.sorting.trust, context)?),
        false => None,
    };
    let selection = context.select_runtime(&arguments.sorting.runtime)?;
    let cache = context.cache_place();
    let model = open_model(&settings, &selection.runtime, cache.as_ref(), None, context)?;
    let mut session = open_destination(&settings.destination, &table_name, arguments.sorting.trust, known, context)?;
    if let Some(weakness) = destination::weakness(&settings.destination).filter(|_| arguments.apply) {
        context.note(&weakness);
    }
    let stop = context.stop()?;
    context.console.end_with(&stop);
    let sorting = Sorting::from(&settings);
    let begun = begin_classify(&mut session, &settings, &model, &selection.runtime, Some(rules.apply));
    let (run, set) = begun.map_err(|error| Failure::of(&error, &context.language))?;
    let watched = Watched {
        source: settings.source.clone(),
        recursive: settings.recursive,
        choice: settings.choice.clone(),
        kept: kept(&session, &settings).map_err(|error| Failure::of(&error, &context.language))?,
        run,
        folders: folder_names(&sorting.labels, &table_name.to_string_lossy()),
        sorting,
        set,
        table: table_name,
    };
    let language = context.language.clone();
    let (clocks, mut limit) = (Clocks::default(), LimitOfLate::default());
    let tools = WatchTools {
        model: &model,
        cache: cache.as_ref(),
        decoders: cores(),
        clocks: &clocks,
        say_trouble: &|trouble| trouble.say(&language),
        say_transfer: &|error| error.say(&language),
        stop: &stop,
    };
    let mut teller = Teller::new(
        &settings,
        arguments.sorting.json,
        arguments.sorting.verbose,
        &rules,
        selection.runtime.device(),
        context,
    );
    let mut watch = Watch::new(watched.clone(), &session, rules);
    let mut ended = Ok(());
    while !stop.is_requested() && ended.is_ok() {
        match watch.turn(&mut session, tools, &mut |told| teller.tell(told)) {
            Ok(true) => {}
            Ok(false) => stop.wait(LOOK),
            Err(error) => ended = Err(error),
        }
        let now = Instant::now();
        teller.status(&watch, limit.at(now, &clocks), now);
    }
    let mut classification = Classification {
        pictures: watch.pictures(),
        waiting: watch.backlog(),
        left_out: watch.left_out().clone(),
        ..Classification::default()
    };
    teller.stopping();
    // Where the watch has failed, what can be put right is put right all the same.
    let put_right = watch.end(&mut session, &mut |told| teller.tell(told));
    let tally;
    (tally, classification.other_files) = teller.end();
    ended.and(put_right).map_err(|error| Failure::of(&error, &context.language))?;
    let limit = clocks.so_far().limit();
    let variant = tools.model.variant();
    let told = Ending { settings: &settings, runtime: &selection.runtime, variant, classification, limit, tally };
    told.tell(&watched, &session, arguments.sorting.json, context)?;
    if context.console.has_left_out() {
        let sentence = context.language.text("watch.not_read");
        context.note_text(&sentence);
    }
    Ok(Exit::Done)
}

fn rules(arguments: &WatchArguments, settings: &Settings, context: &Context) -> Result<WatchRules, Failure> {
    let usual = WatchRules::usual(arguments.apply, settings.operation);
    let labels: Vec<String> = settings.labels.iter().map(|label| label.text.clone()).collect();
    let commands = LabelCommand::parse_all(&arguments.on_label, &labels);
    let commands = commands.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    let settle = arguments.settle.unwrap_or(usual.patience.settle);
    Ok(WatchRules {
        patience: Patience { settle, rest: arguments.give_up.unwrap_or(usual.patience.rest).max(settle) },
        settle_polled: arguments.settle.unwrap_or(usual.settle_polled),
        rescan: arguments.rescan.unwrap_or(usual.rescan),
        poll: arguments.poll,
        commands,
        ..usual
    })
}

/// A source that is not there at the start is a mistake in its name; one that goes later is waited for.
fn check_source(settings: &Settings, context: &Context) -> Result<(), Failure> {
    let checked = destination::check(&settings.destination, &settings.source);
    checked.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    scan::check(&settings.source).map_err(|error| Failure::of(&error, &context.language))
}

/// The last words.
struct Ending<'e> {
    settings: &'e Settings,
    runtime: &'e Runtime,
    variant: Variant,
    classification: Classification,
    limit: Option<Stage>,
    tally: Tally,
}

impl Ending<'_> {
    fn tell(self, watched: &Watched, session: &Session, json: bool, context: &mut Context) -> Result<(), Failure> {
        let (Watched { sorting, set, folders, .. }, classification) = (watched, &self.classification);
        let rules =
            SortRules { sorting, set, folders, which: Which::All, resort: false, waiting: classification.waiting };
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
            folders,
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
