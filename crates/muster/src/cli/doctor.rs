//! The flags of `muster doctor`, `muster completions` and `muster man`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

/// `muster doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster doctor                       can this machine hold the usual fleet?\n  \
    muster doctor --devices 100000      or one of a hundred thousand?\n  muster doctor --json\n\n\
    Exit codes: 0 everything is in place, 1 something is not"
)]
pub(crate) struct DoctorArgs {
    /// How many devices are to run here, beside their server
    #[arg(long, default_value = "10000", value_name = "N")]
    pub(crate) devices: NonZeroU64,
    /// Whether the devices share sockets or have one each
    #[arg(long, value_enum, default_value = "shared")]
    pub(crate) sockets: SocketUse,
}

/// How many sockets a fleet opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SocketUse {
    /// One for all
    Shared,
    /// One each: behind faulty links, or with addresses of their own
    Own,
}

/// `muster completions`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster completions bash > ~/.local/share/bash-completion/completions/muster\n  \
    muster completions zsh > ~/.zfunc/_muster\n  muster completions powershell >> $PROFILE"
)]
pub(crate) struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// `muster man`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster man | man -l -\n  muster man --dir ~/.local/share/man/man1"
)]
pub(crate) struct ManArgs {
    /// Write a page for each verb into this folder instead of the first page to stdout
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
