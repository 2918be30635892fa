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

/// The numbers of the NVIDIA GPUs that this process may use, as CUDA counts them.
pub(super) fn numbers() -> Vec<u32> {
    let shown = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    (0..visible(present(Path::new("/proc/driver/nvidia/gpus"), Path::new("/dev")), shown.as_deref())).collect()
}

/// How many GPUs there are: the driver's list of them, or where a container hides it the device files.
fn present(list: &Path, devices: &Path) -> u32 {
    let listed = std::fs::read_dir(list).into_iter().flatten().flatten().count();
    let entries = std::fs::read_dir(devices).into_iter().flatten().flatten();
    let is_gpu = |name: &str| name.strip_prefix("nvidia").is_some_and(|number| number.parse::<u32>().is_ok());
    let files = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_gpu)).count();
    // A container may be given fewer device files than the driver lists.
    let count = if files == 0 { listed } else { files };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How many of them CUDA shows, given `CUDA_VISIBLE_DEVICES`: those named, up to the first that does not exist.
fn visible(present: u32, variable: Option<&str>) -> u32 {
    let Some(variable) = variable else { return present };
    let is_there = |name: &&str| match name.trim().parse::<i64>() {
        Ok(number) => (0..i64::from(present)).contains(&number),
        // A name such as GPU-8932f937.
        Err(_) => !name.trim().is_empty(),
    };
    let named = variable.split(',').take_while(is_there).count();
    u32::try_from(named).unwrap_or(u32::MAX).min(present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_counted_by_their_device_files() {
        let folder = tempfile::tempdir().unwrap();
        let (list, devices) = (folder.path().join("gpus"), folder.path().join("dev"));
        assert_eq!(present(&list, &devices), 0);
        for gpu in ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0"] {
            std::fs::create_dir_all(list.join(gpu)).unwrap();
        }
        assert_eq!(present(&list, &devices), 3);
        std::fs::create_dir(&devices).unwrap();
        for file in ["nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm", "null"] {
            std::fs::write(devices.join(file), "").unwrap();
        }
        assert_eq!(present(&list, &devices), 2);
    }

    #[test]
    fn gpus_hidden_from_cuda_are_not_counted() {
        for (variable, expected) in [
            (None, 4),
            (Some(""), 0),
            (Some("-1"), 0),
            (Some("2"), 1),
            (Some("0, 3"), 2),
            (Some("0,9,1"), 1),
            (Some("GPU-8932f937,GPU-12345678"), 2),
        ] {
            assert_eq!(visible(4, variable), expected, "{variable:?}");
        }
    }
}
