//! `sis model list`, `pull` and `info`.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::arguments::{ModelListArguments, RuntimeOptions};
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use crate::domain::hub_model::HubModel;
use crate::domain::printable::{printable, printable_text};
use crate::engine::hub::known::{KnownModel, known_models};
use crate::engine::hub::{
    CachedModel, DownloadControl, Hub, HubConfig, HubError, Plan, PublishedModel, Repaired, WeightsForm,
};
use crate::lang::{Language, Say, Values, size};
use crate::use_cases::open_model;

/// Downloads models, one after the other; with `check`, what is there of them already is looked through first.
pub(super) fn pull(names: &[String], check: bool, context: &mut Context) -> Result<Exit, Failure> {
    let models: Vec<HubModel> = names.iter().map(|name| model(name, context)).collect::<Result<_, _>>()?;
    let hub = Hub::new(HubConfig::from_environment());
    for model in &models {
        // Asked even where the cache is complete: the model may have a newer commit.
        let (folder, damaged, key) = match hub.cached(model).filter(|_| hub.config().is_offline) {
            Some(cached) => {
                if check {
                    let note = context.language.say("models.not_checked", &[("model", model)]);
                    context.note_text(&note);
                }
                (cached.folder, vec![], "models.pulled")
            }
            None => with_hub(context, |hub, control| {
                let (folder, damaged, was_whole) = match check {
                    true => {
                        let Repaired { folder, damaged, was_whole } = hub.repair(model, control)?;
                        (folder, damaged, was_whole)
                    }
                    false => {
                        let plan = hub.plan(model, control)?;
                        (hub.fetch(&plan, control)?, vec![], plan.is_whole())
                    }
                };
                Ok((folder, damaged, if was_whole { "models.up_to_date" } else { "models.pulled" }))
            })?,
        };
        for file in &damaged {
            let note = context.language.say("models.was_damaged", &[("file", file), ("model", model)]);
            context.note_text(&note);
        }
        let line = context.language.say(key, &[("model", model), ("folder", &printable(folder))]);
        context.console.out(&line);
        context.console.flush();
    }
    Ok(Exit::Done)
}

