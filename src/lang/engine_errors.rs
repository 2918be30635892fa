//! Sentences for what goes wrong with checkpoints and runtimes.

use super::{Language, Say};
use crate::domain::printable::{printable, printable_text};
use crate::domain::variant::Variant;
use crate::engine::EngineError;
use crate::engine::checkpoint::CheckpointError;
use crate::engine::exports::{ExportError, image_exports_in};
use crate::engine::families::FamilyError;
use crate::engine::quantised::QuantisingError;
use crate::engine::runtime::RuntimeError;
use crate::engine::runtime::install::InstallError;
use crate::engine::runtime::library::{Origin, RejectReason, RejectedLibrary};
use crate::engine::runtime::select::RuntimeNote;
use crate::engine::tokenizer::TokenizerError;
use crate::engine::weights::WeightsError;
use crate::jobs::model::ModelError;
use crate::jobs::watchdog::NoAnswer;

/// Characters of a long text that are shown.
const BEGINNING: usize = 60;

/// The beginning of a text: what is too long for a model is too long for a sentence.
fn beginning(text: &str) -> String {
    let begin: String = text.chars().take(BEGINNING).collect();
    printable_text(&begin) + if begin.len() < text.len() { "…" } else { "" }
}

impl Say for EngineError {
    fn say(&self, language: &Language) -> String {
        match self {
            EngineError::Checkpoint(error) => error.say(language),
            EngineError::Runtime(error) => error.say(language),
            EngineError::Tokenizer(error) => error.say(language),
            EngineError::LabelTooLong { label, tokens, limit } => {
                let label = beginning(label);
                language.say("engine.label_too_long", &[("label", &label), ("tokens", tokens), ("limit", limit)])
            }
            EngineError::NoDirection(_) => language.text("engine.no_direction"),
            EngineError::NoPictures { variant: Variant::Fp32 } => language.text("engine.no_pictures"),
            EngineError::NoPictures { variant } => language.say("engine.no_pictures_in", &[("variant", variant)]),
            EngineError::TowersDiffer { image, text } => {
                language.say("engine.towers_differ", &[("image", image), ("text", text)])
            }
        }
    }
}

impl Say for ModelError {
    fn say(&self, language: &Language) -> String {
        match self {
            ModelError::Engine(error) => error.say(language),
            ModelError::Cached { model, source } => {
                language.say("models.may_be_damaged", &[("reason", &source.say(language)), ("model", model)])
            }
            ModelError::NoAnswer(error) => error.say(language),
        }
    }
}

impl Say for NoAnswer {
    fn say(&self, language: &Language) -> String {
        match self {
            NoAnswer::Ended | NoAnswer::LeftBehind => language.text("engine.given_up"),
            NoAnswer::NoThread(error) => language.say("engine.no_thread", &[("detail", error)]),
            NoAnswer::Gone => language.text("engine.gone"),
        }
    }
}

impl Say for CheckpointError {
    fn say(&self, language: &Language) -> String {
        match self {
            CheckpointError::NoFolder { folder } => {
                language.say("checkpoint.no_folder", &[("folder", &printable(folder))])
            }
            CheckpointError::NoFile { folder, file } => {
                language.say("checkpoint.no_file", &[("folder", &printable(folder)), ("file", file)])
            }
            CheckpointError::OpenClip { folder } => {
                language.say("checkpoint.open_clip", &[("folder", &printable(folder))])
            }
            CheckpointError::Inside { folder, inside } => {
                language.say("checkpoint.inside", &[("folder", &printable(folder)), ("inside", &printable(inside))])
            }
            CheckpointError::Pointer { path } => language.say("checkpoint.pointer", &[("path", &printable(path))]),
            CheckpointError::Unreadable { path, source } => {
                language.say("checkpoint.unreadable", &[("path", &printable(path)), ("detail", source)])
            }
            CheckpointError::Changed { path } => language.say("checkpoint.changed", &[("path", &printable(path))]),
            CheckpointError::NotJson { path, source } => {
                language.say("checkpoint.not_json", &[("path", &printable(path)), ("detail", source)])
            }
            CheckpointError::Family { folder, source } => family(language, &printable(folder), source),
            CheckpointError::Processor { path, source } => {
                let (key, found) = (&source.key, &printable_text(&source.found));
                language.say("checkpoint.processor", &[("path", &printable(path)), ("key", key), ("found", found)])
            }
            CheckpointError::NoWeights { folder, found } if found.is_empty() => {
                language.say("checkpoint.no_weights", &[("folder", &printable(folder))])
            }
            CheckpointError::NoWeights { folder, found } => {
                let found = printable_text(&found.join(", "));
                language.say("checkpoint.other_weights", &[("folder", &printable(folder)), ("found", &found)])
            }
            CheckpointError::Weights(error) => error.say(language),
            CheckpointError::Export(ExportError { path, source }) => {
                language.say("checkpoint.export", &[("path", &printable(path)), ("detail", source)])
            }
            CheckpointError::NoScale { folder } => {
                language.say("checkpoint.no_scale", &[("folder", &printable(folder))])
            }
            CheckpointError::Tokenizer(error) => error.say(language),
            CheckpointError::OnlyExport { folder, variant } => {
                let file = image_exports_in(*variant).first().map(|ending| format!("vision_model{ending}.onnx"));
                let (folder, file) = (printable(folder), file.unwrap_or_default());
                language.say("checkpoint.only_export", &[("folder", &folder), ("variant", variant), ("file", &file)])
            }
            CheckpointError::Quantising(QuantisingError::NotFinite { tensor }) => {
                language.say("checkpoint.not_finite", &[("tensor", &printable_text(tensor))])
            }
            CheckpointError::Quantising(QuantisingError::File { path, source }) => {
                language.say("checkpoint.quantising", &[("path", &printable(path)), ("detail", source)])
            }
            CheckpointError::NowhereToQuantise => language.text("checkpoint.nowhere_to_quantise"),
        }
    }
}

