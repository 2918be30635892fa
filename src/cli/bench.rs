//! `sis bench`: how fast this machine is with a model, stage by stage, which stage limits, and what to change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::argument_values::RuntimeName;
use super::arguments::BenchArguments;
use super::bench_report::Report;
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::settings::{choice_of, model};
use crate::built_in;
use crate::domain::printable::printable;
use crate::domain::score::SureRule;
use crate::domain::settings::{ModelName, Operation, Settings};
use crate::domain::speed_advice::{Machine, advice};
use crate::domain::template::Templates;
use crate::domain::variant::{Variant, VariantChoice};
use crate::engine::checkpoint::Checkpoint;
use crate::engine::runtime::select::{RuntimeNote, Selection, cores};
use crate::engine::runtime::{Device, Runtime, Workload};
use crate::engine::tower_kind::TowerKind;
use crate::file_system::is_on_network;
use crate::files::scan::{Kept, Scope};
use crate::jobs::bench::{Bench, Step, choose, labels};
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::model::{ModelToOpen, OpenedModel};
use crate::lang::Language;
use crate::use_cases::{self, open_model, runtime};

pub(super) fn run(arguments: &BenchArguments, context: &mut Context) -> Result<Exit, Failure> {
    // The built-in model and samples are unpacked here, and removed at the end. Weights that are quantised for it are
    // kept as for a run.
    let temporary = tempfile::Builder::new().prefix("sis-bench-").tempdir();
    let temporary = temporary.map_err(|error| context.cannot_unpack(&std::env::temp_dir(), &error))?;
    let settings = settings(arguments, temporary.path(), context)?;
    let stop = context.stop()?;
    let files = pictures(&settings, arguments.pictures as usize, &stop, context)?;
    let machine = context.machine(&arguments.runtime);
    let selection = face::run(context, &machine, Output::default(), runtime::choose)?;
    let begin = context.language.say("bench.begin", &[("seconds", &arguments.seconds)]);
    context.console.err(&begin);
    let folder = folder(&settings, temporary.path(), &machine, context)?;
    let opened = open(&settings, &selection.runtime, &folder, &machine, context)?;
    let variant = opened.model.variant();
    let bench = Bench {
        files: &files,
        cores: cores(),
        device: selection.runtime.device(),
        time: Duration::from_secs(arguments.seconds.into()),
        stop: &stop,
    };
    let (steps, told) = (context.language.clone(), std::cell::RefCell::new(&mut context.console));
    let measured = bench.measure(opened, &|step| told.borrow_mut().err(&say_step(step, &steps)));
    let measured = measured.map_err(|error| Failure::of(&error, &context.language))?;
    let Some(speeds) = measured.filter(|_| !stop.is_requested()) else {
        let stopped = context.language.text("bench.stopped");
        context.console.err(&stopped);
        return Ok(Exit::Interrupted);
    };
    if speeds.whole.pictures == 0 {
        // They were there when it began.
        return Err(no_pictures(&settings, context));
    }
    let may_use_integers = may_use_integers(&folder, &selection.runtime, variant);
    let report = Report {
        model: settings.model.to_string(),
        runtime: &selection.runtime,
        variant,
        cores: cores(),
        source: arguments.source.as_deref(),
        advice: advice(&speeds, described(arguments, &settings.source, &selection, may_use_integers)),
        speeds: &speeds,
    };
    match arguments.json {
        true => context.console.out(&report.to_json(&context.language)),
        false => report.lines(&context.language).iter().for_each(|line| context.console.out(line)),
    }
    Ok(Exit::Done)
}

fn settings(arguments: &BenchArguments, temporary: &Path, context: &Context) -> Result<Settings, Failure> {
    let source = match &arguments.source {
        Some(source) => source.clone(),
        None => {
            let folder = temporary.join(built_in::SAMPLES);
            built_in::unpack_samples(&folder).map_err(|error| context.cannot_unpack(&folder, &error))?;
            folder
        }
    };
    Ok(Settings {
        source,
        recursive: context.defaults.recursive,
        choice: choice_of(&context.defaults, &context.language)?,
        // Nothing is sorted.
        destination: PathBuf::new(),
        model: model(arguments.model.as_ref(), context),
        labels: labels(),
        template: Templates::default(),
        operation: Operation::Copy,
        sure: SureRule { threshold: context.defaults.threshold, margin: context.defaults.margin },
        batch_size: None,
        trust_unchanged: false,
    })
}

