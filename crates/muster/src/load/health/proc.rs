//! What the kernel tells of this process: its threads, its sockets, its files, its memory.
//!
//! Everything is read from `/proc/self`; where a line is missing, as on another system, nothing is
//! known and nothing is claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::machine::{memory_bytes, open_files_max};

/// One tick of the kernel's clock for user space on Linux.
const TICK: Duration = Duration::from_millis(10);

/// What the threads of one side have had of the processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Time on a processor.
    pub(crate) ran: Duration,
    /// Time ready to run, waiting for a processor.
    pub(crate) waited: Duration,
}

impl Share {
    /// What has been added since an earlier reading. Threads that have ended take theirs with them.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self {
            ran: self.ran.saturating_sub(earlier.ran),
            waited: self.waited.saturating_sub(earlier.waited),
        }
    }

    /// Both together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            ran: self.ran.saturating_add(other.ran),
            waited: self.waited.saturating_add(other.waited),
        }
    }
}

/// A thread of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) id: u32,
    /// The first 15 letters of its name.
    pub(crate) name: String,
    pub(crate) share: Share,
}

/// The threads of this process.
pub(crate) fn threads() -> Vec<Thread> {
    let folders = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let thread = |folder: fs::DirEntry| {
        let path = folder.path();
        let name = fs::read_to_string(path.join("comm")).ok()?.trim_end().to_owned();
        let id = folder.file_name().to_str()?.parse().ok()?;
        Some(Thread { id, name, share: share_of(&path)? })
    };
    folders.filter_map(thread).collect()
}

/// `schedstat` counts nanoseconds; without it, ticks have to do.
fn share_of(thread: &Path) -> Option<Share> {
    match fs::read_to_string(thread.join("schedstat")) {
        Ok(text) => schedstat(&text),
        Err(_not_there) => {
            let stat = fs::read_to_string(thread.join("stat")).ok()?;
            Some(Share { ran: ticks(&stat)?, waited: Duration::ZERO })
        }
    }
}

fn schedstat(text: &str) -> Option<Share> {
    let mut fields = text.split_whitespace().map(|field| field.parse().map(Duration::from_nanos));
    Some(Share { ran: fields.next()?.ok()?, waited: fields.next()?.ok()? })
}

/// User plus system time. The name may hold blanks: fields count from behind its parenthesis.
fn ticks(stat: &str) -> Option<Duration> {
    let fields = stat.rsplit_once(')')?.1;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u32>().ok());
    let ticks: u32 = ticks.collect::<Option<Vec<u32>>>()?.iter().sum();
    TICK.checked_mul(ticks)
}

/// Resident memory of this process in bytes.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    memory_bytes(&status, "VmRSS")
}

/// Open files of this process, and how many it may have, if that is limited.
pub(crate) fn files() -> Option<(u64, u64)> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let max = open_files_max(&limits)?;
    Some((u64::try_from(open).ok()?, max))
}

/// Datagrams the kernel has dropped before each of this process's own UDP sockets, because its
/// receive buffer was full, by the inodes of the sockets.
pub(crate) fn udp_drops() -> BTreeMap<u64, u64> {
    let own = own_sockets();
    let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"];
    let tables = tables.iter().filter_map(|path| fs::read_to_string(path).ok());
    tables.flat_map(|table| drops(&table, &own)).collect()
}

/// The inodes of this process's sockets.
fn own_sockets() -> BTreeSet<u64> {
    let files = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok());
    let inode = |link: &Path| {
        let name = link.to_str()?.strip_prefix("socket:[")?;
        name.strip_suffix(']')?.parse().ok()
    };
    links.filter_map(|link| inode(&link)).collect()
}

fn drops(table: &str, own: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let rows = table.lines().skip(1).filter_map(|row| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let inode: u64 = fields.get(9)?.parse().ok()?;
        let drops: u64 = fields.last()?.parse().ok()?;
        own.contains(&inode).then_some((inode, drops))
    });
    rows.collect()
}

/// Processors this process may run on.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_on_a_processor_and_time_waiting_for_one_are_told_apart() {
        let share = schedstat("328158 80841 2\n").unwrap();
        assert_eq!(share.ran, Duration::from_nanos(328_158));
        assert_eq!(share.waited, Duration::from_nanos(80_841));
        assert_eq!(schedstat(""), None);
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_move_the_fields() {
        let stat = "7 (a (b) c) S 1 1 1 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 1";
        assert_eq!(ticks(stat), Some(Duration::from_millis(70)));
    }

    #[test]
    fn only_drops_of_own_sockets_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
             1: 0100007F:1151 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 111 2 0000000000000000 5\n\
             2: 0100007F:1152 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 222 2 0000000000000000 7\n";
        assert_eq!(drops(table, &BTreeSet::from([222])), [(222, 7)]);
        assert_eq!(drops("", &BTreeSet::from([222])), []);
    }

    #[test]
    fn this_process_has_threads_memory_files_and_a_socket_of_its_own() {
        assert!(!threads().is_empty());
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(!own_sockets().is_empty());
        drop(socket);
        assert!(resident_bytes().unwrap() > 1 << 20);
        let (open, max) = files().unwrap();
        assert!(open > 2 && open < max);
    }
}
