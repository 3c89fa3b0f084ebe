//! Promises that hold for any sequence of events.

use std::collections::{BTreeMap, VecDeque};

use muster_device::activation::ActivationService;
use muster_device::recording::{INPUTS_MAX, Recorder};
use muster_device::{
    AccessRights, AccountSignIn, Acknowledgement, AgentTarget, AwaitConfiguration, Contact, Device,
    DeviceSpec, Input, Output, Persona, PromptHabit, Quirk, Screen, Traits, UserAction,
};
use muster_protocol::management::{ToDevice, ToServer, Welcome};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{
    Attempt, Command, CommandHead, CommandId, DeviceId, Mode, OsVersion, Platform, Policy, Seed,
    Timestamp, decode_at_rest, encode_at_rest,
};
use proptest::prelude::*;

use crate::push::recorded_target;
use crate::requests::{ANDROID, APPLE};
use crate::rig::{PERSONA, Rig, current_os, spec};

/// One step; secrets are filled in from what the device has escrowed.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Start,
    Enrolled,
    Refused,
    Connected,
    Disconnected,
    Unenrolled,
    Deadline,
    Welcome(Policy),
    Ack(u32),
    Empty,
    /// The device is given an address, or another one.
    Target(u8),
    /// A push arrives that says the word of this address.
    Pushed(u8),
    /// A command: which id, which of the platform's requests.
    Command(u8, usize),
    User(UserAction),
    EnterCode(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let user = prop_oneof![
        Just(UserAction::Lock),
        Just(UserAction::Unlock),
        Just(UserAction::SetPasscode),
        Just(UserAction::StartFindMy),
        Just(UserAction::StopFindMy),
        Just(UserAction::AcceptPrompt),
        Just(UserAction::Reboot),
        Just(UserAction::SignInAsOwner),
        Just(UserAction::RestoreFromBackup),
        Just(UserAction::RestoreFromAnotherBackup),
        Just(UserAction::EraseAllContent),
        Just(UserAction::PowerOn),
        Just(UserAction::PowerOff),
        Just(UserAction::UseBattery { left_percent: 0 }),
        Just(UserAction::ChargeBattery),
        Just(UserAction::SignIn),
        Just(UserAction::HoldManagement),
        Just(UserAction::ReleaseManagement),
        Just(UserAction::InstallProfile { identifier: "net.example.own".to_owned() }),
        Just(UserAction::ClearPasscode),
        Just(UserAction::ForgetPasscode),
        Just(UserAction::RemoveWorkProfile),
        Just(UserAction::ExitLostMode),
        Just(UserAction::TurnLocationOn),
        Just(UserAction::TurnLocationOff),
        Just(UserAction::ConsentToLocation),
        Just(UserAction::LogIn { user_name: "pupil-3@school.example".to_owned() }),
        Just(UserAction::LogOut),
        Just(UserAction::WorkOffline),
        "[0-9]{0,8}".prop_map(|text| UserAction::EnterPasscode(Passcode::new(text))),
    ];
    let command = (0..8_u8, 0..APPLE.len());
    prop_oneof![
        2 => Just(Step::Start),
        3 => Just(Step::Enrolled),
        1 => Just(Step::Refused),
        2 => Just(Step::Connected),
        1 => Just(Step::Disconnected),
        1 => Just(Step::Unenrolled),
        1 => Just(Step::Deadline),
        3 => Just(Step::Welcome(Policy::FULL)),
        1 => Just(Step::Welcome(Policy::NONE)),
        1 => (0..4_u32).prop_map(Step::Ack),
        2 => Just(Step::Empty),
        1 => (0..2_u8).prop_map(Step::Target),
        2 => (0..3_u8).prop_map(Step::Pushed),
        24 => command.prop_map(|(id, request)| Step::Command(id, request)),
        5 => user.prop_map(Step::User),
        1 => prop::sample::select(&["", "someone"]).prop_map(Step::EnterCode),
    ]
}

