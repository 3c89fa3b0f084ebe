//! The server of a run, which is stopped and started again on the records it has left.

use muster_admin::Backend;
use muster_server::{DeviceSide, Rehearsal};
use tracing::trace;

use super::plan::Manner;

/// What the timeline says when a server is killed: its sessions do not end, they are gone.
pub(super) const KILLED: &str = "the server is killed";

/// A server that can go and come back.
pub(super) struct House {
    rehearsal: Rehearsal,
    running: Option<DeviceSide>,
    started: u64,
    ended: Seen,
}

/// What servers have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Commands they saw end.
    pub(super) terminal: u64,
    /// Sessions they have welcomed.
    pub(super) sessions: u64,
    /// How many servers there were.
    pub(super) servers: u64,
}

impl House {
    /// Starts the first server.
    pub(super) async fn open(rehearsal: Rehearsal) -> anyhow::Result<Self> {
        let mut house = Self { rehearsal, running: None, started: 0, ended: Seen::default() };
        house.start().await?;
        Ok(house)
    }

    /// Starts the next server, unless one runs. It draws what none before it has drawn.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        if self.running.is_none() {
            let seed = self.rehearsal.seed.child("server", self.started);
            self.started += 1;
            let rehearsal = Rehearsal { seed, ..self.rehearsal.clone() };
            self.running = Some(DeviceSide::rehearse(rehearsal).await?);
            trace!(target: "timeline", "the server starts");
        }
        Ok(())
    }

    /// Ends the server, if one runs.
    pub(super) async fn end(&mut self, manner: Manner) {
        if let Some(running) = self.running.take() {
            let totals = match manner {
                Manner::Stops => {
                    trace!(target: "timeline", "the server stops");
                    running.stop().await
                }
                Manner::IsKilled => {
                    trace!(target: "timeline", "{KILLED}");
                    running.kill(&self.rehearsal.network).await
                }
            };
            self.ended.terminal += totals.terminal;
            self.ended.sessions += totals.sessions;
            self.ended.servers += 1;
        }
    }

    /// The server that runs.
    pub(super) const fn running(&self) -> Option<&DeviceSide> {
        self.running.as_ref()
    }

    /// What it can be asked for.
    pub(super) fn backend(&self) -> Option<impl Backend + use<>> {
        self.running.as_ref().map(DeviceSide::backend)
    }

    /// Stops for good.
    pub(super) async fn close(mut self) -> Seen {
        self.end(Manner::Stops).await;
        self.ended
    }
}
