//! The flags of `muster trust`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `muster trust`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  eval \"$(muster trust)\"                    this shell trusts the run's CA and uses its proxy\n  \
    muster trust --shell powershell | Invoke-Expression\n  muster trust --write ca.pem\n  muster trust --json\n\n\
    In a shell set up so, other sites are not trusted any more; open another one for them.\n\n\
    Who can sign in, and with what, stands in sign-ins.json of the data folder."
)]
pub(crate) struct TrustArgs {
    /// Data folder of the server
    #[arg(long, default_value = ".muster", env = "MUSTER_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Also write the CA's certificate to this file and name it instead of the data folder's
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// For which shell the lines are
    #[arg(long, value_enum, default_value = "sh")]
    pub(crate) shell: Shell,
}

/// How a shell sets a variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// sh, bash, zsh
    Sh,
    /// PowerShell
    Powershell,
}
