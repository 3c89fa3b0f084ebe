//! One management connection of one device.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_control::DeviceRecord;
use muster_protocol::frame::Peer;
use muster_protocol::limits::GREETING_WITHIN;
use muster_protocol::management::{Hello, ToDevice, ToServer, Welcome};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{CloseCode, CommandHead, Policy, alpn};
use muster_transport::{
    FrameReceiver, FrameSender, PeerError, PeerIdentity, ReceiveError, SendError, peer_identity,
    violation,
};
use quinn::Connection;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tracing::{Instrument as _, debug, info_span, trace, warn};

use crate::black_box::What;
use crate::crash::CrashPoint;
use crate::gateway::Gateway;
use crate::planted;
use crate::registry::DecideError;
use crate::slot::{Mail, Presence, SessionNumber, Slot};
use crate::stats::ServerStats;

/// How long a frame may take to be handed to the connection. A device that does not read loses
/// its connection, not the server's patience.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// How a session ends.
#[derive(Debug)]
pub(crate) enum End {
    /// This side closes, with this code.
    Close(CloseCode),
    /// The connection is gone already.
    Gone,
}

impl From<CloseCode> for End {
    fn from(code: CloseCode) -> Self {
        Self::Close(code)
    }
}

impl From<DecideError> for End {
    fn from(error: DecideError) -> Self {
        warn!(error = &error as &dyn std::error::Error, "decision not stored");
        Self::Close(CloseCode::RetryLater)
    }
}

impl From<SendError> for End {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Encode { .. } => {
                warn!(error = &error as &dyn std::error::Error, "message not sent");
                Self::Close(CloseCode::InternalError)
            }
            SendError::Write { .. } => Self::Gone,
        }
    }
}

impl End {
    /// What to close with; a connection that is gone already does not hear it.
    pub(crate) const fn code(&self) -> CloseCode {
        match self {
            Self::Close(code) => *code,
            Self::Gone => CloseCode::Done,
        }
    }

    /// The code the device is told, if it can be told anything.
    const fn heard(&self) -> Option<u32> {
        match self {
            Self::Close(code) => Some(code.code()),
            Self::Gone => None,
        }
    }
}

/// A device that has been let in.
pub(crate) struct Session {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) number: SessionNumber,
    sender: FrameSender,
    receiver: FrameReceiver,
    peer: Peer,
}

/// A session that has begun, and whether the device has heard so. It has to leave in any case.
type Begun = (Box<Session>, Result<(), End>);

/// What a session waits for.
enum Event {
    Stop,
    Mail,
    Message(Option<ToServer>),
    Broken(ReceiveError),
}

/// Serves a management connection until it ends.
///
/// Source: REQ-CERT-003, REQ-CERT-014 (docs/protocol/certificates.md).
///
/// `greeting` is the room this connection takes until it has said hello.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    connection: Connection,
    greeting: OwnedSemaphorePermit,
) {
    let end = match peer_identity(&connection) {
        Ok(identity) => {
            let span = info_span!("session", device_id = %identity.device);
            run(&gateway, &connection, identity, greeting).instrument(span).await
        }
        Err(PeerError::NoCertificate) => End::Close(CloseCode::CertificateRequired),
        Err(PeerError::NotADevice) => End::Close(CloseCode::NotADeviceCertificate),
    };
    match end {
        End::Close(CloseCode::Done) => muster_transport::close(&connection, CloseCode::Done),
        End::Close(code) => gateway.close(&connection, code),
        End::Gone => {}
    }
}

async fn run(
    gateway: &Arc<Gateway>,
    connection: &Connection,
    identity: PeerIdentity,
    greeting: OwnedSemaphorePermit,
) -> End {
    // What happens once is boxed, here and below, so that an idle session stays small, by 1,500
    // bytes: there are many, and they wait most of the time.
    let begun = Box::pin(Session::begin(gateway, connection, identity, greeting)).await;
    let (mut session, welcomed) = match begun {
        Ok(begun) => begun,
        Err(end) => return end,
    };
    let end = match welcomed {
        Ok(()) => session.run().await,
        Err(end) => end,
    };
    Box::pin(session.end(end)).await
}

impl Session {
    /// Greets the device and welcomes it.
    async fn begin(
        gateway: &Arc<Gateway>,
        connection: &Connection,
        identity: PeerIdentity,
        greeting: OwnedSemaphorePermit,
    ) -> Result<Begun, End> {
        let (session, hello) = Self::greet(gateway, connection, identity).await?;
        drop(greeting);
        debug!("session begins");
        let mut session = Box::new(session);
        let welcomed = session.welcome(&hello).await;
        Ok((session, welcomed))
    }

