//! ONNX exports beside a checkpoint's configuration: two towers in two files, or the whole model in one.

mod scale;
mod skeleton;

use std::io;
use std::path::{Path, PathBuf};

use skeleton::Skeleton;

use super::checkpoint::TowerKind;
use super::runtime::Tower;

/// The folder that exports lie in.
const FOLDER: &str = "onnx";

/// What a whole model's outputs are called. They are normalised, which is no harm.
const IMAGE_OUTPUT: &str = "image_embeds";
const TEXT_OUTPUT: &str = "text_embeds";

/// A checkpoint's exports.
#[derive(Debug, Clone)]
pub struct Exports {
    form: Form,
    /// The whole model's export, where there is one: it knows the scale, which towers by themselves have lost.
    whole: Option<PathBuf>,
}

#[derive(Debug, Clone)]
enum Form {
    Split { image: PathBuf, text: PathBuf },
    Whole(PathBuf),
}

/// An export that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the export {path}")]
pub struct ExportError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub source: io::Error,
}

impl Exports {
    /// The exports under `onnx/`, split towers before a whole model.
    pub fn in_folder(folder: &Path) -> Option<Exports> {
        let file = |name: &str| Some(folder.join(FOLDER).join(name)).filter(|path| path.exists());
        let whole = file("model.onnx");
        let form = match (file("vision_model.onnx"), file("text_model.onnx"), &whole) {
            (Some(image), Some(text), _) => Form::Split { image, text },
            (_, _, Some(whole)) => Form::Whole(whole.clone()),
            _ => return None,
        };
        Some(Exports { form, whole })
    }

    /// A tower in a form that any runtime can open.
    pub fn tower(&self, kind: TowerKind) -> Result<Tower, ExportError> {
        let (path, output) = match (&self.form, kind) {
            (Form::Split { image, .. }, TowerKind::Image) => (image, None),
            (Form::Split { text, .. }, TowerKind::Text) => (text, None),
            (Form::Whole(path), TowerKind::Image) => (path, Some(IMAGE_OUTPUT)),
            (Form::Whole(path), TowerKind::Text) => (path, Some(TEXT_OUTPUT)),
        };
        let skeleton = read(path)?;
        let failed = |source| ExportError { path: path.clone(), source };
        // A file that has all its weights in it can be given as it is.
        if output.is_none() && skeleton.data_files().map_err(failed)?.len() == 1 {
            return Ok(Tower::Export(path.clone()));
        }
        skeleton.part(output).map(|graph| Tower::Graph(Box::new(graph))).map_err(failed)
    }

    /// The files that the towers are read from, links resolved.
    pub fn files(&self) -> Result<Vec<PathBuf>, ExportError> {
        let exports = match &self.form {
            Form::Split { image, text } => vec![image, text],
            Form::Whole(path) => vec![path],
        };
        let mut files = Vec::new();
        for path in exports {
            let found = read(path)?.data_files().map_err(|source| ExportError { path: path.clone(), source })?;
            files.extend(found);
        }
        Ok(files)
    }

    /// Scale and bias of the logits, where the whole model's export tells them.
    pub fn scale_and_bias(&self) -> Result<Option<(f32, f32)>, ExportError> {
        let Some(path) = &self.whole else { return Ok(None) };
        Ok(read(path)?.graph().and_then(scale::scale_and_bias))
    }
}

fn read(path: &Path) -> Result<Skeleton, ExportError> {
    Skeleton::read(path).map_err(|source| ExportError { path: path.to_owned(), source })
}