fn persona() -> impl Strategy<Value = Persona> {
    let presence = prop_oneof![Just(Presence::Set), Just(Presence::NotSet)];
    let prompt = prop_oneof![Just(PromptHabit::Accepts), Just(PromptHabit::Ignores)];
    let find_my = prop_oneof![Just(Switch::On), Just(Switch::Off)];
    let screen = prop_oneof![Just(Screen::Locked), Just(Screen::Unlocked)];
    (presence.clone(), presence, prompt, find_my, screen).prop_map(
        |(passcode, work_profile_password, prompt, find_my, screen)| Persona {
            passcode,
            work_profile_password,
            prompt,
            find_my,
            screen,
        },
    )
}

fn traits() -> impl Strategy<Value = Traits> {
    let target = prop::sample::select(&[23_u16, 25, 33, 35]).prop_map(AgentTarget::new);
    let quirk = prop::option::of(prop::sample::select(&[
        Quirk::SamsungFactoryResetBlocked,
        Quirk::ZebraPartialWipe,
        Quirk::AgentTarget34WipeData,
        Quirk::AgentWithoutTokens,
        Quirk::ShortResetToken,
        Quirk::FourDigitPasscodes,
        Quirk::NoEscrowKeybag,
        Quirk::SetupAssistantWantsAUserName,
        Quirk::NoPositionFix,
        Quirk::BrokenSpeaker,
    ]));
    let acknowledgement = prop::sample::select(&[
        Acknowledgement::BeforeReset,
        Acknowledgement::ResetsWithoutReporting,
        Acknowledgement::ConfirmsBeforeExecuting,
        Acknowledgement::ConfirmsWhateverHappens,
    ]);
    let waits = prop::sample::select(&[AwaitConfiguration::No, AwaitConfiguration::Yes]);
    let sign_in = prop::sample::select(&[AccountSignIn::AtOnce, AccountSignIn::Later]);
    let rights = prop::sample::select(&[AccessRights::ALL, AccessRights::NONE]);
    (target, quirk, acknowledgement, waits, sign_in, rights).prop_map(
        |(target, quirk, acknowledgement, waits, sign_in, rights)| Traits {
            agent_target: target,
            quirk,
            acknowledgement,
            await_configuration: waits,
            account_sign_in: sign_in,
            access_rights: rights,
            ..Traits::default()
        },
    )
}

/// A device of any mode, version, user and making.
fn device() -> impl Strategy<Value = DeviceSpec> {
    let android = prop::sample::select(&[6_u16, 7, 10, 11, 14]);
    let contact = prop::sample::select(&[Contact::Connected, Contact::Woken]);
    (prop::sample::select(&Mode::ALL), android, persona(), traits(), contact).prop_map(
        |(mode, android, persona, traits, contact)| {
            let os_version = match mode.platform() {
                Platform::Apple => current_os(mode),
                Platform::Android => OsVersion::major(android),
            };
            DeviceSpec { traits, contact, ..spec(mode, os_version, persona) }
        },
    )
}

/// Plays steps against a device as a forgetful server would.
pub(crate) struct Player {
    pub(crate) device: Device,
    durable: Device,
    pub(crate) recorder: Recorder,
    service: ActivationService,
    now: u64,
    enrolments: u8,
    attempts: u32,
    pub(crate) names: Rig,
}

impl Player {
    pub(crate) fn new(spec: DeviceSpec) -> Self {
        Self::recorded(spec, INPUTS_MAX)
    }

    pub(crate) fn recorded(spec: DeviceSpec, inputs_max: usize) -> Self {
        Self {
            device: Device::new(spec.clone(), Seed::root(3)),
            durable: Device::new(spec.clone(), Seed::root(3)),
            recorder: Recorder::fresh(spec.clone(), Seed::root(3), inputs_max),
            service: ActivationService::default(),
            now: 0,
            enrolments: 0,
            attempts: 0,
            names: Rig::boxed(spec, Policy::FULL),
        }
    }

    pub(crate) fn play(&mut self, step: &Step) -> Vec<Output> {
        self.now += 7_000_000;
        let input = self.input(step);
        let outputs = self.handle(input);
        for output in &outputs {
            if let Output::Send(ToServer::TokenUpdate(update)) = output {
                let names = &mut self.names;
                names.unlock_token = update.unlock_token.clone().or(names.unlock_token.take());
                names.bypass_code = update.bypass_code.clone().or(names.bypass_code.take());
            }
        }
        outputs
    }

