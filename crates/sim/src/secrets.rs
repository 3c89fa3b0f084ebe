//! The secrets that travelled in a run: whoever writes about the run looks for them first.

use alloc::collections::BTreeSet;

use muster_protocol::management::ToServer;
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::{Answer, Outcome};

/// Every secret that devices handed to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// What opens the keybags of Apple devices.
    pub unlock_tokens: BTreeSet<UnlockToken>,
    /// What removes Activation Locks.
    pub bypass_codes: BTreeSet<BypassCode>,
    /// Temporary passcodes of Android devices.
    pub passcodes: BTreeSet<Passcode>,
}

impl Secrets {
    /// Takes note of what a message carries.
    pub(crate) fn see(&mut self, message: &ToServer) {
        match message {
            ToServer::TokenUpdate(update) => {
                self.unlock_tokens.extend(update.unlock_token.clone());
                self.bypass_codes.extend(update.bypass_code.clone());
            }
            ToServer::CommandResult(result) => self.see_outcome(&result.outcome),
            ToServer::Hello(_)
            | ToServer::StatusReport(_)
            | ToServer::Idle
            | ToServer::PushUpdate(_) => {}
        }
    }

    fn see_outcome(&mut self, outcome: &Outcome) {
        let Outcome::Acknowledged(answer) = outcome else { return };
        match answer {
            Answer::TemporaryPasscode(passcode) => {
                self.passcodes.insert(passcode.clone());
            }
            Answer::ActivationLockBypassCode(code) => self.bypass_codes.extend(code.clone()),
            Answer::UnlockToken(token) => {
                self.unlock_tokens.insert(token.clone());
            }
            Answer::Done
            | Answer::Locked(_)
            | Answer::Status(_)
            | Answer::DeviceInformation(_)
            | Answer::Location(_)
            | Answer::Profiles(_)
            | Answer::Applications(_)
            | Answer::Settings(_)
            | Answer::Certificates(_)
            | Answer::ClearedApplications(_) => {}
        }
    }
}
