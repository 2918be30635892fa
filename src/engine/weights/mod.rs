//! Weights on disk: which tensor lies where. The weights themselves are never read here; the runtime takes them from
//! their files, so that they exist once.
//!
//! Checkpoints hold them as safetensors or as what `torch.save` wrote, in one file or in several with an index. Nothing
//! that such a file says of itself is believed before it is checked.

mod error;
mod file;
mod index;
mod pickle;
mod reader;
mod safetensors;
mod tensor;
mod torch;
mod zip;

use std::path::{Path, PathBuf};

pub use error::WeightsError;
use file::WeightFile;
use half::{bf16, f16};
use tensor::Tensors;
pub use tensor::{ElementType, TensorPlace};

/// The files that hold a checkpoint's weights, the better form first.
pub const FILES: [&str; 4] =
    ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

/// The weights of a checkpoint: one file or several, and the places of the tensors.
#[derive(Debug, Clone)]
pub struct Weights {
    files: Vec<WeightFile>,
    /// The nearest folder that all files lie in.
    folder: PathBuf,
    tensors: Tensors,
}

impl Weights {
    /// The weights of the checkpoint in `folder`, in the best form that it has them in. `None` where it has none.
    pub fn in_folder(folder: &Path) -> Result<Option<Weights>, WeightsError> {
        let mut paths = FILES.iter().map(|name| folder.join(name));
        paths.find(|path| is_there(path)).map(|path| Weights::open(&path)).transpose()
    }

    /// Reads where the tensors of a file lie, or of all the files that an index names.
    pub fn open(path: &Path) -> Result<Weights, WeightsError> {
        if path.extension().is_some_and(|extension| extension == "json") {
            let (files, tensors) = index::open(path)?;
            return Weights::of(files, tensors);
        }
        let file = WeightFile::find(path)?;
        let tensors = reader::tensors(&file)?;
        Weights::of(vec![file], tensors)
    }

    fn of(files: Vec<WeightFile>, tensors: Tensors) -> Result<Weights, WeightsError> {
        let folder = common_folder(files.iter().map(|file| file.path.as_path()));
        match files.iter().find(|file| file.path.to_str().is_none()) {
            Some(file) => Err(WeightsError::NotText { path: file.name.clone() }),
            None => Ok(Weights { files, folder, tensors }),
        }
    }

    /// The nearest folder that all files lie in, links resolved.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files, links resolved.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// The file that a tensor lies in, relative to [`Weights::folder`].
    pub fn location(&self, place: &TensorPlace) -> String {
        let path = self.files.get(place.file).and_then(|file| file.path.strip_prefix(&self.folder).ok());
        path.and_then(Path::to_str).unwrap_or_default().to_owned()
    }

    /// The place of a tensor that must have `shape` and be a floating point number.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<&TensorPlace, WeightsError> {
        let place = self.shaped(name, shape)?;
        let (path, tensor) = (self.name_of(place.file), name.to_owned());
        match place.element {
            ElementType::F64 | ElementType::Other => Err(WeightsError::WrongType { path, tensor }),
            _ if place.order.len() != place.shape.len() => Err(WeightsError::Scattered { path, tensor }),
            _ => Ok(place),
        }
    }

    /// The place of a tensor of any type that must have `shape`.
    fn shaped(&self, name: &str, shape: &[usize]) -> Result<&TensorPlace, WeightsError> {
        let no_tensor = || WeightsError::NoTensor { path: self.name_of(0), tensor: name.to_owned() };
        let place = self.tensors.get(name).ok_or_else(no_tensor)?;
        if place.shape == shape {
            return Ok(place);
        }
        let (path, tensor) = (self.name_of(place.file), name.to_owned());
        Err(WeightsError::WrongShape { path, tensor, found: place.shape.clone(), expected: shape.to_owned() })
    }

    /// The value of a tensor with a single element, of shape `[]` or `[1]`.
    pub fn scalar(&self, name: &str) -> Result<f32, WeightsError> {
        let place = self.shaped(name, &[]).or_else(|_| self.shaped(name, &[1]))?;
        let Some(file) = self.files.get(place.file) else { return Ok(f32::NAN) };
        if place.element == ElementType::Other {
            return Err(WeightsError::WrongType { path: self.name_of(place.file), tensor: name.to_owned() });
        }
        Ok(match (place.element, &*file.bytes(place.offset, place.length.min(8) as usize)?) {
            (ElementType::F64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            (ElementType::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (ElementType::BF16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f32(),
            (_, &[a, b]) => f16::from_le_bytes([a, b]).to_f32(),
            _ => f32::NAN,
        })
    }

    /// The name that people know one of the files by.
    pub fn name(&self) -> PathBuf {
        self.name_of(0)
    }

    fn name_of(&self, file: usize) -> PathBuf {
        self.files.get(file).map(|file| file.name.clone()).unwrap_or_default()
    }
}

/// True where the folder has the file, be it a link to nothing: then what is wrong can be said.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The nearest folder that all files lie in. Runtimes are told one folder for all external data of a graph, and where
/// in it each file is.
pub(super) fn common_folder<'p>(files: impl Iterator<Item = &'p Path> + Clone) -> PathBuf {
    let mut folder = files.clone().next().and_then(Path::parent).unwrap_or(Path::new("/")).to_owned();
    while files.clone().any(|file| !file.starts_with(&folder)) && folder.pop() {}
    folder
}