    /// All outputs; what the vendor's service answers comes in between.
    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = Timestamp::from_micros(self.now);
            self.recorder.input(now, &input);
            self.device.handle(now, input);
            while let Some(output) = self.device.poll_output() {
                self.recorder.output(&output);
                if output == Output::Persist {
                    self.durable = self.device.clone();
                }
                if let Output::Activation(call) = output {
                    let reply = self.service.answer(&self.device.facts().serial, call);
                    inputs.push_back(Input::Activation(reply));
                } else {
                    outputs.push(output);
                }
            }
        }
        outputs
    }

    /// Dies while it handles a step, before so many outputs are carried out.
    pub(crate) fn crash(&mut self, step: &Step, outputs: usize) {
        self.now += 7_000_000;
        let input = self.input(step);
        let now = Timestamp::from_micros(self.now);
        let mut durable = self.durable.clone();
        self.recorder.input(now, &input);
        self.device.handle(now, input);
        for _ in 0..outputs {
            let Some(output) = self.device.poll_output() else { break };
            self.recorder.output(&output);
            if output == Output::Persist {
                durable = self.device.clone();
            }
        }
        while durable.poll_output().is_some() {}
        self.recorder.restarted(now);
        self.durable = durable.clone();
        self.device = durable;
    }

    fn input(&mut self, step: &Step) -> Input {
        match step {
            Step::Start => Input::Start,
            Step::Enrolled => {
                self.enrolments = self.enrolments.wrapping_add(1);
                Input::Enrolled { device: DeviceId::from_bytes([self.enrolments; 16]) }
            }
            Step::Refused => Input::EnrolmentRefused,
            Step::Connected => Input::Connected { minor: 1 },
            Step::Disconnected => Input::Disconnected,
            Step::Unenrolled => Input::Unenrolled,
            Step::Deadline => Input::Deadline,
            Step::Welcome(policy) => Input::Message(ToDevice::Welcome(Welcome {
                minor: 0,
                now: Timestamp::from_micros(self.now),
                policy: *policy,
            })),
            Step::Ack(sequence) => Input::Message(ToDevice::TokenUpdateAck { sequence: *sequence }),
            Step::Empty => Input::Message(ToDevice::Empty),
            Step::Target(address) => Input::PushTarget(recorded_target(*address)),
            Step::Pushed(address) => Input::Pushed { magic: recorded_target(*address).magic },
            Step::Command(id, request) => {
                Input::Message(ToDevice::Command(self.command(*id, *request)))
            }
            Step::User(action) => Input::User(action.clone()),
            Step::EnterCode(user_name) => {
                let code = self.names.bypass_code.clone();
                let code = code.unwrap_or(BypassCode::new("?".to_owned()));
                Input::User(UserAction::EnterAtSetupAssistant {
                    user_name: (*user_name).to_owned(),
                    password: Passcode::new(code.expose().clone()),
                })
            }
        }
    }

    fn command(&mut self, id: u8, request: usize) -> Command {
        let request = match self.device.facts().mode.platform() {
            Platform::Apple => APPLE[request],
            Platform::Android => ANDROID[request % ANDROID.len()],
        };
        self.attempts += 1;
        let head = CommandHead {
            id: CommandId::from_bytes([id; 16]),
            attempt: Attempt::new(self.attempts),
            expires_at: Timestamp::ZERO,
        };
        Command { head, request: self.names.request(request) }
    }
}

