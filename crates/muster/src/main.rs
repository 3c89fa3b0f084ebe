//! muster: a fleet of simulated iOS and Android devices and the MDM server that manages them.

mod addresses;
mod case;
mod cli;
mod client;
mod conform;
mod connectivity;
mod demo;
mod diagram;
mod doctor;
mod exit;
mod explore;
mod life;
mod load;
mod machine;
mod metrics;
mod places;
mod planted;
mod quic_world;
mod recording;
mod talk;
mod trace;
mod vendor;
mod verbs;
mod virtual_load;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    match verbs::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => exit::failed(&error),
    }
}
