//! What is put under load: the way in for commands, and whatever is known of the server behind it.

mod address;
mod door;
mod elsewhere;
mod embedded;
mod graph;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CommandId, DeviceId};
use muster_scenario::Action;

use self::door::{Direct, Taken};

pub(crate) use address::Address;
pub(crate) use door::{Door, Gate, Refusal, Submitting, hand_in};
pub(crate) use elsewhere::{Elsewhere, id_of, latest};
pub(crate) use embedded::{Embedded, Leave};

/// The server of a run.
#[derive(Clone)]
pub(crate) enum Target {
    /// One of its own, in this process.
    Own(Arc<Embedded>),
    /// One that runs already.
    Elsewhere(Arc<Elsewhere>),
}

/// A command of which nobody has seen the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) device: DeviceId,
    pub(crate) command: CommandId,
    pub(crate) action: Action,
}

/// What is known at the end of a command of which no end was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It waits, or is with its device.
    Live,
    /// It is over.
    Over,
    /// A later one of its kind is shown in its place: from outside nobody can tell.
    Replaced,
    /// The server did not answer.
    Untold,
    /// The server has never heard of it.
    Nothing,
}

impl Target {
    /// Where its devices find it.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Own(server) => server.address(),
            Self::Elsewhere(server) => server.quic(),
        }
    }

    /// The certificate of its CA, in PEM.
    pub(crate) fn ca_pem(&self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Own(server) => {
                std::fs::read(server.data().ca_certificate()).context("failed to read the run's CA")
            }
            Self::Elsewhere(server) => Ok(server.ca_pem().to_vec()),
        }
    }

    /// A token with which any number of devices enrol.
    pub(crate) async fn token(&self) -> anyhow::Result<EnrolmentToken> {
        match self {
            Self::Own(server) => server.token().await,
            Self::Elsewhere(server) => Ok(server.token().clone()),
        }
    }

    /// Where commands are handed in.
    pub(crate) fn gate(&self) -> Gate {
        match self {
            Self::Own(server) => server.gate(),
            Self::Elsewhere(server) => server.gate(),
        }
    }

    /// The server if it is in this process, where everything can be seen of it and done to it.
    pub(crate) const fn own(&self) -> Option<&Arc<Embedded>> {
        match self {
            Self::Own(server) => Some(server),
            Self::Elsewhere(_) => None,
        }
    }

    /// What the server knows of commands that are not over as far as anybody has seen. The run's own
    /// is waited for if it is away; of one elsewhere nothing is told then.
    ///
    /// # Errors
    /// If the run's own server does not come back, or cannot read.
    pub(crate) async fn knows(&self, questions: Vec<Question>) -> anyhow::Result<Vec<Known>> {
        match self {
            Self::Own(server) => {
                let asked = questions.iter().map(|it| (it.device, it.command)).collect();
                server.is_back().await?;
                server.knows(asked).await
            }
            Self::Elsewhere(server) => Ok(server.knows(&questions).await),
        }
    }

    /// Stops the server, if it is the run's own.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Own(server) => match Arc::into_inner(server) {
                Some(server) => server.close().await,
                None => Ok(()),
            },
            Self::Elsewhere(_) => Ok(()),
        }
    }
}
