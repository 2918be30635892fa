//! The file of a tower's quantised weights: made at first use, kept in the program's cache folder, checked whenever it
//! is opened. It ends with the SHA-256 of its content.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use half::{bf16, f16};
use sha2::{Digest, Sha256};
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;

use super::graph::TowerGraph;
use super::graph::int8::{self, Part};
use crate::domain::hex::hex;
use crate::plain_file;

/// The version of the file format: raise it with every change of the content.
const VERSION: u32 = 1;

/// The folder of these files in the program's cache folder.
pub const FOLDER: &str = "quantised";

const ENDING: &str = "int8";

const HASH_LENGTH: u64 = 32;

/// Bytes that are read and hashed together.
const PIECE: usize = 256 << 10;

/// The beginning of the files' names until they are whole.
const UNFINISHED: &str = "quantising-";

/// An unfinished file of this age was left by a killed program.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// How many quantised towers are kept: the most recently used.
const KEPT: usize = 4;

/// A tower could not be quantised.
#[derive(Debug, thiserror::Error)]
pub enum QuantisingError {
    /// The file of quantised weights cannot be read or written.
    #[error("{path} could not be made")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A weight is infinite or NaN. Integers would hide that.
    #[error("{tensor} holds what is no number")]
    NotFinite {
        /// The tensor.
        tensor: String,
    },
}

/// The tower in 8-bit integers, its weights in a file in `folder` that is made where it is not there yet, or damaged.
/// `sources` are the files of the checkpoint that the weights come from.
pub fn quantised(tower: &TowerGraph, sources: &[PathBuf], folder: &Path) -> Result<TowerGraph, QuantisingError> {
    let levels = levels();
    let path_of = |name: &str| folder.join(name);
    let name = name(sources, levels).map_err(|source| QuantisingError::File { path: folder.to_owned(), source })?;
    let failed = |source| QuantisingError::File { path: path_of(&name), source };
    let int8::Rewritten { tower: mut rewritten, parts } = int8::in_integers(tower, &name);
    let length = parts.iter().map(Part::length).sum::<u64>() + HASH_LENGTH;
    if !is_whole(&path_of(&name), length) {
        std::fs::create_dir_all(folder).map_err(failed)?;
        tracing::info!(file = %path_of(&name).display(), "quantising");
        make(&path_of(&name), &parts, &tower.data_folder, levels)?;
        tidy(folder).map_err(failed)?;
    }
    rewritten.data_folder = folder.canonicalize().map_err(failed)?;
    Ok(rewritten)
}

/// A description of the quantisation for the fingerprint: its version and largest integer.
pub fn form() -> String {
    format!("int8 {VERSION} {}", levels())
}

/// True where there is a file for these sources, complete or not.
pub fn is_kept(sources: &[PathBuf], folder: &Path) -> bool {
    name(sources, levels()).is_ok_and(|name| folder.join(name).exists())
}

/// Removes all quantised weights, and returns how many bytes there were. A file that is not ours is left alone.
pub fn clear(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for (path, _) in files(folder)? {
        bytes += path.metadata().map_or(0, |file| file.len());
        remove(&path)?;
    }
    Ok(bytes)
}

/// Removes abandoned unfinished files, and all quantised weights but the most recently used.
fn tidy(folder: &Path) -> io::Result<()> {
    let mut files = files(folder)?;
    files.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
    let is_gone =
        |(position, (_, used)): &(usize, &(PathBuf, SystemTime))| *position >= KEPT || *used == SystemTime::UNIX_EPOCH;
    files.iter().enumerate().filter(is_gone).try_for_each(|(_, (path, _))| remove(path))
}

/// Our files in the folder and when each was last used; of unfinished ones only abandoned ones. Empty for a link or a
/// file.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, SystemTime)>> {
    if !folder.symlink_metadata().is_ok_and(|folder| folder.is_dir()) {
        return Ok(vec![]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        let used = metadata.modified()?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if metadata.is_file() && name.starts_with(UNFINISHED) {
            if used.elapsed().is_ok_and(|since| since > LEFT_BEHIND) {
                files.push((entry.path(), SystemTime::UNIX_EPOCH));
            }
        } else if metadata.is_file() && Path::new(&*name).extension().is_some_and(|ending| ending == ENDING) {
            files.push((entry.path(), used));
        }
    }
    Ok(files)
}

/// Another process may have removed it already.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The largest integer that a weight becomes. Processors without instructions for products of bytes add pairs of them
/// in 16 bits, which eight bits of weight overflow: there it is seven.
fn levels() -> u8 {
    #[cfg(target_arch = "x86_64")]
    if !(is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni")) {
        return 63;
    }
    127
}

