//! `sis demo`: the sample pictures and the built-in model, in a folder of their own.

use std::path::{Path, PathBuf};

use super::arguments::DemoArguments;
use super::classify::{Request, carry_out};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::built_in;
use crate::domain::file_filter::FileFilter;
use crate::domain::label;
use crate::domain::printable::printable;
use crate::domain::score::SureRule;
use crate::domain::settings::{ModelName, Operation, Settings};
use crate::domain::template::Templates;
use crate::lang::Values;

pub(super) fn run(arguments: &DemoArguments, context: &mut Context) -> Result<Exit, Failure> {
    let folder = built_in::samples_folder();
    let folder = folder.map_err(|error| context.cannot_unpack(&std::env::temp_dir(), &error))?;
    let source = folder.join(built_in::SAMPLES);
    let request = Request {
        settings: settings(source, &folder, context)?,
        table_name: context.defaults.output_file.clone(),
        resort: false,
        trust: false,
        dry_run: false,
        json: false,
        verbose: false,
    };
    let exit = carry_out(&request, &arguments.runtime, context)?;
    let values: Values<'_> = &[("folder", &printable(&folder))];
    let line = context.language.say("demo.where", values);
    context.console.out(&line);
    Ok(exit)
}

fn settings(source: PathBuf, folder: &Path, context: &Context) -> Result<Settings, Failure> {
    let labels = label::from_lines(built_in::sample_labels());
    let defaults = &context.defaults;
    Ok(Settings {
        source,
        recursive: true,
        choice: FileFilter::default(),
        destination: folder.join("sorted"),
        model: ModelName::Demo,
        labels: labels.map_err(|error| Failure::of(&error, &context.language))?,
        template: Templates::default(),
        operation: Operation::Copy,
        sure: SureRule { threshold: defaults.threshold, margin: defaults.margin },
        batch_size: None,
        trust_unchanged: false,
    })
}
