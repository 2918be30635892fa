//! From arguments and defaults to settings, checked as far as that can be done without touching a picture.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::arguments::SortingArguments;
use super::context::Context;
use super::failure::Failure;
use crate::config::Defaults;
use crate::domain::file_filter::FileFilter;
use crate::domain::folder_name::OWN_NAMES;
use crate::domain::label::{self, Label};
use crate::domain::name_fold::fold;
use crate::domain::printable::printable;
use crate::domain::score::SureRule;
use crate::domain::settings::{ModelName, Operation, Settings};
use crate::domain::template::Templates;
use crate::files::kind::has_picture_name;
use crate::lang::{Language, Values};
use crate::plain_file;

/// The largest file of labels that is read, and how long one is waited for that comes through a pipe.
const LARGEST_LABELS: u64 = 10_000_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that was asked for, checked as far as it can be without touching a file.
pub(super) fn settings(arguments: &SortingArguments, context: &Context) -> Result<Settings, Failure> {
    let defaults = &context.defaults;
    let template = template(arguments, context)?;
    let sure = sure(arguments, context)?;
    Ok(Settings {
        source: arguments.source.clone().unwrap_or_default(),
        recursive: arguments.recursive || (defaults.recursive && !arguments.no_recursive),
        choice: choice(arguments, context)?,
        destination: arguments.destination.clone(),
        model: model(arguments.model.as_ref(), context),
        labels: labels(arguments, context)?,
        template,
        operation: arguments.operation.map_or(defaults.operation, Operation::from),
        sure,
        batch_size: arguments.batch_size.map(|size| size as usize),
        trust_unchanged: false,
    })
}

/// The sentences around each prompt.
pub(super) fn template(arguments: &SortingArguments, context: &Context) -> Result<Templates, Failure> {
    let template = match arguments.template.as_slice() {
        [] => context.defaults.template.clone(),
        given => given.join("\n"),
    };
    Templates::new(&template).map_err(|error| Failure::of(&error, &context.language).into_usage())
}

/// When a prediction is acted on.
pub(super) fn sure(arguments: &SortingArguments, context: &Context) -> Result<SureRule, Failure> {
    let (defaults, language) = (&context.defaults, &context.language);
    Ok(SureRule {
        threshold: share("--threshold", arguments.threshold.unwrap_or(defaults.threshold), language)?,
        margin: share("--margin", arguments.margin.unwrap_or(defaults.margin), language)?,
    })
}

/// Which files are looked at. Patterns that were given take the place of those of the settings.
fn choice(arguments: &SortingArguments, context: &Context) -> Result<FileFilter, Failure> {
    let mut defaults = context.defaults.clone();
    defaults.hidden = arguments.hidden || (defaults.hidden && !arguments.no_hidden);
    for (given, of_settings) in
        [(&arguments.include, &mut defaults.include), (&arguments.exclude, &mut defaults.exclude)]
    {
        if !given.is_empty() {
            of_settings.clone_from(given);
        }
    }
    choice_of(&defaults, &context.language)
}

/// Which files are looked at by these settings.
pub(super) fn choice_of(defaults: &Defaults, language: &Language) -> Result<FileFilter, Failure> {
    let choice = FileFilter::new(defaults.hidden, &defaults.include, &defaults.exclude);
    choice.map_err(|error| Failure::of(&error, language).into_usage())
}

/// The model that was named, else the one of the settings. A folder that is there is never taken for a name on the hub.
pub(super) fn model(named: Option<&OsString>, context: &Context) -> ModelName {
    ModelName::new(named.cloned().unwrap_or_else(|| context.defaults.model.clone().into()), Path::is_dir)
}

/// True for the names of the program's other files in a destination.
fn is_taken(name: &OsStr) -> bool {
    let name = fold(&name.to_string_lossy());
    OWN_NAMES.iter().any(|own| fold(own) == name && *own != "output.csv")
}

/// A number from nought to one.
pub(super) fn share(option: &str, value: f32, language: &Language) -> Result<f32, Failure> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(value),
        false => Err(Failure::usage(language.say("settings.not_a_share", &[("option", &option), ("value", &value)]))),
    }
}

/// The table's name: a plain one, so that it cannot lead out of the destination or into a label's folder, and no
/// picture's.
pub(super) fn table_name(arguments: &SortingArguments, context: &Context) -> Result<PathBuf, Failure> {
    let name = arguments.output_file.as_ref().unwrap_or(&context.defaults.output_file);
    let mut parts = name.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(only)), None)
            if only == name.as_os_str() && only.to_str().is_some() && !is_taken(only) && !has_picture_name(name) =>
        {
            Ok(name.clone())
        }
        _ => {
            let values: Values<'_> = &[("path", &printable(name))];
            Err(Failure::usage(context.language.say("settings.output_file_not_a_name", values)))
        }
    }
}

pub(super) fn labels(arguments: &SortingArguments, context: &Context) -> Result<Vec<Label>, Failure> {
    let language = &context.language;
    let parsed = match (&arguments.labels, &arguments.labels_file) {
        (Some(list), _) => label::from_commas(list),
        (None, Some(file)) => label::from_file(&text_of(file, language)?),
        (None, None) => return Err(Failure::usage(language.text("settings.no_labels"))),
    };
    parsed.map_err(|error| Failure::of(&error, language).into_usage())
}

/// The text of a file of labels; `-` is standard input.
fn text_of(file: &Path, language: &Language) -> Result<String, Failure> {
    let bytes = match file.as_os_str() == "-" {
        true => plain_file::receive_standard_input(LARGEST_LABELS, PATIENCE),
        false => plain_file::read_or_receive(file, LARGEST_LABELS, PATIENCE),
    };
    let bytes = bytes.map_err(|error| {
        let values: Values<'_> = &[("path", &printable(file)), ("detail", &error)];
        Failure::usage(language.say("settings.labels_file_unreadable", values))
    })?;
    plain_file::to_text(bytes)
        .map_err(|_| Failure::usage(language.say("settings.labels_file_not_text", &[("path", &printable(file))])))
}
