//! NVIDIA GPUs: whether there is one, and the libraries that it needs.

use std::path::{Path, PathBuf};

/// Loads the CUDA libraries that came with a library, so that it finds them although they are in none of the system's
/// folders: those that `sis runtime install --gpu` put beside it, or the `nvidia` packages beside a Python package.
pub(super) fn preload_cuda_libraries(library: &Path) {
    let beside = library.parent().map(|folder| folder.join("cuda"));
    let packages = library.ancestors().nth(3).map(|folder| folder.join("nvidia"));
    let mut folders: Vec<PathBuf> = beside.into_iter().collect();
    let entries = packages.iter().flat_map(std::fs::read_dir).flatten().flatten();
    folders.extend(entries.map(|entry| entry.path().join("lib")));
    let entries = folders.iter().flat_map(std::fs::read_dir).flatten().flatten();
    let mut waiting: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_library(path)).collect();
    waiting.sort_unstable();
    // One that needs another can be loaded only after it: go round until a round loads none.
    loop {
        let before = waiting.len();
        waiting.retain(|path| ort::util::preload_dylib(path).is_err());
        if waiting.is_empty() || waiting.len() == before {
            return;
        }
    }
}

fn is_library(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"))
}

/// True where the machine has an NVIDIA GPU whose driver is loaded.
pub fn nvidia_gpu_present() -> bool {
    Path::new("/proc/driver/nvidia/version").exists() || Path::new("/dev/nvidia0").exists()
}
