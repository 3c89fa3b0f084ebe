//! Outputs: their names, their digests, the secrets they show.

use alloc::string::String;
use core::fmt::{self, Write as _};

use muster_protocol::management::ToServer;
use muster_protocol::{Answer, Outcome};

use super::secret::{Content, Own, Reference, SecretMut};
use crate::activation::ActivationCall;
use crate::output::Output;

/// Start of an FNV-1a digest of 64 bits.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Its multiplier.
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// An output is its words and the numbers of its secrets: the words have none.
pub(super) fn digest(output: &Output, own: &mut Own) -> u64 {
    let mut digest = Digest::default();
    let secrets = secrets(output, own);
    // Writing into a digest does not fail.
    let _infallible = write!(digest, "{output:?} {secrets}");
    digest.number()
}

/// The output in words.
pub(super) fn words(output: &Output) -> String {
    let mut words = String::new();
    let _infallible = write!(words, "{output:?}");
    words
}

/// Shows the secrets of an answer.
pub(crate) fn visit_outcome(outcome: &mut Outcome, see: &mut dyn FnMut(SecretMut<'_>)) {
    match outcome {
        Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)) => {
            see(SecretMut::Passcode(passcode));
        }
        Outcome::Acknowledged(Answer::ActivationLockBypassCode(Some(code))) => {
            see(SecretMut::BypassCode(code));
        }
        Outcome::Acknowledged(Answer::UnlockToken(token)) => see(SecretMut::UnlockToken(token)),
        Outcome::Acknowledged(
            Answer::ActivationLockBypassCode(None)
            | Answer::Done
            | Answer::Locked(_)
            | Answer::Status(_)
            | Answer::DeviceInformation(_)
            | Answer::Location(_)
            | Answer::Profiles(_)
            | Answer::Applications(_)
            | Answer::Settings(_)
            | Answer::Certificates(_)
            | Answer::ClearedApplications(_),
        )
        | Outcome::Error(_)
        | Outcome::NotSupported(_)
        | Outcome::CommandFormatError
        | Outcome::NotNow => {}
    }
}

/// The numbers of the secrets an output shows. What the device made is counted, what it passes on
/// is not.
fn secrets(output: &Output, own: &mut Own) -> String {
    let mut numbers = String::new();
    let mut made = |content| {
        let _infallible = write!(numbers, "own {} ", own.shown(content));
    };
    match output {
        Output::Send(ToServer::TokenUpdate(update)) => {
            if let Some(token) = &update.unlock_token {
                made(Content::of_token(token));
            }
            if let Some(code) = &update.bypass_code {
                made(Content::of_text(code.expose()));
            }
        }
        Output::Send(ToServer::CommandResult(result)) => {
            visit_outcome(&mut result.outcome.clone(), &mut |place| made(place.content()));
        }
        Output::Activation(ActivationCall::Register { key: Some(key) }) => {
            made(Content::Key(*key.bytes()));
        }
        Output::Activation(
            ActivationCall::Disable { code } | ActivationCall::EnterCode { code },
        ) => {
            let _infallible = match own.reference(&Content::of_text(code.expose())) {
                Reference::Own(number) => write!(numbers, "own {number} "),
                Reference::Other { .. } => write!(numbers, "other "),
            };
        }
        Output::Send(
            ToServer::Hello(_)
            | ToServer::StatusReport(_)
            | ToServer::Idle
            | ToServer::PushUpdate(_),
        )
        | Output::Activation(
            ActivationCall::Register { key: None }
            | ActivationCall::Release
            | ActivationCall::Activate
            | ActivationCall::EnterAccount
            | ActivationCall::SignIn
            | ActivationCall::Check
            | ActivationCall::Open,
        )
        | Output::Enrol
        | Output::Connect
        | Output::Persist
        | Output::Executed { .. }
        | Output::Leave
        | Output::Disconnect
        | Output::Note(_) => {}
    }
    numbers
}

/// What was written, as a number.
pub(super) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(FNV_START)
    }
}

impl Digest {
    pub(super) const fn number(&self) -> u64 {
        self.0
    }
}

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = text
            .bytes()
            .fold(self.0, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
        Ok(())
    }
}
