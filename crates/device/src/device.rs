//! The device: its life cycle and its user.

mod conversation;
mod planted;
mod set_up;
mod woken;

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use muster_protocol::planted::{Plant, is};
use muster_protocol::seed::Stream;
use muster_protocol::status::DeviceStatus;
use muster_protocol::{DeviceFacts, DeviceId, Mode, Policy, Seed, Timestamp};
use serde::{Deserialize, Serialize};

use crate::activation::ActivationCall;
use crate::apple::Obstacle;
use crate::enrolment::{Enrolment, Link};
use crate::input::Input;
use crate::journal::Journal;
use crate::life::{Cause, Phase, next_phase};
use crate::note::Note;
use crate::output::Output;
use crate::recording::SecretMut;
use crate::spec::{Contact, DeviceSpec};
use crate::system::{Situation, System};
use crate::user::UserAction;

/// One simulated device.
///
/// The serialised form is the whole state, journal included. It is to be written when
/// [`Output::Persist`] is handed out and given [`Input::Start`] after it was read back. Outputs
/// not yet polled are not part of it: whoever stops in between loses them as a device that loses
/// power does, and the protocol is made for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    spec: DeviceSpec,
    chance: Stream,
    life: Life,
    system: System,
    #[serde(skip)]
    outputs: VecDeque<Output>,
    /// Why the answer among the outputs is `NotNow`, if it is. It goes with them.
    #[serde(skip)]
    obstacle: Option<Obstacle>,
}

/// The phase, with what exists in that phase only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Life {
    SetupAssistant(Attendance),
    ActivationPrompt,
    Enrolling,
    Enrolled(Box<Enrolment>),
    Unenrolled,
}

/// Who takes a device through its set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Attendance {
    /// Whoever holds it.
    Person,
    /// Nobody: it was erased to return to service by itself.
    Nobody,
}

impl Life {
    /// The life of a phase that has no data of its own; `Enrolled` is entered with its enrolment.
    const fn without_enrolment(phase: Phase) -> Option<Self> {
        match phase {
            Phase::SetupAssistant => Some(Self::SetupAssistant(Attendance::Person)),
            Phase::ActivationPrompt => Some(Self::ActivationPrompt),
            Phase::Enrolling => Some(Self::Enrolling),
            Phase::Unenrolled => Some(Self::Unenrolled),
            Phase::Enrolled => None,
        }
    }
}

impl Device {
    /// A device out of its box, set up as its user does, not switched on yet.
    ///
    /// All chance of this device comes from `seed`, which no other device may have.
    #[must_use]
    pub fn new(spec: DeviceSpec, seed: Seed) -> Self {
        let mut system = System::new(spec.facts.mode.platform());
        system.set_up(&spec.persona);
        Self {
            spec,
            chance: seed.stream(),
            life: Life::SetupAssistant(Attendance::Person),
            system,
            outputs: VecDeque::new(),
            obstacle: None,
        }
    }

