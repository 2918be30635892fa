//! What the tests share: fixtures, runtimes, small pictures.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use smart_image_sorter::engine::runtime::Runtime;
use smart_image_sorter::engine::runtime::find::Places;
use smart_image_sorter::engine::runtime::select::{DeviceChoice, RuntimeChoice, cores, select};

/// The program under test.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sis"))
}

/// The fixtures that the project carries.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// Larger test data beside the project, where a machine has it: real and hostile pictures. Says so where it is absent.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata").join(folder);
    if !path.is_dir() {
        println!("skipped: {} is not on this machine", path.display());
        return None;
    }
    Some(path)
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Every runtime there is here: tract always, ONNX Runtime where `ORT_DYLIB_PATH` names a library.
pub(crate) fn runtimes() -> Vec<Runtime> {
    let mut runtimes = vec![Runtime::Tract];
    match onnx_runtime_library() {
        Some(_) => {
            let places = Places { variable: onnx_runtime_library(), ..Places::default() };
            let selection = select(RuntimeChoice::OnnxRuntime, DeviceChoice::Cpu, &places, program(), cores());
            runtimes.push(selection.unwrap().runtime);
        }
        None => println!("skipped for ONNX Runtime: ORT_DYLIB_PATH names no library"),
    }
    runtimes
}

/// The library that the tests are told to use.
pub(crate) fn onnx_runtime_library() -> Option<PathBuf> {
    std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(target).unwrap(),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
