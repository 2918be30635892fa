//! `sis classify` on a source without pictures: nothing to do where those that were there were moved, as by a run that
//! was killed before it could tell.

use super::classify::Request;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::sorting::Work;
use super::summary;
use crate::domain::printable::printable;
use crate::jobs::classify::Classification;
use crate::lang::Values;
use crate::store::StoreError;
use crate::store::session::{Session, Sorting, Which};
use crate::use_cases::Machine;
use crate::use_cases::classify::were_moved;

/// Tells what the session holds of pictures that were moved from the source, all that there were, and writes the
/// tables. Where any was not, or there were none, this is not the source that was meant, or not the disk that it is on.
pub(super) fn finish(
    request: &Request,
    machine: &Machine,
    session: Option<Session>,
    classification: &Classification,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let known = session.map(|session| {
        let seen = session.last_seen_in(&request.settings.source)?;
        let Some((seen, sorting)) = seen.zip(session.sorting()?) else { return Ok(None) };
        Ok(were_moved(&session, seen)?.then_some((session, seen, sorting)))
    });
    let failed = |error: StoreError| Failure::of(&error, &context.language);
    let Some((mut session, seen, (mut sorting, set))) = known.transpose().map_err(failed)?.flatten() else {
        return Err(no_pictures(request, classification, context));
    };
    let values: Values<'_> = &[("folder", &printable(&request.settings.source))];
    let note = context.language.say("source.emptied", values);
    let left_out = summary::left_out(classification, &request.settings, &context.language);
    std::iter::once(note).chain(left_out).for_each(|note| context.note_text(&note));
    // Labels and template are those of before; the rest is as it is asked for now.
    let Sorting { threshold, margin, operation, .. } = Sorting::from(&request.settings);
    (sorting.threshold, sorting.margin, sorting.operation) = (threshold, margin, operation);
    let work = Work {
        machine,
        session: &mut session,
        sorting: &sorting,
        set: &set,
        table_name: &request.table_name,
        which: Which::SeenIn(seen),
        within: None,
        resort: request.resort,
        dry_run: request.dry_run,
        json: request.json,
    };
    work.finish(None, context)
}

fn no_pictures(request: &Request, classification: &Classification, context: &Context) -> Failure {
    let language = &context.language;
    let count = classification.others();
    let key = if count == 0 { "source.no_pictures" } else { "source.only_others" };
    let kinds = summary::kinds(classification, language);
    let folder = printable(&request.settings.source);
    let values: Values<'_> = &[("folder", &folder), ("count", &count), ("kinds", &kinds)];
    let told = std::iter::once(language.say(key, values)).chain(summary::left_out(
        classification,
        &request.settings,
        language,
    ));
    let sentence = told.collect::<Vec<_>>().join(" ");
    Failure { chain: sentence.clone(), sentence, exit: Exit::Failed }
}