    /// Takes one event. Poll all outputs before the next one.
    ///
    /// An event that does not fit the phase changes nothing but for a [`Note::Ignored`].
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        let event = input.name();
        match input {
            Input::Start => self.on_start(now),
            Input::Enrolled { device } => self.on_enrolled(now, device),
            Input::EnrolmentRefused => self.on_refused(),
            Input::Connected { minor } => self.on_connected(now, minor),
            Input::Disconnected => self.on_disconnected(),
            Input::Unenrolled => self.on_unenrolled(),
            Input::Message(message) => self.on_message(now, message),
            Input::User(action) => self.on_user(now, &action),
            Input::Activation(reply) => self.on_activation(now, reply),
            Input::Deadline => self.on_deadline(now),
            Input::PushTarget(target) => self.on_push_target(target),
            Input::Pushed { magic } => self.on_pushed(&magic),
        }
        .unwrap_or_else(|Misplaced| self.note(Note::Ignored { event }));
        self.report();
        self.pay_idle();
        self.come_for_a_reason();
    }

    /// The next effect; `None` when all are handed out.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() {
            // Thousands of devices wait at once: none keeps an empty buffer.
            self.outputs = VecDeque::new();
            self.obstacle = None;
        }
        output
    }

    /// When [`Input::Deadline`] is due if nothing else happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.enrolment().and_then(Enrolment::next_deadline)
    }

    /// What the device is.
    #[must_use]
    pub const fn facts(&self) -> &DeviceFacts {
        &self.spec.facts
    }

    /// The state as it would be reported.
    #[must_use]
    pub fn status(&self) -> DeviceStatus {
        self.system.status(&self.spec.facts)
    }

    /// Where the device stands in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self.life {
            Life::SetupAssistant(_) => Phase::SetupAssistant,
            Life::ActivationPrompt => Phase::ActivationPrompt,
            Life::Enrolling => Phase::Enrolling,
            Life::Enrolled(_) => Phase::Enrolled,
            Life::Unenrolled => Phase::Unenrolled,
        }
    }

    /// Whether the device is switched on: one that is not answers nothing, whoever connects it.
    #[must_use]
    pub fn is_switched_on(&self) -> bool {
        self.system.is_switched_on()
    }

    /// Whether the answer that is being handed out is `NotNow` because the device is locked. Once
    /// all outputs are handed out, there is none.
    #[must_use]
    pub fn is_locked_out(&self) -> bool {
        self.obstacle.is_some_and(Obstacle::is_lock)
    }

    /// Whether the device finds a network without anybody's help: not one that is switched off, nor
    /// an iPhone or iPad that was started and waits for its passcode.
    #[must_use]
    pub fn is_on_network(&self) -> bool {
        self.system.is_on_network()
    }

    /// How the device hears that its server wants something.
    #[must_use]
    pub const fn contact(&self) -> Contact {
        self.spec.contact
    }

    /// Whether the device is in Lost Mode.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.system.is_lost()
    }

    /// Whether a push would bring the device: it is woken by pushes and neither connected nor
    /// about to be.
    #[must_use]
    pub fn is_asleep(&self) -> bool {
        self.is_on_network() && self.is_away()
    }

    /// Who the device is to its server, while it is enrolled.
    #[must_use]
    pub fn id(&self) -> Option<DeviceId> {
        self.enrolment().map(|enrolment| enrolment.device)
    }
}

/// An event that does not fit the state.
struct Misplaced;

type Handled = Result<(), Misplaced>;

/// The life cycle.
impl Device {
    /// Takes up whatever the phase was waiting for; a connection does not survive a restart.
    fn on_start(&mut self, now: Timestamp) -> Handled {
        let is_on = self.is_switched_on();
        match &mut self.life {
            Life::Unenrolled => {}
            Life::SetupAssistant(_) | Life::Enrolling | Life::ActivationPrompt if !is_on => {}
            Life::SetupAssistant(_) => self.begin_set_up(now)?,
            Life::Enrolling => self.push(Output::Enrol),
            Life::Enrolled(enrolment) => {
                enrolment.link = Link::Down;
                if is(Plant::JournalForgets) {
                    enrolment.journal = Journal::default();
                }
                let is_on_network = self.system.is_on_network();
                self.end_visit();
                if is_on_network {
                    self.set_out();
                    self.push(Output::Connect);
                }
            }
            Life::ActivationPrompt => self.ask_service(ActivationCall::Activate),
        }
        Ok(())
    }

    /// Moves to a phase without data of its own, if the move is legal.
    fn advance(&mut self, cause: Cause) -> Handled {
        let phase = next_phase(self.phase(), cause).ok_or(Misplaced)?;
        self.life = Life::without_enrolment(phase).ok_or(Misplaced)?;
        self.persist();
        Ok(())
    }

    fn on_enrolled(&mut self, now: Timestamp, device: DeviceId) -> Handled {
        next_phase(self.phase(), Cause::Granted).ok_or(Misplaced)?;
        self.life = Life::Enrolled(Box::new(Enrolment::new(device, self.never_woken())));
        let (system, mut situation) = self.situation(now);
        let secrets = system.on_enrolled(&mut situation);
        self.persist();
        self.escrow(now, secrets);
        if self.is_switched_on() {
            self.set_out();
            self.push(Output::Connect);
        }
        Ok(())
    }

    fn on_refused(&mut self) -> Handled {
        self.advance(Cause::Refused)?;
        self.note(Note::EnrolmentRefused);
        Ok(())
    }

    fn on_unenrolled(&mut self) -> Handled {
        self.retire()?;
        self.push(Output::Leave);
        Ok(())
    }

    /// Ends the management; what the user owns stays.
    fn retire(&mut self) -> Handled {
        self.advance(Cause::Left)?;
        self.system.on_left();
        Ok(())
    }
}

