//! Downloads the files of a model that are missing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::check::keep_whole;
use super::download::{DownloadError, DownloadRequest};
use super::{DownloadControl, DownloadEvent, Hub, HubError, Plan, PlannedFile};
use crate::domain::hub_model::MAIN;
use crate::engine::checkpoint::{Checkpoint, CheckpointError};
use crate::engine::tokenizer::TokenizerError;
use crate::file_system::free_space;

impl Hub {
    /// Downloads the missing files and returns the checkpoint's folder. The small files come first: the weights are
    /// downloaded only if those can be used.
    pub fn fetch(&self, plan: &Plan, control: &mut DownloadControl<'_>) -> Result<PathBuf, HubError> {
        let storage = self.storage(&plan.model.id)?;
        let folder = storage.snapshot(&plan.commit);
        let unusable = |source| HubError::File { path: folder.clone(), source };
        self.check_room(plan)?;
        (control.tell)(DownloadEvent::Begin(plan));
        let (mut before, total) = (0_u64, plan.size());
        for (number, file) in plan.files.iter().enumerate() {
            if number == plan.small && plan.files[number..].iter().any(|file| file.there < file.size) {
                check_small(plan, &folder)?;
            }
            if file.is_small && file.there < file.size {
                // A file of the right length may have another content.
                for place in storage.places(&plan.commit, &file.name, &file.hash) {
                    keep_whole(&place, file, control.stop, &mut |_| {})?;
                }
            }
            let wanted = self.wanted(plan, file)?;
            // Where there is a blob, the snapshot has a link to it.
            let is_own = || std::fs::metadata(folder.join(&file.name)).is_ok_and(|found| found.len() == file.size);
            if !wanted.is_there() && (wanted.blob.exists() || !is_own()) {
                // Not before: a cache that has it all may be one that cannot be written to.
                storage.prepare().map_err(unusable)?;
                let mut on_length = |control: &mut DownloadControl<'_>, length: u64| {
                    (control.tell)(DownloadEvent::Bytes { done: before.saturating_add(length), total });
                };
                let got = wanted.get(&self.client, control, &mut on_length);
                got.map_err(|error| self.download_failed(plan, file, error))?;
            }
            before = before.saturating_add(file.size);
            (control.tell)(DownloadEvent::Bytes { done: before, total });
            storage.link(&plan.commit, &file.name, &file.hash).map_err(unusable)?;
            if let Some((commit, _)) = plan.original.as_ref().filter(|(_, same)| same.contains(&file.name)) {
                storage.link_also(&plan.commit, commit, &file.name, &file.hash).map_err(unusable)?;
            }
        }
        // Noted last: until all files are there, the revision still means the earlier commit.
        for (revision, commit) in &plan.notes {
            storage.note_commit(revision, commit).map_err(unusable)?;
        }
        if plan.conversion.is_none() && plan.model.revision_or_main() == MAIN {
            // A withdrawn conversion would still be opened, and is no longer maintained.
            storage.forget_conversion(&plan.commit).map_err(unusable)?;
        }
        Ok(folder)
    }

    fn wanted<'f>(&self, plan: &Plan, file: &'f PlannedFile) -> Result<DownloadRequest<'f>, HubError> {
        let storage = self.storage(&plan.model.id)?;
        Ok(DownloadRequest {
            url: self.address(&plan.model.id, &plan.commit, &file.name),
            size: file.size,
            hash: &file.hash,
            blob: storage.blob(&file.hash),
            incomplete: storage.incomplete(&file.hash),
            lock: storage.lock(&file.hash),
        })
    }

    fn check_room(&self, plan: &Plan) -> Result<(), HubError> {
        let folder = self.config.cache.clone().ok_or(HubError::NoCache)?;
        let (free, needed) = (free_space(&folder), plan.missing());
        match free.is_some_and(|free| free < needed) {
            true => Err(HubError::NoRoom { folder, free, needed }),
            false => Ok(()),
        }
    }

    fn download_failed(&self, plan: &Plan, file: &PlannedFile, error: DownloadError) -> HubError {
        let (id, name) = (plan.model.to_string(), file.name.clone());
        match error {
            DownloadError::Http(error) => self.failed(&plan.model, error),
            DownloadError::WrongLength => HubError::WrongLength { id, file: name, expected: file.size },
            DownloadError::Damaged => HubError::Damaged { id, file: name },
            DownloadError::File { path, source }
                if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
            {
                let folder = path.parent().map_or_else(|| path.clone(), ToOwned::to_owned);
                HubError::NoRoom { free: free_space(&folder), folder, needed: plan.missing() }
            }
            DownloadError::File { path, source } => HubError::File { path, source },
        }
    }
}

/// Refuses a model whose small files are as they were published and of no use.
fn check_small(plan: &Plan, folder: &Path) -> Result<(), HubError> {
    let Err(error) = Checkpoint::check_without_weights(folder) else { return Ok(()) };
    let id = plan.model.to_string();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Err(match error {
        CheckpointError::Unreadable { path, source } => HubError::File { path, source },
        CheckpointError::Processor { path, source } => HubError::Processor { id, file: name(&path), source },
        CheckpointError::NotJson { path, .. } | CheckpointError::Tokenizer(TokenizerError::Damaged { path, .. }) => {
            HubError::Broken { id, file: name(&path) }
        }
        source => HubError::Unusable { id, source: Box::new(source) },
    })
}
