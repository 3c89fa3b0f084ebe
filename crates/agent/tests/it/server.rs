//! A server that enrols, welcomes, hands out commands, and misbehaves on request.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::Peer;
use muster_protocol::management::{CommandResult, ToDevice, ToServer, Welcome};
use muster_protocol::{
    AndroidRequest, Attempt, CloseCode, Command, CommandHead, CommandId, DeviceId, Policy,
    PushTarget, Request, Timestamp, alpn,
};
use muster_transport::{
    CsrKey, FrameReceiver, FrameSender, Purpose, RunCa, Validity, close, peer_identity, purpose,
    server_endpoint,
};
use quinn::{Connection, Endpoint};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::world::soon;

/// What the server does instead of serving, one entry per occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// Closes an enrolment with this code.
    RefuseEnrolment(CloseCode),
    /// Closes a connection with this code instead of welcoming it.
    RefuseHello(CloseCode),
    /// Closes a connection with this code in the moment an answer to a command comes.
    DropResult(CloseCode),
}

/// What the server has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) enrolments: usize,
    pub(crate) hellos: Vec<DeviceId>,
    /// Devices that said that nothing follows.
    pub(crate) goodbyes: usize,
    /// Where devices said that they are woken.
    pub(crate) targets: Vec<PushTarget>,
    pub(crate) results: Vec<(DeviceId, CommandResult)>,
    pub(crate) dropped_results: usize,
    pub(crate) last_close: Option<CloseCode>,
}

#[derive(Debug, Default)]
struct Plan {
    mischief: VecDeque<Mischief>,
    commands: VecDeque<Command>,
    devices: BTreeMap<[u8; 32], DeviceId>,
}

#[derive(Debug)]
struct Inner {
    ca: Arc<RunCa>,
    plan: Mutex<Plan>,
    seen: watch::Sender<Seen>,
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) ca: Arc<RunCa>,
    inner: Arc<Inner>,
    endpoint: Endpoint,
    tasks: TaskTracker,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        let ca = Arc::new(RunCa::ephemeral().unwrap());
        let inner = Arc::new(Inner {
            ca: Arc::clone(&ca),
            plan: Mutex::new(Plan::default()),
            seen: watch::Sender::new(Seen::default()),
        });
        let endpoint = listen("127.0.0.1:0".parse().unwrap(), &ca).unwrap();
        let server = Self {
            address: endpoint.local_addr().unwrap(),
            ca,
            inner,
            endpoint,
            tasks: TaskTracker::new(),
        };
        server.serve();
        server
    }

    pub(crate) fn misbehave(&self, mischief: impl IntoIterator<Item = Mischief>) {
        self.inner.plan.lock().unwrap().mischief.extend(mischief);
    }

    /// Has one device lock its screen, with the next `Idle`.
    pub(crate) fn command(&self, number: u8, attempt: u32) -> CommandId {
        self.ask(number, attempt, Request::Android(AndroidRequest::Lock))
    }

    /// Asks one device, with the next `Idle`.
    pub(crate) fn ask(&self, number: u8, attempt: u32, request: Request) -> CommandId {
        let id = CommandId::from_bytes([number; 16]);
        let command = Command {
            head: CommandHead {
                id,
                attempt: Attempt::new(attempt),
                expires_at: Timestamp::from_micros(u64::MAX),
            },
            request: Some(request),
        };
        self.inner.plan.lock().unwrap().commands.push_back(command);
        id
    }

    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = self.inner.seen.subscribe();
        let met = soon(what, seen.wait_for(|seen| condition(seen))).await;
        met.unwrap().clone()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.inner.seen.borrow().clone()
    }

    /// Goes away with the socket, and comes back at the same address.
    pub(crate) async fn vanish_and_return(&mut self) {
        close_endpoint(&self.endpoint);
        soon("goes away", self.endpoint.wait_idle()).await;
        self.tasks.close();
        soon("forgets everyone", self.tasks.wait()).await;
        let placeholder = listen("127.0.0.1:0".parse().unwrap(), &self.ca).unwrap();
        drop(std::mem::replace(&mut self.endpoint, placeholder));
        self.endpoint = soon("has its port back", listen_again(self.address, &self.ca)).await;
        self.tasks.reopen();
        self.serve();
    }

    fn serve(&self) {
        let (endpoint, inner) = (self.endpoint.clone(), Arc::clone(&self.inner));
        let tasks = self.tasks.clone();
        self.tasks.spawn(async move {
            while let Some(incoming) = endpoint.accept().await {
                let inner = Arc::clone(&inner);
                tasks.spawn(async move {
                    if let Ok(connection) = incoming.await {
                        let _over = inner.attend(&connection).await;
                        let code = connection.closed().await;
                        inner.seen.send_modify(|seen| {
                            seen.last_close = muster_transport::close_code(&code);
                        });
                    }
                });
            }
        });
    }
}

fn close_endpoint(endpoint: &Endpoint) {
    let code = CloseCode::RetryLater;
    endpoint.close(code.code().into(), code.reason().as_bytes());
}

