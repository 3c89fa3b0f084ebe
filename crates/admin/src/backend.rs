//! What the API needs of the server it stands in front of.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::ops::ControlFlow;
use core::time::Duration;

use muster_control::{Action, CapabilityRefusal, DeviceRecord, PrimaryUser, Readings};
use muster_protocol::{CommandId, DeviceId, Timestamp};

/// The server behind the API.
///
/// Every future may be dropped at its deadline. A dropped `submit` may or may not have taken the
/// command; the API then tells its client to look before asking again.
pub trait Backend: Clone + Send + Sync + 'static {
    /// How many devices are listed, for `@odata.count`.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be counted.
    fn enrolled(&self) -> impl Future<Output = Result<u64, BackendError>> + Send;

    /// One record, enrolled or not; `None` if the id was never given out.
    ///
    /// # Errors
    /// [`BackendError`] if it cannot be read.
    fn device(
        &self,
        device: DeviceId,
    ) -> impl Future<Output = Result<Option<DeviceRecord>, BackendError>> + Send;

    /// Whether the device has a management connection now.
    fn connected(&self, device: DeviceId) -> bool;

    /// Shows listed devices in the order of their ids, those after `after`, until told to stop.
    ///
    /// `visit` must be quick: no other decision about its device is made meanwhile.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be read.
    fn scan(
        &self,
        after: Option<DeviceId>,
        visit: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// An id for a command that is to be submitted.
    ///
    /// # Errors
    /// [`BackendError`] if the system has no randomness to give.
    fn new_command_id(&self) -> Result<CommandId, BackendError>;

    /// Takes a command for a device; it is durable when this returns, together with its documents.
    ///
    /// An id that was taken before is taken well, and neither command nor documents are written.
    ///
    /// # Errors
    /// [`SubmitError`]: nothing was taken. Clients ask again on their own after some of these.
    fn submit(
        &self,
        device: DeviceId,
        submission: Submission,
    ) -> impl Future<Output = Result<(), SubmitError>> + Send;

    /// Makes a device somebody's; it is durable when this returns, together with its documents.
    /// What policies ask of the device follows.
    ///
    /// # Errors
    /// [`BackendError`] if there is no such device, or it cannot be written.
    fn give(
        &self,
        device: DeviceId,
        user: PrimaryUser,
        kept: Vec<Document>,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Writes documents, all or none; they are durable when this returns.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be written.
    fn keep(
        &self,
        documents: Vec<Document>,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Up to `limit` documents of a kind.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be read.
    fn documents(
        &self,
        kind: DocumentKind,
        page: DocumentPage,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Document>, BackendError>> + Send;

    /// One document, if there is one of this kind with this id.
    ///
    /// # Errors
    /// [`BackendError`] if it cannot be read.
    fn document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> impl Future<Output = Result<Option<Document>, BackendError>> + Send;

    /// How the server is, at some cost: everything is counted.
    ///
    /// # Errors
    /// [`BackendError`] if the records cannot be read.
    fn vitals(&self) -> impl Future<Output = Result<Vitals, BackendError>> + Send;

    /// By which reading of the documents the server judges what a device can do.
    fn readings(&self) -> Readings;

    /// The wall-clock time of a point of the run.
    fn wall(&self, at: Timestamp) -> jiff::Timestamp;

    /// The present point of the run.
    fn now(&self) -> Timestamp;
}

/// How a server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Records of devices, whether enrolled or not.
    pub devices: u64,
    /// Devices that are managed now.
    pub enrolled: u64,
    /// Devices that have a management connection now.
    pub connected: u64,
    /// Commands that are not over.
    pub waiting: u64,
    /// Commands ever accepted.
    pub accepted: u64,
    /// Commands that are over.
    pub ended: u64,
}

/// A command with what has to become durable along with it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// From [`Backend::new_command_id`].
    pub id: CommandId,
    /// What to do.
    pub action: Action,
    /// Documents of the same transaction: the entry of the audit log.
    pub kept: Vec<Document>,
}

impl Submission {
    /// A command alone.
    #[must_use]
    pub const fn new(id: CommandId, action: Action) -> Self {
        Self { id, action, kept: Vec::new() }
    }
}

/// A record of the tenant that outlives the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is one of.
    pub kind: DocumentKind,
    /// Its name among its kind; they are read in this order.
    pub id: String,
    /// Its JSON text; `None` removes it.
    pub body: Option<String>,
}

/// Leaves out the body: it may hold secrets.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Document");
        out.field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// An entry of the audit log; ids are in the order of time.
    AuditEvent,
    /// What administrators wrote on a device: its name, notes, owner.
    DeviceLabels,
    /// What devices are sorted into.
    DeviceCategory,
    /// A compliance policy with its assignments.
    CompliancePolicy,
    /// A device configuration with its assignments.
    DeviceConfiguration,
    /// A role somebody made.
    RoleDefinition,
    /// Who holds a role.
    RoleAssignment,
    /// A request for the approval of a second administrator.
    OperationApprovalRequest,
    /// Which operations need an approval.
    OperationApprovalPolicy,
    /// The key that signs access tokens, and what else identity needs.
    Identity,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::AuditEvent,
        Self::DeviceLabels,
        Self::DeviceCategory,
        Self::CompliancePolicy,
        Self::DeviceConfiguration,
        Self::RoleDefinition,
        Self::RoleAssignment,
        Self::OperationApprovalRequest,
        Self::OperationApprovalPolicy,
        Self::Identity,
    ];

    /// The name it is stored under.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuditEvent => "auditEvent",
            Self::DeviceLabels => "deviceLabels",
            Self::DeviceCategory => "deviceCategory",
            Self::CompliancePolicy => "deviceCompliancePolicy",
            Self::DeviceConfiguration => "deviceConfiguration",
            Self::RoleDefinition => "roleDefinition",
            Self::RoleAssignment => "roleAssignment",
            Self::OperationApprovalRequest => "operationApprovalRequest",
            Self::OperationApprovalPolicy => "operationApprovalPolicy",
            Self::Identity => "identity",
        }
    }
}

/// From where and in which direction documents are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentPage {
    /// Upwards by id, behind this one; from the lowest if there is none.
    After(Option<String>),
    /// Downwards by id, before this one; from the highest if there is none.
    Before(Option<String>),
}

/// Records cannot be read at the moment.
#[derive(Debug, thiserror::Error)]
#[error("device records cannot be read")]
pub struct BackendError(#[source] pub Box<dyn Error + Send + Sync>);

/// Why a command was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No record has this id.
    #[error("no device has this id")]
    UnknownDevice,
    /// The record is kept for its results only.
    #[error("the device is no longer enrolled")]
    NotEnrolled,
    /// Devices of this kind cannot do this at all.
    #[error(transparent)]
    Capability(CapabilityRefusal),
    /// As many commands wait for the device as may.
    #[error("the command queue of the device is full")]
    QueueFull {
        /// When asking again makes sense.
        retry_after: Duration,
    },
    /// The server takes no new commands.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The command could not be stored; nothing was taken.
    #[error("the command could not be stored")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}
