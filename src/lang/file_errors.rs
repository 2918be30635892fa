//! Sentences for what goes wrong with what people type and with files.

use std::io;
use std::path::Path;

use super::{Language, Say, Values, size};
use crate::config::ConfigError;
use crate::domain::label::LabelError;
use crate::domain::patterns::{BadPattern, PatternFault};
use crate::domain::picture::PictureState;
use crate::domain::printable::{printable, printable_text};
use crate::domain::template::TemplateWithoutSlot;
use crate::domain::variant::Variant;
use crate::files::decode::{MOST_MEMORY, MOST_PIXELS};
use crate::files::defect::{PictureDefect, RareForm};
use crate::files::destination::{DestinationError, Weakness};
use crate::files::kind::RAW;
use crate::files::read::LARGEST_FILE;
use crate::files::scan::ScanError;
use crate::files::transfer::TransferError;

/// The system's error; that something is not there is said in plain words, whoever found it out.
fn in_words(error: &io::Error, language: &Language) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => language.text("program.not_there"),
        _ => error.to_string(),
    }
}

impl Say for LabelError {
    fn say(&self, language: &Language) -> String {
        match self {
            LabelError::TooFew { found } => language.say("labels.too_few", &[("found", found)]),
            LabelError::Twice { text } => language.say("labels.twice", &[("text", &printable_text(text))]),
            LabelError::OneName { first, second } => {
                let (first, second) = (printable_text(first), printable_text(second));
                language.say("labels.one_name", &[("first", &first), ("second", &second)])
            }
            LabelError::QuotedPrompt { text } => {
                language.say("labels.quoted_prompt", &[("text", &printable_text(text))])
            }
            LabelError::OpenQuote { text } => language.say("labels.open_quote", &[("text", &printable_text(text))]),
            LabelError::AfterQuote { text } => language.say("labels.after_quote", &[("text", &printable_text(text))]),
            LabelError::NoJson { line, column } => {
                language.say("labels.no_json", &[("line", line), ("column", column)])
            }
            LabelError::EmptySide { line } => language.say("labels.empty_side", &[("line", &printable_text(line))]),
        }
    }
}

impl Say for TemplateWithoutSlot {
    fn say(&self, language: &Language) -> String {
        language.say("settings.template_without_slot", &[("template", &printable_text(&self.0))])
    }
}

impl Say for BadPattern {
    fn say(&self, language: &Language) -> String {
        let fault = language.text(match self.fault {
            PatternFault::Empty => "patterns.empty",
            PatternFault::Bracket => "patterns.bracket",
            PatternFault::Range => "patterns.range",
            PatternFault::Brace => "patterns.brace",
            PatternFault::Escape => "patterns.escape",
            PatternFault::TooLong => "patterns.too_long",
        });
        language.say("patterns.bad", &[("pattern", &printable_text(&self.pattern)), ("fault", &fault)])
    }
}

impl Say for ConfigError {
    fn say(&self, language: &Language) -> String {
        let detail = printable_text(&self.detail);
        language.say("settings.bad_file", &[("path", &printable(&self.path)), ("detail", &detail)])
    }
}

impl Say for ScanError {
    fn say(&self, language: &Language) -> String {
        match self {
            ScanError::Missing { folder } => language.say("source.missing", &[("folder", &printable(folder))]),
            ScanError::NoFolder { path } => language.say("source.no_folder", &[("path", &printable(path))]),
            ScanError::Unreadable { folder, source } => language
                .say("source.unreadable", &[("folder", &printable(folder)), ("detail", &in_words(source, language))]),
        }
    }
}

impl Say for DestinationError {
    fn say(&self, language: &Language) -> String {
        match self {
            DestinationError::SameAsSource { folder } => {
                language.say("destination.same_as_source", &[("folder", &printable(folder))])
            }
            DestinationError::NoFolder { path } => language.say("destination.no_folder", &[("path", &printable(path))]),
            DestinationError::NotWritable { folder, source } => language.say(
                "destination.not_writable",
                &[("folder", &printable(folder)), ("detail", &in_words(source, language))],
            ),
            DestinationError::Full { folder, free, needed } => {
                let (free, needed) = (size(*free), size(*needed));
                let values: super::Values<'_> = &[("folder", &printable(folder)), ("free", &free), ("needed", &needed)];
                language.say("destination.full", values)
            }
        }
    }
}

