//! The fleet as its owner sees it.

mod config;
mod error;
mod metrics;
mod resume;
mod trouble;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use muster_device::recording::Recorder;
use muster_device::{Backoff, Contact, Device, DeviceSpec, Note, Person, Phase, UserAction};
use muster_protocol::status::DeviceStatus;
use muster_protocol::{DeviceId, Seed, SerialNumber, Timestamp};
use muster_transport::{ClientTls, Network};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::activation::ActivationHandle;
use crate::black_box::{BlackBox, Spilled};
use crate::clock::Clock;
use crate::device_task::{Beginning, DeviceTask, Misbehaviour, Request};
use crate::faults::FaultPlan;
use crate::mailbox::{Mailbox, PostError};
use crate::pacer::Pacer;
use crate::progress::{Counters, FleetProgress, FleetSummary};
use crate::push::{PushHandle, PushServices, Subscriber};
use crate::shared::Shared;
use crate::sockets::Endpoints;
use crate::state::{Kept, Writer};
use crate::watch::Watched;

pub use config::{DevicePlan, FleetConfig, Start};
pub use error::FleetError;
pub use metrics::FleetMetrics;
use resume::resume;

/// How long a stop may take before what still runs is cut off: two seconds less what the end of a
/// large process takes.
const STOP_WITHIN: Duration = Duration::from_millis(1_500);

/// A device as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// Its place in the fleet.
    pub index: usize,
    /// Who it is to the server, while it is enrolled.
    pub id: Option<DeviceId>,
    /// The hardware's number.
    pub serial: SerialNumber,
    /// Where it stands in its life.
    pub phase: Phase,
    /// Whether it has a connection the server has welcomed.
    pub connected: bool,
    /// Whether it is in Lost Mode.
    pub lost: bool,
    /// The state as it would report it.
    pub status: DeviceStatus,
}

/// A running fleet. Dropping it ends its tasks without waiting for them; see [`Fleet::stop`].
#[derive(Debug)]
pub struct Fleet {
    shared: Arc<Shared>,
    mailboxes: Vec<Arc<Mailbox<Request>>>,
    /// Devices beyond the plan, with the indices after it.
    clones: RwLock<Vec<Arc<Mailbox<Request>>>>,
    tasks: TaskTracker,
    writer: Option<Writer>,
    seed: Seed,
    black_box: BlackBox,
    stop: DropGuard,
}

impl Fleet {
    /// Starts one task per device. Devices found in the state folder go on where they were; the
    /// others enrol.
    ///
    /// Cancel safe: yes, nothing runs before it returns but the thread of the state folder.
    ///
    /// # Errors
    /// [`FleetError`] if sockets, TLS or the state folder cannot be set up. That a server cannot
    /// be reached is no error: devices come back until it can.
    pub async fn start(config: FleetConfig) -> Result<Self, FleetError> {
        Self::start_on(Network::Udp, config).await
    }

