//! Everybody who is not in the tour locks once: load enough for an honest latency figure.

use anyhow::Context as _;
use tokio::task::JoinSet;

use super::stage::Stage;
use crate::client::Asked;

/// How many requests are under way at once.
const REQUESTS_IN_FLIGHT: usize = 64;

/// Asks every device outside the tour to lock its screen.
pub(crate) async fn run(stage: &Stage) -> anyhow::Result<()> {
    let mut asking = JoinSet::new();
    for (serial, id) in &stage.id_by_serial {
        if serial.starts_with("TOUR") {
            continue;
        }
        if asking.len() >= REQUESTS_IN_FLIGHT {
            accepted(asking.join_next().await)?;
        }
        let (admin, id) = (stage.admin.clone(), id.clone());
        asking.spawn(async move { admin.act(&id, "remoteLock").await });
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
