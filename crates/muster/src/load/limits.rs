//! What cannot be done to a server that is not the run's own, said before the run begins.

use muster_scenario::{FaultKind, Plan};

use super::order::wakes_devices;
use super::target::Address;
use crate::cli::{LoadArgs, ThroughName};
use crate::exit::usage_error;

/// Refuses a run that a server elsewhere cannot give.
///
/// # Errors
/// With what it is, and where it stands in the scenario as `written`.
pub(crate) fn refuse_impossible(
    args: &LoadArgs,
    plan: &Plan,
    written: &str,
    address: &Address,
) -> anyhow::Result<()> {
    if args.through == Some(ThroughName::Direct) {
        return Err(usage_error(
            "--through direct hands commands to a server in this process; one that runs already \
             is asked through its Graph API",
        ));
    }
    if args.no_instruments {
        return Err(usage_error(
            "--no-instruments counts by what the server itself knows, which only one in this \
             process tells",
        ));
    }
    if wakes_devices(plan) && !address.has_push_folder() {
        return Err(usage_error(
            "the scenario has devices that are woken by a push: say with --push-folder where \
             their push services leave their addresses, and start the server with the same",
        ));
    }
    if args.is_worker {
        // Whoever has started it does this to the server.
        return Ok(());
    }
    no_server_faults(plan, written)
}

fn no_server_faults(plan: &Plan, written: &str) -> anyhow::Result<()> {
    let faults = plan.faults().iter().filter_map(|fault| match &fault.kind {
        FaultKind::Server(what) => Some(format!("{:?} ({what})", fault.name)),
        FaultKind::Fleet(_) => None,
    });
    let faults: Vec<String> = faults.collect();
    if faults.is_empty() {
        return Ok(());
    }
    let lines = lines_of_server_faults(written);
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let lines = lines.join(", ");
    Err(usage_error(format!(
        "a server that runs already is not this run's to stop, to kill or to slow down, as the \
         scenario wants in line {lines}: {}; take these faults out, or leave out --server and \
         --data",
        faults.join(", ")
    )))
}

/// The lines of a scenario that do something to the server, from 1.
fn lines_of_server_faults(written: &str) -> Vec<usize> {
    let mut in_fault = false;
    let lines = written.lines().map(str::trim_start).enumerate().filter(|(_at, line)| {
        if line.starts_with('[') {
            in_fault = line.starts_with("[[fault]]");
        }
        let key = line.split_once('=').map(|(key, _value)| key.trim_end());
        in_fault && key == Some("server")
    });
    lines.map(|(at, _line)| at + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_of_the_servers_faults() {
        let written = "[limits]\nserver = 1\n[[fault]]\nfleet = \"loss\"\n\n  [[fault]]\n  \
                       at = \"1s\"\n  server = \"restart\"\n[[threshold]]\nserver = 2\n";
        assert_eq!(lines_of_server_faults(written), [8]);
    }
}