/// The user.
impl Device {
    fn on_user(&mut self, now: Timestamp, action: &UserAction) -> Handled {
        match (action, self.phase()) {
            (UserAction::EraseAllContent | UserAction::RemoveWorkProfile, _)
                if !self.is_switched_on() =>
            {
                Err(Misplaced)
            }
            (UserAction::EraseAllContent, phase) => self.on_user_erase(now, phase),
            (UserAction::RemoveWorkProfile, _) => self.on_user_leave(),
            // A decision: nobody switches off what is being set up.
            (
                UserAction::PowerOff | UserAction::UseBattery { left_percent: 0 },
                Phase::SetupAssistant | Phase::Enrolling,
            ) => Err(Misplaced),
            (_, Phase::ActivationPrompt) => self.on_setup_entry(action),
            (_, _) => self.on_user_change(now, action),
        }
    }

    /// The server hears nothing of it: the connection just ends.
    fn on_user_erase(&mut self, now: Timestamp, phase: Phase) -> Handled {
        self.erase()?;
        if phase == Phase::Enrolled {
            self.push(Output::Leave);
        }
        self.begin_set_up(now)
    }

    /// The server hears nothing of it: the connection just ends.
    ///
    /// A decision: only who owns the device may remove its work profile.
    fn on_user_leave(&mut self) -> Handled {
        match self.spec.facts.mode {
            Mode::AndroidPersonallyOwnedWorkProfile => self.on_unenrolled(),
            Mode::AndroidDeviceAdministrator
            | Mode::AndroidCorporateOwnedWorkProfile
            | Mode::AndroidFullyManaged
            | Mode::AndroidDedicated
            | Mode::AospUserAssociated
            | Mode::AospUserless
            | Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleAutomatedDevice
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser
            | Mode::AppleSharedIpad => Err(Misplaced),
        }
    }

    /// A device switched on before it is enrolled goes on with its set-up.
    fn on_user_change(&mut self, now: Timestamp, action: &UserAction) -> Handled {
        let was_on = self.is_switched_on();
        let before = self.system.clone();
        let (system, mut situation) = self.situation(now);
        let consequences = system.on_user(action, &mut situation);
        if self.system != before {
            self.persist();
        }
        let network = consequences.network;
        self.follow(now, consequences);
        self.change_network(network);
        let is_back = !was_on && self.is_switched_on() && self.enrolment().is_none();
        if is_back { self.on_start(now) } else { Ok(()) }
    }
}

/// Small moves the others are made of.
impl Device {
    /// Shows every secret in a fixed order.
    pub(crate) fn visit_secrets(&mut self, see: &mut dyn FnMut(SecretMut<'_>)) {
        if let Some(enrolment) = self.enrolment_mut() {
            enrolment.visit_secrets(see);
        }
        self.system.visit_secrets(see);
    }

    fn enrolment(&self) -> Option<&Enrolment> {
        match &self.life {
            Life::Enrolled(enrolment) => Some(enrolment),
            Life::SetupAssistant(_)
            | Life::ActivationPrompt
            | Life::Enrolling
            | Life::Unenrolled => None,
        }
    }

    fn enrolment_mut(&mut self) -> Option<&mut Enrolment> {
        match &mut self.life {
            Life::Enrolled(enrolment) => Some(enrolment),
            Life::SetupAssistant(_)
            | Life::ActivationPrompt
            | Life::Enrolling
            | Life::Unenrolled => None,
        }
    }

    /// What the organisation asks; nothing without an enrolment.
    fn policy(&self) -> Policy {
        self.enrolment().map_or(Policy::NONE, |enrolment| enrolment.policy)
    }

    fn situation(&mut self, now: Timestamp) -> (&mut System, Situation<'_>) {
        let situation = Situation {
            policy: self.policy(),
            device: self.id(),
            facts: &self.spec.facts,
            persona: &self.spec.persona,
            traits: self.spec.traits,
            chance: &mut self.chance,
            now,
        };
        (&mut self.system, situation)
    }

    fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn note(&mut self, note: Note) {
        self.push(Output::Note(note));
    }

    /// Asks for the state to be made durable, once per event: it is written whole.
    fn persist(&mut self) {
        if !self.outputs.contains(&Output::Persist) {
            self.push(Output::Persist);
        }
    }
}
