//! The file with a tower's quantised weights: made at first use, kept in the program's cache folder, checked whenever it is
//! opened. It ends with the SHA-256 of what comes before.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use sha2::{Digest, Sha256};
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;

use super::graph::TowerGraph;
use super::graph::int8::{self, Part};
use crate::domain::printable::printable;

/// To be raised whenever what is in the files changes.
const VERSION: u32 = 1;

/// The folder of these files in the program's cache folder.
pub const FOLDER: &str = "quantised";

/// How the name of a file ends that is whole, and of one that is being made.
const ENDING: &str = "int8";
const PART: &str = "part";

/// Held while a file is made, so that several processes make it once.
const LOCK: &str = "lock";

const HASH_LENGTH: u64 = 32;

/// Why a tower could not be quantised.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be made")]
pub struct QuantisingError {
    /// The file of quantised weights.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// The tower in 8-bit integers, its weights in a file in `folder` that is made where it is not there yet, or damaged.
/// `sources` are the files of the checkpoint that the weights come from.
pub fn quantised(tower: &TowerGraph, sources: &[PathBuf], folder: &Path) -> Result<TowerGraph, QuantisingError> {
    let levels = levels();
    let path_of = |name: &str| folder.join(name);
    let name = name(sources, levels).map_err(|source| QuantisingError { path: folder.to_owned(), source })?;
    let failed = |source| QuantisingError { path: path_of(&name), source };
    let int8::Rewritten { tower: mut rewritten, parts } = int8::in_integers(tower, &name);
    let length = parts.iter().map(Part::length).sum::<u64>() + HASH_LENGTH;
    if !is_whole(&path_of(&name), length) {
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join(LOCK)).map_err(failed)?;
        lock.lock().map_err(failed)?;
        // Another process may have made it while this one waited.
        if !is_whole(&path_of(&name), length) {
            remove(folder, &[PART]).map_err(failed)?;
            tracing::info!(file = %printable(path_of(&name)), "quantising");
            make(&path_of(&name), &parts, &tower.data_folder, levels).map_err(failed)?;
        }
    }
    rewritten.data_folder = folder.canonicalize().map_err(failed)?;
    Ok(rewritten)
}

/// True where the file for these sources is there, whole or not.
pub fn is_kept(sources: &[PathBuf], folder: &Path) -> bool {
    name(sources, levels()).is_ok_and(|name| folder.join(name).exists())
}

/// Removes all quantised weights, and returns how many bytes there were. What another process makes now is left to it, and so
/// is the lock, which holds only while all have the same file.
pub fn clear(folder: &Path) -> io::Result<u64> {
    let is_made_now = File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
    let endings: &[&str] = if is_made_now { &[ENDING] } else { &[ENDING, PART] };
    remove(folder, endings)
}

/// Removes the files whose names end so, and returns how many bytes there were.
fn remove(folder: &Path, endings: &[&str]) -> io::Result<u64> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        if entry.path().extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            bytes += entry.metadata()?.len();
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(bytes)
}

/// The largest integer that a weight becomes. Processors without instructions for products of bytes add pairs of them in
/// 16 bits, which eight bits of weight overflow: there it is seven.
pub(super) fn levels() -> u8 {
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
        // Who changes a file cannot set back the time of its last change.
        let changed = (file.ctime(), file.ctime_nsec());
        hasher.update(format!("{path:?} {} {} {} {changed:?}", file.dev(), file.ino(), file.len()));
    }
    let name: String = hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{name}.{ENDING}"))
}

/// True where the file is there, as long as it must be and as it was written.
fn is_whole(path: &Path, length: u64) -> bool {
    let hashed = || -> io::Result<bool> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() != length {
            return Ok(false);
        }
        let mut hasher = HashingWriter { inner: io::sink(), hasher: Sha256::new() };
        io::copy(&mut (&mut file).take(length - HASH_LENGTH), &mut hasher)?;
        let mut kept = [0; HASH_LENGTH as usize];
        file.read_exact(&mut kept)?;
        Ok(kept == *hasher.hasher.finalize())
    };
    hashed().unwrap_or(false)
}

/// Writes the file under another name first, so that it is there whole or not at all.
fn make(path: &Path, parts: &[Part], data_folder: &Path, levels: u8) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().suffix(&format!(".{PART}")).tempfile_in(folder)?;
    write(temporary.as_file_mut(), parts, data_folder, levels)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    File::open(folder)?.sync_all()
}

/// Writes the parts, tensor by tensor, and their hash.
fn write(file: &mut File, parts: &[Part], data_folder: &Path, levels: u8) -> io::Result<()> {
    let mut out = HashingWriter { inner: BufWriter::new(file), hasher: Sha256::new() };
    for part in parts {
        match part {
            Part::Copied(tensor) => out.write_all(&Outside::of(tensor, data_folder)?.bytes()?)?,
            Part::Quantised { matrix, is_transposed } => {
                let (outputs, inputs) = int8::sides(matrix, *is_transposed);
                let (outputs, inputs) = (outputs as usize, inputs as usize);
                let mut values = Outside::of(matrix, data_folder)?.values()?;
                if *is_transposed {
                    values = transposed(&values, outputs);
                }
                let (integers, scales) = int8::quantise(&values, inputs, f32::from(levels));
                out.write_all(&integers.iter().map(|integer| integer.cast_unsigned()).collect::<Vec<u8>>())?;
                out.write_all(&scales.iter().flat_map(|scale| scale.to_le_bytes()).collect::<Vec<u8>>())?;
            }
        }
    }
    let HashingWriter { mut inner, hasher } = out;
    inner.write_all(&hasher.finalize())?;
    inner.flush()
}

/// Rows of `columns` values as columns.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect()
}

/// A tensor whose values lie in a file.
struct Outside {
    path: PathBuf,
    offset: u64,
    length: usize,
    element: i32,
}

impl Outside {
    fn of(tensor: &TensorProto, folder: &Path) -> io::Result<Outside> {
        let told = |key: &str| tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
        let number = |key: &str| told(key).and_then(|value| value.parse::<u64>().ok());
        let (Some(location), Some(offset), Some(length)) = (told("location"), number("offset"), number("length"))
        else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} lies nowhere", tensor.name)));
        };
        Ok(Outside { path: folder.join(location), offset, length: length as usize, element: tensor.data_type })
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length];
        File::open(&self.path)?.read_exact_at(&mut bytes, self.offset)?;
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

/// Hashes what goes through it.
struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }
}
