//! ONNX exports beside a checkpoint's configuration: two towers in two files, or the whole model in one.

mod scale;
mod skeleton;

use std::io;
use std::path::{Path, PathBuf};

use skeleton::Skeleton;

use super::runtime::Tower;
use super::tower_kind::TowerKind;
use crate::domain::variant::Variant;

/// The folder that exports lie in.
const FOLDER: &str = "onnx";

/// The names of a whole model's outputs. They are normalised, which does no harm.
const IMAGE_OUTPUT: &str = "image_embeds";
const TEXT_OUTPUT: &str = "text_embeds";

/// A checkpoint's exports.
#[derive(Debug, Clone)]
pub struct Exports {
    image: Part,
    text: Part,
    /// The whole model's export, where there is one: it knows the scale, which towers by themselves have lost.
    whole: Option<PathBuf>,
}

/// Where a tower is: all of a file, or the part of one that an output is made of.
#[derive(Debug, Clone)]
struct Part {
    path: PathBuf,
    output: Option<&'static str>,
}

/// An export that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the export {path}")]
pub struct ExportError {
    /// The file.
    pub path: PathBuf,
    /// The fault.
    pub source: io::Error,
}

/// How the names of image towers in a variant end, before `.onnx`; the better first.
pub fn image_exports_in(variant: Variant) -> &'static [&'static str] {
    match variant {
        Variant::Fp32 => &[""],
        Variant::Fp16 => &["_fp16"],
        Variant::Int8 => &["_int8", "_quantized"],
    }
}

impl Exports {
    /// The exports under `onnx/`, split towers before a whole model.
    pub fn in_folder(folder: &Path) -> Option<Exports> {
        let file = |name: &str| Some(folder.join(FOLDER).join(name)).filter(|path| path.exists());
        let whole = file("model.onnx");
        let all = |path| Part { path, output: None };
        let part = |path: &PathBuf, output| Part { path: path.clone(), output: Some(output) };
        let (image, text) = match (file("vision_model.onnx"), file("text_model.onnx"), &whole) {
            (Some(image), Some(text), _) => (all(image), all(text)),
            (_, _, Some(whole)) => (part(whole, IMAGE_OUTPUT), part(whole, TEXT_OUTPUT)),
            _ => return None,
        };
        Some(Exports { image, text, whole })
    }

    /// A tower in a form that any runtime can open.
    pub fn tower(&self, kind: TowerKind) -> Result<Tower, ExportError> {
        let Part { path, output } = match kind {
            TowerKind::Image => &self.image,
            TowerKind::Text => &self.text,
        };
        let skeleton = read(path)?;
        let failed = |source| ExportError { path: path.clone(), source };
        // A file that has all its weights in it can be given as it is.
        if output.is_none() && skeleton.data_files().map_err(failed)?.len() == 1 {
            return Ok(Tower::Export(path.clone()));
        }
        skeleton.part(*output).map(|graph| Tower::Graph(Box::new(graph))).map_err(failed)
    }

    /// The same exports with the image tower in another variant, where there is a file of it beside them.
    pub fn with_image_in(&self, variant: Variant) -> Option<Exports> {
        if variant == Variant::Fp32 {
            return Some(self.clone());
        }
        let named = |ending: &&str| self.image.path.with_file_name(format!("vision_model{ending}.onnx"));
        let path = image_exports_in(variant).iter().map(named).find(|path| path.exists())?;
        Some(Exports { image: Part { path, output: None }, ..self.clone() })
    }

    /// The files that the towers are read from, links resolved.
    pub fn files(&self) -> Result<Vec<PathBuf>, ExportError> {
        let mut files = Vec::new();
        for Part { path, .. } in [&self.image, &self.text] {
            let found = read(path)?.data_files().map_err(|source| ExportError { path: path.clone(), source })?;
            files.extend(found.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
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
