//! What a run of `sis classify` did, for those who tell of it: the summary, the JSON lines and the table.

use crate::domain::count::Counts;
use crate::domain::picture::PictureState;
use crate::domain::plan::PlannedTransfer;
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::files::output_csv::{PLANNED, Row};
use crate::files::transfer::Outcome;
use crate::jobs::apply::Transferred;
use crate::jobs::classify::{Classification, Classified};
use crate::lang::{Language, Say};

/// What a run did.
pub(super) struct Run<'r> {
    pub(super) settings: &'r Settings,
    pub(super) runtime: &'r Runtime,
    pub(super) folders: &'r [String],
    pub(super) classification: &'r Classification,
    pub(super) transferred: Vec<Transferred>,
    pub(super) plan: &'r [PlannedTransfer],
    /// Folders of the source that could not be read.
    pub(super) unreadable_folders: usize,
    pub(super) interrupted: bool,
    pub(super) dry_run: bool,
}

impl Run<'_> {
    pub(super) fn counts(&self) -> Counts {
        let pictures = self.classification.pictures.iter().map(|classified| &classified.picture);
        Counts::of(pictures, self.settings.labels.len(), self.settings.sure, self.classification.waiting)
    }

    /// The rows before anything is transferred, with the places that were planned.
    pub(super) fn planned_rows(&self, language: &Language) -> Vec<Row> {
        let mut rows: Vec<Row> = self.classification.pictures.iter().map(|c| self.row(c, language)).collect();
        for planned in self.plan {
            let row = &mut rows[planned.picture];
            row.status = PLANNED.to_owned();
            row.destination = Some(self.settings.destination.join(&planned.folder).join(&planned.file_name));
        }
        rows
    }

    /// One row a picture, in the order in which they were found.
    pub(super) fn rows(&self, language: &Language) -> Vec<Row> {
        let mut rows: Vec<Row> = self.classification.pictures.iter().map(|c| self.row(c, language)).collect();
        for transferred in &self.transferred {
            let row = &mut rows[transferred.picture];
            match &transferred.result {
                Ok(outcome) => {
                    row.status = outcome.word().to_owned();
                    row.destination = Some(outcome.target().to_owned());
                }
                Err(error) => {
                    row.status = if error.target().is_some() { "copied" } else { "failed" }.to_owned();
                    row.destination = error.target().map(ToOwned::to_owned);
                    row.reason = Some(error.say(language));
                }
            }
        }
        rows
    }

    fn row(&self, classified: &Classified, language: &Language) -> Row {
        let picture = &classified.picture;
        let prediction = picture.prediction.as_ref();
        let status = match (picture.state, prediction) {
            (PictureState::Ok, Some(prediction)) if self.settings.sure.is_sure(prediction) => "not transferred",
            (PictureState::Ok, _) => "unsure",
            (state, _) => state.word(),
        };
        Row {
            path: picture.path.clone(),
            label: prediction.and_then(|p| self.settings.labels.get(p.label)).map(|label| label.text.clone()),
            score: prediction.map(|p| p.score),
            margin: prediction.map(|p| p.margin),
            destination: None,
            status: status.to_owned(),
            hash: picture.hash,
            reason: classified.trouble.as_ref().map(|trouble| trouble.say(language)),
        }
    }

    /// How many transfers ended so.
    pub(super) fn ended(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.transferred.iter().filter_map(|transferred| transferred.result.as_ref().ok()).filter(|o| wanted(o)).count()
    }

    /// How many transfers failed.
    pub(super) fn transfers_failed(&self) -> usize {
        self.transferred.iter().filter(|transferred| transferred.result.is_err()).count()
    }
}
