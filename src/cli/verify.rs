//! `sis verify`: is everything there, unchanged, and is the ledger whole?

use std::path::PathBuf;

use super::arguments::DestinationArguments;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::outcome::NAMED;
use super::progress::Progress;
use crate::domain::printable::printable;
use crate::jobs::verify::{Verification, verify};
use crate::lang::Values;
use crate::store::session::Session;

pub(super) fn run(arguments: &DestinationArguments, context: &mut Context) -> Result<Exit, Failure> {
    let opened = Session::open_to_look(&arguments.destination);
    let session = opened.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    let stop = interrupt::listen().map_err(interrupt::failure)?;
    let language = context.language.clone();
    let mut progress: Option<Progress> = None;
    let verified = verify(&session, &stop, &mut |_, total| {
        let progress = progress.get_or_insert_with(|| Progress::new(total, &context.console));
        progress.advance(&mut context.console, &language);
    });
    if let Some(progress) = progress {
        progress.finish();
    }
    let verification = verified.map_err(|error| Failure::of(&error, &context.language))?;
    tell(&verification, context);
    Ok(match (stop.is_requested() && verification.waiting > 0, verification.is_good()) {
        (true, _) => Exit::Interrupted,
        (false, false) => Exit::Failed,
        (false, true) if !verification.extra.is_empty() || verification.unfinished > 0 => Exit::Partly,
        (false, true) => Exit::Done,
    })
}

fn tell(verification: &Verification, context: &mut Context) {
    let language = &context.language;
    let mut lines = vec![language.say("verify.whole", &[("count", &verification.whole)])];
    let unreadable: Vec<PathBuf> = verification.unreadable.iter().map(|(path, _)| path.clone()).collect();
    let lists: [(&str, &[PathBuf]); 5] = [
        ("verify.missing", &verification.missing),
        ("verify.changed", &verification.changed),
        ("verify.unreadable", &unreadable),
        ("verify.disputed", &verification.disputed),
        ("verify.extra", &verification.extra),
    ];
    for (key, paths) in lists.into_iter().filter(|(_, paths)| !paths.is_empty()) {
        lines.push(language.say(key, &[("count", &paths.len())]));
        lines.extend(paths.iter().take(NAMED).map(|path| format!("  {}", printable(path))));
        if paths.len() > NAMED {
            lines.push(format!("  {}", language.say("classify.more_troubles", &[("count", &(paths.len() - NAMED))])));
        }
    }
    if verification.unfinished > 0 {
        lines.push(language.say("verify.unfinished", &[("count", &verification.unfinished)]));
    }
    if verification.waiting > 0 {
        lines.push(language.say("verify.waiting", &[("count", &verification.waiting)]));
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
