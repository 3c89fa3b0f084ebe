use std::num::NonZeroUsize;
use std::time::Duration;

use muster_device::UserAction;
use muster_device::activation::ActivationReply;
use muster_protocol::status::Presence;
use muster_protocol::{DeviceId, Mode, Seed, Timestamp};
use muster_transport::{ClientTls, Network, RunCa};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::activation::ActivationRecords;
use crate::black_box::Spilled;
use crate::clock::Clock;
use crate::faults::{FaultPlan, FaultsCount};
use crate::pacer::Pacer;
use crate::population::population;
use crate::progress::Counters;
use crate::push::PushServices;
use crate::sockets::{Endpoints, Sockets};
use crate::watch::Watched;

/// Of the 9 KB a connected device may cost beyond what QUIC holds: the future itself.
const FUTURE_BYTES_MAX: usize = 1_536;

/// The same for what it points to, without what the core keeps on the heap.
const TASK_BYTES_MAX: usize = 768;

/// The same for an open session.
const SESSION_BYTES_MAX: usize = 320;

#[tokio::test]
async fn a_device_costs_little_memory_beside_its_connection() {
    let spec = population(1, Seed::root(1)).remove(0);
    let task = task(Device::new(spec, Seed::root(1)));
    let of_task = size_of_val(&*task);
    let of_session = size_of::<Session>();
    let of_future = size_of_val(&task.run());
    println!("future {of_future}, task {of_task}, session {of_session} bytes");
    assert!(of_future <= FUTURE_BYTES_MAX, "future: {of_future} bytes");
    assert!(of_task <= TASK_BYTES_MAX, "task: {of_task} bytes");
    assert!(of_session <= SESSION_BYTES_MAX, "session: {of_session} bytes");
}

#[tokio::test]
async fn a_device_restarted_behind_its_passcode_has_no_network_to_be_put_on() {
    let mut task = task(enrolled_with_passcode());
    task.handle(Input::User(UserAction::Reboot)).await.unwrap();
    let (answer, answered) = oneshot::channel();
    task.on_request(Request::GoOnline(answer)).await.unwrap();
    answered.await.unwrap();
    assert_eq!((task.presence.switch, task.aim), (Start::Online, Aim::Rest));
    task.handle(Input::User(UserAction::Unlock)).await.unwrap();
    assert_eq!(task.aim, Aim::Connect);
}

#[tokio::test]
async fn a_device_switched_on_where_there_is_no_network_comes_once_there_is_one() {
    let mut task = task(enrolled_with_passcode());
    task.go_where(Connectivity::Offline).await.unwrap();
    let (answer, _answered) = oneshot::channel();
    task.on_request(Request::GoOnline(answer)).await.unwrap();
    assert_eq!(task.presence.network(), Connectivity::Offline);
    task.go_where(Connectivity::Online).await.unwrap();
    assert_eq!(task.presence.network(), Connectivity::Online);
}

fn enrolled_with_passcode() -> Device {
    let mut spec = population(1, Seed::root(1)).remove(0);
    spec.facts.mode = Mode::AppleDevice;
    spec.persona.passcode = Presence::Set;
    let mut device = Device::new(spec, Seed::root(1));
    let id = DeviceId::from_bytes([1; 16]);
    let activated = Input::Activation(ActivationReply::Activated);
    for input in [Input::Start, activated, Input::Enrolled { device: id }] {
        device.handle(Timestamp::ZERO, input);
        while device.poll_output().is_some() {}
    }
    device
}

/// The task of a device that is offline; nobody listens where it would connect.
fn task(device: Device) -> Box<DeviceTask> {
    let ca = RunCa::ephemeral().unwrap();
    let shared = Arc::new(Shared {
        server: "127.0.0.1:1".parse().unwrap(),
        tls: ClientTls::new(ca.certificate_der()).unwrap(),
        endpoints: Endpoints::open(
            Sockets::default(),
            "127.0.0.1:1".parse().unwrap(),
            Network::Udp,
        )
        .unwrap(),
        pacer: Pacer::new(NonZeroUsize::MIN),
        clock: Clock::start(Duration::ZERO, muster_transport::Skew::default()),
        counters: Counters::new(1),
        activation: ActivationRecords::default(),
        push: PushServices::default(),
        writer: None,
        faults: FaultPlan::start(Vec::new(), FaultsCount::FromStart, Seed::root(1)),
        spilled: Spilled::default(),
        watch: Watched::default(),
        stop: CancellationToken::new(),
    });
    let beginning = Beginning {
        index: 0,
        device,
        person: None,
        token: EnrolmentToken::new("token".to_owned()),
        credentials: None,
        presence: Start::Offline,
        backoff: Backoff::new(Seed::root(1).stream()),
        trouble: None,
        subscriber: None,
        recorder: None,
    };
    DeviceTask::new(shared, Arc::new(Mailbox::new()), beginning)
}
