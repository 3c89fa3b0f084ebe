//! What the system says a process has used.

use std::fs;
use std::str::FromStr;

use crate::Outcome;

/// Microseconds in a tick of `/proc/self/stat`: Linux fixes it at a hundredth of a second.
const TICK_MICROS: u64 = 10_000;

/// Where `utime` and `stime` stand after the command name, which ends with a bracket: proc(5).
const CPU_FIELDS: std::ops::Range<usize> = 11..13;

/// CPU and memory of this process up to now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// User and system time, in microseconds.
    pub(crate) cpu_micros: u64,
    /// Resident set, in bytes.
    pub(crate) resident_bytes: u64,
}

impl Sample {
    pub(crate) fn take() -> Outcome<Self> {
        Ok(Self {
            cpu_micros: cpu_ticks(&fs::read_to_string("/proc/self/stat")?)? * TICK_MICROS,
            resident_bytes: resident_kib(&fs::read_to_string("/proc/self/status")?)? * 1024,
        })
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.cpu_micros, self.resident_bytes)
    }
}

impl FromStr for Sample {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(line: &str) -> Outcome<Self> {
        let (cpu, resident) = line.split_once(' ').ok_or("a sample has two numbers")?;
        Ok(Self { cpu_micros: cpu.parse()?, resident_bytes: resident.parse()? })
    }
}

fn cpu_ticks(stat: &str) -> Outcome<u64> {
    let (_name, fields) = stat.rsplit_once(')').ok_or("no process name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let times = fields.get(CPU_FIELDS).ok_or("no CPU times")?;
    let mut ticks = 0;
    for time in times {
        ticks += time.parse::<u64>()?;
    }
    Ok(ticks)
}

fn resident_kib(status: &str) -> Outcome<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.ok_or("no VmRSS")?.parse()?)
}
