//! The header of a safetensors file: which tensor lies where. The weights themselves are never read here; the runtime
//! takes them from the file, so that they exist once.
//!
//! Format: eight bytes, the header's length as a little-endian integer; the header, a JSON object from names to
//! `{"dtype", "shape", "data_offsets"}`; then the data. Nothing of the header is believed before it is checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use serde::Deserialize;

/// The longest header that is read. The reference implementation refuses more as well.
const LONGEST_HEADER: u64 = 100_000_000;

/// The element types that a tower's weights can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ElementType {
    /// Half precision.
    F16,
    /// Brain floating point.
    BF16,
    /// Single precision.
    F32,
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
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// Why a file of weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is shorter than its header says, as after an interrupted download.
    #[error("{path} has {length} bytes, its header speaks of {expected}")]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The length it should have at least.
        expected: u64,
    },
    /// The header is not what the format says.
    #[error("the header of {path} is damaged: {detail}")]
    BadHeader {
        /// The file.
        path: PathBuf,
        /// What is wrong, in English, for the log.
        detail: String,
    },
    /// A tensor that the family needs is not there.
    #[error("{path} has no tensor {tensor}")]
    NoTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor has another shape than the checkpoint's configuration says.
    #[error("{tensor} in {path} has shape {found:?}, the configuration says {expected:?}")]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// The scale of the logits is no positive number.
    #[error("the scale in {path} is {scale}")]
    BadScale {
        /// The file.
        path: PathBuf,
        /// The scale.
        scale: f32,
    },
    /// A tensor has an element type that is no floating point number.
    #[error("{tensor} in {path} is not in F32, F16 or BF16")]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
}

/// A file of weights and the places of its tensors.
#[derive(Debug, Clone)]
pub struct WeightFile {
    /// The file itself, links resolved: runtimes refuse to follow them.
    pub path: PathBuf,
    tensors: BTreeMap<String, TensorPlace>,
}

/// A tensor's entry in the header.
#[derive(Deserialize)]
struct Entry {
    dtype: ElementType,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl WeightFile {
    /// Reads and checks the header of a safetensors file.
    pub fn open(path: &Path) -> Result<WeightFile, WeightsError> {
        let unreadable = |source| WeightsError::Unreadable { path: path.to_owned(), source };
        let path = path.canonicalize().map_err(unreadable)?;
        let mut file = File::open(&path).map_err(unreadable)?;
        let file_length = file.metadata().map_err(unreadable)?.len();
        let header = read_header(&mut file, &path, file_length)?;
        let data_start = 8 + header.len() as u64;
        let tensors = parse_header(&header, &path, data_start, file_length)?;
        Ok(WeightFile { path, tensors })
    }

    /// The place of a tensor that must have `shape` and be a floating point number.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<&TensorPlace, WeightsError> {
        let place = self.tensors.get(name).ok_or_else(|| self.no_tensor(name))?;
        if place.shape != shape {
            return Err(WeightsError::WrongShape {
                path: self.path.clone(),
                tensor: name.to_owned(),
                found: place.shape.clone(),
                expected: shape.to_owned(),
            });
        }
        match place.element {
            ElementType::Other => Err(WeightsError::WrongType { path: self.path.clone(), tensor: name.to_owned() }),
            _ => Ok(place),
        }
    }

