//! The task of one device: waits for one event, lets the core decide, carries out what it says.

mod carry;
mod ending;
mod mischief;
mod person;
mod presence;
mod request;
mod trouble;
mod wake;

use std::sync::Arc;

use muster_device::recording::Recorder;
use muster_device::{Attention, Backoff, Connectivity, Device, Input, Person};
use muster_protocol::fault::Moment;
use muster_protocol::management::ToDevice;
use muster_protocol::planted::{Plant, is};
use muster_protocol::secret::EnrolmentToken;
use quinn::Endpoint;
use tokio::select;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument as _, Span, debug, trace};

use crate::ending::{Ending, Next};
use crate::enrol::{Applicant, enrol, new_credentials};
use crate::faults::Trouble;
use crate::fleet::Start;
use crate::link::{Finished, Link, LinkEvent};
use crate::mailbox::Mailbox;
use crate::progress::{Bytes, Count, Gauge};
use crate::push::Subscriber;
use crate::session::{Caller, Reached, Session, connect, identity};
use crate::shared::Shared;
use crate::state::{Credentials, Grant, StateError};
use crate::watch::Seen;

use presence::Presence;
use trouble::Died;

pub use mischief::Misbehaviour;
pub(crate) use request::Request;

/// Refusals by TLS in a row after which a device stays away: enough for a server that is being
/// set up, too few to keep a wrong certificate busy.
const REFUSALS_MAX: u8 = 5;

/// What the core wants of its shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    Rest,
    Enrol,
    Connect,
}

/// Whether the kept identity is the one in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    AsIs,
    Outdated,
}

/// What was counted of this device, so that it is counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    enrolled: bool,
    locked: bool,
    left: bool,
    welcomed_before: bool,
    attention: Attention,
}

impl Counted {
    const NOTHING: Self = Self {
        enrolled: false,
        locked: false,
        left: false,
        welcomed_before: false,
        attention: Attention::Elsewhere,
    };
}

/// Everything of one device.
pub(crate) struct DeviceTask {
    shared: Arc<Shared>,
    mailbox: Arc<Mailbox<Request>>,
    index: u32,
    device: Device,
    /// Boxed: most fleets have nobody.
    person: Option<Box<Person>>,
    token: EnrolmentToken,
    credentials: Option<Credentials>,
    kept: Kept,
    aim: Aim,
    presence: Presence,
    link: Link,
    backoff: Backoff,
    refusals: u8,
    counted: Counted,
    /// What it does wrong with its next answer.
    mischief: Option<Misbehaviour>,
    /// What goes wrong with it by plan. Boxed: nothing does in most fleets.
    trouble: Option<Box<Trouble>>,
    died: Died,
    /// Its push service, if it is woken.
    subscriber: Option<Box<Subscriber>>,
    /// Its black box, if it has one.
    recorder: Option<Box<Recorder>>,
    /// The socket of this device, if it does not share one. Boxed: nearly all do.
    endpoint: Option<Box<Endpoint>>,
}

/// What a task begins with.
pub(crate) struct Beginning {
    pub(crate) index: u32,
    pub(crate) device: Device,
    pub(crate) person: Option<Box<Person>>,
    pub(crate) token: EnrolmentToken,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) presence: Start,
    pub(crate) backoff: Backoff,
    pub(crate) trouble: Option<Box<Trouble>>,
    pub(crate) subscriber: Option<Box<Subscriber>>,
    pub(crate) recorder: Option<Box<Recorder>>,
}

/// One thing that happened.
enum Event {
    Request(Request),
    Link(LinkEvent),
    Due(Due),
}

/// Whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Deadline,
    Person,
    /// Another port.
    Move,
    /// A push that is late.
    Push,
}

impl DeviceTask {
    /// Boxed at once: the future that runs it holds a pointer.
    pub(crate) fn new(
        shared: Arc<Shared>,
        mailbox: Arc<Mailbox<Request>>,
        beginning: Beginning,
    ) -> Box<Self> {
        Box::new(Self {
            shared,
            mailbox,
            index: beginning.index,
            device: beginning.device,
            person: beginning.person,
            token: beginning.token,
            credentials: beginning.credentials,
            kept: Kept::AsIs,
            aim: Aim::Rest,
            presence: Presence::beginning(beginning.presence),
            link: Link::Down,
            backoff: beginning.backoff,
            refusals: 0,
            counted: Counted::NOTHING,
            mischief: None,
            trouble: beginning.trouble,
            died: Died::No,
            subscriber: beginning.subscriber,
            recorder: beginning.recorder,
            endpoint: None,
        })
    }