/// The file's name: another one for other weights, for another kind of processor and for another way of quantising.
fn name(sources: &[PathBuf], levels: u8) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{VERSION} {levels}"));
    for path in sources {
        let file = path.metadata()?;
        // A program that changes a file cannot set back the time of its last change.
        let changed = (file.ctime(), file.ctime_nsec());
        hasher.update(format!("{path:?} {} {} {} {changed:?}", file.dev(), file.ino(), file.len()));
    }
    Ok(format!("{}.{ENDING}", hex(&hasher.finalize()[..16])))
}

/// True where the file is there, as long as it must be and as it was written.
fn is_whole(path: &Path, length: u64) -> bool {
    let hashed = || -> io::Result<bool> {
        let mut file = plain_file::open(path)?;
        if file.metadata()?.len() != length {
            return Ok(false);
        }
        let mut hasher = Sha256::new();
        let mut content = BufReader::with_capacity(PIECE, (&mut file).take(length - HASH_LENGTH));
        loop {
            let piece = content.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            hasher.update(piece);
            let read = piece.len();
            content.consume(read);
        }
        let mut kept = [0; HASH_LENGTH as usize];
        file.read_exact(&mut kept)?;
        let is_whole = kept == *hasher.finalize();
        if is_whole {
            // The files that were used last are kept; where this cannot be noted, the file is of use all the same.
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(is_whole)
    };
    hashed().unwrap_or(false)
}

/// Writes the file under another name first, so that it is there whole or not at all.
fn make(path: &Path, parts: &[Part], data_folder: &Path, levels: u8) -> Result<(), QuantisingError> {
    let failed = |source| QuantisingError::File { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder).map_err(failed)?;
    write(temporary.as_file_mut(), path, parts, data_folder, levels)?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Writes the parts, tensor by tensor, and their hash.
fn write(file: &mut File, path: &Path, parts: &[Part], data_folder: &Path, levels: u8) -> Result<(), QuantisingError> {
    let failed = |source| QuantisingError::File { path: path.to_owned(), source };
    let (mut out, mut hasher) = (BufWriter::new(file), Sha256::new());
    for part in parts {
        let bytes = match part {
            Part::Copied(tensor) => ExternalTensor::of(tensor, data_folder).and_then(|outside| outside.bytes()),
            Part::Quantised { matrix, is_transposed } => {
                let values =
                    ExternalTensor::of(matrix, data_folder).and_then(|outside| outside.values()).map_err(failed)?;
                if values.iter().any(|value| !value.is_finite()) {
                    return Err(QuantisingError::NotFinite { tensor: matrix.name.clone() });
                }
                Ok(quantised_bytes(matrix, *is_transposed, values, levels))
            }
        };
        let bytes = bytes.map_err(failed)?;
        hasher.update(&bytes);
        out.write_all(&bytes).map_err(failed)?;
    }
    out.write_all(&hasher.finalize()).and_then(|()| out.flush()).map_err(failed)
}

/// A matrix's integers and scales, as they lie in the file.
fn quantised_bytes(matrix: &TensorProto, is_transposed: bool, mut values: Vec<f32>, levels: u8) -> Vec<u8> {
    let (outputs, inputs) = int8::sides(matrix, is_transposed);
    if is_transposed {
        values = transposed(&values, outputs as usize);
    }
    let (integers, scales) = int8::quantise(&values, inputs as usize, f32::from(levels));
    let integers = integers.into_iter().map(i8::cast_unsigned);
    integers.chain(scales.into_iter().flat_map(f32::to_le_bytes)).collect()
}

/// Rows of `columns` values as columns.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect()
}

/// A tensor whose values lie in a file.
struct ExternalTensor {
    path: PathBuf,
    offset: u64,
    length: usize,
    element: i32,
}

impl ExternalTensor {
    fn of(tensor: &TensorProto, folder: &Path) -> io::Result<ExternalTensor> {
        let told = |key: &str| tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
        let number = |key: &str| told(key).and_then(|value| value.parse::<u64>().ok());
        let (Some(location), Some(offset), Some(length)) = (told("location"), number("offset"), number("length"))
        else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} lies nowhere", tensor.name)));
        };
        Ok(ExternalTensor { path: folder.join(location), offset, length: length as usize, element: tensor.data_type })
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length];
        plain_file::open(&self.path)?.read_exact_at(&mut bytes, self.offset)?;
        Ok(bytes)
    }

    /// Its values in single precision.
    fn values(&self) -> io::Result<Vec<f32>> {
        let bytes = self.bytes()?;
        let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
        Ok(match self.element {
            element if element == DataType::Float16 as i32 => pairs().map(|p| f16::from_le_bytes(p).to_f32()).collect(),
            element if element == DataType::Bfloat16 as i32 => {
                pairs().map(|p| bf16::from_le_bytes(p).to_f32()).collect()
            }
            _ => bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposed_matrix_has_its_columns_as_rows() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }
}