/// Does something with the hub that can be stopped by Ctrl-C, and shows how it goes.
fn with_hub<T>(
    context: &mut Context,
    work: impl FnOnce(&Hub, &mut DownloadControl<'_>) -> Result<T, HubError>,
) -> Result<T, Failure> {
    let machine = context.machine(&RuntimeOptions::default());
    face::run(context, &machine, Output::default(), |run| open_model::with_hub(run, work))
}

/// Says what a model consists of.
pub(super) fn info(name: &str, context: &mut Context) -> Result<Exit, Failure> {
    let model = model(name, context)?;
    let hub = Hub::new(HubConfig::from_environment());
    let planned = with_hub(context, |hub, control| Ok(hub.plan(&model, control)))?;
    let lines = match (planned, hub.cached(&model)) {
        (Ok(plan), _) => planned_lines(&plan, &context.language),
        // Without the hub, what the cache has is still worth telling.
        (Err(HubError::Offline { .. } | HubError::NoNetwork { .. }), Some(cached)) => {
            let kind = hub.kind_in_cache(&model).unwrap_or_default();
            cached_lines(&model, &kind, &cached, &context.language)
        }
        (Err(error), _) => return Err(Failure::of_run(&error.into(), &context.language)),
    };
    lines.iter().for_each(|line| context.console.out(line));
    Ok(Exit::Done)
}

fn planned_lines(plan: &Plan, language: &Language) -> Vec<String> {
    let form = language.text(match plan.form {
        WeightsForm::Safetensors => "models.form_safetensors",
        WeightsForm::Sharded => "models.form_sharded",
        WeightsForm::Pickle => "models.form_pickle",
        WeightsForm::ShardedPickle => "models.form_sharded_pickle",
        WeightsForm::SplitOnnx => "models.form_split_onnx",
        WeightsForm::Onnx => "models.form_onnx",
    });
    let mut lines = head_lines(&plan.model, plan.family, &plan.commit, language);
    lines.push(language.say("models.info_form", &[("form", &form)]));
    if let Some(revision) = &plan.conversion {
        lines.push(language.say("hub.conversion", &[("revision", revision)]));
    }
    for file in &plan.files {
        let state = match file.there {
            there if there == file.size => language.text("models.info_there"),
            0 => language.text("models.info_missing"),
            there => language.say("models.info_partly", &[("size", &size(there))]),
        };
        let values: Values<'_> =
            &[("name", &printable_text(&file.name)), ("size", &size(file.size)), ("state", &state)];
        lines.push(language.say("models.info_file", values));
    }
    let (whole, missing) = (size(plan.size()), size(plan.missing()));
    lines.push(language.say("models.info_sum", &[("size", &whole), ("missing", &missing)]));
    lines
}

fn cached_lines(model: &HubModel, kind: &str, cached: &CachedModel, language: &Language) -> Vec<String> {
    let mut lines = head_lines(model, kind, &cached.commit, language);
    let state = language.text("models.info_there");
    for (name, bytes) in &cached.files {
        let values: Values<'_> = &[("name", &printable_text(name)), ("size", &size(*bytes)), ("state", &state)];
        lines.push(language.say("models.info_file", values));
    }
    lines.push(language.say("models.info_folder", &[("folder", &printable(&cached.folder))]));
    lines.push(language.text("models.info_from_cache"));
    lines
}

fn head_lines(model: &HubModel, kind: &str, commit: &str, language: &Language) -> Vec<String> {
    vec![
        language.say("models.info_model", &[("model", model)]),
        language.say("models.info_type", &[("kind", &printable_text(kind))]),
        language.say("models.info_commit", &[("commit", &commit)]),
    ]
}

/// A model of a list, wherever it was heard of.
struct Row {
    published: PublishedModel,
    known: Option<&'static KnownModel>,
    /// All of it that is needed is in the cache.
    is_cached: bool,
    /// Bytes that it takes there.
    cached_bytes: u64,
}

/// Lists the table of known models, what else is in the cache, and what the hub has.
pub(super) fn list(arguments: &ModelListArguments, context: &mut Context) -> Result<Exit, Failure> {
    let hub = Hub::new(HubConfig::from_environment());
    let mut told = BTreeSet::new();
    let known = known_models().iter().map(|known| PublishedModel {
        id: known.id.clone(),
        kind: known.kind.clone(),
        is_supported: known.is_supported(),
        downloads: None,
    });
    let known: Vec<Row> = known.map(|published| row(&hub, published, &mut told)).collect();
    let cached = hub.in_cache().into_iter().filter(|model| !told.contains(&model.id)).collect::<Vec<_>>();
    let cached: Vec<Row> = cached.into_iter().map(|published| row(&hub, published, &mut told)).collect();
    if arguments.json {
        let rows = known.into_iter().chain(cached).collect();
        return list_for_scripts(&hub, rows, usize::from(arguments.limit), context);
    }
    print(&known, "models.heading_known", &[], context);
    print(&cached, "models.heading_cached", &[], context);
    context.console.flush();
    let popular = popular(&hub, usize::from(arguments.limit), context)?;
    let popular: Vec<Row> = popular.into_iter().map(|published| row(&hub, published, &mut told)).collect();
    let page = format!("{}/models?pipeline_tag=zero-shot-image-classification", hub.config().endpoint);
    print(&popular, "models.heading_popular", &[("count", &popular.len()), ("page", &page)], context);
    Ok(Exit::Done)
}

/// One event for each model: what the hub knows of one that was known before is put into it.
fn list_for_scripts(hub: &Hub, mut rows: Vec<Row>, limit: usize, context: &mut Context) -> Result<Exit, Failure> {
    for published in popular(hub, limit, context)? {
        match rows.iter_mut().find(|row| row.published.id == published.id) {
            Some(row) => row.published.downloads = published.downloads,
            None => rows.push(row(hub, published, &mut BTreeSet::new())),
        }
    }
    let default = &context.defaults.model;
    rows.iter().for_each(|row| context.console.out(&event(row, default)));
    Ok(Exit::Done)
}

/// The models that the hub lists; none, and the reason said, where it cannot be asked: a list without it is no failure.
fn popular(hub: &Hub, limit: usize, context: &mut Context) -> Result<Vec<PublishedModel>, Failure> {
    if hub.config().is_offline {
        let line = context.language.text("models.offline");
        context.console.err(&line);
        return Ok(vec![]);
    }
    match with_hub(context, |hub, control| hub.popular(limit, control)) {
        Err(failure) if failure.exit == Exit::Failed => {
            tracing::warn!(chain = failure.chain, "the hub's list");
            context.note_text(&failure.sentence);
            Ok(vec![])
        }
        popular => popular,
    }
}

fn row(hub: &Hub, published: PublishedModel, told: &mut BTreeSet<String>) -> Row {
    told.insert(published.id.clone());
    let model = HubModel { id: published.id.clone(), revision: None };
    Row {
        known: known_models().iter().find(|known| known.id == published.id),
        is_cached: hub.cached(&model).is_some(),
        cached_bytes: hub.bytes_in_cache(&published.id),
        published,
    }
}

fn print(rows: &[Row], heading: &str, values: Values<'_>, context: &mut Context) {
    if rows.is_empty() {
        return;
    }
    let width = rows.iter().map(|row| row.published.id.len()).max().unwrap_or_default();
    let language = &context.language;
    context.console.out(&language.say(heading, values));
    for row in rows {
        let line =
            format!("  {:width$}  {}", row.published.id, words(row, &context.defaults.model, language).join(", "));
        context.console.out(&line);
    }
}

/// The facts about a model.
fn words(row: &Row, default: &str, language: &Language) -> Vec<String> {
    let mut words = Vec::new();
    let bytes = size(row.cached_bytes);
    match (row.is_cached, row.cached_bytes, row.known) {
        (true, ..) => words.push(language.say("models.cached", &[("size", &bytes)])),
        (false, 1.., _) => words.push(language.say("models.partly_cached", &[("size", &bytes)])),
        (false, 0, Some(known)) => {
            words.push(language.say("models.not_cached", &[("size", &size(known.download_bytes()))]));
        }
        (false, 0, None) => {}
    }
    if let Some(known) = row.known {
        words.push(known.speed.say(language));
        words.extend(known.good_at.iter().map(|strength| strength.say(language)));
    }
    let kind = printable_text(&row.published.kind);
    match (row.published.is_supported, row.published.kind.is_empty()) {
        (true, _) if row.known.is_some() => {}
        (true, _) => words.push(language.say("models.supported", &[("kind", &kind)])),
        (false, false) => words.push(language.say("models.not_supported", &[("kind", &kind)])),
        (false, true) => words.push(language.text("models.unknown_kind")),
    }
    if let Some(downloads) = row.published.downloads {
        words.push(language.say("models.downloads", &[("count", &downloads)]));
    }
    if row.published.id == default {
        words.push(language.text("models.default"));
    }
    words
}

/// A model for scripts. The words of the table are those of its file, whatever the language.
fn event(row: &Row, default: &str) -> String {
    let published = &row.published;
    let mut event = Map::new();
    let mut put = |key: &str, value: Json| drop(event.insert(key.to_owned(), value));
    put("event", json!("model"));
    put("id", json!(published.id));
    put("type", json!(published.kind));
    put("supported", json!(published.is_supported));
    put("cached", json!(row.is_cached));
    put("cached_bytes", json!(row.cached_bytes));
    put("known", json!(row.known.is_some()));
    put("default", json!(published.id == default));
    put("downloads", json!(published.downloads));
    if let Some(known) = row.known {
        put("good_at", json!(known.good_at));
        put("speed", json!(known.speed));
        put("download_bytes", json!(known.download_bytes()));
    }
    super::events::line(event)
}

/// The model that a person names. A text without the form of a name on the hub is refused here: a folder needs no pull.
fn model(name: &str, context: &Context) -> Result<HubModel, Failure> {
    HubModel::parse(name).ok_or_else(|| {
        let name = printable_text(name);
        Failure::usage(context.language.say("models.no_name", &[("name", &name)]))
    })
}
