//! What happens to a device.

use alloc::string::String;

use muster_protocol::management::ToDevice;
use muster_protocol::{DeviceId, PushTarget};

use crate::activation::ActivationReply;
use crate::user::UserAction;

/// One event, handled whole before the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The device is switched on, or its shell starts again with a stored device.
    Start,
    /// The server granted a certificate.
    Enrolled {
        /// Who the device is from now on.
        device: DeviceId,
    },
    /// The server refused to enrol this hardware and asking again cannot help.
    EnrolmentRefused,
    /// A management connection stands.
    Connected {
        /// Minor version of the server as far as known; nothing depends on it yet.
        minor: u16,
    },
    /// The management connection is gone.
    Disconnected,
    /// The server closed with a code that ends the enrolment.
    Unenrolled,
    /// A message of the server.
    Message(ToDevice),
    /// The person who holds the device did something.
    User(UserAction),
    /// What the vendor's activation service answers to an
    /// [`Output::Activation`](crate::Output::Activation).
    Activation(ActivationReply),
    /// The time of [`Device::next_deadline`](crate::Device::next_deadline) has come.
    Deadline,
    /// The push service has given a woken device its address. It is kept in the enrolment, so the
    /// next one needs it anew, best before its connection stands.
    PushTarget(PushTarget),
    /// A push has arrived. It says no more than whose it is.
    Pushed {
        /// The magic of the server that had it sent.
        magic: String,
    },
}

impl Input {
    /// The name of the event, for notes.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Enrolled { .. } => "Enrolled",
            Self::EnrolmentRefused => "EnrolmentRefused",
            Self::Connected { .. } => "Connected",
            Self::Disconnected => "Disconnected",
            Self::Unenrolled => "Unenrolled",
            Self::Message(message) => message.name(),
            Self::User(action) => action.name(),
            Self::Activation(reply) => reply.name(),
            Self::Deadline => "Deadline",
            Self::PushTarget(_) => "PushTarget",
            Self::Pushed { .. } => "Pushed",
        }
    }
}
