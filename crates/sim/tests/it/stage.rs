//! The world played by hand.

use std::time::Duration;

use muster_control::{Action, LostModeAfterErase, NewCommand, Readings, Stage, SubmitRefusal};
use muster_device::{DeviceSpec, Persona, Phase, PromptHabit, Screen, UserAction};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{
    CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Policy, Timestamp,
};
use muster_sim::{Asking, CALM_NETWORK, Misdeed, Plan, PlannedDevice, Rehearsal, Tally};

const DEVICE: u32 = 0;
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

fn phone(mode: Mode) -> DeviceSpec {
    let facts = DeviceFacts {
        serial: "STAGE0001".parse().expect("letters and digits"),
        model: "iPhone15,2".to_owned(),
        operating_system: OperatingSystem::Ios,
        os_version: OsVersion::new(17, 4),
        mode,
    };
    let persona = Persona {
        passcode: Presence::Set,
        work_profile_password: Presence::NotSet,
        prompt: PromptHabit::Accepts,
        find_my: Switch::Off,
        screen: Screen::Unlocked,
    };
    DeviceSpec::new(facts, persona)
}

fn connected() -> Rehearsal {
    connected_as(Mode::AppleAutomatedDevice)
}

fn connected_as(mode: Mode) -> Rehearsal {
    connected_with(mode, Readings::default())
}

fn connected_with(mode: Mode, readings: Readings) -> Rehearsal {
    let device = PlannedDevice::new(DEVICE, phone(mode), Policy::FULL);
    let mut rehearsal = Rehearsal::begin(Plan {
        seed: 1,
        network: CALM_NETWORK,
        readings,
        devices: vec![device],
        acts: Vec::new(),
        calm_at: Timestamp::ZERO,
        end_at: Timestamp::ZERO,
        day: Plan::REAL_DAY,
        asking: Asking::Once,
    });
    rehearsal.pass(SECOND);
    assert!(rehearsal.look(DEVICE).expect("it is there").connected);
    rehearsal
}

fn life(rehearsal: &Rehearsal) -> DeviceId {
    rehearsal.look(DEVICE).and_then(|sight| sight.id).expect("it is enrolled")
}

fn ask(rehearsal: &mut Rehearsal, action: Action) -> CommandId {
    let life = life(rehearsal);
    rehearsal.ask(life, action, 30 * DAY).expect("it can be done")
}

fn stage(rehearsal: &Rehearsal, command: CommandId) -> Stage {
    let record = rehearsal.record(life(rehearsal)).expect("the server is up");
    record.command(command).expect("it was asked for").state.stage()
}

#[test]
fn what_is_asked_of_a_device_that_is_here_is_done_after_one_round_trip() {
    let mut rehearsal = connected();
    let command = ask(&mut rehearsal, Action::SyncDevice);
    assert_eq!(stage(&rehearsal, command), Stage::InFlight);
    rehearsal.pass(CALM_NETWORK.delay * 2);
    assert_eq!(stage(&rehearsal, command), Stage::Done);
}

#[test]
fn what_the_platform_can_never_do_is_refused_as_control_refuses_it() {
    let mut rehearsal = connected_as(Mode::AppleUser);
    let life = life(&rehearsal);
    let action = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
    let mut record = rehearsal.record(life).unwrap().clone();
    let id = CommandId::from_bytes([9; 16]);
    let new = NewCommand { id, action: action.clone(), lifetime: DAY };
    let refused = record.submit(rehearsal.now(), new, &Readings::default()).unwrap_err();
    assert!(matches!(refused, SubmitRefusal::Capability(_)), "{refused}");
    assert_eq!(rehearsal.ask(life, action, DAY), Err(refused));
}

#[test]
fn a_device_off_the_network_is_asked_when_it_is_back_however_long_that_takes() {
    let mut rehearsal = connected();
    rehearsal.offline(DEVICE);
    let command = ask(&mut rehearsal, Action::SyncDevice);
    rehearsal.pass(29 * DAY);
    assert_eq!(stage(&rehearsal, command), Stage::Queued);
    rehearsal.online(DEVICE);
    rehearsal.pass(SECOND);
    assert_eq!(stage(&rehearsal, command), Stage::Done);
}

#[test]
fn a_device_whose_certificate_has_ended_tries_five_times_and_stays_away() {
    let mut rehearsal = connected();
    rehearsal.offline(DEVICE);
    rehearsal.pass(400 * DAY);
    rehearsal.online(DEVICE);
    rehearsal.pass(DAY);
    let sight = rehearsal.look(DEVICE).unwrap();
    assert_eq!((sight.phase, sight.connected), (Phase::Enrolled, false));
    assert_eq!(rehearsal.tally().refused_handshakes, 5);
}

#[test]
fn a_copy_takes_the_place_of_its_original_until_that_is_called_back() {
    let mut rehearsal = connected();
    let copy = rehearsal.copy(DEVICE).unwrap();
    let connected = |rehearsal: &Rehearsal, device| rehearsal.look(device).unwrap().connected;
    rehearsal.pass(60 * SECOND);
    assert!(!connected(&rehearsal, DEVICE) && connected(&rehearsal, copy));
    rehearsal.online(DEVICE);
    rehearsal.pass(60 * SECOND);
    assert!(connected(&rehearsal, DEVICE) && !connected(&rehearsal, copy));
    assert_eq!(rehearsal.take_violation(), None);
}