    /// Takes note of the end and leaves.
    async fn end(&self, end: End) -> End {
        self.note(What::SessionEnded { session: self.number.0, code: end.heard() });
        self.leave().await;
        debug!(?end, "session ends");
        end
    }

    /// Checks who is there, then waits for its hello.
    ///
    /// Source: REQ-LIMIT-003 (docs/protocol/limits.md), REQ-SESSION-003
    /// (docs/protocol/session.md).
    async fn greet(
        gateway: &Arc<Gateway>,
        connection: &Connection,
        identity: PeerIdentity,
    ) -> Result<(Self, Hello), End> {
        let slot = gateway.registry.slot(identity.device).ok_or(CloseCode::UnknownDevice)?;
        admit(&slot, &identity).await?;
        let greeting = async {
            let (send, receive) = connection.accept_bi().await.map_err(|_lost| End::Gone)?;
            let mut receiver = FrameReceiver::new(receive);
            let hello = first_message(&mut receiver).await?;
            Ok::<_, End>((FrameSender::new(send), receiver, hello))
        };
        let greeting = timeout(GREETING_WITHIN, greeting).await;
        let (sender, receiver, hello) =
            greeting.map_err(|_elapsed| End::Close(CloseCode::GreetingTimeout))??;
        let slot = planted::believed(&gateway.registry, &hello).unwrap_or(slot);
        if hello.device != identity.device && !is(Plant::HelloIsBelieved) {
            return Err(CloseCode::WrongDevice.into());
        }
        let number = gateway.registry.session_number();
        let peer = Peer::of_minor(hello.minor);
        let session = Self { gateway: gateway.clone(), slot, number, sender, receiver, peer };
        Ok((session, hello))
    }

    /// Serves the device until something ends that.
    async fn run(&mut self) -> End {
        loop {
            let event = match self.next_event().await {
                Ok(event) => event,
                Err(end) => return end,
            };
            if let Err(end) = Box::pin(self.on_event(event)).await {
                return end;
            }
        }
    }

    /// Takes the device's place and answers its hello.
    ///
    /// Source: REQ-SESSION-002, REQ-SESSION-006 (docs/protocol/session.md).
    async fn welcome(&mut self, hello: &Hello) -> Result<(), End> {
        let now = self.gateway.clock.now();
        let policy = {
            let mut state = self.slot.state.lock().await;
            // The device may have left while it was saying hello.
            state.record.lifecycle.admit()?;
            let registry = &self.gateway.registry;
            let greet = |record: &mut DeviceRecord| {
                record.set_policy(now, registry.policies.wanted(record));
                record.hello(now, hello);
            };
            registry.decide_new(&mut state, greet).await?;
            state.presence = Presence::Greeting(self.number);
            self.slot.hold(self.number);
            self.note(What::SessionBegan { session: self.number.0, minor: hello.minor });
            trace!(target: "timeline", device_id = %state.record.id, "session begins");
            state.record.policy
        };
        ServerStats::count(&self.gateway.registry.stats.sessions);
        self.send(&ToDevice::Welcome(Welcome { minor: alpn::MINOR, now, policy })).await
    }

    /// Waits for one thing to happen.
    ///
    /// Source: REQ-SESSION-006 (docs/protocol/session.md).
    async fn next_event(&mut self) -> Result<Event, End> {
        let mail = self.slot.mail.notified();
        // A session that was busy while another took its place has not been woken by that.
        if !self.slot.is_held_by(self.number) {
            return Err(CloseCode::Replaced.into());
        }
        tokio::select! {
            biased;
            () = self.gateway.stop.cancelled() => Ok(Event::Stop),
            () = mail => Ok(Event::Mail),
            received = self.receiver.receive::<ToServer>(self.peer) => match received {
                Ok(message) => Ok(Event::Message(message)),
                Err(error) => Ok(Event::Broken(error)),
            },
        }
    }

