//! Drops a file from the system's page cache, so that reading it again reads the disk.

use std::path::Path;

/// Drops a file from the page cache. The file itself is unchanged. Best effort.
#[cfg(target_os = "linux")]
pub fn drop_pages(path: &Path) {
    let forgotten = super::read::open_regular(path).and_then(|(file, _)| {
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        Ok(())
    });
    if let Err(error) = forgotten {
        tracing::debug!("a file stays in memory: {error}");
    }
}

/// A no-op on other systems.
#[cfg(not(target_os = "linux"))]
pub fn drop_pages(_: &Path) {}
