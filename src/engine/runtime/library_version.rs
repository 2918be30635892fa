//! The version that a library of ONNX Runtime gives for itself. `ort` knows it and does not tell.
//!
//! Unsafe because it calls into a foreign library. It is done only in the process that was started to try the library,
//! after `ort` has loaded it and found its entry point.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::path::Path;

use libloading::{Library, Symbol};
use ort::sys::OrtApiBase;

/// The version of the library at `path`, as `1.24.1`; `None` if it reports none.
pub(super) fn version_of(path: &Path) -> Option<String> {
    // SAFETY: the library is loaded already, so that no initialiser of it runs here, and it stays loaded: `ort` holds
    // it. `OrtGetApiBase` has had this signature since ONNX Runtime 1.0, and what it returns is static.
    unsafe {
        let library = Library::new(path).ok()?;
        let get_base: Symbol<'_, unsafe extern "C" fn() -> *const OrtApiBase> = library.get(b"OrtGetApiBase").ok()?;
        let base = get_base().as_ref()?;
        let version = (base.GetVersionString)();
        if version.is_null() {
            return None;
        }
        CStr::from_ptr(version).to_str().ok().map(str::to_owned)
    }
}
