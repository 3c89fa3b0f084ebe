//! What a run needs, held against what a machine has.

use jiff::Timestamp;

use super::{Check, Machine};
use crate::cli::SocketUse;

/// Memory of one connected device with its side of the server after some dozens of commands, in
/// bytes, with room for bursts. Source: docs/performance.md, "Where memory goes".
const MEMORY_EACH: u64 = 105_000;

/// Descriptors of a server and a fleet before their first device: sockets, database, runtime.
const DESCRIPTORS_APART: u64 = 64;

/// Before this the clock of the machine is wrong: certificates would begin in the past of others.
const NO_CLOCK_IS_BEFORE: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// What is to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// How many devices.
    pub(crate) devices: u64,
    /// How many sockets they open.
    pub(crate) sockets: SocketUse,
}

/// Looks at everything.
pub(crate) fn check_all(machine: &Machine, wanted: Wanted) -> Vec<Check> {
    vec![
        open_files(machine, wanted),
        buffers(machine),
        memory(machine, wanted),
        cores(machine),
        clock(machine),
    ]
}

fn open_files(machine: &Machine, wanted: Wanted) -> Check {
    let sockets = match wanted.sockets {
        SocketUse::Shared => 1,
        SocketUse::Own => wanted.devices,
    };
    let needed = sockets.saturating_add(DESCRIPTORS_APART);
    Check {
        name: "open files",
        ok: machine.open_files_max >= needed,
        found: machine.open_files_max.to_string(),
        wanted: format!("{needed}"),
        fix: (machine.open_files_max < needed).then(|| format!("ulimit -n {needed}")),
    }
}

fn buffers(machine: &Machine) -> Check {
    let buffers = machine.buffers;
    let fix = buffers.shortfall();
    Check {
        name: "UDP buffers",
        ok: fix.is_none(),
        found: format!("{} receiving, {} sending", mib(buffers.receive), mib(buffers.send)),
        wanted: mib(buffers.asked),
        fix,
    }
}

fn memory(machine: &Machine, wanted: Wanted) -> Check {
    let needed = wanted.devices.saturating_mul(MEMORY_EACH);
    let fits = machine.memory_free / MEMORY_EACH;
    Check {
        name: "memory",
        ok: machine.memory_free >= needed,
        found: format!("{} MB free", machine.memory_free / 1_000_000),
        wanted: format!("{} MB", needed / 1_000_000),
        fix: (machine.memory_free < needed)
            .then(|| format!("run at most {fits} devices here, or their server elsewhere")),
    }
}

fn cores(machine: &Machine) -> Check {
    Check {
        name: "cores",
        ok: machine.cores >= 2,
        found: machine.cores.to_string(),
        wanted: "2".to_owned(),
        fix: (machine.cores < 2)
            .then(|| "give server and fleet a core each, or believe no latency".to_owned()),
    }
}

fn clock(machine: &Machine) -> Check {
    let ok = machine.now >= NO_CLOCK_IS_BEFORE;
    Check {
        name: "clock",
        ok,
        found: machine.now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        wanted: format!("after {}", NO_CLOCK_IS_BEFORE.strftime("%Y-%m-%d")),
        fix: (!ok).then(|| "set the clock: certificates hold from and to a time".to_owned()),
    }
}

fn mib(bytes: usize) -> String {
    format!("{} MiB", bytes / (1_024 * 1_024))
}

#[cfg(test)]
mod tests {
    use muster_transport::SocketBuffers;

    use super::*;

    const SHARED: Wanted = Wanted { devices: 1_000, sockets: SocketUse::Shared };

    fn machine() -> Machine {
        Machine {
            open_files_max: 1_024,
            memory_free: 1_000 * MEMORY_EACH,
            cores: 2,
            buffers: SocketBuffers { asked: 4_194_304, receive: 4_194_304, send: 4_194_304 },
            now: NO_CLOCK_IS_BEFORE,
        }
    }

    fn wrong(machine: &Machine, wanted: Wanted) -> Vec<(&'static str, String)> {
        let checks = check_all(machine, wanted).into_iter();
        checks.filter(|check| !check.ok).map(|it| (it.name, it.fix.unwrap())).collect()
    }

    #[test]
    fn a_machine_that_has_just_enough_is_enough() {
        assert_eq!(wrong(&machine(), SHARED), []);
    }

    #[test]
    fn a_socket_each_takes_a_descriptor_each() {
        let own = Wanted { sockets: SocketUse::Own, ..SHARED };
        assert_eq!(wrong(&machine(), own), [("open files", "ulimit -n 1064".to_owned())]);
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let buffers = SocketBuffers { asked: 4_194_304, receive: 212_992, send: 4_194_304 };
        let poor = Machine { buffers, cores: 1, now: Timestamp::UNIX_EPOCH, ..machine() };
        let more = Wanted { devices: 1_001, ..SHARED };
        let names: Vec<_> = wrong(&poor, more).into_iter().map(|(name, _fix)| name).collect();
        assert_eq!(names, ["UDP buffers", "memory", "cores", "clock"]);
        assert!(wrong(&poor, more)[0].1.contains("sysctl -w net.core.rmem_max=4194304"));
        assert!(wrong(&poor, more)[1].1.starts_with("run at most 1000 devices"));
    }
}
