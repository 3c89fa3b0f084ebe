//! The benchmark of a whole muster: server and fleet as two processes on loopback.
//!
//! ```sh
//! cargo run --release -p muster --example bench -- --devices 2000 --commands 40
//! ```
//!
//! Prints one JSON object. CPU is user plus system time of each process; memory is resident
//! memory per device above what the process held before. `scripts/bench.sh` runs this beside the
//! bare-quinn baseline and prints the ratios.

mod fleet_side;
mod process;
mod server_side;

use std::num::NonZeroUsize;

use anyhow::{Context as _, bail};

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) devices: usize,
    pub(crate) commands_each: usize,
    pub(crate) in_flight: usize,
    pub(crate) reconnects: Reconnects,
    /// The devices share so many UDP sockets; the bare baseline has one.
    pub(crate) sockets: NonZeroUsize,
}

/// Whether all devices leave and come back before the commands.
///
/// What it costs is one of the figures; without it, memory after the commands is that of devices
/// that have stayed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reconnects {
    Once,
    Never,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match args.first().map(String::as_str) {
        Some("server") => {
            let data = args.get(1).context("usage: bench server DIR")?;
            runtime.block_on(server_side::serve(data.as_ref()))
        }
        _ => runtime.block_on(fleet_side::measure(plan(&args)?)),
    }
}

fn plan(args: &[String]) -> anyhow::Result<Plan> {
    let mut plan = Plan {
        devices: 2_000,
        commands_each: 40,
        in_flight: 256,
        reconnects: Reconnects::Once,
        sockets: NonZeroUsize::MIN,
    };
    for pair in args.chunks(2) {
        let [name, value] = pair else { bail!("{pair:?} needs a value") };
        let value: usize = value.parse().with_context(|| format!("{value:?} is no number"))?;
        match name.as_str() {
            "--devices" => plan.devices = value,
            "--commands" => plan.commands_each = value,
            "--in-flight" => plan.in_flight = value,
            "--sockets" => plan.sockets = value.try_into().context("devices need a socket")?,
            "--reconnects" if value == 0 => plan.reconnects = Reconnects::Never,
            "--reconnects" if value == 1 => plan.reconnects = Reconnects::Once,
            _ => bail!(
                "unknown flag {name:?} {value}; there are --devices, --commands, --in-flight, \
                 --sockets and --reconnects 0 or 1"
            ),
        }
    }
    Ok(plan)
}