fn pictures(
    settings: &Settings,
    wanted: usize,
    stop: &CancelToken,
    context: &mut Context,
) -> Result<Vec<PathBuf>, Failure> {
    let found = Scope::of(settings, &Kept::new()).scan_while(&|| !stop.is_requested());
    let found = found.map_err(|error| Failure::of(&error, &context.language))?.unwrap_or_default();
    let choosing = context.language.text("bench.choosing");
    context.console.err(&choosing);
    let chosen = choose(&found.files, wanted, cores(), stop);
    match chosen.is_empty() && !stop.is_requested() {
        true => Err(no_pictures(settings, context)),
        false => Ok(chosen),
    }
}

fn no_pictures(settings: &Settings, context: &Context) -> Failure {
    let sentence = context.language.say("bench.no_pictures", &[("folder", &printable(&settings.source))]);
    Failure { chain: sentence.clone(), sentence, exit: Exit::Failed }
}

/// The model's folder; the built-in one is unpacked.
fn folder(
    settings: &Settings,
    temporary: &Path,
    machine: &use_cases::Machine,
    context: &mut Context,
) -> Result<PathBuf, Failure> {
    match &settings.model {
        ModelName::Demo => built_in::unpack_model(temporary).map_err(|error| context.cannot_unpack(temporary, &error)),
        model => face::run(context, machine, Output::default(), |run| open_model::folder(run, model)),
    }
}

/// Opens the model without the cache: what a run remembers is none of this.
fn open(
    settings: &Settings,
    runtime: &Runtime,
    folder: &Path,
    machine: &use_cases::Machine,
    context: &mut Context,
) -> Result<OpenedModel, Failure> {
    // How long the image tower takes to open is measured later.
    let (cache, uses) = (None, Workload::Many);
    let model = ModelToOpen { folder, settings, runtime, cores: cores(), cache, uses, ahead: false };
    face::run(context, machine, Output::default(), |run| open_model::open_to_use(run, model))
}

fn described(arguments: &BenchArguments, source: &Path, selection: &Selection, may_use_integers: bool) -> Machine {
    let is_tract = matches!(selection.runtime, Runtime::Tract);
    let is_on_processor = selection.runtime.device() == Device::Cpu;
    Machine {
        lacks_onnx_runtime: is_tract && !matches!(arguments.runtime.runtime, RuntimeName::Tract),
        has_unused_gpu: selection.notes.contains(&RuntimeNote::GpuUnused),
        is_on_gpu: !is_on_processor,
        may_use_integers,
        is_on_network: is_on_network(source),
    }
}

/// Whether the model in a folder, which computes in `variant`, could compute in 8-bit integers: an export cannot,
/// unless there is one in them.
fn may_use_integers(folder: &Path, runtime: &Runtime, variant: Variant) -> bool {
    let is_in_question =
        !matches!(runtime, Runtime::Tract) && runtime.device() == Device::Cpu && variant == Variant::Fp32;
    let in_integers = runtime.clone().in_variant(VariantChoice::Only(Variant::Int8));
    is_in_question
        && Checkpoint::open(folder).is_ok_and(|checkpoint| checkpoint.check(TowerKind::Image, &in_integers).is_ok())
}

fn say_step(step: Step, language: &Language) -> String {
    language.text(match step {
        Step::Opening => "bench.step_opening",
        Step::Whole => "bench.step_whole",
        Step::Model => "bench.step_model",
        Step::Reading => "bench.step_reading",
        Step::Decoding => "bench.step_decoding",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::runtime::OnnxRuntime;

    #[test]
    fn integers_are_not_for_an_export() {
        let model = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        assert!(!may_use_integers(&model("clip"), &Runtime::Tract, Variant::Fp32));
        let Some(library) = crate::skip::require_onnx_runtime() else { return };
        let runtime = Runtime::OnnxRuntime(OnnxRuntime::start(&library, "", 1).unwrap());
        assert!(may_use_integers(&model("clip"), &runtime, Variant::Fp32));
        assert!(!may_use_integers(&model("clip"), &runtime, Variant::Int8));
        assert!(!may_use_integers(&model("clip-onnx"), &runtime, Variant::Fp32));
    }
}
