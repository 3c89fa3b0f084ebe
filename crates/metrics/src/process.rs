//! What a process takes of its machine, under the names Prometheus' own clients use.

use std::fs;

use crate::family::Family;
use crate::metric::Metric;
use crate::page::Source;

const CPU: Metric = Metric::counter("process_cpu_seconds", "Processor time used by the process");
const MEMORY: Metric =
    Metric::gauge("process_resident_memory_bytes", "Resident memory of the process");
const OPEN_FILES: Metric =
    Metric::gauge("process_open_fds", "Files and sockets the process has open");
const OPEN_FILES_MAX: Metric =
    Metric::gauge("process_max_fds", "Files and sockets the process may have open");
const THREADS: Metric = Metric::gauge("process_threads", "Threads of the process");

/// Clock ticks a second in files of `/proc`: a constant of the kernel's interface.
///
/// Source: proc_pid_stat(5), time(7).
const TICKS_PER_SECOND: f64 = 100.0;

/// The process it is read in. Tells nothing where there is no `/proc`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessSource;

impl Source for ProcessSource {
    fn read(&self) -> Vec<Family> {
        let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).ok();
        let status = read("status").unwrap_or_default();
        let told = [
            read("stat").and_then(|stat| cpu_seconds(&stat)).map(|seconds| CPU.is(seconds)),
            field(&status, "VmRSS:").map(|kib| MEMORY.is(kib.saturating_mul(1_024))),
            open_files().map(|count| OPEN_FILES.is(count)),
            read("limits")
                .and_then(|it| field(&it, "Max open files"))
                .map(|max| OPEN_FILES_MAX.is(max)),
            field(&status, "Threads:").map(|count| THREADS.is(count)),
        ];
        told.into_iter().flatten().collect()
    }
}

/// Time in user and in kernel mode.
///
/// Source: proc_pid_stat(5), fields 14 and 15; the name in parentheses may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_name, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(str::parse::<u32>);
    let (user, kernel) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some((f64::from(user) + f64::from(kernel)) / TICKS_PER_SECOND)
}

/// The first number of the line that begins so.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn open_files() -> Option<u64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is the folder that is read.
    u64::try_from(count.saturating_sub(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_whatever_the_process_is_called() {
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("77 (short) S 1"), None);
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn a_field_is_the_first_number_of_its_line() {
        let status = "Name:\tmuster\nVmRSS:\t  1234 kB\nThreads:\t3\n";
        assert_eq!(field(status, "VmRSS:"), Some(1_234));
        assert_eq!(field(status, "VmSwap:"), None);
        assert_eq!(field("Max open files            unlimited", "Max open files"), None);
    }
}