    /// Runs until the fleet stops.
    pub(crate) async fn run(mut self: Box<Self>) {
        if let Err(cause) = self.live().await {
            tracing::error!(
                index = self.index,
                error = &cause as &dyn std::error::Error,
                "a device stops because its state cannot be kept"
            );
        }
        self.mailbox.close();
        self.hang_up();
        if let Some(endpoint) = &self.endpoint {
            // Bounded by the time the fleet gives its tasks.
            endpoint.wait_idle().await;
        }
    }

    async fn live(&mut self) -> Result<(), StateError> {
        self.keep_for_a_crash()?;
        // Boxed, here and below: a device that waits, as nearly all do nearly always, has room for
        // waiting. Room for what it does when something happens would be 900 bytes more.
        Box::pin(self.handle(Input::Start)).await?;
        Box::pin(self.meet_person()).await?;
        loop {
            self.strive().await?;
            self.show_presence();
            let Some(event) = self.next_event().await else {
                return Ok(());
            };
            let span = self.span();
            Box::pin(self.on_event(event)).instrument(span).await?;
        }
    }

    async fn on_event(&mut self, event: Event) -> Result<(), StateError> {
        match event {
            Event::Request(request) => self.on_request(request).await,
            Event::Link(event) => self.on_link(event).await,
            Event::Due(Due::Deadline) => self.handle(Input::Deadline).await.map(drop),
            Event::Due(Due::Move) => {
                self.on_move();
                Ok(())
            }
            Event::Due(Due::Push) => self.on_late_push().await,
            Event::Due(Due::Person) => Box::pin(self.on_person()).await,
        }
    }

    /// Waits; `None` when the fleet stops. Every branch only receives, so the losing ones lose
    /// nothing.
    async fn next_event(&mut self) -> Option<Event> {
        let due = self.next_due().map(|(at, due)| (self.shared.clock.instant(at), due));
        let stop = &self.shared.stop;
        select! {
            biased;
            () = stop.cancelled() => None,
            request = self.mailbox.take() => Some(Event::Request(request)),
            event = self.link.next() => Some(Event::Link(event)),
            due = until(due) => Some(Event::Due(due)),
        }
    }

    fn span(&self) -> Span {
        match &self.link {
            Link::Up(session) | Link::Leaving { session, .. } => session.span.clone(),
            Link::Down | Link::Resting { .. } | Link::Trying(_) => Span::none(),
        }
    }

    /// Starts the attempt the core wants, if nothing stands in its way.
    async fn strive(&mut self) -> Result<(), StateError> {
        // Whatever an agent wants that died of it, it tries.
        self.meet_connecting().await?;
        match (&self.link, self.presence.network(), self.aim) {
            (Link::Down, Connectivity::Online, Aim::Enrol) => Box::pin(self.try_enrol()).await,
            (Link::Down, Connectivity::Online, Aim::Connect) => {
                self.try_connect();
                Ok(())
            }
            (Link::Down, Connectivity::Online, Aim::Rest)
            | (Link::Down, Connectivity::Offline, Aim::Rest | Aim::Enrol | Aim::Connect)
            | (Link::Resting { .. } | Link::Trying(_), _, _)
            | (Link::Up(_) | Link::Leaving { .. }, _, _) => Ok(()),
        }
    }

    async fn try_enrol(&mut self) -> Result<(), StateError> {
        let is_fresh = |credentials: &Credentials| credentials.grant.is_none();
        if !self.credentials.as_ref().is_some_and(is_fresh) || is(Plant::KeyAnewEachTime) {
            self.credentials = new_credentials();
            self.kept = Kept::Outdated;
            self.keep_identity().await?;
        }
        match (self.fresh_key(), self.endpoint()) {
            (Some(key), Some(endpoint)) => {
                let applicant = Applicant {
                    shared: Arc::clone(&self.shared),
                    endpoint,
                    key,
                    token: self.token.clone(),
                    facts: self.device.facts().clone(),
                };
                let attempt = async { Finished::Enrolment(enrol(applicant).await) };
                self.link = Link::Trying(Box::pin(attempt));
            }
            (_, _) => self.cannot_try("no key or socket"),
        }
        Ok(())
    }

