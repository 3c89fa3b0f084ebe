//! What one has to know of a server elsewhere to put it under load.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::Context as _;
use muster_protocol::secret::EnrolmentToken;
use muster_server::DataDir;
use reqwest::Url;

use crate::cli::TargetArgs;
use crate::client::no_server;
use crate::exit::usage_error;
use crate::places;

/// A server elsewhere: where it is, and what opens its doors.
pub(crate) struct Address {
    /// Where its devices connect.
    pub(super) quic: SocketAddr,
    /// The CA of both its faces, in PEM.
    pub(super) ca_pem: Vec<u8>,
    /// With which any number of devices enrol.
    pub(super) token: EnrolmentToken,
    /// Its Graph API.
    pub(super) admin: String,
    /// The bearer token for it.
    pub(super) admin_token: String,
    /// Where it finds the vendor's push services.
    pub(super) push_folder: Option<PathBuf>,
    /// Its page of metrics.
    pub(super) metrics: Option<Url>,
}

/// Leaves out the tokens.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quic, admin, .. } = self;
        f.debug_struct("Address").field("quic", quic).field("admin", admin).finish_non_exhaustive()
    }
}

impl Address {
    /// What the command line says, completed from the server's data folder if there is one; `None`
    /// if the run has a server of its own.
    ///
    /// # Errors
    /// If something is missing, or leads to another machine without leave.
    pub(crate) fn of(args: &TargetArgs) -> anyhow::Result<Option<Self>> {
        if !args.is_elsewhere() {
            return nothing_said(args).map(|()| None);
        }
        let data = args.data.clone().map(DataDir::at);
        let address = Self::read(args, data.as_ref())?;
        if !args.i_own_this_target {
            stays_here(&[address.quic], &address.quic.to_string())?;
            stays_here(&of_admin(&address.admin)?, &address.admin)?;
            if let Some(url) = &address.metrics {
                stays_here(&behind(url)?, url.as_str())?;
            }
        }
        Ok(Some(address))
    }

    /// Whether it finds the push services of woken devices.
    pub(crate) const fn has_push_folder(&self) -> bool {
        self.push_folder.is_some()
    }

    /// Its page of metrics, if it is known.
    pub(super) const fn metrics(&self) -> Option<&Url> {
        self.metrics.as_ref()
    }

    fn read(args: &TargetArgs, data: Option<&DataDir>) -> anyhow::Result<Self> {
        let endpoints =
            data.map(|data| data.read_endpoints().map_err(|error| no_server(data, &error)));
        let endpoints = endpoints.transpose()?;
        let quic = match (&args.server, &endpoints) {
            (Some(text), _) => places::resolved(text)?,
            (None, Some(endpoints)) => endpoints.quic,
            (None, None) => return Err(missing("--server")),
        };
        let admin = match (&args.admin, &endpoints) {
            (Some(url), _) => url.clone(),
            (None, Some(endpoints)) => format!("https://{}", endpoints.admin),
            (None, None) => return Err(missing("--admin")),
        };
        let ca = file(&args.ca, data, DataDir::ca_certificate, "--ca")?;
        let token = file(&args.token_file, data, default_token, "--token-file")?;
        let admin_token =
            file(&args.admin_token_file, data, DataDir::admin_token, "--admin-token-file")?;
        Ok(Self {
            quic,
            ca_pem: fs::read(&ca).with_context(|| unread(&ca))?,
            token: EnrolmentToken::new(word(&token)?),
            admin,
            admin_token: word(&admin_token)?,
            push_folder: args.push_folder.clone(),
            metrics: args.server_metrics.as_deref().map(of_metrics).transpose()?,
        })
    }
}

fn default_token(data: &DataDir) -> PathBuf {
    data.enrolment_token("default")
}

