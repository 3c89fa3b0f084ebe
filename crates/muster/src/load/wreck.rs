//! Lets things go wrong with the server, by plan or because somebody wants it.

use std::sync::Arc;
use std::time::Duration;

use muster_scenario::{FaultKind, ServerFault, TimeScale};

use super::control::Injection;
use super::deed::{Injected, Side};
use super::fleet_side::Remote;
use super::target::{Embedded, Leave};

/// How long a server is away that somebody takes away by hand.
const AWAY: Duration = Duration::from_secs(2);

/// How long devices are without network that somebody cuts off by hand.
const OUTAGE: Duration = Duration::from_secs(10);

/// Whoever breaks things.
pub(crate) struct Wrecker {
    /// `None` if the server is not ours to break.
    pub(crate) server: Option<Arc<Embedded>>,
    pub(crate) time_scale: TimeScale,
    /// The faults of the plan.
    pub(crate) faults: Vec<FaultKind>,
    /// How many devices the fleet of this process has.
    pub(crate) devices: usize,
}

impl Wrecker {
    /// Does to the server what the plan wants.
    pub(crate) fn wreck(&self, fault: ServerFault) {
        let Some(server) = &self.server else { return };
        match fault {
            ServerFault::Restart { away } => {
                server.leave(Leave::Stop, self.time_scale.of(away), || {});
            }
            ServerFault::Kill { away } => {
                server.leave(Leave::Kill, self.time_scale.of(away), || {});
            }
            ServerFault::SlowDisk { by } => server.slow_disk(by),
            ServerFault::Retry => server.retry().begin(),
        }
    }

    /// A fault of the plan is over. A server that was away comes back by itself.
    pub(crate) fn mend(&self, fault: usize) {
        let (Some(server), Some(FaultKind::Server(over))) = (&self.server, self.faults.get(fault))
        else {
            return;
        };
        match over {
            ServerFault::SlowDisk { .. } => server.slow_disk(Duration::ZERO),
            ServerFault::Retry => server.retry().end(),
            ServerFault::Restart { .. } | ServerFault::Kill { .. } => {}
        }
    }

    /// Does what somebody wants, and tells `begins` of it when it begins; says what it is, or why it
    /// cannot be done.
    pub(crate) fn inject(
        &self,
        injection: Injection,
        remote: &Remote,
        begins: impl FnOnce(Injected) + Send + 'static,
    ) -> Result<String, &'static str> {
        let injected = injected(injection);
        let said = injected.what.clone();
        let begins = move || begins(injected);
        match injection {
            Injection::Restart => self.take_away(Leave::Stop, begins)?,
            Injection::Kill => self.take_away(Leave::Kill, begins)?,
            Injection::Outage(percent) => {
                begins();
                places(self.devices, percent).for_each(|place| remote.outage(place, OUTAGE));
            }
        }
        Ok(said)
    }

    /// Takes the server away because somebody wants it, and calls `goes` as it goes; says why if that
    /// cannot be done.
    pub(crate) fn take_away(
        &self,
        how: Leave,
        goes: impl FnOnce() + Send + 'static,
    ) -> Result<(), &'static str> {
        let server = self.server.as_ref().ok_or("the server is not ours to stop")?;
        server.leave(how, AWAY, goes);
        Ok(())
    }
}

/// What it is that goes wrong, for whoever looks on.
pub(crate) fn injected(injection: Injection) -> Injected {
    match injection {
        Injection::Restart => {
            let what = format!("the server stops for {AWAY:?}");
            Injected { name: "restart by hand", what, lasts: AWAY, side: Side::Server }
        }
        Injection::Kill => {
            let what = format!("the server is killed, and back after {AWAY:?}");
            Injected { name: "kill by hand", what, lasts: AWAY, side: Side::Server }
        }
        Injection::Outage(percent) => {
            let percent = percent.clamp(1, 100);
            let what = format!("{percent} % of the devices lose their network for {OUTAGE:?}");
            Injected { name: "outage by hand", what, lasts: OUTAGE, side: Side::Fleet }
        }
    }
}

/// The places of so many percent of the devices, rounded up and spread over all.
fn places(devices: usize, percent: u32) -> impl Iterator<Item = usize> {
    let percent = usize::try_from(percent.clamp(1, 100)).unwrap_or(100);
    let before = move |place: usize| place.saturating_mul(percent).div_ceil(100);
    (0..devices).filter(move |place| before(place + 1) > before(*place))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use muster_metrics::{Source as _, Value};
    use muster_transport::{ClientTls, RunCa, SERVER_NAME, client_endpoint};

    use super::*;
    use crate::cli::ThroughName;
    use crate::load::processors::{Half, Threads};

    async fn server(folder: &std::path::Path) -> Arc<Embedded> {
        let how = (Threads::of(Half::Any, NonZeroUsize::MIN), ThroughName::Direct);
        Arc::new(Embedded::open(folder, how, None, None).await.unwrap())
    }

    /// Connects once; tells how many connects have been answered with a Retry by then.
    async fn retries_by_a_connect(server: &Embedded) -> Value {
        let ca = RunCa::open_or_create(server.data().root()).unwrap();
        let tls = ClientTls::new(ca.certificate_der()).unwrap().enrolment();
        let (endpoint, _buffers) = client_endpoint(server.address()).unwrap();
        let connecting = endpoint.connect_with(tls, server.address(), SERVER_NAME);
        drop(connecting.unwrap().await.unwrap());
        let told = server.metrics().read().into_iter();
        let mut told = told.filter(|it| it.metric.name == "muster_server_retries_sent");
        told.next().unwrap().samples.remove(0).value
    }

    #[tokio::test]
    async fn connects_are_answered_with_a_retry_for_as_long_as_the_plan_says() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path()).await;
        let wrecker = Wrecker {
            server: Some(server.clone()),
            time_scale: TimeScale::REAL,
            faults: vec![FaultKind::Server(ServerFault::Retry)],
            devices: 1,
        };
        assert_eq!(retries_by_a_connect(&server).await, Value::Whole(0));
        wrecker.wreck(ServerFault::Retry);
        let during = retries_by_a_connect(&server).await;
        assert_ne!(during, Value::Whole(0));
        wrecker.mend(0);
        assert_eq!(retries_by_a_connect(&server).await, during);
        drop(wrecker);
        Arc::into_inner(server).unwrap().close().await.unwrap();
    }

    #[test]
    fn an_outage_hits_as_many_devices_as_it_says_and_they_are_spread() {
        let hit = |devices, percent| places(devices, percent).collect::<Vec<_>>();
        for (percent, many) in [(1, 1), (10, 10), (30, 30), (60, 60), (99, 99), (100, 100)] {
            assert_eq!(hit(100, percent).len(), many, "{percent} %");
        }
        assert_eq!(hit(10, 50), [0, 2, 4, 6, 8]);
        assert_eq!(hit(3, 1), [0], "one at least");
        assert_eq!(hit(3, 400), [0, 1, 2]);
        assert!(hit(0, 50).is_empty());
    }

    #[test]
    fn what_somebody_lets_go_wrong_is_told_as_it_is() {
        let (kill, restart) = (injected(Injection::Kill), injected(Injection::Restart));
        assert_eq!([kill.side, restart.side], [Side::Server, Side::Server]);
        assert_ne!((kill.name, kill.what), (restart.name, restart.what));
        let outage = injected(Injection::Outage(0));
        assert_eq!((outage.side, outage.lasts), (Side::Fleet, OUTAGE));
        assert!(outage.what.starts_with("1 % of the devices"), "{}", outage.what);
    }
}
