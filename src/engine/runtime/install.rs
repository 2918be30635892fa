//! Installs a library of ONNX Runtime with the `pip` or `uv` of the machine. Only the library is wanted, so any version
//! of Python will do: the package is unpacked, not installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::child::complaints_of;
use super::find::{self, RUNTIME_FOLDER};
use super::library::{Origin, RejectReason};
use super::probe;

/// The Python versions that packages are asked for, newest first. Which one does not matter to the library.
const PYTHON_VERSIONS: [&str; 4] = ["3.13", "3.12", "3.11", "3.10"];

/// The words of pip and uv when there is no package for a Python version.
const NO_PACKAGE: [&str; 3] = ["No matching distribution", "no wheels with a matching", "No solution found"];

/// A library that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The library.
    pub library: PathBuf,
    /// Its version.
    pub version: String,
    /// It was there before.
    pub was_there: bool,
}

/// The installation failed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Neither `pip` nor `uv` is on the machine.
    #[error("neither pip nor uv is on the path")]
    NoInstaller,
    /// The data folder cannot be written to.
    #[error("cannot write to {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The installer ended with an error.
    #[error("{installer} failed: {detail}")]
    InstallerFailed {
        /// The command that was run.
        installer: String,
        /// The last lines of its output.
        detail: String,
    },
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
    /// The package came without a library.
    #[error("the package holds no library")]
    NoLibrary,
    /// The library does not work here.
    #[error("the library does not work: {reason:?}")]
    DoesNotWork {
        /// The reason.
        reason: RejectReason,
    },
}

/// A program that unpacks Python packages into a folder.
struct Installer {
    name: &'static str,
    command: &'static [&'static str],
}

const INSTALLERS: [Installer; 3] = [
    Installer { name: "uv", command: &["uv", "pip", "install"] },
    Installer { name: "pip", command: &["python3", "-m", "pip", "install", "--disable-pip-version-check"] },
    Installer { name: "pip", command: &["pip3", "install", "--disable-pip-version-check"] },
];

/// Installs ONNX Runtime, with `gpu` its CUDA build and the CUDA libraries, into the data folder. `program` is this
/// program, which tries the library. The installer's own progress goes to standard error; it is ended when `goes_on`
/// says no.
pub fn install(
    data_folder: &Path,
    gpu: bool,
    program: &Path,
    goes_on: &dyn Fn() -> bool,
) -> Result<Installed, InstallError> {
    let installer = INSTALLERS.iter().find(|installer| installer.answers()).ok_or(InstallError::NoInstaller)?;
    let folder = data_folder.join(RUNTIME_FOLDER);
    let not_writable = |source| InstallError::Folder { folder: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(not_writable)?;
    let unpacked = tempfile::Builder::new().prefix(".installing-").tempdir_in(data_folder).map_err(not_writable)?;
    let package = if gpu { "onnxruntime-gpu[cuda,cudnn]" } else { "onnxruntime" };
    installer.unpack(package, gpu, unpacked.path(), goes_on)?;
    let packages = find::in_folder(&unpacked.path().join("onnxruntime").join("capi"), Origin::Installed);
    let (library, _) = packages.first().ok_or(InstallError::NoLibrary)?;
    let (version, _) = probe::ask(program, library).map_err(|reason| InstallError::DoesNotWork { reason })?;
    let kind = if gpu { "onnxruntime-gpu" } else { "onnxruntime" };
    let place = folder.join(format!("{kind}-{version}"));
    let was_there = place.exists();
    if !was_there {
        keep_libraries(unpacked.path(), &place).map_err(not_writable)?;
    }
    let (library, _) = find::in_folder(&place, Origin::Installed).into_iter().next().ok_or(InstallError::NoLibrary)?;
    Ok(Installed { library, version, was_there })
}

impl Installer {
    fn answers(&self) -> bool {
        let probing = Command::new(self.command[0])
            .args(&self.command[1..self.command.len().min(3)])
            .arg("--help")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        probing.is_ok_and(|status| status.success())
    }

    /// Unpacks a package into `target`, for the first Python version that it exists for.
    fn unpack(
        &self,
        package: &str,
        with_needs: bool,
        target: &Path,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<(), InstallError> {
        let mut said = String::new();
        for version in PYTHON_VERSIONS {
            let mut command = Command::new(self.command[0]);
            command.args(&self.command[1..]).args(["--only-binary", ":all:", "--python-version", version]);
            command.arg("--target").arg(target);
            if !with_needs {
                command.arg("--no-deps");
            }
            command.arg(package);
            let failed = |detail: String| InstallError::InstallerFailed { installer: self.name.to_owned(), detail };
            let output = complaints_of(&mut command, goes_on).map_err(|error| failed(error.to_string()))?;
            let output = output.ok_or(InstallError::Stopped)?;
            if output.status.success() {
                return Ok(());
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
            tracing::warn!(installer = self.name, version, said, "the installer failed");
            if !NO_PACKAGE.iter().any(|phrase| said.contains(phrase)) {
                break;
            }
        }
        let last = said.lines().rev().find(|line| line.to_lowercase().contains("error")).unwrap_or(said.trim());
        Err(InstallError::InstallerFailed { installer: self.name.to_owned(), detail: last.trim().to_owned() })
    }
}

/// Moves the libraries out of an unpacked package into `place`, which appears whole or not at all.
fn keep_libraries(unpacked: &Path, place: &Path) -> std::io::Result<()> {
    let kept = unpacked.join("kept");
    std::fs::create_dir(&kept)?;
    move_libraries(&unpacked.join("onnxruntime").join("capi"), &kept)?;
    let nvidia = unpacked.join("nvidia");
    if nvidia.is_dir() {
        let cuda = kept.join("cuda");
        std::fs::create_dir(&cuda)?;
        for package in std::fs::read_dir(nvidia)? {
            move_libraries(&package?.path().join("lib"), &cuda)?;
        }
    }
    std::fs::rename(kept, place)
}

fn move_libraries(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with("lib") && (text.contains(".so") || text.ends_with(".dylib")) {
            std::fs::rename(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}
