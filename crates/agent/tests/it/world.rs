//! Fleets and waits for the tests.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use muster_agent::{
    CONNECTS_IN_FLIGHT, DevicePlan, FaultsCount, Fleet, FleetConfig, FleetProgress, Sockets, Start,
};
use muster_device::{DeviceSpec, Persona, PromptHabit, Screen};
use muster_protocol::limits::KEEP_ALIVE;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Seed};

use crate::server::TestServer;

/// Longest wait of any test; only a broken one gets there.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for what has to happen.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_elapsed) => panic!("not within {PATIENCE:?}: {what}"),
    }
}

/// Waits for counters of the fleet.
pub(crate) async fn until(
    fleet: &Fleet,
    what: &str,
    condition: impl Fn(&FleetProgress) -> bool,
) -> FleetProgress {
    soon(what, fleet.until(condition)).await
}

pub(crate) fn plans(count: usize) -> Vec<DevicePlan> {
    (0..count).map(|index| plan(&format!("TEST{index}"))).collect()
}

pub(crate) fn plan(serial: &str) -> DevicePlan {
    DevicePlan {
        spec: DeviceSpec::new(
            DeviceFacts {
                serial: serial.parse().unwrap(),
                model: "Pixel 7".to_owned(),
                operating_system: OperatingSystem::Android,
                os_version: OsVersion::major(14),
                mode: Mode::AndroidFullyManaged,
            },
            Persona {
                passcode: Presence::Set,
                work_profile_password: Presence::NotSet,
                prompt: PromptHabit::Accepts,
                find_my: Switch::Off,
                screen: Screen::Unlocked,
            },
        ),
        token: EnrolmentToken::new("token".to_owned()),
        start: Start::Online,
        person: None,
    }
}

pub(crate) fn config(server: &TestServer, plans: Vec<DevicePlan>) -> FleetConfig {
    FleetConfig {
        server: server.address,
        ca: server.ca.certificate_der(),
        plans,
        seed: Seed::root(1),
        sockets: Sockets::Shared(NonZeroUsize::MIN),
        state_dir: None,
        connects_in_flight: CONNECTS_IN_FLIGHT,
        keep_alive: KEEP_ALIVE,
        skew: muster_transport::Skew::default(),
        faults: Vec::new(),
        faults_count: FaultsCount::FromStart,
        black_box: muster_agent::BlackBox::Off,
        watch: None,
    }
}

pub(crate) fn kept_in(dir: &Path, config: FleetConfig) -> FleetConfig {
    FleetConfig { state_dir: Some(dir.to_owned()), ..config }
}

pub(crate) async fn start(config: FleetConfig) -> Fleet {
    Fleet::start(config).await.unwrap()
}
