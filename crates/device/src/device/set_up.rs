//! The beginning of a life: erased, let go on by the vendor's service, set up, enrolling.

use alloc::string::String;

use muster_protocol::{Platform, Timestamp};

use super::{Attendance, Device, Handled, Life, Misplaced};
use crate::activation::{ActivationCall, ActivationReply, LockStatus, LockType};
use crate::life::{Cause, Phase};
use crate::note::Note;
use crate::output::Output;
use crate::system::Entry;
use crate::user::UserAction;

impl Device {
    /// Erases all content. Whether the device is locked, the vendor's service knows.
    pub(super) fn erase(&mut self) -> Handled {
        self.advance(Cause::Erased)?;
        self.system.erase();
        Ok(())
    }

    /// What a new or erased device does by itself. An Apple device first asks to be activated.
    pub(super) fn begin_set_up(&mut self, now: Timestamp) -> Handled {
        match self.spec.facts.mode.platform() {
            Platform::Apple => {
                self.ask_service(ActivationCall::Activate);
                Ok(())
            }
            Platform::Android => self.set_up(now),
        }
    }

    /// The same with nobody near it. A lock stops it at the prompt all the same.
    ///
    /// Source: `ReturnToService`, github.com/apple/device-management,
    /// `mdm/commands/device.erase.yaml`.
    pub(super) fn return_to_service(&mut self, now: Timestamp) -> Handled {
        self.life = Life::SetupAssistant(Attendance::Nobody);
        self.begin_set_up(now)
    }

    /// The user goes through the set-up, up to the enrolment.
    fn set_up(&mut self, now: Timestamp) -> Handled {
        if self.life == Life::SetupAssistant(Attendance::Nobody) {
            // Nobody is there to set a passcode or to start Find My.
            self.note(Note::ReturnedToService);
        } else {
            self.system.set_up(&self.spec.persona);
        }
        self.advance(Cause::SetUp)?;
        let (system, mut situation) = self.situation(now);
        let consequences = system.begin_find_my(&mut situation);
        self.follow(now, consequences);
        self.push(Output::Enrol);
        Ok(())
    }

    pub(super) fn on_setup_entry(&mut self, action: &UserAction) -> Handled {
        match self.system.enter_at_setup(action, self.spec.traits) {
            Entry::Ignored => return Err(Misplaced),
            Entry::Refused => self.note(Note::ActivationRefused),
            Entry::Call(call) => self.ask_service(call),
        }
        Ok(())
    }

    pub(super) fn ask_service(&mut self, call: ActivationCall) {
        self.push(Output::Activation(call));
    }

    /// Takes the chance of a connection to hear how the device stands.
    pub(super) fn check_lock(&mut self) {
        if self.spec.facts.mode.platform() == Platform::Apple {
            self.ask_service(ActivationCall::Check);
        }
    }

    /// The service answered. What concerns the set-up fits its phases only.
    pub(super) fn on_activation(&mut self, now: Timestamp, reply: ActivationReply) -> Handled {
        match reply {
            ActivationReply::Standing(standing) => self.on_standing(standing),
            ActivationReply::Opened(standing) => self.on_opened(now, standing),
            ActivationReply::Activated => return self.on_activated(now),
            ActivationReply::Locked { to, lost_message } => {
                return self.on_locked(to, lost_message);
            }
            ActivationReply::Refused if self.phase() == Phase::ActivationPrompt => {
                self.note(Note::ActivationRefused);
            }
            ActivationReply::Refused => return Err(Misplaced),
        }
        Ok(())
    }

    fn on_activated(&mut self, now: Timestamp) -> Handled {
        match self.phase() {
            Phase::SetupAssistant => self.set_up(now),
            Phase::ActivationPrompt => {
                self.note(Note::ActivationLockRemoved);
                self.advance(Cause::Unlocked)?;
                self.set_up(now)
            }
            Phase::Enrolling | Phase::Enrolled | Phase::Unenrolled => Err(Misplaced),
        }
    }

    fn on_locked(&mut self, to: LockType, lost_message: Option<String>) -> Handled {
        match self.phase() {
            Phase::SetupAssistant => self.advance(Cause::Locked)?,
            Phase::ActivationPrompt => {}
            Phase::Enrolling | Phase::Enrolled | Phase::Unenrolled => return Err(Misplaced),
        }
        self.system.on_standing(to);
        let message = lost_message.map(Note::LockScreenMessage);
        self.outputs.extend(message.map(Output::Note));
        self.note(Note::ActivationPrompt);
        Ok(())
    }

    fn on_standing(&mut self, standing: LockStatus) {
        let before = self.system.clone();
        self.system.on_standing(standing.lock_type);
        if self.system != before {
            self.persist();
        }
    }

    fn on_opened(&mut self, now: Timestamp, standing: LockStatus) {
        let before = self.system.clone();
        let (system, mut situation) = self.situation(now);
        let consequences = system.on_opened(standing.lock_type, &mut situation);
        if self.system != before {
            self.persist();
        }
        self.follow(now, consequences);
    }
}
