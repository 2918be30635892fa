//! Recognises folders that are not checkpoints in Hugging Face layout, and pointer files that stand for others.

use std::path::{Path, PathBuf};

use super::checkpoint::error::CheckpointError;
use super::damage;
use crate::plain_file;

/// The file that every checkpoint in Hugging Face layout has.
pub(super) const CONFIG: &str = "config.json";

/// The file of a model that open_clip alone can load.
const OPEN_CLIP: &str = "open_clip_config.json";

/// The beginning of a file that git-lfs puts in the place of a large one.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A pointer is shorter, by git-lfs's specification.
const LONGEST_POINTER: u64 = 1024;

/// Files of a checkpoint that may be pointers, by the ends of their names.
const ENDINGS: [&str; 7] = ["json", "safetensors", "bin", "txt", "model", "onnx", "onnx_data"];

/// The checkpoint in a folder: the folder itself or, for a model's folder in a cache of the hub, the snapshot of the
/// main branch. An error for any other layout.
pub(super) fn checkpoint_in(folder: &Path) -> Result<PathBuf, CheckpointError> {
    if folder.join(CONFIG).symlink_metadata().is_ok() {
        return Ok(folder.to_owned());
    }
    if let Some(snapshot) = snapshot_in(folder) {
        return Ok(snapshot);
    }
    if folder.join(OPEN_CLIP).exists() {
        return Err(CheckpointError::OpenClip { folder: folder.to_owned() });
    }
    match folders_in(folder).into_iter().find(|inside| inside.join(CONFIG).exists()) {
        Some(inside) => Err(CheckpointError::Inside { folder: folder.to_owned(), inside }),
        None => Ok(folder.to_owned()),
    }
}

/// The commit of the main branch in a model's folder of a cache of the hub; the only one there is where none is named.
fn snapshot_in(folder: &Path) -> Option<PathBuf> {
    let snapshots = folder.join("snapshots");
    let is_commit = |name: &str| name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let main = plain_file::read_text(&folder.join("refs/main"), 100).ok();
    let named = main.as_deref().map(str::trim).filter(|name| is_commit(name)).map(|commit| snapshots.join(commit));
    let found = named.filter(|snapshot| snapshot.is_dir()).or_else(|| match folders_in(&snapshots).as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    });
    found.filter(|snapshot| snapshot.join(CONFIG).exists())
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort_unstable();
    folders
}

/// Replaces an error by `Pointer` where its file is only a pointer of git-lfs: downloading it again in the same way
/// would give the same pointer.
pub(super) fn pointer_behind(folder: &Path, error: CheckpointError) -> CheckpointError {
    let found = damage::checkpoint(&error).then(|| pointer_in(folder).or_else(|| pointer_in(&folder.join("onnx"))));
    found.flatten().map_or(error, |path| CheckpointError::Pointer { path })
}

fn pointer_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_of_checkpoint =
        |path: &PathBuf| path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
    let is_pointer =
        |path: &PathBuf| plain_file::read(path, LONGEST_POINTER).is_ok_and(|bytes| bytes.starts_with(POINTER));
    entries.map(|entry| entry.path()).filter(is_of_checkpoint).filter(is_pointer).min()
}