/// A flag that goes with a server elsewhere means nothing without one.
fn nothing_said(args: &TargetArgs) -> anyhow::Result<()> {
    let said = [
        ("--ca", args.ca.is_some()),
        ("--token-file", args.token_file.is_some()),
        ("--admin", args.admin.is_some()),
        ("--admin-token-file", args.admin_token_file.is_some()),
        ("--push-folder", args.push_folder.is_some()),
        ("--server-metrics", args.server_metrics.is_some()),
        ("--i-own-this-target", args.i_own_this_target),
    ];
    match said.into_iter().find(|(_flag, is_said)| *is_said) {
        Some((flag, _)) => Err(usage_error(format!(
            "{flag} is about a server that runs already: add --server or --data"
        ))),
        None => Ok(()),
    }
}

fn missing(flag: &str) -> anyhow::Error {
    usage_error(format!(
        "a server that runs already is told by --data DIR, or by --server, --ca, --token-file, \
         --admin and --admin-token-file: {flag} is missing"
    ))
}

/// The file the command line names, or that of the data folder.
fn file(
    named: &Option<PathBuf>,
    data: Option<&DataDir>,
    usual: impl Fn(&DataDir) -> PathBuf,
    flag: &str,
) -> anyhow::Result<PathBuf> {
    named.clone().or_else(|| data.map(usual)).ok_or_else(|| missing(flag))
}

fn word(file: &Path) -> anyhow::Result<String> {
    Ok(fs::read_to_string(file).with_context(|| unread(file))?.trim().to_owned())
}

fn unread(file: &Path) -> String {
    format!("failed to read {}", file.display())
}

/// Everything the Graph API may be at.
fn of_admin(url: &str) -> anyhow::Result<Vec<SocketAddr>> {
    let read = Url::parse(url).ok().filter(|url| url.scheme() == "https");
    let found = read.as_ref().and_then(places::behind);
    found.ok_or_else(|| usage_error(format!("--admin {url}: expected https://HOST:PORT")))
}

/// A page of metrics, and that it leads somewhere.
fn of_metrics(url: &str) -> anyhow::Result<Url> {
    let is_page = |url: &Url| url.scheme() == "http" && places::behind(url).is_some();
    let read = Url::parse(url).ok().filter(is_page);
    read.ok_or_else(|| {
        usage_error(format!("--server-metrics {url}: expected http://HOST:PORT/metrics"))
    })
}

/// Everything a page may be at. Where that is nowhere any more, nobody can say that it is here.
fn behind(url: &Url) -> anyhow::Result<Vec<SocketAddr>> {
    places::behind(url).ok_or_else(|| usage_error(format!("--server-metrics {url} leads nowhere")))
}

/// Load is put on this machine only, unless somebody says that the other one is theirs.
fn stays_here(places: &[SocketAddr], named: &str) -> anyhow::Result<()> {
    if places::are_here(places) {
        return Ok(());
    }
    Err(usage_error(format!(
        "{named} is another machine; a load test can take a server down. If it is yours, say so: \
         --i-own-this-target"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_leaves_this_machine_only_with_leave() {
        for here in ["https://127.0.0.1:8443", "https://[::1]:8443/"] {
            assert!(stays_here(&of_admin(here).unwrap(), here).is_ok(), "{here}");
        }
        let there = of_admin("https://192.0.2.7").unwrap();
        let refused = stays_here(&there, "https://192.0.2.7").unwrap_err().to_string();
        assert!(refused.contains("--i-own-this-target"), "{refused}");
    }

    #[test]
    fn a_page_of_metrics_is_a_url_that_leads_somewhere() {
        assert!(of_metrics("http://127.0.0.1:9464/metrics").is_ok());
        for refused in ["127.0.0.1:9464", "https://127.0.0.1/metrics", "file:///metrics", ""] {
            let why = of_metrics(refused).unwrap_err().to_string();
            assert!(why.contains("http://HOST:PORT/metrics"), "{why}");
        }
    }

    #[test]
    fn an_api_that_is_not_spoken_to_in_secret_is_refused() {
        for refused in ["http://127.0.0.1:1", "127.0.0.1:1", "", "https://"] {
            assert!(of_admin(refused).is_err(), "{refused}");
        }
    }
}
