//! What the server knows of one enrolment of one device.

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::management::{Hello, TokenUpdate};
use muster_protocol::planted::{Plant, is};
use muster_protocol::status::DeviceStatus;
use muster_protocol::{CloseCode, CommandId, DeviceFacts, DeviceId, Policy, PushTarget, Timestamp};
use serde::{Deserialize, Serialize};

use crate::command::CommandRecord;
use crate::enrolment::{EnrolmentProfile, KeyFingerprint};
use crate::escrow::Escrow;
use crate::push::Pushes;
use crate::standing::{Located, LostMode};
use crate::transitions::Event;
use crate::vendor::VendorMemory;

/// Whether a record stands for a device that is managed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifecycle {
    /// Managed.
    Enrolled,
    /// No longer managed; kept so that results can be read.
    Unenrolled {
        /// Why.
        reason: UnenrolReason,
        /// Since when.
        at: Timestamp,
    },
}

impl Lifecycle {
    /// Whether the certificate of this life may still speak for its device.
    ///
    /// # Errors
    /// The code to close its connections with.
    ///
    /// Source: REQ-ENROL-014 (docs/protocol/enrolment.md), REQ-SESSION-018
    /// (docs/protocol/session.md).
    pub fn admit(self) -> Result<(), CloseCode> {
        match self {
            Self::Unenrolled { .. } if is(Plant::UnenrolledAdmitted) => Ok(()),
            Self::Enrolled => Ok(()),
            Self::Unenrolled { reason, .. } => Err(match reason {
                UnenrolReason::EnrolledAgain => CloseCode::CertificateSuperseded,
                UnenrolReason::Wiped
                | UnenrolReason::Retired
                | UnenrolReason::CertificateExpired => CloseCode::Unenrolled,
            }),
        }
    }
}

/// Why a device left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnenrolReason {
    /// It acknowledged a wipe.
    Wiped,
    /// It acknowledged a retire.
    Retired,
    /// The same hardware enrolled again.
    EnrolledAgain,
    /// It was not heard of until long after its certificate had ended.
    CertificateExpired,
}

/// A person of the directory, by the bytes of the object id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryUser(pub [u8; 16]);

/// What a fresh enrolment starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLife {
    /// Who the device is from now on.
    pub id: DeviceId,
    /// What it said of itself.
    pub facts: DeviceFacts,
    /// The key its certificate was issued for.
    pub key: KeyFingerprint,
    /// What its token promised.
    pub profile: EnrolmentProfile,
}

/// One enrolment of one device, with the commands that matter: those not over yet and the
/// latest of each action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Who it is.
    pub id: DeviceId,
    /// What it is.
    pub facts: DeviceFacts,
    /// The key its certificate was issued for; a certificate for another key is of another life.
    pub key: KeyFingerprint,
    /// The name of its enrolment profile.
    pub profile_name: String,
    /// What is asked of it.
    pub policy: Policy,
    /// Whether it is managed now.
    pub lifecycle: Lifecycle,
    /// When this life began.
    pub enrolled_at: Timestamp,
    /// The last message from it. Written along with other changes, never for its own sake.
    pub last_seen: Timestamp,
    /// What it reported last; `None` until its first hello.
    #[serde(default)]
    pub status: Option<DeviceStatus>,
    /// Its secrets.
    #[serde(default)]
    pub escrow: Escrow,
    /// Whether it is in Lost Mode, as far as it has acknowledged.
    #[serde(default)]
    pub lost_mode: LostMode,
    /// Where it was when it was asked last, for [`crate::LOCATION_SHOWN_FOR`].
    #[serde(default)]
    pub located: Option<Box<Located>>,
    /// What administrators called it; until then it goes by its serial number. Boxed: few are
    /// ever given one.
    #[serde(default)]
    pub name: Option<Box<str>>,
    /// Whose it is, if an administrator has said so. Boxed: few are ever given to somebody else.
    #[serde(default)]
    pub user: Option<Box<PrimaryUser>>,
    /// Where it can be woken; `None` for a device that keeps its connection.
    #[serde(default)]
    pub push: Option<Box<PushTarget>>,
    /// Since when something else is asked of a woken device than it has heard of.
    #[serde(default)]
    pub(crate) policy_news: Option<Timestamp>,
    /// What is known of calls to the activation service.
    #[serde(default)]
    pub(crate) vendor: VendorMemory,
    /// The sequence the next command gets. What is written may lag behind the commands:
    /// [`DeviceRecord::restore`] moves it past the last of them.
    #[serde(default)]
    pub(crate) next_sequence: u64,
    /// The command in flight if an administrator wants it back.
    #[serde(default)]
    pub(crate) recalled: Option<u64>,
    /// In order of sequence. Written as rows of their own. A `Vec`, because a map's smallest
    /// node has room for eleven and most devices have none.
    #[serde(skip)]
    pub(crate) commands: Vec<CommandRecord>,
    /// Commands that got `NotNow` in the present run.
    #[serde(skip)]
    pub(crate) deferred: BTreeSet<u64>,
    /// Settled commands dropped from memory last, oldest first.
    #[serde(skip)]
    pub(crate) recent: VecDeque<CommandId>,
    /// Whether it has had its chance to hand over secrets.
    #[serde(skip)]
    pub(crate) introduced: Introduced,
    /// The pushes made for what waits; boxed, since most wait for nothing.
    #[serde(skip)]
    pub(crate) pushes: Option<Box<Pushes>>,
    /// What changed since the last [`DeviceRecord::take_writes`].
    #[serde(skip)]
    pub(crate) changed: Changed,
}

