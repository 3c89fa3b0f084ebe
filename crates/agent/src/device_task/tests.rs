use std::num::NonZeroUsize;
use std::time::Duration;

use muster_protocol::Seed;
use muster_transport::{ClientTls, RunCa};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::activation::ActivationRecords;
use crate::clock::Clock;
use crate::pacer::Pacer;
use crate::population::population;
use crate::progress::Counters;
use crate::sockets::{Endpoints, Sockets};

/// Of the 9 KB a connected device may cost beyond what QUIC holds: the future itself.
const FUTURE_BYTES_MAX: usize = 1_536;

/// The same for what it points to, without what the core keeps on the heap.
const TASK_BYTES_MAX: usize = 768;

/// The same for an open session.
const SESSION_BYTES_MAX: usize = 320;

#[tokio::test]
async fn a_device_costs_little_memory_beside_its_connection() {
    let ca = RunCa::ephemeral().unwrap();
    let shared = Arc::new(Shared {
        server: "127.0.0.1:1".parse().unwrap(),
        tls: ClientTls::new(ca.certificate_der()).unwrap(),
        endpoints: Endpoints::open(Sockets::default(), "127.0.0.1:1".parse().unwrap()).unwrap(),
        pacer: Pacer::new(NonZeroUsize::MIN),
        clock: Clock::start(Duration::ZERO, muster_transport::Skew::default()),
        counters: Counters::new(1),
        activation: ActivationRecords::default(),
        writer: None,
        stop: CancellationToken::new(),
    });
    let spec = population(1, Seed::root(1)).remove(0);
    let beginning = Beginning {
        index: 0,
        device: Device::new(spec, Seed::root(1)),
        person: None,
        token: EnrolmentToken::new("token".to_owned()),
        credentials: None,
        presence: Start::Offline,
        backoff: Backoff::new(Seed::root(1).stream()),
    };
    let task = DeviceTask::new(shared, Arc::new(Mailbox::new()), beginning);
    let of_task = size_of_val(&*task);
    let of_session = size_of::<Session>();
    let of_future = size_of_val(&task.run());
    println!("future {of_future}, task {of_task}, session {of_session} bytes");
    assert!(of_future <= FUTURE_BYTES_MAX, "future: {of_future} bytes");
    assert!(of_task <= TASK_BYTES_MAX, "task: {of_task} bytes");
    assert!(of_session <= SESSION_BYTES_MAX, "session: {of_session} bytes");
}