    /// The same on another network than the machine's.
    ///
    /// Cancel safe: yes, as for [`Self::start`].
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn start_on(network: Network, config: FleetConfig) -> Result<Self, FleetError> {
        config.check()?;
        let resumed = resume(&config).await?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            server: config.server,
            tls: ClientTls::new(config.ca)
                .and_then(|tls| tls.with_skew(&config.skew))
                .map_err(|source| FleetError::Tls { source })?
                .with_keep_alive(config.keep_alive),
            endpoints: Endpoints::open(config.sockets, config.server, network)
                .map_err(|source| FleetError::Sockets { source })?,
            pacer: Pacer::new(config.connects_in_flight),
            clock: Clock::start(resumed.elapsed, config.skew),
            counters: Counters::new(u64::try_from(config.plans.len()).unwrap_or(u64::MAX)),
            activation: resumed.activation,
            push: PushServices::default(),
            writer: resumed.writer.as_ref().map(Writer::handle),
            faults: FaultPlan::start(
                config.faults,
                config.faults_count,
                config.seed.child("faults", 0),
            ),
            spilled: Spilled::default(),
            watch: Watched(config.watch),
            stop: stop.clone(),
        });
        info!(devices = config.plans.len(), resumed = resumed.kept.len(), "fleet starts");
        let mut fleet = Self {
            shared,
            mailboxes: Vec::with_capacity(config.plans.len()),
            clones: RwLock::default(),
            tasks: TaskTracker::new(),
            writer: resumed.writer,
            seed: config.seed,
            black_box: config.black_box,
            stop: stop.drop_guard(),
        };
        fleet.spawn_all(config.plans, config.seed, resumed.kept);
        Ok(fleet)
    }

    /// Has the user of a device do something; returns what they saw.
    ///
    /// Cancel safe: no. A dropped call may or may not have been carried out.
    ///
    /// # Errors
    /// [`FleetError::NoSuchDevice`], [`FleetError::Busy`], [`FleetError::Ended`].
    pub async fn user(&self, index: usize, action: UserAction) -> Result<Vec<Note>, FleetError> {
        self.ask(index, |answer| Request::User(action, answer)).await
    }

    /// Switches a device off: its connection closes and it stays away, wherever its person goes.
    ///
    /// Returns when the connection is closed. Cancel safe: no, as for [`Self::user`].
    ///
    /// # Errors
    /// As for [`Self::user`].
    pub async fn go_offline(&self, index: usize) -> Result<(), FleetError> {
        self.ask(index, Request::GoOffline).await
    }

    /// Switches a device on. One that had given up tries again; one whose person has no network
    /// comes when they have.
    ///
    /// Returns before it is connected. Cancel safe: no, as for [`Self::user`].
    ///
    /// # Errors
    /// As for [`Self::user`].
    pub async fn go_online(&self, index: usize) -> Result<(), FleetError> {
        self.ask(index, Request::GoOnline).await
    }

    /// Has a device do something wrong with the next answer it gives.
    ///
    /// Cancel safe: no, as for [`Self::user`].
    ///
    /// # Errors
    /// As for [`Self::user`].
    pub async fn misbehave(&self, index: usize, how: Misbehaviour) -> Result<(), FleetError> {
        self.ask(index, |answer| Request::Misbehave(how, answer)).await
    }

    /// Copies a device with its certificate and key, as somebody does who copies its storage, and
    /// switches the copy on; returns the index of the copy.
    ///
    /// Cancel safe: no, as for [`Self::user`].
    ///
    /// # Errors
    /// As for [`Self::user`]; [`FleetError::Kept`] in a fleet with a state folder, which keeps
    /// the planned devices only.
    pub async fn clone_device(&self, index: usize) -> Result<usize, FleetError> {
        if self.writer.is_some() {
            return Err(FleetError::Kept);
        }
        let twin = self.ask(index, Request::Twin).await?;
        let mut clones = self.clones.write().unwrap_or_else(PoisonError::into_inner);
        let position = self.mailboxes.len() + clones.len();
        let devices = position.saturating_add(1);
        let number = u32::try_from(position).map_err(|_many| FleetError::TooMany { devices })?;
        let beginning = Beginning {
            index: number,
            recorder: self.black_box.resumed(&twin.device),
            trouble: None,
            subscriber: None,
            device: twin.device,
            person: None,
            token: twin.token,
            credentials: twin.credentials,
            presence: Start::Online,
            backoff: Backoff::new(self.seed.child("backoff", u64::from(number)).stream()),
        };
        clones.push(self.spawn(beginning));
        Ok(position)
    }

    /// Looks at a device.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// As for [`Self::user`].
    pub async fn view(&self, index: usize) -> Result<DeviceView, FleetError> {
        self.ask(index, Request::View).await
    }

    /// The vendor's activation service of these devices.
    #[must_use]
    pub fn activation_service(&self) -> ActivationHandle {
        ActivationHandle::new(self.shared.activation.clone(), self.shared.writer.as_ref())
    }

    /// The push services of these devices.
    #[must_use]
    pub fn push_services(&self) -> PushHandle {
        PushHandle::new(self.shared.push.clone(), self.shared.clock.clone())
    }

    /// This moment of the run, as the devices and their people see it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The counters now.
    #[must_use]
    pub fn progress(&self) -> FleetProgress {
        self.shared.counters.progress()
    }

    /// Waits until a counter other than bytes has moved since the last [`Self::progress`].
    ///
    /// For one observer; several use [`Self::until`]. Cancel safe: yes.
    pub async fn changed(&self) {
        self.shared.counters.changed().await;
    }

    /// Waits until the counters meet `condition`, without a limit of time.
    ///
    /// Cancel safe: yes.
    pub async fn until(&self, condition: impl Fn(&FleetProgress) -> bool) -> FleetProgress {
        self.shared.counters.until(condition).await
    }

    /// Stops: no more requests, connections closed with `CloseCode::Done`, state written.
    ///
    /// What does not end within a second and a half is cut off and counted. Cancel safe: no; a
    /// dropped call leaves the rest to run out by itself.
    pub async fn stop(self) -> FleetSummary {
        let Self { shared, mailboxes, clones, tasks, writer, seed: _, black_box: _, stop } = self;
        let deadline = Instant::now() + STOP_WITHIN;
        let progress = shared.counters.progress();
        let clones = clones.into_inner().unwrap_or_else(PoisonError::into_inner);
        for mailbox in mailboxes.into_iter().chain(clones) {
            mailbox.close();
        }
        shared.pacer.close();
        drop(stop);
        tasks.close();
        let mut cut = 0;
        if timeout_at(deadline, tasks.wait()).await.is_err() {
            cut = u64::try_from(tasks.len()).unwrap_or(u64::MAX);
            warn!(cut, "devices that were still saying goodbye are cut off");
        }
        // The closes are on their way; this also waits until the last of them needs no repeating.
        let drained = timeout_at(deadline, shared.endpoints.wait_idle()).await;
        debug!(drained = drained.is_ok(), "connections closed");
        let summary = shared.counters.summary(progress, cut);
        drop(shared);
        finish(writer).await;
        info!(connected = progress.connected, "fleet stopped");
        summary
    }

    fn spawn_all(&mut self, plans: Vec<DevicePlan>, seed: Seed, mut kept: BTreeMap<usize, Kept>) {
        for (number, plan) in (0_u32..).zip(plans) {
            let position = self.mailboxes.len();
            let kept = kept.remove(&position).unwrap_or_default();
            let nth = u64::from(number);
            let (device, recorder) = self.device(plan.spec, seed.child("device", nth), kept.device);
            let beginning = Beginning {
                index: number,
                subscriber: subscriber(&device, seed.child("push", nth)),
                trouble: self.trouble_of(number, device.facts().mode),
                device,
                recorder,
                person: plan.person.map(|person| self.met(person)),
                token: plan.token,
                credentials: kept.credentials,
                presence: plan.start,
                backoff: Backoff::new(seed.child("backoff", nth).stream()),
            };
            let mailbox = self.spawn(beginning);
            self.mailboxes.push(mailbox);
        }
    }

    fn spawn(&self, beginning: Beginning) -> Arc<Mailbox<Request>> {
        let mailbox = Arc::new(Mailbox::new());
        if beginning.subscriber.is_some() {
            let serial = beginning.device.facts().serial.clone();
            self.shared.push.connect(serial, Arc::clone(&mailbox));
        }
        let task = DeviceTask::new(Arc::clone(&self.shared), Arc::clone(&mailbox), beginning);
        self.tasks.spawn(task.run());
        mailbox
    }

    /// A device as it was kept, or a new one, and its black box.
    fn device(
        &self,
        spec: DeviceSpec,
        seed: Seed,
        kept: Option<Box<Device>>,
    ) -> (Device, Option<Box<Recorder>>) {
        match kept {
            Some(device) => {
                let recorder = self.black_box.resumed(&device);
                (*device, recorder)
            }
            None => (Device::new(spec.clone(), seed), self.black_box.fresh(&spec, seed)),
        }
    }

    fn mailbox(&self, index: usize) -> Option<Arc<Mailbox<Request>>> {
        self.mailboxes.get(index).cloned().or_else(|| {
            let clones = self.clones.read().unwrap_or_else(PoisonError::into_inner);
            clones.get(index.checked_sub(self.mailboxes.len())?).cloned()
        })
    }

    /// A person goes on where the run stands: what was before has happened.
    fn met(&self, mut person: Box<Person>) -> Box<Person> {
        person.resume(self.shared.clock.started());
        person
    }

    async fn ask<T>(
        &self,
        index: usize,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, FleetError> {
        let mailbox = self.mailbox(index).ok_or(FleetError::NoSuchDevice { index })?;
        let (answer, answered) = oneshot::channel();
        mailbox.post(request(answer)).map_err(|cause| match cause {
            PostError::Full => FleetError::Busy { index },
            PostError::Closed => FleetError::Ended { index },
        })?;
        answered.await.map_err(|_gone| FleetError::Ended { index })
    }
}

/// The push service of a device that is woken.
fn subscriber(device: &Device, seed: Seed) -> Option<Box<Subscriber>> {
    match device.contact() {
        Contact::Connected => None,
        Contact::Woken => Some(Box::new(Subscriber::new(seed.stream()))),
    }
}

/// Waits for the last write. The thread ends when the last task has: a bound for those cut off.
async fn finish(writer: Option<Writer>) {
    let Some(writer) = writer else {
        return;
    };
    let deadline = Instant::now() + STOP_WITHIN;
    let finished = timeout_at(deadline, spawn_blocking(|| writer.finish())).await;
    if finished.is_err() {
        warn!("the state folder was still open at the deadline");
    }
}
