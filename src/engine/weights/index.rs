//! Weights in several files: an index says which tensor is in which.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::Deserialize;

use super::error::WeightsError;
use super::file::WeightFile;
use super::reader;
use super::tensor::Tensors;
use crate::plain_file;

/// The longest index that is read. A line is some hundred bytes a tensor; the largest model there is has a few
/// thousand.
const LONGEST_INDEX: u64 = 10_000_000;

/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The files that the index at `path` names, and the places of their tensors.
pub(super) fn open(path: &Path) -> Result<(Vec<WeightFile>, Tensors), WeightsError> {
    let index = read(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files: Vec<WeightFile> = Vec::new();
    let mut numbers: BTreeMap<&str, (usize, Tensors)> = BTreeMap::new();
    let mut tensors = Tensors::new();
    for (tensor, shard) in &index.weight_map {
        if !numbers.contains_key(shard.as_str()) {
            let file = find(path, folder, shard)?;
            numbers.insert(shard, (files.len(), reader::tensors(&file)?));
            files.push(file);
        }
        let Some((number, in_shard)) = numbers.get_mut(shard.as_str()) else { continue };
        let no_tensor = || WeightsError::NoTensor { path: folder.join(shard), tensor: tensor.clone() };
        let mut place = in_shard.remove(tensor).ok_or_else(no_tensor)?;
        place.file = *number;
        tensors.insert(tensor.clone(), place);
    }
    Ok((files, tensors))
}

fn read(path: &Path) -> Result<Index, WeightsError> {
    let read = plain_file::read(path, LONGEST_INDEX);
    let bytes = read.map_err(|source| WeightsError::Unreadable { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|error| WeightsError::bad_header(path, error.to_string()))
}

/// A file that an index names: a plain name, so that an index from elsewhere cannot point at other files of this
/// machine. That the name may be a link, as in a hub's cache, is the doing of this machine and not of the index.
fn find(index: &Path, folder: &Path, shard: &str) -> Result<WeightFile, WeightsError> {
    let (index, shard) = (index.to_owned(), shard.to_owned());
    let mut parts = Path::new(&shard).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err(WeightsError::ShardOutside { index, shard });
    }
    let path = folder.join(&shard);
    if !path.exists() {
        return Err(WeightsError::NoShard { index, shard });
    }
    WeightFile::find(&path)
}
