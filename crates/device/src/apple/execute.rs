//! Carrying out what was decided.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::status::Presence;
use muster_protocol::{ActivationLockPolicy, Answer, AppleRequest, LockMessage, Outcome, Policy};

use super::applications::Full;
use super::decide::{
    Afterwards, Decision, Subject, decide, device_name_result, mdm_options_result,
};
use super::lost_mode::{LostMode, Notice, somewhere};
use super::state::{Allowance, Apple};
use crate::note::Note;
use crate::spec::Screen;
use crate::system::{Consequences, Effect, Execution, Situation};

impl Apple {
    /// Decides and does.
    pub(crate) fn execute(
        &mut self,
        request: &AppleRequest,
        situation: &mut Situation<'_>,
    ) -> Execution {
        self.activation_lock.let_time_pass(situation.now);
        let subject = Subject {
            apple: self,
            facts: situation.facts,
            policy: situation.policy,
            traits: situation.traits,
            device: situation.device,
            request,
        };
        let decision = decide(subject);
        self.carry_out(decision, situation)
    }

    fn carry_out(&mut self, decision: Decision, situation: &mut Situation<'_>) -> Execution {
        match decision {
            Decision::Refuse(outcome) => Execution::answer(outcome),
            Decision::Wait(obstacle) => {
                self.wait_for(obstacle);
                Execution::put_off(obstacle)
            }
            Decision::Tell(answer) => Execution::answer(Outcome::Acknowledged(answer)),
            Decision::Lock(message) => self.lock(message),
            Decision::RemovePasscode => self.remove_passcode(situation.policy),
            Decision::LiftActivationLock(code) => done_with(self.lift_lock(&code)),
            Decision::ClearBypassCode => {
                self.activation_lock.clear_code();
                done()
            }
            Decision::Allow(allowance) => self.allow(allowance, situation),
            Decision::EnterLostMode(notice) => self.enter_lost_mode(notice, situation),
            Decision::LeaveLostMode => {
                self.lost_mode = LostMode::Off;
                done()
            }
            Decision::PlaySound => done_with(Consequences::note(Note::LostModeSound)),
            Decision::Rename(name) => {
                self.name = Some(name);
                Execution::changed(Outcome::Acknowledged(device_name_result()))
            }
            Decision::LogOut => {
                self.log_out();
                done()
            }
            Decision::DeleteUser(name) => {
                self.users.iter_mut().for_each(|users| users.delete(&name));
                done()
            }
            Decision::Install(identifier) => self.install(identifier),
            Decision::Uninstall(identifier) => {
                self.profiles.retain(|installed| *installed != identifier);
                done()
            }
            Decision::InstallApplication(identifier) => self.install_application(identifier),
            Decision::GoOnWithSetUp => done_with(self.finish_set_up(situation)),
            Decision::Restart => done_with(Consequences::network(self.restart())),
            Decision::ShutDown => done_with(Consequences::network(self.switch_off())),
            Decision::Erase(Afterwards::ItsUser) => Execution::ending(Effect::Erase),
            Decision::Erase(Afterwards::Itself) => Execution::ending(Effect::EraseAndReturn),
            Decision::Leave => Execution::ending(Effect::Leave),
        }
    }

    /// Locks the screen. Without a passcode it only sleeps and shows no text.
    ///
    /// Source: DeviceLock, MessageResult `NoPasscodeSet`, Apple MDM protocol reference.
    fn lock(&mut self, message: Option<String>) -> Execution {
        self.screen = Screen::Locked;
        match self.passcode {
            Presence::Set => {
                let mut done = Execution::changed(locked(LockMessage::Success));
                done.consequences.notes.extend(message.map(Note::LockScreenMessage));
                done
            }
            Presence::NotSet => Execution::changed(locked(LockMessage::NoPasscodeSet)),
        }
    }

    /// Removes the passcode; one that policy requires has to be set anew.
    fn remove_passcode(&mut self, policy: Policy) -> Execution {
        self.passcode = Presence::NotSet;
        let mut done = done_with(Consequences::network(self.open_data()));
        if policy.device_passcode.is_some() {
            done.consequences.notes.push(Note::SetNewPasscodePrompt);
        }
        done
    }

    /// A lock that is on stays, whatever is allowed from now on.
    fn allow(
        &mut self,
        allowance: ActivationLockPolicy,
        situation: &mut Situation<'_>,
    ) -> Execution {
        self.allowance = Allowance::BySettings(allowance);
        let outcome = Outcome::Acknowledged(mdm_options_result(Vec::new()));
        Execution { consequences: self.on_policy(situation), ..Execution::changed(outcome) }
    }

    fn enter_lost_mode(&mut self, notice: Notice, situation: &mut Situation<'_>) -> Execution {
        self.screen = Screen::Locked;
        let shown = Note::LostModeNotice(notice.text());
        self.lost_mode = LostMode::On { notice, place: somewhere(situation.chance) };
        done_with(Consequences::note(shown))
    }

    /// Acknowledged is that the request was taken: whether the application ever comes is another
    /// question.
    ///
    /// Source: InstallApplication, Apple MDM protocol reference.
    fn install_application(&mut self, identifier: String) -> Execution {
        match self.applications.install(identifier) {
            Ok(()) => done(),
            Err(Full) => Execution {
                consequences: Consequences::note(Note::StorageFull),
                ..Execution::answer(Outcome::Acknowledged(Answer::Done))
            },
        }
    }

    /// Of a profile only its name is kept: no simulated effect depends on what it says.
    fn install(&mut self, identifier: String) -> Execution {
        self.profiles.retain(|installed| *installed != identifier);
        self.profiles.push(identifier);
        done()
    }
}

fn done() -> Execution {
    Execution::changed(Outcome::Acknowledged(Answer::Done))
}

fn done_with(consequences: Consequences) -> Execution {
    Execution { consequences, ..done() }
}

fn locked(message: LockMessage) -> Outcome {
    Outcome::Acknowledged(Answer::Locked(message))
}
