//! How programs of others are told things over HTTP: the hook of a server, the trigger of agents.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::exit::usage_error;
use crate::places;

/// How long one of them may take for what it is told: no case waits for it for ever.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What tells them. It goes where it is sent and nowhere else: what it says may hold tokens.
pub(super) fn client() -> anyhow::Result<Client> {
    let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(ANSWER_WITHIN);
    client.build().context("failed to make an HTTP client")
}

/// Whether everything a URL may lead to is on this machine.
///
/// # Errors
/// If not, or if it leads nowhere.
pub(crate) fn stays_here(url: &str) -> anyhow::Result<()> {
    let Some(places) = Url::parse(url).ok().as_ref().and_then(places::behind) else {
        return Err(usage_error(format!("{url:?} is no http://HOST:PORT that resolves")));
    };
    if places::are_here(&places) {
        return Ok(());
    }
    Err(usage_error(format!(
        "{url} is not on this machine, and is told tokens; pass --i-own-this-target if it is yours"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_leave_this_machine_only_with_leave() {
        for here in ["http://127.0.0.1:9000", "http://[::1]:9000/hook", "https://127.0.0.1"] {
            assert!(stays_here(here).is_ok(), "{here}");
        }
        let refused = stays_here("http://192.0.2.7:9000").unwrap_err().to_string();
        assert!(refused.contains("--i-own-this-target"), "{refused}");
    }

    #[test]
    fn a_url_that_leads_nowhere_is_none() {
        for nowhere in ["", "127.0.0.1:9000", "http://", "exec:true"] {
            assert!(stays_here(nowhere).is_err(), "{nowhere}");
        }
    }
}