    fn try_connect(&mut self) {
        let device = self.device.id();
        let identity = device
            .zip(self.credentials.as_ref())
            .and_then(|(device, credentials)| Some((device, identity(credentials, device)?)));
        match (identity, self.endpoint()) {
            (Some((device, identity)), Some(endpoint)) => {
                let caller = Caller {
                    shared: Arc::clone(&self.shared),
                    endpoint,
                    index: self.index(),
                    device,
                    identity,
                    path: self.path_mtu(),
                };
                let attempt = async { Finished::Connect(connect(caller).await) };
                self.link = Link::Trying(Box::pin(attempt));
            }
            (_, _) => self.cannot_try("no identity or socket"),
        }
    }

    async fn on_link(&mut self, event: LinkEvent) -> Result<(), StateError> {
        match event {
            LinkEvent::Rested => {
                self.link = Link::Down;
                Ok(())
            }
            LinkEvent::Finished(Finished::Enrolment(outcome)) => self.on_enrolment(outcome).await,
            LinkEvent::Finished(Finished::Connect(outcome)) => self.on_connect(outcome).await,
            LinkEvent::Received(message) => self.on_message(message).await,
            LinkEvent::Ended(ending) => {
                debug!(?ending, "session ended");
                self.end_link(ending);
                if ending.next() != Next::Unenrolled {
                    self.handle(Input::Disconnected).await?;
                }
                self.follow(ending).await
            }
            LinkEvent::Left => {
                self.hang_up();
                Ok(())
            }
        }
    }

    async fn on_enrolment(&mut self, outcome: Result<Grant, Ending>) -> Result<(), StateError> {
        self.link = Link::Down;
        match outcome {
            Ok(grant) => {
                self.refusals = 0;
                self.backoff.reset();
                let device = grant.device;
                if let Some(credentials) = &mut self.credentials {
                    credentials.grant = Some(grant);
                }
                // Goes to disk in one transaction with the enrolled device.
                self.kept = Kept::Outdated;
                self.handle(Input::Enrolled { device }).await?;
                Ok(())
            }
            Err(ending) => {
                self.count_failure(ending);
                self.follow(ending).await
            }
        }
    }

    async fn on_connect(
        &mut self,
        outcome: Result<Box<Session>, Ending>,
    ) -> Result<(), StateError> {
        match outcome {
            Ok(session) => {
                self.link = Link::Up(session);
                let minor = muster_protocol::alpn::MINOR;
                self.handle(Input::Connected { minor }).await?;
                self.meet(Moment::Connected).await?;
                Ok(())
            }
            Err(ending) => {
                self.link = Link::Down;
                self.count_failure(ending);
                self.follow(ending).await
            }
        }
    }

    async fn on_message(&mut self, message: ToDevice) -> Result<(), StateError> {
        trace!(target: "timeline", index = self.index, name = message.name(), "received");
        if let Link::Up(session) = &mut self.link {
            let bytes = session.take_bytes_received();
            self.shared.counters.bytes(Bytes::Received, bytes);
            if let ToDevice::Welcome(welcome) = &message
                && session.on_welcome(welcome) == Reached::Greeting
            {
                self.on_welcomed();
            }
        }
        if let ToDevice::Command(command) = &message {
            self.shared.watch.saw(self.index, || Seen::Delivered(command.head.id));
        }
        if self.on_command(&message).await? == Died::No {
            self.handle(Input::Message(message)).await?;
        }
        Ok(())
    }

    fn on_welcomed(&mut self) {
        self.refusals = 0;
        self.shared.counters.enter(Gauge::Connected);
        if self.counted.welcomed_before {
            self.shared.counters.count(Count::Reconnect);
        }
        self.counted.welcomed_before = true;
        self.shared.watch.saw(self.index, || Seen::Connected);
        debug!("welcomed");
    }

    /// What an attempt takes is not there.
    fn cannot_try(&mut self, reason: &'static str) {
        self.count_failure(Ending::NoMeans);
        self.give_up(reason);
    }

    fn count_failure(&self, ending: Ending) {
        self.shared.counters.count(Count::ConnectFailure);
        self.shared.watch.saw(self.index, || Seen::ConnectFailed(ending));
    }

    fn index(&self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }
}

async fn until(due: Option<(Instant, Due)>) -> Due {
    match due {
        Some((at, due)) => {
            // Boxed: most devices wait for nothing of which they know when it comes.
            Box::pin(sleep_until(at)).await;
            due
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
