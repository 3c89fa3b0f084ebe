//! What the log tells at its most talkative.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use muster_control::Action;
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::{Answer, Command, Outcome};
use reqwest::Version;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

use crate::admin::Administrator;
use crate::device::Device;
use crate::world::{World, android, eventually};

const UNLOCK_TOKEN: [u8; 12] =
    [0xde, 0xad, 0xbe, 0xef, 0x5e, 0xc2, 0xe7, 0x17, 0xab, 0xba, 0x4d, 0x99];
const UNLOCK_TOKEN_HEX: &str = "deadbeef5ec2e717abba4d99";
const BYPASS_CODE: &str = "7XKQ2-M9PW4-VC6T-H8RD-3FJN-ZB5Y";
const PASSCODE: &str = "90417263588";

/// Everything that was logged, by all threads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// A subscriber that writes here what passes the filter.
    fn subscriber(&self, filter: Targets) -> impl tracing::Subscriber + Send + Sync + use<> {
        let log = self.clone();
        let layer = fmt::layer().with_ansi(false).with_writer(move || log.clone());
        Registry::default().with(layer.with_filter(filter))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The server handles these secrets in every way it can.
async fn handle_secrets(world: &World, administrator: &Administrator) -> String {
    let token = world.one_time().await;
    let facts = crate::world::iphone();
    let enrolled = world.site.enrol(&token, facts).await;
    let mut iphone = world.site.ready(&enrolled).await;
    let update = TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(UNLOCK_TOKEN.to_vec())),
        bypass_code: Some(BypassCode::new(BYPASS_CODE.to_owned())),
    };
    iphone.say(&ToServer::TokenUpdate(update)).await;
    assert_eq!(iphone.hear().await, ToDevice::TokenUpdateAck { sequence: 1 });
    let code = format!("/{}?$select=activationLockBypassCode", enrolled.id);
    assert_eq!(administrator.read(&code).await["activationLockBypassCode"], BYPASS_CODE);
    for action in [Action::ResetPasscode, Action::BypassActivationLock] {
        world.submit(enrolled.id, action).await;
        let command = iphone.hear_command().await;
        iphone.acknowledge(&command).await;
    }
    token.expose().clone()
}

async fn set_passcode(device: &mut Device, command: &Command) {
    let passcode = Passcode::new(PASSCODE.to_owned());
    device.answer(command, Outcome::Acknowledged(Answer::TemporaryPasscode(passcode))).await;
}

async fn show_passcode(world: &World, administrator: &Administrator) {
    let enrolled = world.enrol(android()).await;
    let mut device = world.site.ready(&enrolled).await;
    administrator.act(&format!("/{}/resetPasscode", enrolled.id)).await;
    let command = device.hear_command().await;
    set_passcode(&mut device, &command).await;
    let one = format!("/{}", enrolled.id);
    eventually("the passcode is shown", async || {
        administrator.read(&one).await["deviceActionResults"][0]["passcode"] == PASSCODE
    })
    .await;
    // The same answer again, and one of a kind the server refuses.
    set_passcode(&mut device, &command).await;
    device.say(&ToServer::Idle).await;
    assert_eq!(device.hear().await, ToDevice::Empty);
    device.say(&enrolled.hello()).await;
    device.closed().await;
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let log = Log::default();
    // This thread runs the server, the devices and their libraries; the store has its own thread.
    let others = Targets::new().with_target("muster", LevelFilter::TRACE);
    let _earlier = log.subscriber(others).try_init();
    let everything = Targets::new().with_default(LevelFilter::TRACE);
    let _here = log.subscriber(everything).set_default();

    let world = World::new().await;
    let administrator = Administrator::new(&world, Version::HTTP_2);
    let token = handle_secrets(&world, &administrator).await;
    show_passcode(&world, &administrator).await;
    let admin_token = administrator.token.clone();
    crate::activation::hand_in(BYPASS_CODE).await;
    world.restart().await.server.stop().await;

    let text = log.text();
    for told in
        ["device enrolled", "answer taken", "outcome taken", "quinn_proto", "rustls", "h2::"]
    {
        assert!(text.contains(told), "nothing was logged of {told}");
    }
    let secrets = [
        token,
        admin_token,
        BYPASS_CODE.to_owned(),
        PASSCODE.to_owned(),
        UNLOCK_TOKEN_HEX.to_owned(),
        UNLOCK_TOKEN_HEX.to_uppercase(),
        "222, 173, 190, 239, 94".to_owned(),
        r"\xde\xad\xbe\xef^".to_owned(),
    ];
    for secret in secrets {
        let leak = text.lines().find(|line| line.contains(&secret));
        assert_eq!(leak, None, "{secret} is in the log");
    }
}
