//! Carrying out what was decided.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::command::PasswordScope;
use muster_protocol::secret::Passcode;
use muster_protocol::{AndroidRequest, Answer, Outcome};

use super::api_level::ApiLevel;
use super::applications::CLEARED;
use super::decide::{Decision, decide};
use super::lost_mode::LostMode;
use super::passcode::{Secret, temporary};
use super::reset_token::TokenEvent;
use super::state::{Android, WorkProfile};
use crate::note::Note;
use crate::spec::Screen;
use crate::system::{Consequences, Effect, Execution, Situation};

impl Android {
    pub(crate) fn execute(
        &mut self,
        request: &AndroidRequest,
        situation: &mut Situation<'_>,
    ) -> Execution {
        match decide(self, situation, request) {
            Decision::Refuse(refusal) => Execution::answer(refusal.outcome()),
            Decision::Report => {
                let status = self.status(situation.facts.os_version);
                Execution::answer(Outcome::Acknowledged(Answer::Status(status)))
            }
            Decision::Lock(scope) => {
                self.lock(scope);
                Execution::changed(Outcome::Acknowledged(Answer::Done))
            }
            Decision::Sleep(refusal) => {
                self.screen = Screen::Locked;
                Execution {
                    consequences: Consequences::note(Note::AsleepNotLocked),
                    ..Execution::answer(refusal.outcome())
                }
            }
            Decision::Reset { scope, digits } => {
                let passcode = temporary(digits, situation.chance);
                self.reset(scope, passcode.clone());
                self.reset_at = Some(situation.now);
                Execution::changed(Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)))
            }
            Decision::Restart => done_with(self.reboot()),
            Decision::EnterLostMode(notice) => self.enter_lost_mode(notice),
            Decision::LeaveLostMode => {
                self.lost_mode = LostMode::default();
                done_with(Consequences::default())
            }
            Decision::ClearData(packages) => {
                self.clear_data(&packages, ApiLevel::of(situation.facts.os_version))
            }
            Decision::Locate => {
                let place = self.whereabouts.place(situation.chance);
                Execution::answer(Outcome::Acknowledged(Answer::Location(place)))
            }
            Decision::PlaySound { minutes } => {
                done_with(Consequences::note(Note::SoundPlays { minutes }))
            }
            Decision::Rename(name) => {
                self.name = Some(name);
                done_with(Consequences::default())
            }
            Decision::Erase => Execution::ending(Effect::Erase),
            Decision::Leave => Execution::ending(Effect::Leave),
            Decision::DropOff => Execution::ending(Effect::DropOff),
        }
    }

    fn lock(&mut self, scope: PasswordScope) {
        match scope {
            PasswordScope::Device => self.lock_everything(),
            PasswordScope::Profile => self.lock_profile(),
        }
    }

    /// A reset with a token gives a profile on the device's lock a lock of its own.
    ///
    /// Source: `LockSettingsService.setLockCredentialWithToken`, Android 8.
    fn reset(&mut self, scope: PasswordScope, passcode: Passcode) {
        let secret = Secret::Temporary(passcode);
        let screen = Screen::Locked;
        match scope {
            PasswordScope::Device => {
                self.passcode = Some(secret);
                self.screen = screen;
            }
            PasswordScope::Profile => self.work_profile = WorkProfile::Separate { secret, screen },
        }
    }

    fn enter_lost_mode(&mut self, notice: String) -> Execution {
        self.lock_everything();
        let shown = Note::LostModeNotice(notice.clone());
        self.lost_mode = LostMode::On { notice };
        done_with(Consequences::note(shown))
    }

    /// An effect took place if the data of one of them is gone.
    fn clear_data(&mut self, packages: &[String], api: ApiLevel) -> Execution {
        let statuses = self.applications.clear(packages, api);
        let cleared = statuses.iter().filter(|one| one.status == CLEARED);
        let names = cleared.map(|one| one.package_name.clone());
        let notes: Vec<Note> = names.map(Note::ApplicationDataCleared).collect();
        let effect = if notes.is_empty() { Effect::Nothing } else { Effect::Changed };
        let outcome = Outcome::Acknowledged(Answer::ClearedApplications(statuses));
        let consequences = Consequences { notes, ..Consequences::default() };
        Execution { effect, consequences, ..Execution::answer(outcome) }
    }

    /// Removes profile and token, and ends Lost Mode; the device's own lock stays.
    pub(crate) fn on_left(&mut self) {
        self.work_profile = WorkProfile::Absent;
        self.token.on(TokenEvent::Unmanaged);
        self.lost_mode = LostMode::default();
        self.reset_at = None;
    }
}

/// An acknowledgement after a change, and what else it brings about.
fn done_with(consequences: Consequences) -> Execution {
    Execution { consequences, ..Execution::changed(Outcome::Acknowledged(Answer::Done)) }
}
