//! What every kind of store can be asked, below the records.

use muster_protocol::{CommandId, DeviceId, SerialNumber};

use crate::counts::Counts;
use crate::error::LoadError;
use crate::transaction::{DocumentPage, Revision};

/// A row with a revision, as text. No `Debug`: the body may hold secrets.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) revision: Revision,
    pub(crate) body: String,
}

/// One consistent view of committed data.
pub(crate) trait Rows {
    fn device(&self, id: DeviceId) -> Result<Option<Row>, LoadError>;

    /// In order of id, beginning behind `after`.
    fn devices(
        &self,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<(DeviceId, Row)>, LoadError>;

    /// The pending ones and the latest of each action.
    fn kept_commands(&self, device: DeviceId) -> Result<Vec<String>, LoadError>;

    fn enrolled(&self, serial: &SerialNumber) -> Result<Option<DeviceId>, LoadError>;

    fn token(&self, hash: [u8; 32]) -> Result<Option<Row>, LoadError>;

    fn tokens(&self) -> Result<Vec<Row>, LoadError>;

    /// Newest first.
    fn history(&self, device: DeviceId, limit: usize) -> Result<Vec<String>, LoadError>;

    fn command(&self, id: CommandId) -> Result<Option<String>, LoadError>;

    fn counts(&self) -> Result<Counts, LoadError>;

    /// Ids and texts.
    fn documents(
        &self,
        kind: &'static str,
        page: &DocumentPage,
        limit: usize,
    ) -> Result<Vec<(String, String)>, LoadError>;

    fn document(&self, kind: &'static str, id: &str) -> Result<Option<String>, LoadError>;

    fn meta(&self, key: &str) -> Result<Option<String>, LoadError>;
}