impl Say for Weakness {
    fn say(&self, language: &Language) -> String {
        language.say("destination.no_journal", &[("folder", &printable(&self.folder)), ("kind", &self.kind)])
    }
}

impl Say for PictureState {
    fn say(&self, language: &Language) -> String {
        language.text(match self {
            PictureState::Ok => "state.ok",
            PictureState::Suspect => "state.suspect",
            PictureState::Unsupported => "state.unsupported",
            PictureState::Unreadable => "state.unreadable",
        })
    }
}

impl Say for PictureDefect {
    fn say(&self, language: &Language) -> String {
        match self {
            PictureDefect::Truncated => language.text("trouble.truncated"),
            PictureDefect::Empty => language.text("trouble.empty"),
            PictureDefect::NoPicture => language.text("trouble.no_picture"),
            PictureDefect::Damaged { .. } => language.text("trouble.damaged"),
            PictureDefect::OtherFormat { format } if *format == RAW => language.text("trouble.raw"),
            PictureDefect::OtherFormat { format } => language.say("trouble.other_format", &[("format", format)]),
            PictureDefect::UnusualForm { form } => {
                language.say("trouble.unusual_form", &[("form", &form.say(language))])
            }
            PictureDefect::TooManyPixels { width, height } => {
                let values: super::Values<'_> =
                    &[("width", width), ("height", height), ("pixels", &MOST_PIXELS), ("memory", &size(MOST_MEMORY))];
                language.say("trouble.too_many_pixels", values)
            }
            PictureDefect::TooLarge { bytes } => {
                let values: super::Values<'_> = &[("size", &size(*bytes)), ("limit", &size(LARGEST_FILE))];
                language.say("trouble.too_large", values)
            }
            PictureDefect::Vanished => language.text("trouble.vanished"),
            PictureDefect::Changed => language.text("trouble.changed"),
            PictureDefect::Unreadable(error) => {
                language.say("trouble.unreadable", &[("detail", &in_words(error, language))])
            }
            PictureDefect::ModelFailed { variant: Variant::Fp32, .. } => language.text("trouble.model_failed"),
            PictureDefect::ModelFailed { variant, .. } => {
                language.say("trouble.model_failed_in", &[("variant", variant)])
            }
        }
    }
}

impl Say for RareForm {
    fn say(&self, language: &Language) -> String {
        match self {
            RareForm::TiffCompression { name } => language.say("form.tiff_compression", &[("name", name)]),
            RareForm::TiffCompressionNumber { number } => {
                language.say("form.tiff_compression_number", &[("number", number)])
            }
            RareForm::TiffColours { name } => language.say("form.tiff_colours", &[("name", name)]),
            RareForm::TiffColoursNumber { number } => language.say("form.tiff_colours_number", &[("number", number)]),
            RareForm::TiffOldJpeg => language.text("form.tiff_old_jpeg"),
            RareForm::TiffJpegColours { count } => language.say("form.tiff_jpeg_colours", &[("count", count)]),
            RareForm::TiffMask => language.text("form.tiff_mask"),
            RareForm::TiffComplexNumbers => language.text("form.tiff_complex_numbers"),
            RareForm::TiffSamples { bits, is_real: false } => language.say("form.tiff_samples", &[("bits", bits)]),
            RareForm::TiffSamples { bits, is_real: true } => language.say("form.tiff_real_samples", &[("bits", bits)]),
            RareForm::TiffUnequalSamples => language.text("form.tiff_unequal_samples"),
            RareForm::TiffPredictorNumber { number } => {
                language.say("form.tiff_predictor_number", &[("number", number)])
            }
            RareForm::JpegHierarchical => language.text("form.jpeg_hierarchical"),
            RareForm::JpegArithmeticLossless => language.text("form.jpeg_arithmetic_lossless"),
            RareForm::JpegSamples { bits } => language.say("form.jpeg_samples", &[("bits", bits)]),
            RareForm::JpegColours { count } => language.say("form.jpeg_colours", &[("count", count)]),
            RareForm::JpegLateHeight => language.text("form.jpeg_late_height"),
            RareForm::JpegUnevenColours => language.text("form.jpeg_uneven_colours"),
            RareForm::BmpBits { bits } => language.say("form.bmp_bits", &[("bits", bits)]),
            RareForm::BmpCompression { number } => language.say("form.bmp_compression", &[("number", number)]),
            RareForm::TooMuchMemory { .. } => language.text("form.too_much_memory"),
            RareForm::Other { .. } => language.text("form.other"),
        }
    }
}

