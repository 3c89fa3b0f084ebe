//! The server of a stage, which a case may stop, kill and start again.

use std::time::Duration;

use anyhow::Context as _;
use muster_protocol::SerialNumber;
use muster_protocol::secret::EnrolmentToken;
use muster_server::{
    DataDir, Server, ServerConfig, ServerFacts, TokenKind, TokenRequest, Totals, profile_named,
};
use muster_store::Counts;
use tokio::sync::{Mutex, MutexGuard};

use super::script::ServerFault;
use crate::addresses::{start_again, start_somewhere};

/// How long the next server may wait for the addresses of the last one.
const FREE_WITHIN: Duration = Duration::from_secs(5);

/// How long the enrolment tokens of a stage hold: a case may move time by years.
const TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 365 * 24 * 60 * 60);

/// A server that can go and come back at the same addresses.
pub(crate) struct House {
    server: Mutex<Option<Server>>,
    /// What the next server is started with.
    config: ServerConfig,
}

impl House {
    /// Starts the first server; those after it have its addresses.
    pub(crate) async fn open(mut config: ServerConfig) -> anyhow::Result<Self> {
        let server = start_somewhere(&config).await?;
        config.quic = server.endpoints().quic;
        config.admin = server.endpoints().admin;
        Ok(Self { server: Mutex::new(Some(server)), config })
    }

    /// What the servers of this house are started with.
    pub(crate) const fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// The data folder.
    pub(crate) fn data(&self) -> DataDir {
        DataDir::at(self.config.data.clone())
    }

    /// A token to enrol with under this profile.
    pub(crate) async fn token(&self, profile: &str) -> anyhow::Result<EnrolmentToken> {
        let profile = profile_named(profile).context("no profile has this name")?;
        let (kind, lifetime) = (TokenKind::Reusable, TOKEN_LIFETIME);
        let server = self.server.lock().await;
        Ok(running(&server)?.issue_token(TokenRequest { profile, kind, lifetime }).await?)
    }

    /// Lets something happen to the server.
    pub(crate) async fn suffer(&self, fault: ServerFault) -> anyhow::Result<()> {
        let mut server = self.server.lock().await;
        match (fault, server.take()) {
            (ServerFault::Kill, Some(running)) => running.kill().await,
            (ServerFault::Stop, Some(running)) => drop(running.stop().await),
            (ServerFault::Start, None) => {
                *server = Some(start_again(&self.config, FREE_WITHIN).await?)
            }
            (ServerFault::Start, Some(running)) => *server = Some(running),
            (ServerFault::Kill | ServerFault::Stop, None) => {}
        }
        Ok(())
    }

    /// Whether a server runs.
    pub(crate) async fn is_up(&self) -> bool {
        self.server.lock().await.is_some()
    }

    /// The counters of the server that runs.
    pub(crate) async fn totals(&self) -> anyhow::Result<Totals> {
        Ok(running(&self.server.lock().await)?.totals())
    }

    /// What the server that runs knows of a device.
    pub(crate) async fn facts(&self, serial: &SerialNumber) -> Option<ServerFacts> {
        let server = self.server.lock().await;
        server.as_ref()?.facts(serial).await
    }

    /// The database's word on all commands.
    pub(crate) async fn counts(&self) -> anyhow::Result<Counts> {
        let server = self.server.lock().await;
        Ok(running(&server)?.counts().await?)
    }

    /// Stops the server, if one runs.
    pub(crate) async fn close(self) {
        if let Some(server) = self.server.into_inner() {
            server.stop().await;
        }
    }
}

fn running<'a>(server: &'a MutexGuard<'_, Option<Server>>) -> anyhow::Result<&'a Server> {
    server.as_ref().context("no server runs")
}
