//! What a case is played on: a live server and fleet, or the same cores in virtual time.
//!
//! A step means the same on both: the player asks a [`Scene`] to do it and judges what it shows.

use std::time::Duration;

use muster_agent::{DeviceView, Misbehaviour};
use muster_control::ActionKind;
use muster_device::activation::Unlocking;
use muster_device::{Note, UserAction};
use muster_protocol::{DeviceId, SerialNumber};
use serde_json::{Value, json};

use super::outcome::Shown;
use super::script::{Counter, ServerFault, SpoiltPush, With};
use crate::client::Asked;

/// One device with its server, its user and its vendor.
pub(crate) trait Scene {
    /// Time since the scene began.
    fn elapsed(&self) -> Duration;

    /// Lets this much time go by, in which things happen.
    async fn pause(&mut self, span: Duration);

    /// Moves time, for the server, the device and its certificate.
    async fn wait(&mut self, span: Duration) -> anyhow::Result<()>;

    /// The device now.
    async fn view(&mut self) -> anyhow::Result<DeviceView>;

    /// Has the user do something; returns what they see.
    async fn user(&mut self, action: UserAction) -> anyhow::Result<Vec<Note>>;

    /// The connection goes.
    async fn offline(&mut self) -> anyhow::Result<()>;

    /// The connection comes back.
    async fn online(&mut self) -> anyhow::Result<()>;

    /// Lets something happen to the server.
    async fn server(&mut self, fault: ServerFault) -> anyhow::Result<()>;

    /// Has the next answer of the device go wrong.
    async fn misbehave(&mut self, how: Misbehaviour) -> anyhow::Result<()>;

    /// Has the next push for the device go wrong.
    async fn spoil_push(&mut self, how: SpoiltPush) -> anyhow::Result<()>;

    /// Copies the device with its certificate; the copy connects.
    async fn copy(&mut self) -> anyhow::Result<()>;

    /// Has an administrator ask for an action.
    async fn ask(&mut self, device: DeviceId, asked: Request) -> anyhow::Result<Asked>;

    /// Where a command stands; `None` once a newer one of its kind has taken its place.
    async fn result(&mut self, command: &Command) -> anyhow::Result<Option<Standing>>;

    /// What the server shows an administrator.
    async fn shown(&mut self, device: DeviceId) -> anyhow::Result<Shown>;

    /// The bypass code as the server shows it.
    async fn bypass_code(&mut self, device: DeviceId) -> anyhow::Result<Option<String>>;

    /// Has the organisation lock the device at the vendor; the answer is the vendor's word.
    async fn vendor_lock(&mut self, serial: SerialNumber) -> anyhow::Result<&'static str>;

    /// Presents a code to the vendor.
    async fn vendor_unlock(
        &mut self,
        serial: &SerialNumber,
        code: &str,
    ) -> anyhow::Result<Unlocking>;

    /// How the device stands at the vendor; the vendor's word.
    async fn vendor_status(&mut self, serial: &SerialNumber) -> anyhow::Result<&'static str>;

    /// How many of these have been counted: the server counts from its start.
    async fn counted(&mut self, of: Counter) -> anyhow::Result<u64>;
}

/// An action and what it is asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) action: &'static str,
    pub(crate) with: With,
}

/// A command that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) action: &'static str,
    pub(crate) device: DeviceId,
    pub(crate) id: String,
}

/// Where a command stands. No `Debug`: it may hold a passcode.
pub(crate) struct Standing {
    /// Its `actionState`.
    pub(crate) state: String,
    /// The temporary passcode it shows.
    pub(crate) passcode: Option<String>,
}

impl Standing {
    /// Whether the action is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "failed" | "notSupported" | "canceled")
    }
}

impl Request {
    /// Whether it is the deletion of a device, which is no action of its own in the admin API.
    pub(crate) fn is_delete(self) -> bool {
        self.action == ActionKind::Delete.graph_name()
    }

    /// What an action is asked with: what it needs, and what the step says.
    pub(crate) fn body(self) -> Value {
        if let Some(needed) = needed(self.action) {
            return needed;
        }
        match self.with {
            With::Nothing => json!({}),
            With::KeepEnrollmentData => json!({ "keepEnrollmentData": true }),
        }
    }
}

/// The body of an action that cannot do without one.
fn needed(action: &str) -> Option<Value> {
    let is = |kind: ActionKind| action == kind.graph_name();
    if is(ActionKind::EnableLostMode) {
        Some(json!({ "message": "please call", "phoneNumber": "555 0100" }))
    } else if is(ActionKind::SetDeviceName) {
        Some(json!({ "deviceName": "kiosk 3" }))
    } else if is(ActionKind::DeleteUserFromSharedAppleDevice) {
        Some(json!({ "userPrincipalName": "pupil-2@school.example" }))
    } else {
        None
    }
}