    /// The value of a tensor with a single element, of shape `[]` or `[1]`.
    pub fn scalar(&self, name: &str) -> Result<f32, WeightsError> {
        use std::os::unix::fs::FileExt;
        let place = self.tensor(name, &[]).or_else(|_| self.tensor(name, &[1]))?;
        let mut bytes = [0; 4];
        let bytes = &mut bytes[..place.length.min(4) as usize];
        let unreadable = |source| WeightsError::Unreadable { path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(unreadable)?;
        file.read_exact_at(bytes, place.offset).map_err(unreadable)?;
        Ok(match (place.element, &*bytes) {
            (ElementType::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (ElementType::BF16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f32(),
            (_, &[a, b]) => f16::from_le_bytes([a, b]).to_f32(),
            _ => f32::NAN,
        })
    }

    fn no_tensor(&self, name: &str) -> WeightsError {
        WeightsError::NoTensor { path: self.path.clone(), tensor: name.to_owned() }
    }
}

fn read_header(file: &mut File, path: &Path, file_length: u64) -> Result<Vec<u8>, WeightsError> {
    let unreadable = |source| WeightsError::Unreadable { path: path.to_owned(), source };
    let cut_short = |expected| WeightsError::CutShort { path: path.to_owned(), length: file_length, expected };
    if file_length < 8 {
        return Err(cut_short(8));
    }
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(unreadable)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err(WeightsError::BadHeader { path: path.to_owned(), detail: format!("it claims {length} bytes") });
    }
    if length > file_length - 8 {
        return Err(cut_short(8 + length));
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).map_err(unreadable)?;
    Ok(header)
}

fn parse_header(
    header: &[u8],
    path: &Path,
    data_start: u64,
    file_length: u64,
) -> Result<BTreeMap<String, TensorPlace>, WeightsError> {
    let bad = |detail: String| WeightsError::BadHeader { path: path.to_owned(), detail };
    let entries: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|error| bad(error.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, entry) in entries.into_iter().filter(|(name, _)| name != "__metadata__") {
        let entry: Entry = serde_json::from_value(entry).map_err(|error| bad(format!("{name}: {error}")))?;
        let place =
            place_of(&entry, data_start).ok_or_else(|| bad(format!("{name}: its offsets do not fit its shape")))?;
        tensors.insert(name, place);
    }
    let end = tensors.values().map(|place| place.offset + place.length).max().unwrap_or(data_start);
    if end > file_length {
        return Err(WeightsError::CutShort { path: path.to_owned(), length: file_length, expected: end });
    }
    let mut places: Vec<_> = tensors.iter().collect();
    places.sort_by_key(|(_, place)| (place.offset, place.length));
    match places.windows(2).find(|pair| pair[0].1.offset + pair[0].1.length > pair[1].1.offset) {
        Some(pair) => Err(bad(format!("{} and {} overlap", pair[0].0, pair[1].0))),
        None => Ok(tensors),
    }
}

/// A tensor's place in the file; `None` where its offsets run backwards, overflow, or do not fit its shape.
fn place_of(entry: &Entry, data_start: u64) -> Option<TensorPlace> {
    let (begin, end) = entry.data_offsets;
    let length = end.checked_sub(begin)?;
    let offset = data_start.checked_add(begin)?;
    offset.checked_add(length)?;
    let elements = entry.shape.iter().try_fold(1u64, |product, side| product.checked_mul(*side))?;
    if let Some(bytes) = entry.dtype.bytes()
        && elements.checked_mul(bytes)? != length
    {
        return None;
    }
    let shape = entry.shape.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<_>>()?;
    Some(TensorPlace { element: entry.dtype, shape, offset, length })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file_of(header: &str, data: &[u8]) -> tempfile::NamedTempFile {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        raw_file(&bytes)
    }

    fn raw_file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn tensors_are_found_where_they_lie() {
        let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
            "b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[6,14]}}"#;
        let mut data = 4.5f32.to_le_bytes().to_vec();
        data.extend(f16::from_f32(2.0).to_le_bytes());
        data.extend([0; 8]);
        let file = file_of(header, &data);
        let weights = WeightFile::open(file.path()).unwrap();
        assert_eq!(weights.scalar("a").unwrap(), 4.5);
        assert_eq!(weights.scalar("b").unwrap(), 2.0);
        assert_eq!(weights.tensor("a", &[]).unwrap().offset, 8 + header.len() as u64);
        assert!(matches!(weights.tensor("c", &[]), Err(WeightsError::NoTensor { .. })));
        assert!(matches!(weights.tensor("a", &[2]), Err(WeightsError::WrongShape { .. })));
        assert!(matches!(weights.tensor("ids", &[1]), Err(WeightsError::WrongType { .. })));
    }

    #[test]
    fn damaged_headers_are_refused() {
        let entry = |offsets: &str| format!(r#"{{"a":{{"dtype":"F32","shape":[2],"data_offsets":{offsets}}}}}"#);
        for (case, header, data) in [("offsets out of range", entry("[4,12]"), 8), ("cut short", entry("[0,8]"), 7)] {
            let file = file_of(&header, &vec![0; data]);
            assert!(matches!(WeightFile::open(file.path()), Err(WeightsError::CutShort { .. })), "{case}");
        }
        for (case, header) in [
            ("backwards", entry("[8,0]")),
            ("not its shape", entry("[0,4]")),
            ("overflow", entry("[18446744073709551608,18446744073709551615]")),
            ("not JSON", "{".to_owned()),
            ("a list", "[]".to_owned()),
            ("huge shape", r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#.to_owned()),
            (
                "overlap",
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#
                    .to_owned(),
            ),
        ] {
            let file = file_of(&header, &[0; 16]);
            assert!(matches!(WeightFile::open(file.path()), Err(WeightsError::BadHeader { .. })), "{case}");
        }
        assert!(matches!(WeightFile::open(raw_file(b"").path()), Err(WeightsError::CutShort { .. })));
        let claims_100_gb = raw_file(&100_000_000_000u64.to_le_bytes());
        assert!(matches!(WeightFile::open(claims_100_gb.path()), Err(WeightsError::BadHeader { .. })));
        let longer_than_the_file = raw_file(&1000u64.to_le_bytes());
        assert!(matches!(WeightFile::open(longer_than_the_file.path()), Err(WeightsError::CutShort { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = WeightFile::open(raw_file(&bytes).path());
        }
    }
}