fn family(language: &Language, folder: &str, error: &FamilyError) -> String {
    match error {
        FamilyError::Unknown { found, known } if found.is_empty() => {
            language.say("checkpoint.no_family", &[("folder", &folder), ("known", &known.join(", "))])
        }
        FamilyError::Unknown { found, known } => {
            let found = printable_text(found);
            let values: super::Values<'_> = &[("folder", &folder), ("found", &found), ("known", &known.join(", "))];
            language.say("checkpoint.unknown_family", values)
        }
        FamilyError::OwnCode { known } => {
            language.say("checkpoint.own_code", &[("folder", &folder), ("known", &known.join(", "))])
        }
        FamilyError::BadValue { key, found } => {
            let found = printable_text(found);
            language.say("checkpoint.bad_value", &[("folder", &folder), ("key", key), ("found", &found)])
        }
    }
}

impl Say for WeightsError {
    fn say(&self, language: &Language) -> String {
        match self {
            WeightsError::Unreadable { path, source } => {
                language.say("weights.unreadable", &[("path", &printable(path)), ("detail", source)])
            }
            WeightsError::CutShort { path, length, expected } => {
                let values: super::Values<'_> =
                    &[("path", &printable(path)), ("length", length), ("expected", expected)];
                language.say("weights.cut_short", values)
            }
            WeightsError::BadHeader { path, .. } => language.say("weights.bad_header", &[("path", &printable(path))]),
            WeightsError::NoShard { index, shard } => {
                language.say("weights.no_shard", &[("path", &printable(index)), ("shard", &printable_text(shard))])
            }
            WeightsError::ShardOutside { index, shard } => {
                language.say("weights.shard_outside", &[("path", &printable(index)), ("shard", &printable_text(shard))])
            }
            WeightsError::Calls { path, called } => {
                language.say("weights.calls", &[("path", &printable(path)), ("called", &printable_text(called))])
            }
            WeightsError::OldTorch { path } => language.say("weights.old_torch", &[("path", &printable(path))]),
            WeightsError::NotText { path } => language.say("weights.not_text", &[("path", &printable(path))]),
            WeightsError::Scattered { path, tensor } => {
                let tensor = printable_text(tensor);
                language.say("weights.scattered", &[("path", &printable(path)), ("tensor", &tensor)])
            }
            WeightsError::NoTensor { path, tensor } => {
                language.say("weights.no_tensor", &[("path", &printable(path)), ("tensor", tensor)])
            }
            WeightsError::WrongShape { path, tensor, .. } => {
                language.say("weights.wrong_shape", &[("path", &printable(path)), ("tensor", tensor)])
            }
            WeightsError::BadScale { path, scale } => {
                language.say("weights.bad_scale", &[("path", &printable(path)), ("scale", scale)])
            }
            WeightsError::WrongType { path, tensor } => {
                language.say("weights.wrong_type", &[("path", &printable(path)), ("tensor", tensor)])
            }
        }
    }
}

impl Say for TokenizerError {
    fn say(&self, language: &Language) -> String {
        match self {
            TokenizerError::Missing { folder, parts } => {
                language.say("tokenizer.missing", &[("folder", &printable(folder)), ("parts", parts)])
            }
            TokenizerError::NoConfig { folder } => {
                language.say("tokenizer.no_config", &[("folder", &printable(folder))])
            }
            TokenizerError::Damaged { path, .. } => language.say("tokenizer.damaged", &[("path", &printable(path))]),
            TokenizerError::Grows { path } => language.say("tokenizer.grows", &[("path", &printable(path))]),
            TokenizerError::TooLong { text, tokens, limit } => {
                let text = beginning(text);
                language.say("tokenizer.too_long", &[("text", &text), ("tokens", tokens), ("limit", limit)])
            }
            TokenizerError::OtherVocabulary { token, vocabulary } => {
                language.say("tokenizer.other_vocabulary", &[("token", token), ("vocabulary", vocabulary)])
            }
            TokenizerError::Failed { text, .. } => language.say("tokenizer.failed", &[("text", &printable_text(text))]),
        }
    }
}

