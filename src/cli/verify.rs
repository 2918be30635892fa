//! `sis verify`: is everything there, unchanged, and nothing else, and is the ledger whole?

use std::path::PathBuf;
use std::time::Instant;

use super::arguments::DestinationArguments;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::outcome::NAMED;
use super::progress::{LINE_EVERY, Progress};
use crate::domain::printable::printable;
use crate::jobs::verify::{Checked, Verification, verify};
use crate::lang::{Language, Values};
use crate::store::session::Session;

pub(super) fn run(arguments: &DestinationArguments, context: &mut Context) -> Result<Exit, Failure> {
    let opened = Session::open_to_look(&arguments.destination);
    let session = opened.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    let stop = interrupt::listen().map_err(interrupt::failure)?;
    let language = context.language.clone();
    let mut progress: Option<Progress> = None;
    let mut last_line = Instant::now();
    let verified = verify(&session, &stop, &mut |checked| match checked {
        Checked::File(total) => {
            let progress = progress.get_or_insert_with(|| Progress::new(total, &context.console));
            progress.advance(&mut context.console, &language);
        }
        Checked::Seen(count) => {
            if let Some(progress) = progress.take() {
                progress.finish();
            }
            if last_line.elapsed() >= LINE_EVERY {
                last_line = Instant::now();
                context.console.err(&language.say("verify.looking", &[("count", &count)]));
            }
        }
    });
    if let Some(progress) = progress {
        progress.finish();
    }
    let verification = verified.map_err(|error| Failure::of(&error, &context.language))?;
    tell(&verification, context);
    let Verification { beside, unfinished, .. } = &verification;
    let is_odd = beside.extra.count + beside.closed.count + unfinished + verification.elsewhere.len() > 0;
    Ok(match (stop.is_requested() && verification.is_cut_short(), verification.is_good()) {
        (true, _) => Exit::Interrupted,
        (false, false) => Exit::Failed,
        (false, true) if is_odd => Exit::Partly,
        (false, true) => Exit::Done,
    })
}

fn tell(verification: &Verification, context: &mut Context) {
    let language = &context.language;
    let mut lines = vec![language.say("verify.whole", &[("count", &verification.whole)])];
    let lists = [
        ("verify.missing", &verification.missing),
        ("verify.elsewhere", &verification.elsewhere),
        ("verify.changed", &verification.changed),
        ("verify.disputed", &verification.disputed),
    ];
    for (key, paths) in lists {
        lines.extend(listed(language, key, paths.len(), paths));
    }
    let unreadable = &verification.unreadable;
    lines.extend(listed(language, "verify.unreadable", unreadable.len(), unreadable.iter().map(|(path, _)| path)));
    let beside = &verification.beside;
    for (key, paths) in [
        ("verify.extra", &beside.extra),
        ("verify.closed", &beside.closed),
        ("verify.source_left_out", &beside.sources),
        ("verify.destination_left_out", &beside.destinations),
    ] {
        lines.extend(listed(language, key, paths.count, &paths.first));
    }
    if verification.unfinished > 0 {
        lines.push(language.say("verify.unfinished", &[("count", &verification.unfinished)]));
    }
    if verification.waiting > 0 {
        lines.push(language.say("verify.waiting", &[("count", &verification.waiting)]));
    } else if verification.is_cut_short() {
        lines.push(language.text("verify.not_looked_through"));
    }
    let (chain, (expected, _)) = (&verification.chain, &verification.expected);
    let ledger: Values<'_> = &[("lines", &chain.lines), ("expected", expected), ("head", &chain.head)];
    lines.push(match chain.broken_at {
        _ if verification.is_ledger_whole() => language.say("verify.ledger_whole", ledger),
        Some(_) if chain.begins_at > 1 => language.say("verify.ledger_begins_late", &[("line", &chain.begins_at)]),
        Some(line) => language.say("verify.ledger_broken", &[("line", &line)]),
        None => language.say("verify.ledger_other", ledger),
    });
    if verification.is_ledger_whole() {
        lines.push(language.say("verify.head", ledger));
    }
    lines.iter().for_each(|line| context.console.out(line));
}

/// A heading with a list under it; of a long list the first, and how many more there are.
fn listed<'p>(
    language: &Language,
    heading: &str,
    count: usize,
    paths: impl IntoIterator<Item = &'p PathBuf>,
) -> Vec<String> {
    if count == 0 {
        return vec![];
    }
    let mut lines = vec![language.say(heading, &[("count", &count)])];
    lines.extend(paths.into_iter().take(NAMED).map(|path| format!("  {}", printable(path))));
    if count > NAMED {
        lines.push(format!("  {}", language.say("classify.more_troubles", &[("count", &(count - NAMED))])));
    }
    lines
}