/// Whether a device has had its chance to hand over the secrets of this life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Introduced {
    /// It has not come yet, or is still talking.
    #[default]
    NotYet,
    /// What is not here by now is not on its way.
    Yes,
}

/// What has to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) device: bool,
    pub(crate) commands: BTreeSet<u64>,
}

/// Rows to write in one transaction, guarded by the record's revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writes {
    /// Whether the device row itself changed; its revision moves either way.
    pub device_changed: bool,
    /// Commands that changed, by sequence.
    pub commands: Vec<CommandRecord>,
}

impl Writes {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.device_changed && self.commands.is_empty()
    }
}

impl DeviceRecord {
    /// The record of a device that enrols now.
    #[must_use]
    pub fn new(now: Timestamp, life: NewLife) -> Self {
        Self {
            id: life.id,
            facts: life.facts,
            key: life.key,
            profile_name: life.profile.name,
            policy: life.profile.policy,
            lifecycle: Lifecycle::Enrolled,
            enrolled_at: now,
            last_seen: now,
            status: None,
            escrow: Escrow::default(),
            lost_mode: LostMode::Off,
            located: None,
            name: None,
            user: None,
            push: None,
            policy_news: None,
            vendor: VendorMemory::default(),
            next_sequence: 1,
            recalled: None,
            commands: Vec::new(),
            deferred: BTreeSet::new(),
            recent: VecDeque::new(),
            introduced: Introduced::NotYet,
            pushes: None,
            changed: Changed { device: true, commands: BTreeSet::new() },
        }
    }

    /// Puts a record together again from its rows, in any order.
    ///
    /// What was with the device or the activation service when the server stopped goes back into
    /// the queue; [`Self::take_writes`] hands out that change with the next ones.
    ///
    /// Source: REQ-ACK-009 (docs/protocol/session.md).
    #[must_use]
    pub fn restore(mut device: Self, mut commands: Vec<CommandRecord>) -> Self {
        commands.sort_unstable_by_key(|row| row.sequence);
        commands.dedup_by_key(|row| row.sequence);
        let after_last = commands.last().map_or(1, |row| row.sequence + 1);
        let last_change = commands.iter().map(|row| row.updated_at).max();
        device.next_sequence = device.next_sequence.max(after_last);
        device.commands = commands;
        device.deferred.clear();
        device.changed = Changed::default();
        // One that has come before has handed over what it had, but for a kill in that moment.
        device.introduced =
            if device.status.is_some() { Introduced::Yes } else { Introduced::NotYet };
        device.release_all(last_change.unwrap_or(device.last_seen), Event::Restored);
        device.forget_settled();
        device
    }

    /// The commands kept in memory, in order of acceptance.
    pub fn commands(&self) -> impl Iterator<Item = &CommandRecord> {
        self.commands.iter()
    }

    /// Takes what has to be written and forgets that it has.
    ///
    /// Settled commands that are not the latest of their action leave memory with it. If the
    /// write fails, the record has to be read again.
    pub fn take_writes(&mut self) -> Writes {
        let changed = core::mem::take(&mut self.changed);
        let rows = self.commands.iter().filter(|row| changed.commands.contains(&row.sequence));
        let writes = Writes { device_changed: changed.device, commands: rows.cloned().collect() };
        self.forget_settled();
        writes
    }

    /// Whether a command has ended here and nowhere else: one that was superseded while it was out,
    /// and that reading the record has found withdrawn.
    #[must_use]
    pub fn has_unwritten_end(&self) -> bool {
        !self.changed.commands.is_empty()
            && self
                .commands
                .iter()
                .any(|row| row.state.is_terminal() && self.is_unwritten(row.sequence))
    }

    /// Whether the store is behind in a command, until what [`Self::take_writes`] gives is written.
    #[must_use]
    pub fn is_unwritten(&self, sequence: u64) -> bool {
        self.changed.commands.contains(&sequence)
    }

    /// A device has connected: what was in flight waits again, and a new run begins.
    ///
    /// Source: REQ-SESSION-009, REQ-SESSION-021, REQ-ACK-009 (docs/protocol/session.md).
    pub fn hello(&mut self, now: Timestamp, hello: &Hello) {
        self.release_in_flight(now, Event::Hello);
        self.deferred.clear();
        self.push_answered(now);
        self.report(now, hello.status);
    }

    /// The device has reported its state.
    ///
    /// Source: REQ-SESSION-009 (docs/protocol/session.md).
    pub fn report(&mut self, now: Timestamp, status: DeviceStatus) {
        self.last_seen = now;
        self.changed.device |= self.status != Some(status);
        self.status = Some(status);
    }

    /// The device is somebody's from now on. It does not hear of it; what is asked of it may change.
    pub fn set_user(&mut self, user: PrimaryUser) {
        let user = Some(Box::new(user));
        self.changed.device |= self.user != user;
        self.user = user;
    }

    /// The device hands over secrets; absent ones leave what is there.
    ///
    /// A device that has left keeps nothing here.
    ///
    /// Source: REQ-SESSION-012, REQ-SESSION-013 (docs/protocol/session.md); Apple MDM check-in
    /// protocol, TokenUpdate: a later message without an unlock token keeps the earlier one.
    pub fn token_update(&mut self, now: Timestamp, update: TokenUpdate) {
        self.last_seen = now;
        if self.lifecycle != Lifecycle::Enrolled {
            return;
        }
        self.introduced = Introduced::Yes;
        self.changed.device = true;
        if update.unlock_token.is_some() {
            self.escrow.unlock_token = update.unlock_token;
        }
        if let Some(code) = update.bypass_code {
            self.keep_bypass_code(now, code);
        }
    }
}
