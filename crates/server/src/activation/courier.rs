//! Carries calls of the records to the activation service and its answers back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_control::{ActionKind, DeviceRecord, VendorCall, VendorOutcome};
use muster_protocol::{CommandId, DeviceId};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, debug, error, info_span, warn};

use super::errands::{Errand, Errands};
use super::service::Service;
use crate::clock::Clock;
use crate::registry::{DecideError, Registry};
use crate::vendor_access::VendorAccess;

/// How many calls may be out at once: a service that hangs then holds up this many, each for the
/// deadline of a call.
const CALLS_AT_ONCE: usize = 8;

/// How long to wait before an outcome is stored again that the store did not take.
const STORE_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How many devices are looked at between two chances for others to run.
const LOOK_PAGE: usize = 512;

/// The task that talks to the service.
#[derive(Debug)]
pub(crate) struct Courier {
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Clock,
    pub(crate) errands: Arc<Errands>,
    pub(crate) access: VendorAccess,
    /// The service as it was reached last.
    pub(crate) service: Mutex<Option<Service>>,
}

/// How a device stands after its turn.
enum Turn {
    /// Nothing more to ask.
    Over,
    /// No answer; to be asked again.
    Again,
}

impl Courier {
    /// Serves until told to stop. What is out then is cut: the next start asks again.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        self.look_for_waiting(&stop).await;
        let mut calls = JoinSet::new();
        loop {
            while calls.len() < CALLS_AT_ONCE
                && let Some((device, errand)) = self.errands.take(Instant::now())
            {
                let span = info_span!("activation", device_id = %device);
                calls.spawn(self.clone().turn(device, errand).instrument(span));
            }
            let has_room = calls.len() < CALLS_AT_ONCE;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.errands.news.notified() => {}
                () = until(self.errands.next()), if has_room => {}
                Some(ended) = calls.join_next() => {
                    if let Err(error) = ended {
                        error!(%error, "a call to the activation service died");
                    }
                }
            }
        }
    }

    /// Finds the devices whose calls an earlier process has left.
    async fn look_for_waiting(&self, stop: &CancellationToken) {
        let mut after = None;
        while !stop.is_cancelled() {
            let page = self.registry.page(after, LOOK_PAGE);
            if page.is_empty() {
                return;
            }
            for (device, slot) in &page {
                let state = slot.state.lock().await;
                after = Some(*device);
                if awaits_service(&state.record) {
                    self.errands.add(state.record.id);
                }
            }
            tokio::task::yield_now().await;
        }
    }

    async fn turn(self: Arc<Self>, device: DeviceId, errand: Errand) {
        match self.serve(device).await {
            Ok(Turn::Over) => {}
            Ok(Turn::Again) => self.errands.put_back(device, errand),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "call not stored");
                self.errands.put_back(device, errand);
            }
        }
    }

    /// Makes the calls of a device, one after another.
    async fn serve(&self, device: DeviceId) -> Result<Turn, DecideError> {
        while let Some(call) = self.next_call(device).await? {
            let outcome = self.ask(&call).await;
            debug!(command_id = %call.id, ?outcome, "activation service asked");
            self.settle(device, call.id, outcome).await;
            if outcome == VendorOutcome::Unreachable {
                return Ok(Turn::Again);
            }
        }
        Ok(Turn::Over)
    }

    /// The call to make now; that it is being made is durable.
    async fn next_call(&self, device: DeviceId) -> Result<Option<VendorCall>, DecideError> {
        let Some(slot) = self.registry.slot(device) else { return Ok(None) };
        let now = self.clock.now();
        let mut state = slot.state.lock().await;
        let readings = self.registry.readings();
        self.registry.decide(&mut state, |record| record.vendor_call(now, readings)).await
    }

    async fn ask(&self, call: &VendorCall) -> VendorOutcome {
        match self.service().await {
            Some(service) => match service.unlock(call).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "activation service not asked");
                    // Its folder is read again: it may listen elsewhere by now.
                    *self.kept() = None;
                    VendorOutcome::Unreachable
                }
            },
            None => VendorOutcome::Unreachable,
        }
    }

    /// The service as it was reached last, or as its folder describes it now.
    async fn service(&self) -> Option<Service> {
        if let Some(service) = self.kept().clone() {
            return Some(service);
        }
        let access = self.access.clone();
        let read = spawn_blocking(move || Service::of(&access)).await;
        match read.expect("reading the folder does not panic") {
            Ok(service) => Some(self.kept().insert(service).clone()),
            Err(error) => {
                let folder = self.access.folder().display();
                let error = &error as &dyn std::error::Error;
                warn!(%folder, error, "activation service not known yet");
                None
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Service>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the outcome durable, however long the store takes: a call nobody settles would keep
    /// the next one of its device waiting for ever.
    async fn settle(&self, device: DeviceId, command: CommandId, outcome: VendorOutcome) {
        let Some(slot) = self.registry.slot(device) else { return };
        loop {
            let now = self.clock.now();
            let mut state = slot.state.lock().await;
            let settled = self
                .registry
                .decide(&mut state, |record| record.settle_vendor(now, command, outcome))
                .await;
            drop(state);
            match settled {
                Ok(settled) => {
                    debug!(?settled, "outcome taken");
                    return;
                }
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "outcome not stored");
                    sleep(STORE_AGAIN_AFTER).await;
                }
            }
        }
    }
}

/// Whether a call is to be made for the device, as far as its commands say.
/// Whether a command of this device is for the service.
pub(crate) fn awaits_service(record: &DeviceRecord) -> bool {
    record.commands().any(|row| {
        !row.state.is_terminal() && row.action.kind() == ActionKind::BypassActivationLock
    })
}

/// Waits until then, or for ever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