impl Say for RuntimeError {
    fn say(&self, language: &Language) -> String {
        match self {
            RuntimeError::NoneFound { .. } => language.text("runtime.none_found"),
            RuntimeError::VariantNotInTract { variant } => {
                language.say("runtime.variant_not_in_tract", &[("variant", variant)])
            }
            RuntimeError::VariantNotOnGpu { variant } => {
                language.say("runtime.variant_not_on_gpu", &[("variant", variant)])
            }
            RuntimeError::NotStarted { library, .. } => {
                language.say("runtime.not_started", &[("library", &printable(library))])
            }
            RuntimeError::Graph { tower, .. } => language.say("runtime.graph", &[("tower", tower)]),
            RuntimeError::ExportNotReadable { file, .. } => {
                language.say("runtime.export_not_readable", &[("file", &printable(file))])
            }
            RuntimeError::NoOutput { tower, wanted, found } => {
                let (wanted, found) = (wanted.join(", "), printable_text(&found.join(", ")));
                language.say("runtime.no_output", &[("tower", tower), ("wanted", &wanted), ("found", &found)])
            }
            RuntimeError::UnknownInput { tower, input } => {
                language.say("runtime.unknown_input", &[("tower", tower), ("input", &printable_text(input))])
            }
            RuntimeError::FolderNotText { folder } => {
                language.say("runtime.folder_not_text", &[("folder", &printable(folder))])
            }
            RuntimeError::Run(_) => language.text("runtime.run"),
            RuntimeError::OutputShape { .. } => language.text("runtime.output_shape"),
        }
    }
}

impl Say for RejectedLibrary {
    fn say(&self, language: &Language) -> String {
        let path = printable(&self.path);
        match &self.reason {
            RejectReason::Missing => {
                let origin = self.origin.say(language);
                language.say("passed_over.missing", &[("path", &path), ("origin", &origin)])
            }
            RejectReason::TooOld { version, oldest } => {
                language.say("passed_over.too_old", &[("path", &path), ("version", version), ("oldest", oldest)])
            }
            RejectReason::NotLoadable { detail } => {
                let detail = printable_text(detail.lines().next().unwrap_or_default());
                language.say("passed_over.not_loadable", &[("path", &path), ("detail", &detail)])
            }
            RejectReason::Crashed { status } => {
                language.say("passed_over.crashed", &[("path", &path), ("status", status)])
            }
            RejectReason::TooSlow => language.say("passed_over.too_slow", &[("path", &path)]),
        }
    }
}

impl Say for Origin {
    fn say(&self, language: &Language) -> String {
        language.text(match self {
            Origin::Setting => "origin.setting",
            Origin::Variable => "origin.variable",
            Origin::Program => "origin.program",
            Origin::Installed => "origin.installed",
            Origin::Loader => "origin.loader",
            Origin::Python => "origin.python",
        })
    }
}

/// The beginning of a message that goes on for pages.
fn first_line(detail: &str) -> String {
    printable_text(detail.lines().next().unwrap_or_default())
}

impl Say for RuntimeNote {
    fn say(&self, language: &Language) -> String {
        match self {
            RuntimeNote::FellBackToCpu { detail } => {
                language.say("runtime_note.fell_back_to_cpu", &[("detail", &first_line(detail))])
            }
            RuntimeNote::GpuLeftOut { number, detail } => {
                language.say("runtime_note.gpu_left_out", &[("number", number), ("detail", &first_line(detail))])
            }
            RuntimeNote::TractHasNoGpu => language.text("runtime_note.tract_has_no_gpu"),
            RuntimeNote::GpuUnused => language.text("runtime_note.gpu_unused"),
        }
    }
}

impl Say for InstallError {
    fn say(&self, language: &Language) -> String {
        match self {
            InstallError::NoInstaller => language.text("install.no_installer"),
            InstallError::Folder { folder, source } => {
                language.say("install.folder", &[("folder", &printable(folder)), ("detail", source)])
            }
            InstallError::InstallerFailed { installer, detail } => {
                let detail = printable_text(detail);
                language.say("install.installer_failed", &[("installer", installer), ("detail", &detail)])
            }
            InstallError::Stopped => language.text("install.stopped"),
            InstallError::NoLibrary => language.text("install.no_library"),
            InstallError::DoesNotWork { .. } => language.text("install.does_not_work"),
        }
    }
}
