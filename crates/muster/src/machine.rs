//! What the kernel says of this machine and of what a process may take of it.

/// Files a process may have open, softly; `None` if there is no limit, or it is not said.
///
/// Source: proc_pid_limits(5).
pub(crate) fn open_files_max(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// An amount of memory in bytes, by its name in `/proc/meminfo` or in the `status` of a process.
///
/// Source: proc_meminfo(5), proc_pid_status(5).
pub(crate) fn memory_bytes(text: &str, name: &str) -> Option<u64> {
    let named = |line: &&str| line.split_once(':').is_some_and(|(found, _kib)| found == name);
    let (_name, kib) = text.lines().find(named)?.split_once(':')?;
    let kib: u64 = kib.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_the_soft_one() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             95975                95975                processes \n\
                      Max open files            256                  20000                files     \n";
        assert_eq!(open_files_max(limits), Some(256));
        assert_eq!(open_files_max(""), None);
        assert_eq!(open_files_max("Max open files            unlimited"), None);
    }

    #[test]
    fn memory_is_counted_in_bytes() {
        let text = "MemFree: 1 kB\nMemAvailable:   2048 kB\n";
        assert_eq!(memory_bytes(text, "MemAvailable"), Some(2_097_152));
        assert_eq!(memory_bytes("MemFree: 1 kB", "MemAvailable"), None);
        assert_eq!(memory_bytes("", "MemFree"), None);
    }
}