#[test]
fn a_killed_server_has_what_it_accepted_and_asks_again() {
    let mut rehearsal = connected();
    rehearsal.misbehave(DEVICE, Misdeed::SayNothing);
    let command = ask(&mut rehearsal, Action::ResetPasscode);
    rehearsal.pass(SECOND);
    assert_eq!(stage(&rehearsal, command), Stage::InFlight);
    rehearsal.kill_server();
    assert_eq!(rehearsal.record(life(&rehearsal)), None);
    assert_eq!(
        rehearsal.ask(life(&rehearsal), Action::SyncDevice, DAY),
        Err(SubmitRefusal::NotEnrolled)
    );
    rehearsal.start_server();
    rehearsal.pass(60 * SECOND);
    assert_eq!(stage(&rehearsal, command), Stage::Done);
    assert_eq!((rehearsal.executed_twice(), rehearsal.take_violation()), (0, None));
}

#[test]
fn a_server_that_stops_gives_back_what_was_under_way_and_counts_anew() {
    let mut rehearsal = connected();
    rehearsal.misbehave(DEVICE, Misdeed::SayNothing);
    let command = ask(&mut rehearsal, Action::RemoteLock);
    rehearsal.pass(SECOND);
    rehearsal.stop_server();
    rehearsal.start_server();
    assert_eq!(stage(&rehearsal, command), Stage::Queued);
    assert_eq!(rehearsal.tally(), Tally::default());
    rehearsal.pass(60 * SECOND);
    assert_eq!(stage(&rehearsal, command), Stage::Done);
    assert_eq!(rehearsal.tally().attempts, 1);
}

#[test]
fn each_misdeed_is_noticed_by_the_server() {
    let nothing = Tally { attempts: 1, ..Tally::default() };
    for (how, noticed) in [
        (Misdeed::AnswerTwice, Tally { duplicates: 1, ..nothing }),
        (Misdeed::AnswerAnotherAttempt, Tally { stale_attempts: 1, ..nothing }),
        (Misdeed::AnswerAnUnknownCommand, Tally { unknown_commands: 1, ..nothing }),
        (Misdeed::LoseTheConnection, Tally { attempts: 2, ..nothing }),
        (Misdeed::SayNothing, nothing),
    ] {
        let mut rehearsal = connected();
        rehearsal.misbehave(DEVICE, how);
        ask(&mut rehearsal, Action::SyncDevice);
        rehearsal.pass(60 * SECOND);
        assert_eq!(rehearsal.tally(), noticed, "{how:?}");
        assert_eq!((rehearsal.executed_twice(), rehearsal.take_violation()), (0, None));
    }
}

#[test]
fn an_iphone_locked_to_an_account_asks_for_its_owner_after_a_wipe() {
    let mut rehearsal = connected();
    rehearsal.user(DEVICE, UserAction::StartFindMy);
    let wipe = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
    ask(&mut rehearsal, wipe);
    rehearsal.pass(60 * SECOND);
    assert_eq!(rehearsal.look(DEVICE).unwrap().phase, Phase::ActivationPrompt);
    let notes = rehearsal.user(DEVICE, UserAction::SignInAsOwner);
    assert!(!notes.is_empty(), "the person sees that the lock is gone");
    rehearsal.pass(60 * SECOND);
    assert_eq!(rehearsal.look(DEVICE).unwrap().phase, Phase::Enrolled);
}

/// Lost, wiped and set up again: whether it is lost once more.
fn is_lost_again(lost_mode_after_erase: LostModeAfterErase) -> bool {
    let readings = Readings { lost_mode_after_erase, ..Readings::default() };
    let mut rehearsal = connected_with(Mode::AppleAutomatedDevice, readings);
    let message = Some("lost".to_owned());
    let lost = Action::EnableLostMode { message, phone_number: None, footer: None };
    ask(&mut rehearsal, lost);
    rehearsal.pass(SECOND);
    assert!(rehearsal.look(DEVICE).expect("it is there").lost);
    let earlier = life(&rehearsal);
    let wipe = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
    ask(&mut rehearsal, wipe);
    rehearsal.pass(60 * SECOND);
    let sight = rehearsal.look(DEVICE).expect("it is there");
    assert!(sight.connected && sight.id != Some(earlier), "{sight:?}");
    assert_eq!(rehearsal.take_violation(), None);
    sight.lost
}

#[test]
fn a_lost_device_that_was_wiped_is_lost_again_if_lost_mode_outlives_an_erase() {
    assert!(is_lost_again(LostModeAfterErase::Reapplied));
    assert!(!is_lost_again(LostModeAfterErase::Forgotten));
}

#[test]
fn the_same_steps_give_the_same_log() {
    let play = || {
        let mut rehearsal = connected();
        rehearsal.copy(DEVICE);
        rehearsal.kill_server();
        rehearsal.pass(600 * SECOND);
        rehearsal.start_server();
        rehearsal.pass(600 * SECOND);
        rehearsal.log().to_bytes()
    };
    assert_eq!(play(), play());
}
