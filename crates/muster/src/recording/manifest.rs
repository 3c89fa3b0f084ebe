//! `manifest.json`: what the file is, and how it fails.

use muster_device::recording::{Recording, Signature};
use muster_sim::{Plan, Violation};
use serde::{Deserialize, Serialize};

/// The format this build writes. It reads this one and every earlier one.
pub(super) const FORMAT: u32 = 1;

/// The manifest of a simulated world. Fields that are not known are passed over: they may be added
/// within a format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SimulatedManifest {
    /// The format of the file; another meaning of anything in it is another format.
    pub(crate) format: u32,
    /// The version of muster that wrote it.
    pub(crate) version: String,
    /// The commit that version was built from; empty outside a clone.
    pub(crate) commit: String,
    /// Where the history comes from.
    pub(crate) kind: Kind,
    /// The verb that wrote it.
    pub(crate) created_by: String,
    /// Root of all chance.
    pub(crate) seed: u64,
    /// SHA-256 of `plan.json`.
    pub(crate) plan_digest: String,
    /// The fault that was planted in the build; none in every build that is shipped.
    #[serde(default)]
    pub(crate) planted: Option<String>,
    /// How it fails.
    pub(crate) expected: Violation,
    /// How `transcript.txt` relates to the whole log.
    pub(crate) log: Transcribed,
}

/// Where a history comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The simulated world.
    Simulated,
    /// The black box of a live device.
    Recorded,
    /// The whole system in virtual time.
    Quic,
}

/// The manifest of a file with the history of one live device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceManifest {
    /// The format of the file.
    pub(crate) format: u32,
    /// The version of muster that wrote it.
    pub(crate) version: String,
    /// The commit that version was built from; empty outside a clone.
    pub(crate) commit: String,
    /// [`Kind::Recorded`].
    pub(crate) kind: Kind,
    /// The verb that wrote it.
    pub(crate) created_by: String,
    /// The device.
    pub(crate) serial: String,
    /// What happened to it, as far as kept.
    pub(crate) entries: usize,
    /// Inputs before that.
    pub(crate) left_out: u64,
    /// Secrets in inputs, each replaced by a reference.
    pub(crate) redactions: usize,
    /// The fault that was planted in the build; none in every build that is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) planted: Option<String>,
    /// What did not hold when it was written, in words; absent if somebody just wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// How it fails, if it was shrunk. Its outputs are then not those of the live device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<Signature>,
}

impl DeviceManifest {
    pub(super) fn new(recording: &Recording, created_by: &str) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("MUSTER_COMMIT").to_owned(),
            kind: Kind::Recorded,
            created_by: created_by.to_owned(),
            serial: recording.serial.to_string(),
            entries: recording.entries.len(),
            left_out: recording.left_out,
            redactions: recording.redactions(),
            planted: crate::planted::present().map(str::to_owned),
            why: None,
            expected: None,
        }
    }
}

/// How a transcript relates to the log it was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transcribed {
    /// Lines of the log.
    pub(crate) lines: u64,
    /// Lines before the first one in the transcript.
    pub(crate) left_out: u64,
    /// Fingerprint of all lines, in hexadecimal.
    pub(crate) digest: String,
}

impl SimulatedManifest {
    pub(super) fn new(
        plan: &Plan,
        plan_digest: String,
        expected: Violation,
        log: Transcribed,
    ) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("MUSTER_COMMIT").to_owned(),
            kind: Kind::Simulated,
            created_by: String::new(),
            seed: plan.seed,
            plan_digest,
            planted: crate::planted::present().map(str::to_owned),
            expected,
            log,
        }
    }
}

/// Version and commit of this build, in words.
pub(crate) fn build() -> String {
    match env!("MUSTER_COMMIT") {
        "" => concat!("muster ", env!("CARGO_PKG_VERSION")).to_owned(),
        commit => format!("muster {} (commit {commit})", env!("CARGO_PKG_VERSION")),
    }
}
