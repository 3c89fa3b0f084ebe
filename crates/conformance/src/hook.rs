//! The control hook: four verbs by which a case has a target do what an administrator would.
//!
//! The types are the wire format: a hook takes one JSON object and answers with one. `docs/conformance.md`
//! describes it for those who adapt a target.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use muster_protocol::{Attempt, CommandId, DeviceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked of a hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Verb {
    /// Accept a command for a device, as from an administrator.
    Enqueue {
        /// Whom it is for.
        #[serde(with = "text")]
        device: DeviceId,
        /// What to do.
        action: Errand,
    },
    /// Take a command back.
    Cancel {
        /// Whom it was for.
        #[serde(with = "text")]
        device: DeviceId,
        /// Which.
        #[serde(with = "text")]
        command: CommandId,
    },
    /// Hand out what the next devices enrol with.
    Reset,
    /// Say what is known of a device.
    Inspect {
        /// Which.
        #[serde(with = "text")]
        device: DeviceId,
    },
}

/// What an administrator asks for: the actions of `docs/protocol/messages.md`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Errand {
    /// Have the device report its state.
    SyncDevice,
    /// Lock the screen.
    RemoteLock,
    /// Remove the passcode, or set another.
    ResetPasscode,
    /// Reset to factory settings.
    Wipe,
    /// Remove management.
    Retire,
    /// Remove the Activation Lock.
    BypassActivationLock,
}

/// What a hook answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// The command is accepted and durable.
    Accepted {
        /// Its id, as devices will see it.
        #[serde(with = "text")]
        command: CommandId,
    },
    /// It is not accepted.
    Refused {
        /// Why not.
        refusal: Refusal,
    },
    /// What came of a cancel.
    Cancelled {
        /// This.
        cancel: Cancel,
    },
    /// What devices enrol with.
    Tokens(Tokens),
    /// What is known of a device.
    Found(Found),
    /// This target has no such thing.
    Unsupported,
    /// The hook failed.
    Failed {
        /// In words.
        reason: String,
    },
}

/// Why a command is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// As many commands wait for the device as may.
    QueueFull,
    /// The device is not managed any more.
    NotEnrolled,
    /// Nobody knows the device.
    UnknownDevice,
    /// Devices of this kind cannot do it.
    NotAvailable,
}

/// What came of a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cancel {
    /// It was not delivered and never will be.
    BeforeDelivery,
    /// It is with the device, whose answer decides.
    Raced,
    /// It was over.
    TooLate,
    /// Nobody knows it.
    Unknown,
}

/// Rights to enrol. Secrets: a transcript never shows them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// One that any number of devices may use.
    pub reusable: String,
    /// One for one device, new at each reset.
    #[serde(default)]
    pub one_time: Option<String>,
    /// One that has ended.
    #[serde(default)]
    pub expired: Option<String>,
}

/// Without what they are.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// What a target knows of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Whether it is managed now.
    pub enrolled: bool,
    /// Whether it has a management connection.
    pub connected: bool,
    /// Whether a passcode is set, as it reported last.
    #[serde(default)]
    pub passcode_set: Option<bool>,
    /// Whether an unlock token of it is kept.
    #[serde(default)]
    pub holds_unlock_token: Option<bool>,
    /// Whether a bypass code of it is kept.
    #[serde(default)]
    pub holds_bypass_code: Option<bool>,
    /// Whether it can be woken.
    #[serde(default)]
    pub can_be_woken: Option<bool>,
    /// The commands that are kept, in the order of their acceptance.
    #[serde(default)]
    pub commands: Vec<Kept>,
}

/// One command as a target keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which.
    #[serde(with = "text")]
    pub command: CommandId,
    /// Where it stands.
    pub state: Stand,
    /// The last attempt handed out; 0 before the first.
    pub attempt: Attempt,
}

/// Where a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stand {
    /// It waits.
    Waiting,
    /// An attempt is with the device.
    InFlight,
    /// The device said not now.
    NotNow,
    /// It is over: acknowledged.
    Done,
    /// It is over: failed.
    Failed,
    /// It is over: the device cannot do it.
    NotSupported,
    /// It is over and was never carried out: cancelled, expired, superseded.
    Cancelled,
}

impl Stand {
    /// Whether the command is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::InFlight | Self::NotNow => false,
            Self::Done | Self::Failed | Self::NotSupported | Self::Cancelled => true,
        }
    }

    /// Whether a target that says this may mean `wanted`: not every one tells a command that was
    /// put off from one that waits.
    #[must_use]
    pub fn is_as_good_as(self, wanted: Self) -> bool {
        self == wanted || (self, wanted) == (Self::Waiting, Self::NotNow)
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InFlight => "in flight",
            Self::NotNow => "put off",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotSupported => "not supported",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Errand {
    /// The name administrators know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyncDevice => "syncDevice",
            Self::RemoteLock => "remoteLock",
            Self::ResetPasscode => "resetPasscode",
            Self::Wipe => "wipe",
            Self::Retire => "retire",
            Self::BypassActivationLock => "bypassActivationLock",
        }
    }
}

/// Ids as text.
mod text {
    use alloc::string::String;
    use core::fmt::Display;
    use core::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<T: Display, S: Serializer>(id: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_one_json_object() {
        let device = DeviceId::from_bytes([1; 16]);
        let verb = Verb::Enqueue { device, action: Errand::SyncDevice };
        let text = serde_json::to_string(&verb).unwrap();
        let wanted = r#"{"verb":"enqueue","device":"01010101-0101-0101-0101-010101010101","action":"syncDevice"}"#;
        assert_eq!(text, wanted);
        assert_eq!(serde_json::from_str::<Verb>(&text).unwrap(), verb);
    }

    #[test]
    fn an_answer_may_leave_out_what_a_target_does_not_know() {
        let found = r#"{"answer":"found","enrolled":true,"connected":false}"#;
        let answer: Answer = serde_json::from_str(found).unwrap();
        assert!(matches!(answer, Answer::Found(Found { enrolled: true, .. })));
    }
}
