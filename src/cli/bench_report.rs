//! The report of `sis bench`: a table that fits eighty columns, or one JSON object.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use unicode_width::UnicodeWidthStr;

use super::events::line;
use crate::domain::limit::Stage;
use crate::domain::printable::printable;
use crate::domain::speed::{Rates, Speeds};
use crate::domain::speed_advice::Advice;
use crate::domain::variant::Variant;
use crate::engine::runtime::Runtime;
use crate::lang::{Language, Values, limit, size};

/// Columns of what a row is about, and of each figure.
const NAME: usize = 42;
const FIGURE: usize = 17;

/// The measurements, and the advice that follows from them.
pub(super) struct Report<'r> {
    pub(super) model: String,
    pub(super) runtime: &'r Runtime,
    /// The numbers that the model computes with, which are not always those that the runtime would have.
    pub(super) variant: Variant,
    pub(super) cores: usize,
    /// The folder, where one was given.
    pub(super) source: Option<&'r Path>,
    pub(super) speeds: &'r Speeds,
    pub(super) advice: Vec<Advice>,
}

impl Report<'_> {
    /// For people.
    pub(super) fn lines(&self, language: &Language) -> Vec<String> {
        let speeds = self.speeds;
        let mut lines = self.head(language);
        lines.push(row(&language.text("bench.columns"), &[language.text("bench.one"), language.text("bench.all")]));
        let both = |rates: Rates| [figure(rates.one), figure(rates.all)];
        let megabytes = |per_second: f64| figure(per_second * speeds.sample.mean_bytes() / 1e6);
        lines.push(row(&language.text("bench.reading"), &both(speeds.reading)));
        let in_megabytes = [megabytes(speeds.reading.one), megabytes(speeds.reading.all)];
        lines.push(row(&format!("  {}", language.text("bench.megabytes")), &in_megabytes));
        lines.push(row(&language.text("bench.decoding"), &both(speeds.decoding)));
        lines.push(row(&language.text("bench.preparing"), &both(speeds.preparing)));
        lines.push(row(&language.text("bench.decoding_in_all"), &both(speeds.decoding_in_all())));
        let used = speeds.batch_in_use().map(|batch| batch.size);
        for batch in &speeds.batches {
            let key = if Some(batch.size) == used { "bench.batch_in_use" } else { "bench.batch" };
            let name = language.say(key, &[("size", &batch.size)]);
            lines.push(row(&name, &[String::new(), figure(batch.per_second)]));
        }
        lines.push(row(&language.text("bench.whole"), &[String::new(), figure(speeds.whole.per_second)]));
        for (key, time) in
            [("bench.opening", speeds.opening), ("bench.ten_labels", speeds.labels), ("bench.scoring", speeds.scoring)]
        {
            lines.push(row(&language.text(key), &[String::new(), format!("{:.2}", time.as_secs_f64())]));
        }
        lines.push(String::new());
        lines.extend(self.sentences(language));
        if !speeds.is_complete() {
            return lines;
        }
        lines.push(String::new());
        lines.push(language.text("bench.change"));
        match self.advice.as_slice() {
            [] => lines.push(format!("- {}", language.text("bench.nothing"))),
            advice => lines.extend(advice.iter().map(|advice| format!("- {}", say_advice(*advice, language)))),
        }
        lines
    }

    fn head(&self, language: &Language) -> Vec<String> {
        let (speeds, runtime) = (self.speeds, self.runtime);
        let (name, version, device) = (runtime.name(), runtime.version(), runtime.computes_in(self.variant));
        let values: Values<'_> = &[
            ("model", &self.model),
            ("runtime", &name),
            ("version", &version),
            ("device", &device),
            ("cores", &self.cores),
        ];
        let mean = size(speeds.sample.mean_bytes() as u64);
        let folder = self.source.map(printable).unwrap_or_default();
        let sample: Values<'_> = &[("count", &speeds.sample.pictures), ("size", &mean), ("folder", &folder)];
        let key = if self.source.is_some() { "bench.sample" } else { "bench.sample_built_in" };
        vec![language.say("bench.head", values), language.say(key, sample), String::new()]
    }

    fn sentences(&self, language: &Language) -> Vec<String> {
        let speeds = self.speeds;
        let mut lines = Vec::new();
        if let (Some(model), Some(decoding)) = (speeds.share_of_model(), speeds.share_of_decoding()) {
            let values: Values<'_> = &[("model", &percent(model)), ("decoding", &percent(decoding))];
            lines.push(language.say("bench.shares", values));
        }
        if let Some(peak) = speeds.whole.peak_memory {
            lines.push(language.say("bench.memory", &[("size", &size(peak))]));
        }
        lines.push(match speeds.limit() {
            _ if !speeds.is_complete() => language.text("bench.incomplete"),
            Some(stage) => {
                let limit = limit(language, stage, &self.runtime.device().to_string());
                language.say("bench.limits", &[("limit", &limit)])
            }
            None => language.text("bench.no_limit"),
        });
        lines
    }

    /// For scripts: each key says its unit.
    pub(super) fn to_json(&self, language: &Language) -> String {
        let speeds = self.speeds;
        let in_all = speeds.decoding_in_all();
        let megabytes = |per_second: f64| per_second * speeds.sample.mean_bytes() / 1e6;
        let batches: Vec<Json> = speeds
            .batches
            .iter()
            .map(|batch| json!({"batch_size": batch.size, "pictures_per_second": batch.per_second}))
            .collect();
        let advice: Vec<Json> = self
            .advice
            .iter()
            .map(|advice| match *advice {
                Advice::BatchSize { size, percent, .. } => json!({
                    "change": advice.word(), "batch_size": size, "faster_percent": percent,
                    "sentence": say_advice(*advice, language),
                }),
                other => json!({"change": other.word(), "sentence": say_advice(other, language)}),
            })
            .collect();
        let entries = [
            ("event", json!("bench")),
            ("version", json!(env!("CARGO_PKG_VERSION"))),
            ("model", json!(self.model)),
            ("runtime", json!(format!("{} {}", self.runtime.name(), self.runtime.version()))),
            ("device", json!(self.runtime.device().to_string())),
            ("variant", json!(self.variant.name())),
            ("cores", json!(self.cores)),
            ("pictures", json!(speeds.sample.pictures)),
            ("mean_bytes", json!(speeds.sample.mean_bytes())),
            ("reading_one_thread_pictures_per_second", json!(speeds.reading.one)),
            ("reading_all_threads_pictures_per_second", json!(speeds.reading.all)),
            ("reading_one_thread_megabytes_per_second", json!(megabytes(speeds.reading.one))),
            ("reading_all_threads_megabytes_per_second", json!(megabytes(speeds.reading.all))),
            ("decoding_one_core_pictures_per_second", json!(speeds.decoding.one)),
            ("decoding_all_cores_pictures_per_second", json!(speeds.decoding.all)),
            ("resizing_one_core_pictures_per_second", json!(speeds.preparing.one)),
            ("resizing_all_cores_pictures_per_second", json!(speeds.preparing.all)),
            ("decoding_and_resizing_one_core_pictures_per_second", json!(in_all.one)),
            ("decoding_and_resizing_all_cores_pictures_per_second", json!(in_all.all)),
            ("image_tower_opening_seconds", json!(speeds.opening.as_secs_f64())),
            ("ten_labels_seconds", json!(speeds.labels.as_secs_f64())),
            ("batches", Json::Array(batches)),
            ("batch_size", json!(speeds.batch_size)),
            ("scoring_100000_pictures_seconds", json!(speeds.scoring.as_secs_f64())),
            ("whole_run_pictures", json!(speeds.whole.pictures)),
            ("whole_run_pictures_per_second", json!(speeds.whole.per_second)),
            ("whole_run_share_of_model", json!(speeds.share_of_model())),
            ("whole_run_share_of_decoding", json!(speeds.share_of_decoding())),
            ("peak_memory_bytes", json!(speeds.whole.peak_memory)),
            ("limited_by", json!(speeds.limit().map(Stage::word))),
            ("advice", Json::Array(advice)),
        ];
        line(Map::from_iter(entries.map(|(key, value)| (key.to_owned(), value))))
    }
}

