//! `muster trust`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_server::{DataDir, Endpoints};
use serde_json::json;

use crate::cli::{Shell, TrustArgs};
use crate::client::no_server;
use crate::exit::Exit;
use crate::talk::{Format, print, print_json};

/// Where clients look for the CAs they trust: OpenSSL and Go, requests and MSAL for Python, curl,
/// Node.js.
const CA_VARIABLES: [&str; 4] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

/// Where clients look for a proxy for `https:` addresses.
const PROXY_VARIABLES: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];

pub(super) fn run(args: &TrustArgs, format: Format) -> anyhow::Result<Exit> {
    let data = DataDir::at(args.data.clone());
    let endpoints = data.read_endpoints().map_err(|error| no_server(&data, &error))?;
    let ca = certificate(&data, args.write.as_deref())?;
    let environment = environment(&ca, &endpoints);
    match format {
        Format::Text => print(&lines(&environment, args.shell)),
        Format::Json => print_json(&json!({
            "ca": ca,
            "admin": format!("https://{}", endpoints.admin),
            "proxy": endpoints.intercept.map(|address| format!("http://{address}")),
            "environment": environment,
        }))?,
    }
    Ok(Exit::Ok)
}

/// The file that holds the CA's certificate, by its full path: the shell may go elsewhere.
fn certificate(data: &DataDir, copy: Option<&Path>) -> anyhow::Result<PathBuf> {
    let mut path = data.ca_certificate();
    if let Some(copy) = copy {
        let pem = std::fs::read(&path).context("failed to read the run's CA")?;
        std::fs::write(copy, pem).with_context(|| format!("failed to write {}", copy.display()))?;
        path = copy.to_owned();
    }
    std::fs::canonicalize(&path).with_context(|| format!("failed to find {}", path.display()))
}

fn environment(ca: &Path, endpoints: &Endpoints) -> BTreeMap<&'static str, String> {
    let ca = CA_VARIABLES.map(|name| (name, ca.display().to_string()));
    let proxy = endpoints.intercept.map(|address| format!("http://{address}"));
    let proxy = proxy.into_iter().flat_map(|url| PROXY_VARIABLES.map(|name| (name, url.clone())));
    ca.into_iter().chain(proxy).collect()
}

fn lines(environment: &BTreeMap<&str, String>, shell: Shell) -> String {
    let line = |(name, value): (&&str, &String)| match shell {
        Shell::Sh => format!("export {name}='{}'\n", value.replace('\'', r"'\''")),
        Shell::Powershell => format!("$env:{name} = '{}'\n", value.replace('\'', "''")),
    };
    environment.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(intercept: Option<&str>) -> Endpoints {
        let address = |text: &str| text.parse().unwrap();
        Endpoints {
            quic: address("127.0.0.1:1"),
            admin: address("127.0.0.1:2"),
            intercept: intercept.map(address),
        }
    }

    #[test]
    fn a_server_without_a_proxy_only_asks_for_trust() {
        let variables = environment(Path::new("/run/ca.pem"), &endpoints(None));
        assert_eq!(variables.into_keys().collect::<Vec<_>>(), {
            let mut names = CA_VARIABLES.to_vec();
            names.sort_unstable();
            names
        });
    }

    #[test]
    fn a_path_with_a_quote_stays_one_word_in_each_shell() {
        let variables = environment(Path::new("/it's/ca.pem"), &endpoints(Some("127.0.0.1:3")));
        let sh = lines(&variables, Shell::Sh);
        assert!(sh.contains("export SSL_CERT_FILE='/it'\\''s/ca.pem'\n"), "{sh}");
        assert!(sh.contains("export HTTPS_PROXY='http://127.0.0.1:3'\n"), "{sh}");
        let powershell = lines(&variables, Shell::Powershell);
        assert!(powershell.contains("$env:SSL_CERT_FILE = '/it''s/ca.pem'\n"), "{powershell}");
    }
}
