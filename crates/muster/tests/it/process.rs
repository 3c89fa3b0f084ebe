//! Processes of the binary, and what they leave behind.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long anything awaited may take: a bound for a broken build, not a measure.
const WITHIN: Duration = Duration::from_secs(90);

/// What abort(3) raises.
const SIGABRT: i32 = 6;

/// How often something awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The binary with these arguments and nothing of the caller's environment that it reads.
pub(crate) fn muster(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    for name in ["DATA", "SERVER", "DEVICES", "SEED", "ACTIVATION"] {
        command.env_remove(format!("MUSTER_{name}"));
    }
    command.env_remove("RUST_LOG");
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    muster(args).output().expect("the binary runs")
}

/// What a run wrote to stdout, as JSON.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {:?} {}", output.status, String::from_utf8_lossy(&output.stderr))
    })
}

/// A process that is killed when the test is over, however it ends.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        Self(Some(started.expect("the binary starts")))
    }

    /// Ends the process without warning, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Ends the process as Ctrl-C would, and returns what it wrote.
    pub(crate) fn interrupt(mut self) -> Output {
        let child = self.0.take().expect("runs until it is ended");
        let signal = format!("kill -INT {}", child.id());
        let sent = Command::new("sh").args(["-c", &signal]).status().expect("a shell");
        assert!(sent.success());
        child.wait_with_output().expect("the process ends")
    }

    /// Waits until the process ends by itself, and returns what it wrote.
    pub(crate) fn ends(mut self) -> Output {
        let child = self.0.take().expect("runs until it is ended");
        child.wait_with_output().expect("the process ends")
    }

    /// Whether the process has died by its own hand, as one does that is told where to crash.
    pub(crate) fn has_aborted(&mut self) -> bool {
        let child = self.0.as_mut().expect("runs until it is ended");
        let status = child.try_wait().expect("a child can be asked");
        if let Some(status) = status {
            assert_eq!(status.signal(), Some(SIGABRT), "{status}");
        }
        status.is_some()
    }

    fn end(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().expect("the process can be killed");
            child.wait().expect("the process is gone");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A server that can be killed and started again at the same addresses.
pub(crate) struct Place {
    quic: String,
    admin: String,
    data: String,
}

impl Place {
    pub(crate) fn new(data: &Path) -> Self {
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self {
            quic: udp.local_addr().expect("bound").to_string(),
            admin: tcp.local_addr().expect("bound").to_string(),
            data: data.to_str().expect("a temporary folder has a plain name").to_owned(),
        }
    }

    /// Where its administrators connect to.
    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    pub(crate) fn server(&self) -> Running {
        self.server_with(&[])
    }

    pub(crate) fn server_with(&self, args: &[&str]) -> Running {
        let usual = ["server", "--quic", &self.quic, "--admin", &self.admin, "--data", &self.data];
        Running::start({
            let mut command = muster(&usual);
            command.args(args);
            command
        })
    }

    pub(crate) fn fleet(&self, args: &[&str]) -> Running {
        let mut command = muster(&["fleet", "--json", "--keep-alive", "200ms"]);
        Running::start({
            command.args(["--server", &self.quic, "--data", &self.data]).args(args);
            command
        })
    }

    /// A command of the binary about this server.
    pub(crate) fn ask(&self, args: &[&str]) -> Output {
        muster(args).args(["--data", &self.data, "--json"]).output().expect("the binary runs")
    }

    /// The devices as the command line shows them; none while the server is away.
    pub(crate) fn devices(&self) -> Vec<Value> {
        let listed = self.ask(&["device", "list"]);
        serde_json::from_slice(&listed.stdout).unwrap_or_default()
    }

    pub(crate) fn connected(&self) -> usize {
        self.devices().iter().filter(|device| device["x-muster-connected"] == true).count()
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let waiting = async {
        while !holds().await {
            ticks.tick().await;
        }
    };
    assert!(timeout(WITHIN, waiting).await.is_ok(), "still not so: {what}");
}
