//! Everybody who is not in the tour locks once: load enough for an honest latency figure.

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::case::Stage;
use crate::client::Asked;

/// How many requests are under way at once.
const REQUESTS_IN_FLIGHT: usize = 64;

/// Asks every device behind the first `cast` to lock its screen.
pub(crate) async fn run(stage: &Stage, cast: usize) -> anyhow::Result<()> {
    let everybody = usize::try_from(stage.fleet.progress().devices)?;
    let mut asking = JoinSet::new();
    for index in cast..everybody {
        if asking.len() >= REQUESTS_IN_FLIGHT {
            accepted(asking.join_next().await)?;
        }
        let id = stage.fleet.view(index).await?.id.context("a device is not enrolled")?;
        let admin = stage.admin.clone();
        asking.spawn(async move { admin.act(&id.to_string(), "remoteLock").await });
    }
    while let Some(asked) = asking.join_next().await {
        accepted(Some(asked))?;
    }
    Ok(())
}

type Joined = Result<anyhow::Result<Asked>, tokio::task::JoinError>;

fn accepted(joined: Option<Joined>) -> anyhow::Result<()> {
    let Some(joined) = joined else { return Ok(()) };
    match joined.context("a request broke off")?? {
        Asked::Accepted { .. } => Ok(()),
        Asked::Refused { status, reason } => {
            anyhow::bail!("a lock was refused with HTTP {status}: {reason}")
        }
    }
}
