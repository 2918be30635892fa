//! `sis find`: the pictures of a session that are nearest to a sentence or to a picture.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::arguments::FindArguments;
use super::context::Context;
use super::events::{head, line, number, put, put_path};
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use crate::domain::printable::{printable, printable_text};
use crate::lang::{Language, Values};
use crate::store::session::Session;
use crate::use_cases::find::{FindRequest, Found, Nearest, Wanted, find};
use crate::use_cases::runtime::ChosenRuntime;

pub(super) fn run(arguments: &FindArguments, context: &mut Context) -> Result<Exit, Failure> {
    let destination = &arguments.destination;
    if !Session::exists(destination) {
        return Err(Failure::of(&Session::absent(destination), &context.language).into_usage());
    }
    let machine = context.machine(&arguments.runtime);
    let wanted = match &arguments.like {
        Some(file) => Wanted::Like(file.clone()),
        None => Wanted::Sentence(arguments.text.clone().unwrap_or_default()),
    };
    let request = FindRequest {
        destination,
        wanted: &wanted,
        trust: arguments.trust,
        variant: arguments.runtime.variant,
        limit: arguments.limit as usize,
    };
    let output = Output { json: arguments.json, ..Output::default() };
    let found = face::run(context, &machine, output, |run| find(run, request, &mut ChosenRuntime::default()))?;
    match arguments.json {
        true => tell_events(&found, &wanted, destination, context),
        false => tell(&found, destination, context),
    }
    if found.missing > 0 {
        let sentence = context.language.say("find.missing", &[("count", &found.missing)]);
        context.note_text(&sentence);
        return Ok(Exit::Partly);
    }
    Ok(Exit::Done)
}

/// Where a picture's file is in the destination, if it was put there.
fn placed(nearest: &Nearest, destination: &Path) -> Option<PathBuf> {
    let place = nearest.picture.place.as_ref()?;
    Some(destination.join(&place.folder).join(&place.file_name))
}

fn tell(found: &Found, destination: &Path, context: &mut Context) {
    let language = context.language.clone();
    found.nearest.iter().for_each(|nearest| context.console.out(&row(nearest, destination, &language)));
    let values: Values<'_> = &[("shown", &found.nearest.len()), ("compared", &found.compared)];
    let summary = language.say("find.summary", values);
    context.console.err(&summary);
    if found.without_pixels > 0 {
        let sentence = language.say("find.without_pixels", &[("count", &found.without_pixels)]);
        context.console.err(&sentence);
    }
}

/// Score, path, label, and where it was filed.
fn row(nearest: &Nearest, destination: &Path, language: &Language) -> String {
    let label = match &nearest.label {
        Some(label) => printable_text(label),
        None => language.text("find.no_label"),
    };
    let (score, path) = (format!("{:.4}", nearest.cosine), printable(&nearest.picture.shown));
    let mut row = language.say("find.row", &[("score", &score), ("path", &path), ("label", &label)]);
    if let Some(placed) = placed(nearest, destination) {
        row += &format!("  {}", language.say("find.placed", &[("path", &printable(placed))]));
    }
    if nearest.others_alike > 0 {
        row += &format!("  {}", language.say("find.others_alike", &[("count", &nearest.others_alike)]));
    }
    row
}

fn tell_events(found: &Found, wanted: &Wanted, destination: &Path, context: &mut Context) {
    for nearest in &found.nearest {
        let mut event = head("found");
        put_path(&mut event, "path", &nearest.picture.shown);
        put(&mut event, "sha256", nearest.picture.picture.hash.map(|hash| hash.to_string()));
        put(&mut event, "score", number(nearest.cosine));
        put(&mut event, "label", nearest.label.clone());
        match placed(nearest, destination) {
            Some(placed) => put_path(&mut event, "placed", &placed),
            None => put(&mut event, "placed", json!(null)),
        }
        put(&mut event, "others_alike", nearest.others_alike);
        context.console.out(&line(event));
    }
    let mut event = head("summary");
    match wanted {
        Wanted::Sentence(sentence) => put(&mut event, "text", sentence.as_str()),
        Wanted::Like(file) => put_path(&mut event, "like", file),
    }
    put(&mut event, "found", found.nearest.len());
    put(&mut event, "compared", found.compared);
    put(&mut event, "missing", found.missing);
    put(&mut event, "without_pixels", found.without_pixels);
    put(&mut event, "model", found.model.as_str());
    context.console.out(&line(event));
}
