//! What a process has used: CPU time and resident memory, from `/proc/self`.

use std::fs;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Microseconds of one kernel clock tick: Linux counts 100 a second for user space.
const TICK_US: u64 = 10_000;

/// The use of one process so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// User plus system time, in microseconds.
    pub(crate) cpu_us: u64,
    /// Resident memory, in bytes.
    pub(crate) rss_bytes: u64,
}

impl Usage {
    pub(crate) fn now() -> anyhow::Result<Self> {
        Ok(Self { cpu_us: cpu_us()?, rss_bytes: rss_bytes()? })
    }

    /// CPU spent since `earlier`, per one of `count`, in microseconds.
    pub(crate) fn cpu_each(self, earlier: Self, count: usize) -> f64 {
        per(self.cpu_us.saturating_sub(earlier.cpu_us), count)
    }

    /// Memory gained since `earlier`, per one of `count`, in bytes.
    pub(crate) fn rss_each(self, earlier: Self, count: usize) -> f64 {
        per(self.rss_bytes.saturating_sub(earlier.rss_bytes), count)
    }
}

fn per(total: u64, count: usize) -> f64 {
    let to_float = |n: u64| f64::from(u32::try_from(n / 1_000).unwrap_or(u32::MAX)) * 1_000.0;
    (to_float(total) / f64::from(u32::try_from(count).unwrap_or(u32::MAX))).round()
}

fn cpu_us() -> anyhow::Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The program's name may hold blanks: fields count from after its closing parenthesis.
    let fields = stat.rsplit_once(')').context("/proc/self/stat has no name")?.1;
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let (user, system) = (ticks.next(), ticks.next());
    Ok((user.context("no user time")?? + system.context("no system time")??) * TICK_US)
}

fn rss_bytes() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1_024)
}

/// Datagrams the kernel dropped because a receive buffer was full, on this machine.
pub(crate) fn udp_drops() -> anyhow::Result<u64> {
    let snmp = fs::read_to_string("/proc/net/snmp")?;
    let mut lines = snmp.lines().filter(|line| line.starts_with("Udp:"));
    let names = lines.next().context("no UDP counters")?;
    let values = lines.next().context("no UDP counters")?;
    let position = names.split_whitespace().position(|name| name == "RcvbufErrors");
    let value = position.and_then(|at| values.split_whitespace().nth(at));
    Ok(value.context("no RcvbufErrors")?.parse()?)
}
