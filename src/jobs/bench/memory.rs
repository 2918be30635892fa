//! How much memory this program has had at most.

/// Lets the most memory so far begin anew, at what there is now. It is a wish: not every system hears it.
pub(super) fn begin_anew() {
    if let Err(error) = std::fs::write("/proc/self/clear_refs", "5") {
        tracing::debug!("the most memory stays as it was: {error}");
    }
}

/// The most memory so far, in bytes, where the system tells.
pub(super) fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    peak_in(&status)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_the_rest() {
        assert_eq!(peak_in("VmPeak:\t  300 kB\nVmHWM:\t     12 kB\nVmRSS:\t 7 kB\n"), Some(12 * 1024));
        assert_eq!(peak_in("nothing"), None);
    }
}