fn say_advice(advice: Advice, language: &Language) -> String {
    match advice {
        Advice::NearerPictures => language.text("bench.nearer_pictures"),
        Advice::FasterDisk => language.text("bench.faster_disk"),
        Advice::MoreCores => language.text("bench.more_cores"),
        Advice::UseGpu => language.text("bench.use_gpu"),
        Advice::InstallRuntime => language.text("bench.install_runtime"),
        Advice::BatchSize { size, now, percent } => {
            language.say("bench.batch_size", &[("size", &size), ("now", &now), ("percent", &percent)])
        }
        Advice::TryIntegers => language.text("bench.try_integers"),
        Advice::SmallerModel => language.text("bench.smaller_model"),
        Advice::SmallerModelOrGpu => language.text("bench.smaller_model_or_gpu"),
    }
}

/// A name and its figures, which end in the same columns.
fn row(name: &str, figures: &[String; 2]) -> String {
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
    let mut line = format!("{name}{}", pad(name, NAME));
    for figure in figures {
        line += &format!("{}{figure}", pad(figure, FIGURE));
    }
    line
}

/// With as many digits as mean something.
fn figure(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::speed::{Batch, Sample, WholeRun};

    fn speeds() -> Speeds {
        Speeds {
            sample: Sample { pictures: 200, bytes: 200 * 3_000_000 },
            reading: Rates { one: 123.4, all: 234.5 },
            decoding: Rates { one: 12.3, all: 24.6 },
            preparing: Rates { one: 45.6, all: 91.2 },
            batches: [1, 8, 128].map(|size| Batch { size, per_second: 12345.6 }).to_vec(),
            batch_size: 8,
            whole: WholeRun {
                pictures: 100,
                per_second: 0.5,
                limit: Some(Stage::Decoding),
                peak_memory: Some(1 << 30),
            },
            ..Speeds::default()
        }
    }

    #[test]
    fn the_table_fits_eighty_columns_in_every_language() {
        let speeds = speeds();
        for language in Language::all() {
            let report = Report {
                model: "openai/clip-vit-large-patch14".to_owned(),
                runtime: &Runtime::Tract,
                variant: Variant::Int8,
                cores: 128,
                source: None,
                speeds: &speeds,
                advice: vec![Advice::MoreCores],
            };
            let lines = report.lines(&language);
            // All but what to change, which wraps as any sentence does.
            for line in lines.iter().filter(|line| !line.starts_with("- ")) {
                assert!(line.width() <= 80, "{line}");
            }
            assert!(lines.iter().all(|line| !line.contains('[') && !line.contains('{')), "{lines:?}");
            assert!(lines.last().is_some_and(|line| line.starts_with("- ")));
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_model() {
        let (runtime, speeds, language) = (&Runtime::Tract, speeds(), Language::english());
        let report = |variant| Report {
            model: "demo".to_owned(),
            runtime,
            variant,
            cores: 2,
            source: None,
            speeds: &speeds,
            advice: vec![],
        };
        assert!(report(Variant::Int8).lines(&language)[0].ends_with("on CPU (int8), 2 cores"));
        assert!(report(Variant::Int8).to_json(&language).contains(r#""variant":"int8""#));
        assert!(report(Variant::Fp32).lines(&language)[0].ends_with("on CPU, 2 cores"));
    }

    #[test]
    fn where_not_all_was_measured_that_is_said_and_nothing_follows() {
        let speeds = Speeds { reading: Rates::default(), ..speeds() };
        for language in Language::all() {
            let report = Report {
                model: "demo".to_owned(),
                runtime: &Runtime::Tract,
                variant: Variant::Fp32,
                cores: 2,
                source: None,
                speeds: &speeds,
                advice: vec![],
            };
            let lines = report.lines(&language);
            assert_eq!(lines.last(), Some(&language.text("bench.incomplete")));
            assert!(!lines.contains(&language.text("bench.no_limit")));
            assert!(report.to_json(&language).contains(r#""limited_by":null"#));
        }
    }

    #[test]
    fn every_advice_is_said() {
        let all = [
            Advice::NearerPictures,
            Advice::FasterDisk,
            Advice::MoreCores,
            Advice::UseGpu,
            Advice::InstallRuntime,
            Advice::BatchSize { size: 16, now: 8, percent: 7 },
            Advice::TryIntegers,
            Advice::SmallerModel,
            Advice::SmallerModelOrGpu,
        ];
        for language in Language::all() {
            let said: std::collections::BTreeSet<String> = all.map(|advice| say_advice(advice, &language)).into();
            assert_eq!(said.len(), all.len());
        }
        assert!(say_advice(all[5], &Language::english()).contains("--batch-size 16 makes the model 7 % faster"));
    }

    #[test]
    fn figures_have_the_digits_that_mean_something() {
        assert_eq!([0.123, 1.26, 12.34, 123.4].map(figure), ["0.12", "1.3", "12.3", "123"]);
    }
}