    /// Deals with it.
    ///
    /// Source: REQ-SESSION-006, REQ-SESSION-016, REQ-SESSION-017 (docs/protocol/session.md).
    async fn on_event(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Stop => {
                if !self.gateway.killed.is_cancelled() {
                    // Boxed: a session waits for this once.
                    Box::pin(self.gateway.farewells.turn()).await;
                }
                Err(CloseCode::RetryLater.into())
            }
            Event::Mail => self.open_mail().await,
            Event::Message(Some(message)) => self.handle(message).await,
            Event::Message(None) => Err(CloseCode::Done.into()),
            Event::Broken(error) => Err(broken(&error)),
        }
    }

    async fn open_mail(&mut self) -> Result<(), End> {
        match self.slot.collect(self.number) {
            Mail::Deliver(command) => {
                let CommandHead { id, attempt, .. } = command.head;
                let span = info_span!("command", command_id = %id, attempt = attempt.number());
                self.send(&ToDevice::Command(command)).instrument(span).await
            }
            Mail::Inform(policy) => self.inform(policy).await,
            Mail::Close(code) => Err(code.into()),
            Mail::Replaced => Err(CloseCode::Replaced.into()),
            Mail::Nothing => Ok(()),
        }
    }

    /// Tells the device what is asked of it now; a woken one need not be pushed for it any more. One
    /// that is about to leave may not hear it, and is told at its next hello.
    ///
    /// Source: REQ-SESSION-023 (docs/protocol/session.md).
    async fn inform(&mut self, policy: Policy) -> Result<(), End> {
        self.send(&ToDevice::PolicyUpdate(policy)).await?;
        let mut state = self.slot.state.lock().await;
        if state.record.has_policy_news() {
            let told = |record: &mut DeviceRecord| record.policy_told(policy);
            self.gateway.registry.decide(&mut state, told).await?;
        }
        Ok(())
    }

    /// Takes note of what happens, for whoever asks afterwards.
    pub(crate) fn note(&self, what: What) {
        self.slot.black_box.note(self.gateway.clock.now(), what);
    }

    /// Hands a message to the device.
    pub(crate) async fn send(&mut self, message: &ToDevice) -> Result<(), End> {
        let is_command = matches!(message, ToDevice::Command(_));
        if is_command {
            self.gateway.registry.crashes.pass(CrashPoint::Sending);
        }
        let sent = timeout(SEND_WITHIN, self.sender.send(message)).await;
        let bytes = sent.map_err(|_elapsed| End::Close(CloseCode::RetryLater))??;
        if is_command {
            self.gateway.registry.crashes.pass(CrashPoint::Sent);
        }
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.gateway.registry.stats.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back what is in flight, unless a newer session has taken over.
    ///
    /// Source: REQ-ACK-009 (docs/protocol/session.md).
    async fn leave(&self) {
        if self.gateway.killed.is_cancelled() {
            return;
        }
        let registry = &self.gateway.registry;
        let received = self.receiver.bytes_received();
        registry.stats.bytes_received.fetch_add(received, Ordering::Relaxed);
        let Some(mut state) = self.slot.lock_for(self.number).await else {
            return;
        };
        state.presence = Presence::Away;
        self.slot.release(self.number);
        trace!(target: "timeline", device_id = %state.record.id, "session ends");
        if is(Plant::SessionKeepsInFlight) {
            return;
        }
        let now = self.gateway.clock.now();
        if let Err(error) = registry.decide(&mut state, |record| record.disconnected(now)).await {
            // The store has the command in flight; a restart or the next hello releases it.
            warn!(error = &error as &dyn std::error::Error, "in-flight command not handed back");
        }
    }
}

/// Whether this certificate may speak for its device.
///
/// Source: REQ-CERT-008 (docs/protocol/certificates.md).
async fn admit(slot: &Slot, identity: &PeerIdentity) -> Result<(), End> {
    let state = slot.state.lock().await;
    state.record.lifecycle.admit()?;
    if state.record.key.0 == identity.key || is(Plant::AnyKeyAdmitted) {
        Ok(())
    } else {
        Err(CloseCode::CertificateSuperseded.into())
    }
}

/// Source: REQ-SESSION-004 (docs/protocol/session.md).
async fn first_message(receiver: &mut FrameReceiver) -> Result<Hello, End> {
    match receiver.receive::<ToServer>(Peer::Known).await {
        Ok(Some(ToServer::Hello(hello))) => Ok(hello),
        Ok(Some(
            ToServer::TokenUpdate(_)
            | ToServer::StatusReport(_)
            | ToServer::Idle
            | ToServer::CommandResult(_)
            | ToServer::PushUpdate(_),
        )) => Err(CloseCode::WrongState.into()),
        Ok(None) => Err(CloseCode::Done.into()),
        Err(error) => Err(broken(&error)),
    }
}

/// What a failed read means for the connection.
pub(crate) fn broken(error: &ReceiveError) -> End {
    match error {
        ReceiveError::Frame { source } => {
            debug!(error = source as &dyn std::error::Error, "bad frame");
            End::Close(violation(source))
        }
        ReceiveError::TruncatedFrame | ReceiveError::Stream { .. } => {
            End::Close(CloseCode::BadFrame)
        }
        ReceiveError::Connection { .. } => End::Gone,
    }
}
