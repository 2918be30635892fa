//! `sis repair`: a damaged session from its ledger, a damaged ledger from its session.

use super::arguments::RepairArguments;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::domain::printable::printable;
use crate::lang::{Language, Values};
use crate::store::StoreError;
use crate::store::session::{Rebuilt, Repaired, Retold, Session};

pub(super) fn run(arguments: &RepairArguments, context: &mut Context) -> Result<Exit, Failure> {
    let destination = &arguments.destination;
    let repaired = Session::repair(destination, &context.known_sessions(), arguments.trust).map_err(|error| {
        let is_usage = matches!(error, StoreError::NoSession { .. });
        let failed = Failure::of_run(&error.into(), &context.language);
        if is_usage { failed.into_usage() } else { failed }
    })?;
    let values: Values<'_> = &[("destination", &printable(destination))];
    let Some(repaired) = repaired else {
        let line = context.language.say("repair.nothing", values);
        context.console.out(&line);
        return Ok(Exit::Done);
    };
    tell(&repaired, values, context);
    if let Some(error) = &repaired.not_noted {
        context.note(error);
    }
    Ok(Exit::Done)
}

fn tell(repaired: &Repaired, destination: Values<'_>, context: &mut Context) {
    let language = &context.language;
    let mut lines = Vec::new();
    if let Some(rebuilt) = &repaired.session {
        lines.extend(of_session(rebuilt, language));
    }
    if let Some(retold) = &repaired.ledger {
        lines.push(of_ledger(retold, language));
    }
    lines.push(language.say("repair.aside", &[("folder", &printable(&repaired.aside))]));
    lines.push(language.say("repair.next", destination));
    lines.iter().for_each(|line| context.console.out(line));
}

fn of_session(rebuilt: &Rebuilt, language: &Language) -> Vec<String> {
    let values: Values<'_> = &[
        ("lines", &rebuilt.lines),
        ("runs", &rebuilt.runs),
        ("transfers", &rebuilt.transfers),
        ("pictures", &rebuilt.pictures),
    ];
    let mut lines = vec![language.say("repair.session", values), language.text("repair.session_unknown")];
    for (key, count) in [
        ("repair.device_unknown", rebuilt.without_device),
        ("repair.unreadable", rebuilt.unreadable),
        ("repair.lost_decisions", rebuilt.lost_decisions),
    ] {
        if count > 0 {
            lines.push(language.say(key, &[("count", &count)]));
        }
    }
    lines
}

fn of_ledger(retold: &Retold, language: &Language) -> String {
    let values: Values<'_> = &[("kept", &retold.kept), ("before", &retold.before), ("told", &retold.told())];
    language.say("repair.ledger", values)
}
