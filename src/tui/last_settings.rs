//! The settings of the last start, and how fast models were: remembered in a file of the user's own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::settings::Operation;
use crate::plain_file;
use crate::rights::Rights;

/// The largest file of settings that is read: labels are most of it.
const LARGEST_FILE: u64 = 10_000_000;

/// The settings that are remembered. A file of an earlier version may have less, one of a later version more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LastSettings {
    pub(super) source: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) model: Option<String>,
    /// One a line, as in the editor.
    pub(super) labels: Option<String>,
    pub(super) template: Option<String>,
    pub(super) threshold: Option<String>,
    pub(super) margin: Option<String>,
    pub(super) operation: Option<Operation>,
    pub(super) recursive: Option<bool>,
    pub(super) hidden: Option<bool>,
    pub(super) include: Option<String>,
    pub(super) exclude: Option<String>,
    /// Files a second by model, runtime and device.
    pub(super) pace: BTreeMap<String, f64>,
}

impl LastSettings {
    /// The settings of a file; none where there is no file or where it cannot be read.
    pub(super) fn load(path: &Path) -> Option<LastSettings> {
        let text = plain_file::read_text(path, LARGEST_FILE).ok()?;
        toml::from_str(&text).inspect_err(|error| tracing::warn!("the last settings cannot be read: {error}")).ok()
    }

    /// Writes the file. A failure is only logged: it costs some typing and nothing else.
    pub(super) fn store(&self, path: &Path) {
        let folder = path.parent().map_or(Ok(()), |folder| Rights::OWN.make_folders(folder));
        let written = folder.and_then(|()| {
            let text = toml::to_string(self).map_err(std::io::Error::other)?;
            if !Rights::OWN.make_file(path)? {
                Rights::OWN.give(path);
            }
            std::fs::write(path, text)
        });
        if let Err(error) = written {
            tracing::warn!("the last settings could not be kept: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/last.toml");
        assert_eq!(LastSettings::load(&path), None);
        let pace = BTreeMap::from([("demo · tract 0.23 · CPU".to_owned(), 41.5)]);
        let source = Some("/a \"b\"\\\n".to_owned());
        let settings = LastSettings { source, operation: Some(Operation::Move), pace, ..LastSettings::default() };
        settings.store(&path);
        assert_eq!(LastSettings::load(&path), Some(settings));
        std::fs::write(&path, "source = 3").unwrap();
        assert_eq!(LastSettings::load(&path), None);
    }

    #[test]
    fn nobody_else_reads_what_was_typed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/last.toml");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        LastSettings::default().store(&path);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        LastSettings::default().store(&path);
        assert_eq!(mode(&path), 0o600);
    }
}
