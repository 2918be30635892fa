//! Weights on disk: which tensor lies where. The weights themselves are never read here; the runtime takes them from
//! their files, so that they exist once.
//!
//! Checkpoints hold them as safetensors or as what `torch.save` wrote, in one file or in several with an index. Nothing
//! that such a file says of itself is believed before it is checked.

mod error;
mod index;
mod pickle;
mod safetensors;
mod torch;
mod zip;

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use serde::Deserialize;

pub use error::WeightsError;

use crate::plain_file;

/// The files that hold a checkpoint's weights, the better form first.
pub const FILES: [&str; 4] =
    ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

/// The element types that a tower's weights can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ElementType {
    /// Half precision.
    F16,
    /// Brain floating point.
    BF16,
    /// Single precision.
    F32,
    /// Double precision, which a scale may have, and no weight of a tower.
    F64,
    /// Anything else: not usable as a weight, but no reason to refuse a file that has one beside the weights.
    #[serde(other)]
    Other,
}

impl ElementType {
    /// Bytes an element, where it is a type that weights can have.
    fn bytes(self) -> Option<u64> {
        match self {
            ElementType::F16 | ElementType::BF16 => Some(2),
            ElementType::F32 => Some(4),
            ElementType::F64 => Some(8),
            ElementType::Other => None,
        }
    }
}

/// Where one tensor lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorPlace {
    /// Its element type.
    pub element: ElementType,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its axes as they lie in the file, the one with the largest steps first: `[0, 1, …]` in all but transposed ones.
    /// None of them where it is a view with gaps or repetitions.
    pub order: Vec<usize>,
    /// Where it begins, in bytes from the start of its file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Which of the files it lies in.
    file: usize,
}

impl TensorPlace {
    /// A tensor of the first file, its axes in their order.
    fn new(element: ElementType, shape: Vec<usize>, offset: u64, length: u64) -> TensorPlace {
        TensorPlace { element, order: (0..shape.len()).collect(), shape, offset, length, file: 0 }
    }

    /// True where the axes lie in their order.
    pub fn is_in_order(&self) -> bool {
        self.order.is_sorted()
    }
}

/// The tensors of one file, by name.
type Tensors = BTreeMap<String, TensorPlace>;

/// One file of weights.
#[derive(Debug, Clone)]
struct WeightFile {
    /// As the checkpoint names it, for what people read.
    name: PathBuf,
    /// The file itself, links resolved: runtimes refuse to follow them, and in a hub's cache every file is one.
    path: PathBuf,
    /// Its length in bytes.
    length: u64,
}

impl WeightFile {
    fn find(name: &Path) -> Result<WeightFile, WeightsError> {
        let unreadable = |source| WeightsError::Unreadable { path: name.to_owned(), source };
        let path = name.canonicalize().map_err(unreadable)?;
        let length = plain_file::open(&path).and_then(|file| file.metadata()).map_err(unreadable)?.len();
        Ok(WeightFile { name: name.to_owned(), path, length })
    }

    /// Reads `length` bytes from `offset` on. The range must have been checked against the file's length, so that a
    /// damaged file cannot ask for more memory than it has bytes.
    fn bytes(&self, offset: u64, length: usize) -> Result<Vec<u8>, WeightsError> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(self.cut_short(end.unwrap_or(u64::MAX)));
        }
        let mut bytes = vec![0; length];
        let unreadable = |source| WeightsError::Unreadable { path: self.name.clone(), source };
        let file = plain_file::open(&self.path).map_err(unreadable)?;
        file.read_exact_at(&mut bytes, offset).map_err(unreadable)?;
        Ok(bytes)
    }

    fn cut_short(&self, expected: u64) -> WeightsError {
        WeightsError::CutShort { path: self.name.clone(), length: self.length, expected }
    }

    fn bad_header(&self, detail: impl Into<String>) -> WeightsError {
        WeightsError::bad_header(&self.name, detail)
    }

    /// Where its tensors lie, by the form that the file is in.
    fn tensors(&self) -> Result<Tensors, WeightsError> {
        match self.name.extension().is_some_and(|extension| extension == "safetensors") {
            true => safetensors::tensors(self),
            false => torch::tensors(self),
        }
    }
}

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
            return index::open(path);
        }
        let file = WeightFile::find(path)?;
        let tensors = file.tensors()?;
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