impl Say for TransferError {
    fn say(&self, language: &Language) -> String {
        let about = |key: &str, path: &Path| language.say(key, &[("path", &printable(path))]);
        let failed = |key: &str, path: &Path, error: &io::Error| {
            language.say(key, &[("path", &printable(path)), ("detail", &in_words(error, language))])
        };
        match self {
            TransferError::SourceChanged { path } => about("transfer.source_changed", path),
            TransferError::Source { path, source } => failed("transfer.source", path, source),
            TransferError::Target { path, source } => failed("transfer.target", path, source),
            TransferError::NotAsWritten { folder } => {
                language.say("transfer.not_as_written", &[("folder", &printable(folder))])
            }
            TransferError::NotAFolder { path } => about("transfer.not_a_folder", path),
            TransferError::NoWayBack { path } => about("transfer.no_way_back", path),
            TransferError::NoFreeName { path } => about("transfer.no_free_name", path),
            TransferError::OtherTwin { path, twin } => {
                language.say("transfer.other_twin", &[("path", &printable(path)), ("twin", &printable(twin))])
            }
            TransferError::PutElsewhere { path, run: Some(run) } => {
                language.say("transfer.put_elsewhere_by", &[("path", &printable(path)), ("run", &run.0)])
            }
            TransferError::PutElsewhere { path, run: None } => about("transfer.put_elsewhere", path),
            TransferError::OtherDisk { folder } => {
                language.say("transfer.other_disk", &[("folder", &printable(folder))])
            }
            TransferError::Lost { path, content } => {
                let values: super::Values<'_> = &[("path", &printable(path)), ("content", &printable(content))];
                language.say("transfer.lost", values)
            }
            TransferError::NoWitness { path, witness } => {
                let values: super::Values<'_> = &[("path", &printable(path)), ("witness", &printable(witness))];
                language.say("transfer.no_witness", values)
            }
            TransferError::Abandoned => language.text("transfer.abandoned"),
            TransferError::Outside { path } => about("transfer.outside", path),
            TransferError::Disputed { path } => about("transfer.disputed", path),
            TransferError::Overtaken => language.text("transfer.overtaken"),
            TransferError::Missing { path, folder } => {
                language.say("transfer.missing", &[("path", &printable(path)), ("folder", &printable(folder))])
            }
            TransferError::TargetChanged { path } => about("transfer.target_changed", path),
            TransferError::NotRecovered { path, source } => failed("transfer.not_recovered", path, source),
            TransferError::InUse { path } => about("transfer.in_use", path),
            TransferError::PutBeside { path, beside } => {
                language.say("transfer.put_beside", &[("path", &printable(path)), ("beside", &printable(beside))])
            }
            TransferError::Aside { path, aside, source } => {
                let values: Values<'_> = &[
                    ("path", &printable(path)),
                    ("aside", &printable(aside)),
                    ("detail", &in_words(source, language)),
                ];
                language.say("transfer.aside", values)
            }
            TransferError::FolderNotOnDisk { folder, source } => language.say(
                "transfer.folder_not_on_disk",
                &[("folder", &printable(folder)), ("detail", &in_words(source, language))],
            ),
            TransferError::NotOnDisk { target, source } => failed("transfer.not_on_disk", target, source),
            TransferError::WitnessNotOnDisk { path, witness, source } => {
                let values: super::Values<'_> = &[
                    ("path", &printable(path)),
                    ("witness", &printable(witness)),
                    ("detail", &in_words(source, language)),
                ];
                language.say("transfer.witness_not_on_disk", values)
            }
            TransferError::NotRemoved { path, source } => failed("transfer.not_removed", path, source),
            TransferError::SourceKept { target, reason } => {
                let reason = reason.say(language);
                language.say("transfer.source_kept", &[("target", &printable(target)), ("reason", &reason)])
            }
            TransferError::Journal(error) => {
                language.say("transfer.journal", &[("detail", &in_words(error, language))])
            }
        }
    }
}
