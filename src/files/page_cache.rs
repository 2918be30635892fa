//! Drops a file from the system's page cache, so that reading it again reads the disk.

use std::path::Path;

/// Forgets what is held in memory of a file; the file itself is left as it is. It is a wish: not every system hears it.
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

/// There is no asking.
#[cfg(not(target_os = "linux"))]
pub fn drop_pages(_: &Path) {}
