//! What each verb does.

mod action;
mod black_box;
mod case;
mod conform;
mod device;
mod doctor;
mod failure;
mod fleet;
mod quic;
pub(crate) mod report;
pub(crate) mod scenario;
pub(crate) mod server;
mod sim;
mod token;
mod trust;
mod virtual_time;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

pub(crate) use failure::timeline_of;

use crate::cli::{CaseVerb, Cli, Common, ConformVerb, DeviceVerb, LogFormat, TokenVerb, Verb};
use crate::demo;
use crate::exit::Exit;
use crate::load;
use crate::talk::Format;

/// Runs the chosen verb to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Exit> {
    start_logging(cli.common);
    install_crypto();
    let format = if cli.common.json { Format::Json } else { Format::Text };
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("failed to start the runtime")?;
    runtime.block_on(async {
        match cli.verb {
            Verb::Demo(args) => demo::run(&args, format).await,
            Verb::Server(args) => server::run(&args, format).await,
            Verb::Fleet(args) => fleet::run(&args, format).await,
            Verb::Load(args) => load::run(&args, format).await,
            Verb::Scenario(verb) => scenario::run(&verb, format),
            Verb::Report(verb) => report::run(&verb, format),
            Verb::Device(DeviceVerb::List(args)) => device::list(&args, format).await,
            Verb::Device(DeviceVerb::Show(args)) => device::show(&args, format).await,
            Verb::Action(args) => action::run(&args, format).await,
            Verb::Case(CaseVerb::List(args)) => case::list(&args, format),
            Verb::Case(CaseVerb::Run(args)) => case::run(&args, format).await,
            Verb::Case(CaseVerb::Schema) => case::schema(),
            Verb::Case(CaseVerb::Cut(args)) => failure::cut(&args, format).await,
            Verb::Case(CaseVerb::Replay(args)) => failure::replay(&args, format),
            Verb::Case(CaseVerb::Shrink(args)) => failure::shrink(&args, format).await,
            Verb::Case(CaseVerb::Timeline(args)) => failure::timeline(&args, format),
            Verb::Case(CaseVerb::Explain(args)) => failure::explain(&args, format).await,
            Verb::Conform(ConformVerb::List(args)) => conform::list(&args, format),
            Verb::Conform(ConformVerb::Server(args)) => conform::server(&args, format).await,
            Verb::Conform(ConformVerb::Agent(args)) => conform::agent(&args, format).await,
            Verb::Conform(ConformVerb::Matrix(args)) => conform::matrix(&args, format).await,
            Verb::Conform(ConformVerb::Schema(args)) => conform::schema(&args),
            Verb::Sim(args) => sim::run(&args, format).await,
            Verb::Token(TokenVerb::New(args)) => token::new(&args, format).await,
            Verb::Trust(args) => trust::run(&args, format),
            Verb::Doctor(args) => doctor::run(&args, format),
            Verb::Completions(args) => Ok(doctor::completions(&args)),
            Verb::Man(args) => doctor::man(&args),
        }
    })
}

/// Log lines go to stderr; `RUST_LOG` chooses which, warnings by default.
fn start_logging(common: Common) {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for eyes: in a file or a pipe they stand in the way of whoever searches it.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match common.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}

/// The one TLS provider of all crates; an HTTPS client looks for it process-wide.
fn install_crypto() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

/// Waits for Ctrl-C, or for the polite signal that containers get.
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _signal = tokio::signal::ctrl_c() => {}
                _signal = terminate.recv() => {}
            }
        }
        Err(_unavailable) => drop(tokio::signal::ctrl_c().await),
    }
}
