//! What this machine has to give, as Linux tells it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::available_parallelism;

use anyhow::Context as _;
use jiff::Timestamp;
use muster_transport::{SocketBuffers, client_endpoint};

use crate::machine::memory_bytes;

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Files that a process may have open, softly.
    pub(crate) open_files_max: u64,
    /// Memory nobody uses, in bytes.
    pub(crate) memory_free: u64,
    /// Threads that can run at once.
    pub(crate) cores: usize,
    /// What a UDP socket on loopback is given.
    pub(crate) buffers: SocketBuffers,
    /// The present time.
    pub(crate) now: Timestamp,
}

impl Machine {
    /// Looks at this one. Must be called in a runtime: it opens a socket.
    pub(crate) fn here() -> anyhow::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (_endpoint, buffers) = client_endpoint(any).context("no UDP on loopback")?;
        Ok(Self {
            open_files_max: open_files_max(&read("/proc/self/limits")?)?,
            memory_free: memory_bytes(&read("/proc/meminfo")?, "MemAvailable")
                .context("nothing says how much memory is free")?,
            cores: available_parallelism().context("failed to count the cores")?.get(),
            buffers,
            now: Timestamp::now(),
        })
    }
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {path}; this needs Linux"))
}

/// The soft limit: the third column of `Max open files`.
fn open_files_max(limits: &str) -> anyhow::Result<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.context("no limit of open files")? {
        "unlimited" => Ok(u64::MAX),
        number => number.parse().context("the limit of open files is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_open_files_is_read_and_may_be_none() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(open_files_max(limits).unwrap(), 1_024);
        let none = "Max open files            unlimited            unlimited            files\n";
        assert_eq!(open_files_max(none).unwrap(), u64::MAX);
        open_files_max("Max processes 5 5").unwrap_err();
    }
}
