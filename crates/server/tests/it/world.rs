//! A server with its data folder, and what tests ask of it.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use muster_admin::{Backend as _, Submission, SubmitError};
use muster_control::{Action, CommandState, DeviceRecord};
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, ResetPasswordToken, Switch};
use muster_protocol::{
    CloseCode, CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Platform,
};
use muster_server::{Server, ServerConfig, TokenKind, TokenRequest, profile_named};
use tempfile::TempDir;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::device::{Device, Enrolled, Site};

/// How long a step may take before the test is called hung.
const STEP_WITHIN: Duration = Duration::from_secs(30);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A running server and a place to connect from.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) site: Site,
    pub(crate) folder: TempDir,
}

/// A device whose work must not suffer from what others do.
pub(crate) struct Bystander {
    id: DeviceId,
    device: Device,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap()).await
    }

    /// A server on a data folder that may have been used before.
    pub(crate) async fn on(folder: TempDir) -> Self {
        let config = config(&folder.path().join("data"));
        Self::started(folder, config).await
    }

    /// A server told something else than usual.
    pub(crate) async fn started(folder: TempDir, config: ServerConfig) -> Self {
        let server = Server::start(config).await.unwrap();
        let site = Site::of(&server);
        Self { server, site, folder }
    }

    /// Stops the server and starts another one on its data.
    pub(crate) async fn restart(self) -> Self {
        within(self.server.stop()).await;
        Self::on(self.folder).await
    }

    pub(crate) async fn token(&self, kind: TokenKind, lifetime: Duration) -> EnrolmentToken {
        let profile = profile_named("default").unwrap();
        self.server.issue_token(TokenRequest { profile, kind, lifetime }).await.unwrap()
    }

    pub(crate) async fn reusable(&self) -> EnrolmentToken {
        self.token(TokenKind::Reusable, DAY).await
    }

    pub(crate) async fn one_time(&self) -> EnrolmentToken {
        self.token(TokenKind::OneTime, DAY).await
    }

    pub(crate) async fn enrol(&self, facts: DeviceFacts) -> Enrolled {
        self.site.enrol(&self.reusable().await, facts).await
    }

    /// An iPhone that takes commands.
    pub(crate) async fn ready(&self) -> (Enrolled, Device) {
        let enrolled = self.enrol(iphone()).await;
        let device = self.site.ready(&enrolled).await;
        (enrolled, device)
    }

    pub(crate) async fn bystander(&self) -> Bystander {
        let (enrolled, device) = self.ready().await;
        Bystander { id: enrolled.id, device }
    }

    pub(crate) async fn submit(&self, device: DeviceId, action: Action) -> CommandId {
        self.try_submit(device, action).await.unwrap()
    }

    pub(crate) async fn try_submit(
        &self,
        device: DeviceId,
        action: Action,
    ) -> Result<CommandId, SubmitError> {
        let backend = self.server.backend();
        let id = backend.new_command_id().unwrap();
        within(backend.submit(device, Submission::new(id, action))).await.map(|()| id)
    }

    pub(crate) async fn record(&self, device: DeviceId) -> DeviceRecord {
        self.server.backend().device(device).await.unwrap().unwrap()
    }

    pub(crate) async fn enrolled(&self) -> u64 {
        self.server.backend().enrolled().await.unwrap()
    }

    pub(crate) fn connected(&self, device: DeviceId) -> bool {
        self.server.backend().connected(device)
    }

    pub(crate) async fn state(&self, device: DeviceId, command: CommandId) -> CommandState {
        self.record(device).await.command(command).unwrap().state.clone()
    }

    /// Waits for a command to get into a state.
    pub(crate) async fn reaches(&self, device: DeviceId, command: CommandId, state: CommandState) {
        let what = format!("{state:?}");
        eventually(&what, async || self.state(device, command).await == state).await;
    }

    /// How many connections this server has closed with a code.
    pub(crate) fn closed_with(&self, code: CloseCode) -> u64 {
        self.server.totals().closed_by_code.get(&code.code()).copied().unwrap_or(0)
    }
}

impl Bystander {
    /// Gives the device a command and has it carried out.
    pub(crate) async fn works(&mut self, world: &World) {
        let command = world.submit(self.id, Action::SyncDevice).await;
        let heard = self.device.hear_command().await;
        assert_eq!(heard.head.id, command);
        self.device.acknowledge(&heard).await;
        world.reaches(self.id, command, done()).await;
    }
}

pub(crate) fn config(data: &Path) -> ServerConfig {
    ServerConfig::in_folder(data.to_owned())
}

/// A supervised iPhone no test has met yet.
pub(crate) fn iphone() -> DeviceFacts {
    facts("iPhone15,2", OperatingSystem::Ios, Mode::AppleAutomatedDevice)
}

/// A fully managed Android no test has met yet.
pub(crate) fn android() -> DeviceFacts {
    facts("Pixel 8", OperatingSystem::Android, Mode::AndroidFullyManaged)
}

fn facts(model: &str, operating_system: OperatingSystem, mode: Mode) -> DeviceFacts {
    static SERIALS: AtomicU64 = AtomicU64::new(1);
    let serial = format!("SERIAL-{}", SERIALS.fetch_add(1, Ordering::Relaxed));
    let (serial, model) = (serial.parse().unwrap(), model.to_owned());
    DeviceFacts { serial, model, operating_system, os_version: OsVersion::major(17), mode }
}

/// What a device of this mode reports at first.
pub(crate) fn status(mode: Mode) -> DeviceStatus {
    let platform = match mode.platform() {
        Platform::Apple => {
            PlatformStatus::Apple { find_my: Switch::Off, activation_lock: Switch::Off }
        }
        Platform::Android => PlatformStatus::Android {
            work_profile_password: Presence::NotSet,
            reset_password_token: ResetPasswordToken::Active,
        },
    };
    DeviceStatus { os_version: OsVersion::major(17), passcode: Presence::Set, platform }
}

pub(crate) const fn done() -> CommandState {
    CommandState::Done { passcode: None }
}

/// Fails the test instead of hanging it.
pub(crate) async fn within<T>(step: impl Future<Output = T>) -> T {
    timeout(STEP_WITHIN, step).await.expect("the step ends in time")
}

/// Waits for something that others bring about.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            yield_now().await;
        }
    };
    timeout(STEP_WITHIN, waiting).await.unwrap_or_else(|_elapsed| panic!("never: {what}"));
}
