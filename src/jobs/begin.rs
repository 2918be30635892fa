//! How a run that classifies begins.

use super::model::Model;
use crate::domain::patterns::Patterns;
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::store::StoreError;
use crate::store::ledger::{ClassifySettings, RunSettings, real_of};
use crate::store::session::{LabelSet, Session, Sorting, absolute_source};

/// Begins the run, with everything that its result depends on. Of a watch, `watch` says whether it sorts what arrives.
pub fn begin_classify(
    session: &mut Session,
    settings: &Settings,
    model: &Model,
    runtime: &Runtime,
    watch: Option<bool>,
) -> Result<(RunId, LabelSet), StoreError> {
    let sorting = Sorting::from(settings);
    session.respell_labels(&sorting.labels)?;
    let fingerprint = model.name_of_fingerprint();
    let set = session.label_set(&sorting.labels, &sorting.template, &fingerprint)?;
    let source = absolute_source(&settings.source);
    let texts = |patterns: &Patterns| patterns.texts().map(str::to_owned).collect();
    let told = RunSettings::Classify(Box::new(ClassifySettings {
        real_source: real_of(&source),
        source,
        recursive: settings.recursive,
        hidden: settings.choice.hidden,
        include: texts(&settings.choice.include),
        exclude: texts(&settings.choice.exclude),
        model: settings.model.to_string(),
        model_fingerprint: fingerprint,
        runtime: format!("{} {}", runtime.name(), runtime.version()),
        device: runtime.device().to_string(),
        variant: model.variant().name().to_owned(),
        // A watch reads every file.
        trust_unchanged: settings.trust_unchanged && watch.is_none(),
        watch,
    }));
    Ok((session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told)?, set))
}
