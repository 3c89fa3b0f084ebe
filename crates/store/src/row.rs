//! Records as text, and what stands in columns beside them.

use muster_control::{CommandRecord, CommandState, DeviceRecord, EnrolmentTokenRecord, Stage};
use muster_protocol::CommandId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::LoadError;

/// A command ready to be written. No `Debug`: the body may hold a passcode.
pub(crate) struct CommandRow {
    pub(crate) id: CommandId,
    pub(crate) sequence: u64,
    pub(crate) state: Stage,
    pub(crate) pending: Pending,
    pub(crate) action: &'static str,
    pub(crate) body: String,
}

impl CommandRow {
    pub(crate) fn of(record: &CommandRecord) -> Self {
        Self {
            id: record.id,
            sequence: record.sequence,
            state: record.state.stage(),
            pending: Pending::of(&record.state),
            action: record.action.kind().graph_name(),
            body: to_json(record),
        }
    }
}

/// Whether something is still to happen to a command: it is live, or shows a passcode that has to
/// be purged in time. Such a command is loaded even if it is not the latest of its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    No,
    Yes,
}

impl Pending {
    const fn of(state: &CommandState) -> Self {
        match state {
            CommandState::Queued
            | CommandState::InFlight
            | CommandState::NotNow
            | CommandState::AtService
            | CommandState::Done { passcode: Some(_) } => Self::Yes,
            CommandState::Done { passcode: None }
            | CommandState::Failed { .. }
            | CommandState::NotSupported { .. }
            | CommandState::Canceled { .. } => Self::No,
        }
    }
}

/// Writes a record out.
pub(crate) fn to_json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("records are plain data whose serialisers cannot fail")
}

pub(crate) fn device(body: &str) -> Result<DeviceRecord, LoadError> {
    from_json("device", body)
}

pub(crate) fn command(body: &str) -> Result<CommandRecord, LoadError> {
    from_json("command", body)
}

pub(crate) fn commands(bodies: &[String]) -> Result<Vec<CommandRecord>, LoadError> {
    bodies.iter().map(|body| command(body)).collect()
}

pub(crate) fn token(body: &str) -> Result<EnrolmentTokenRecord, LoadError> {
    from_json("token", body)
}

fn from_json<T: DeserializeOwned>(what: &'static str, body: &str) -> Result<T, LoadError> {
    serde_json::from_str(body).map_err(|cause| LoadError::corrupt(what, NotTheRecord::of(&cause)))
}

/// Where a body stops making sense. The parser's own words would quote it, secrets included.
#[derive(Debug, thiserror::Error)]
#[error("its JSON does not fit at column {column}")]
struct NotTheRecord {
    column: usize,
}

impl NotTheRecord {
    fn of(cause: &serde_json::Error) -> Self {
        Self { column: cause.column() }
    }
}