fn listen(address: SocketAddr, ca: &RunCa) -> Option<Endpoint> {
    let identity = ca.issue_server().unwrap();
    let opened = server_endpoint(
        address,
        identity,
        ca.certificate_der(),
        &ca.reset_key(),
        &muster_transport::Skew::default(),
    );
    opened.ok().map(|(endpoint, _buffers)| endpoint)
}

/// The driver of the old socket lets go of the port in its own time.
async fn listen_again(address: SocketAddr, ca: &RunCa) -> Endpoint {
    loop {
        if let Some(endpoint) = listen(address, ca) {
            return endpoint;
        }
        tokio::task::yield_now().await;
    }
}

impl Inner {
    async fn attend(&self, connection: &Connection) -> Option<()> {
        match purpose(connection)? {
            Purpose::Enrolment => self.enrol(connection).await,
            Purpose::Management => self.manage(connection).await,
        }
    }

    async fn enrol(&self, connection: &Connection) -> Option<()> {
        let (send, receive) = connection.accept_bi().await.ok()?;
        let mut receiver = FrameReceiver::new(receive);
        let request = receiver.receive::<EnrolRequest>(Peer::Known).await.ok()??;
        if let Some(Mischief::RefuseEnrolment(code)) =
            self.next_mischief(|mischief| matches!(mischief, Mischief::RefuseEnrolment(_)))
        {
            close(connection, code);
            return None;
        }
        let key = CsrKey::from_csr(&request.csr_der).unwrap();
        let device = self.device_of(key.fingerprint());
        let certificate = self.ca.issue_device(device, &key, Validity::device()).unwrap();
        let reply = EnrolReply {
            minor: alpn::MINOR,
            device,
            chain_der: vec![certificate.to_vec(), self.ca.certificate_der().to_vec()],
        };
        self.seen.send_modify(|seen| seen.enrolments += 1);
        FrameSender::new(send).send(&reply).await.ok()?;
        connection.closed().await;
        None
    }

    async fn manage(&self, connection: &Connection) -> Option<()> {
        let device = peer_identity(connection).unwrap().device;
        let (send, receive) = connection.accept_bi().await.ok()?;
        let (mut sender, mut receiver) = (FrameSender::new(send), FrameReceiver::new(receive));
        while let Some(message) = receiver.receive::<ToServer>(Peer::Known).await.ok()? {
            if let Some(answer) = self.answer(connection, device, message) {
                sender.send(&answer).await.ok()?;
            }
        }
        self.seen.send_modify(|seen| seen.goodbyes += 1);
        close(connection, CloseCode::Done);
        None
    }

    fn answer(
        &self,
        connection: &Connection,
        device: DeviceId,
        message: ToServer,
    ) -> Option<ToDevice> {
        match message {
            ToServer::Hello(hello) => {
                assert_eq!(hello.device, device);
                let refuse =
                    self.next_mischief(|mischief| matches!(mischief, Mischief::RefuseHello(_)));
                if let Some(Mischief::RefuseHello(code)) = refuse {
                    close(connection, code);
                    return None;
                }
                self.seen.send_modify(|seen| seen.hellos.push(device));
                Some(ToDevice::Welcome(Welcome {
                    minor: alpn::MINOR,
                    now: Timestamp::ZERO,
                    policy: Policy::NONE,
                }))
            }
            ToServer::TokenUpdate(update) => {
                Some(ToDevice::TokenUpdateAck { sequence: update.sequence })
            }
            ToServer::StatusReport(_) => None,
            ToServer::PushUpdate(update) => {
                self.seen.send_modify(|seen| seen.targets.extend(update.target));
                None
            }
            ToServer::Idle => Some(self.next_command()),
            ToServer::CommandResult(result) => {
                self.on_result(connection, device, result);
                None
            }
        }
    }

    fn next_command(&self) -> ToDevice {
        let next = self.plan.lock().unwrap().commands.pop_front();
        next.map_or(ToDevice::Empty, ToDevice::Command)
    }

    fn on_result(&self, connection: &Connection, device: DeviceId, result: CommandResult) {
        let drop_it = self.next_mischief(|mischief| matches!(mischief, Mischief::DropResult(_)));
        if let Some(Mischief::DropResult(code)) = drop_it {
            close(connection, code);
            self.seen.send_modify(|seen| seen.dropped_results += 1);
        } else {
            self.seen.send_modify(|seen| seen.results.push((device, result)));
        }
    }

    /// Takes the next mischief if this is the occasion for it.
    fn next_mischief(&self, fits: impl Fn(&Mischief) -> bool) -> Option<Mischief> {
        let mut plan = self.plan.lock().unwrap();
        if plan.mischief.front().is_some_and(fits) { plan.mischief.pop_front() } else { None }
    }

    /// The same key is the same device, as a repeated enrolment has to be.
    fn device_of(&self, key: [u8; 32]) -> DeviceId {
        let mut plan = self.plan.lock().unwrap();
        let count = u64::try_from(plan.devices.len()).unwrap();
        *plan.devices.entry(key).or_insert_with(|| DeviceId::from_parts(count, [7; 10]))
    }
}
