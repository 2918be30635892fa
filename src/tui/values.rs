//! The fields' values at the last start, and how fast models were: remembered in a file of the user's own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::model::Model;
use crate::domain::settings::Operation;
use crate::plain_file;
use crate::rights::Rights;

/// The largest file of values that is read: labels are most of it.
const LARGEST_FILE: u64 = 10_000_000;

/// The values that are remembered. A file of an earlier version may have less, one of a later version more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Values {
    source: Option<String>,
    destination: Option<String>,
    model: Option<String>,
    /// One a line, as in the editor.
    labels: Option<String>,
    template: Option<String>,
    threshold: Option<String>,
    margin: Option<String>,
    operation: Option<Operation>,
    recursive: Option<bool>,
    hidden: Option<bool>,
    include: Option<String>,
    exclude: Option<String>,
    /// Files a second by model, runtime and device.
    pub(super) pace: BTreeMap<String, f64>,
}

impl Values {
    /// The values of a file; none where there is no file or where it cannot be read.
    pub(super) fn load(path: &Path) -> Option<Values> {
        let text = plain_file::read_text(path, LARGEST_FILE).ok()?;
        toml::from_str(&text).inspect_err(|error| tracing::warn!("values cannot be read: {error}")).ok()
    }

    /// Writes them; what fails is logged, as it costs some typing and nothing else.
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
            tracing::warn!("values could not be kept: {error}");
        }
    }

    /// Takes up what the fields hold.
    pub(super) fn take_fields(&mut self, model: &Model) {
        let setup = &model.setup;
        let text = |line: &Line| Some(line.text().to_owned());
        *self = Values {
            source: text(&setup.source),
            destination: text(&setup.destination),
            model: text(&setup.model),
            labels: Some(model.labels.editor.lines().join("\n")),
            template: text(&setup.template),
            threshold: text(&setup.threshold),
            margin: text(&setup.margin),
            operation: Some(setup.operation),
            recursive: Some(setup.recursive),
            hidden: Some(setup.hidden),
            include: text(&setup.include),
            exclude: text(&setup.exclude),
            pace: std::mem::take(&mut self.pace),
        };
    }

    /// Puts what is remembered into the fields.
    pub(super) fn fill_fields(&self, model: &mut Model) {
        let setup = &mut model.setup;
        for (value, line) in [
            (&self.source, &mut setup.source),
            (&self.destination, &mut setup.destination),
            (&self.model, &mut setup.model),
            (&self.template, &mut setup.template),
            (&self.include, &mut setup.include),
            (&self.exclude, &mut setup.exclude),
            (&self.threshold, &mut setup.threshold),
            (&self.margin, &mut setup.margin),
        ] {
            if let Some(value) = value {
                *line = Line::new(value.clone());
            }
        }
        setup.operation = self.operation.unwrap_or(setup.operation);
        setup.recursive = self.recursive.unwrap_or(setup.recursive);
        setup.hidden = self.hidden.unwrap_or(setup.hidden);
        if let Some(labels) = &self.labels {
            model.set_labels(labels.lines().map(str::to_owned).collect());
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
        assert_eq!(Values::load(&path), None);
        let pace = BTreeMap::from([("demo · tract 0.23 · CPU".to_owned(), 41.5)]);
        let source = Some("/a \"b\"\\\n".to_owned());
        let values = Values { source, operation: Some(Operation::Move), pace, ..Values::default() };
        values.store(&path);
        assert_eq!(Values::load(&path), Some(values));
        std::fs::write(&path, "source = 3").unwrap();
        assert_eq!(Values::load(&path), None);
    }

    #[test]
    fn nobody_else_reads_what_was_typed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/last.toml");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        Values::default().store(&path);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        Values::default().store(&path);
        assert_eq!(mode(&path), 0o600);
    }
}