pub(crate) fn run() -> impl Strategy<Value = (DeviceSpec, Vec<Step>)> {
    let begin = [Step::Start, Step::Enrolled, Step::Connected, Step::Welcome(Policy::FULL)];
    let steps = prop::collection::vec(step(), 0..60);
    (device(), steps, 0..=begin.len()).prop_map(move |(spec, steps, skipped)| {
        let begin = begin.iter().take(skipped).cloned();
        (spec, begin.chain(steps).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_command_takes_effect_twice_in_one_enrolment((spec, steps) in run()) {
        let mut player = Player::new(spec);
        let mut effects = BTreeMap::new();
        for step in &steps {
            let life = player.device.id();
            for output in player.play(step) {
                if let Output::Executed { command, .. } = output {
                    let count = effects.entry((life, command)).or_insert(0_u32);
                    *count += 1;
                    prop_assert_eq!(*count, 1, "{:?} in {:?}", command, life);
                }
            }
        }
    }

    #[test]
    fn a_stored_device_goes_on_exactly_like_the_one_that_was_not(
        (spec, steps) in run(),
        stop in any::<prop::sample::Index>(),
    ) {
        let mut kept = Player::new(spec.clone());
        let mut stored = Player::new(spec);
        let stop = stop.index(steps.len() + 1);
        for (index, step) in steps.iter().enumerate() {
            if index == stop {
                let bytes = encode_at_rest(&stored.device).unwrap();
                stored.device = decode_at_rest(&bytes).unwrap();
                prop_assert_eq!(&stored.device, &kept.device);
            }
            prop_assert_eq!(kept.play(step), stored.play(step));
        }
        prop_assert_eq!(kept.device, stored.device);
    }

    #[test]
    fn an_answer_follows_the_durable_state_and_names_the_attempt_asked((spec, steps) in run()) {
        let mut player = Player::new(spec);
        for step in &steps {
            let outputs = player.play(step);
            let position = |wanted: fn(&Output) -> bool| outputs.iter().position(wanted);
            let durable = position(|output| *output == Output::Persist);
            let effect = position(|output| matches!(output, Output::Executed { .. }));
            if let Some(effect) = effect {
                prop_assert!(durable.is_some_and(|durable| durable < effect));
            }
            for output in &outputs {
                if let Output::Send(ToServer::CommandResult(result)) = output {
                    prop_assert_eq!(result.attempt.number(), player.attempts);
                }
            }
        }
    }

    #[test]
    fn a_device_that_is_gone_says_and_does_nothing((spec, steps) in run()) {
        let mut player = Player::new(spec);
        for step in &steps {
            let was_off = !player.device.is_switched_on();
            let outputs = player.play(step);
            let sends = |output: &Output| matches!(output, Output::Send(_));
            let gone = outputs.iter().skip_while(|output| **output != Output::Disconnect);
            prop_assert!(!gone.into_iter().any(sends), "after its good-bye: {outputs:?}");
            if was_off && !player.device.is_switched_on() {
                let quiet = |output: &Output| {
                    matches!(output, Output::Note(_) | Output::Persist | Output::Leave)
                };
                prop_assert!(outputs.iter().all(quiet), "switched off: {outputs:?}");
            }
        }
    }

    #[test]
    fn only_a_reset_is_silent_and_no_command_is_answered_twice((spec, steps) in run()) {
        let mut player = Player::new(spec);
        for step in &steps {
            let outputs = player.play(step);
            let count = |wanted: fn(&Output) -> bool| outputs.iter().filter(|it| wanted(it)).count();
            let answers = count(|it| matches!(it, Output::Send(ToServer::CommandResult(_))));
            let effects = count(|it| matches!(it, Output::Executed { .. }));
            let left = count(|it| *it == Output::Leave);
            prop_assert!(answers <= 1 && effects <= 1);
            prop_assert!(effects == 0 || answers == 1 || left == 1, "{:?}", outputs);
        }
    }

    #[test]
    fn a_quiet_device_stays_within_two_kibibytes((spec, steps) in run()) {
        let mut player = Player::new(spec);
        for step in &steps {
            player.play(step);
        }
        let bytes = encode_at_rest(&player.device).unwrap().len();
        prop_assert!(bytes <= 2_048, "{bytes}");
    }
}

#[test]
fn the_same_device_with_another_seed_has_other_secrets() {
    let spec = spec(Mode::AppleDevice, current_os(Mode::AppleDevice), PERSONA);
    let token = |seed| -> Option<UnlockToken> {
        let mut player = Player::new(spec.clone());
        player.device = Device::new(spec.clone(), Seed::root(seed));
        for step in [Step::Start, Step::Enrolled, Step::Connected] {
            player.play(&step);
        }
        player.names.unlock_token
    };
    assert_eq!(token(1), token(1));
    assert_ne!(token(1), token(2));
}
