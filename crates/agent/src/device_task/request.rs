//! Requests from outside: the user, the power of the network, a look.

use muster_device::push::WakeWord;
use muster_device::recording::Recording;
use muster_device::{Device, Input, Note, Phase, UserAction};
use muster_protocol::secret::EnrolmentToken;
use tokio::sync::oneshot;

use super::{Aim, DeviceTask, Misbehaviour};
use crate::faults::WakeFault;
use crate::fleet::{DeviceView, Start};
use crate::link::Link;
use crate::session::Reached;
use crate::state::{Credentials, StateError};

/// One request; whoever asked may have gone away meanwhile, which changes nothing.
#[derive(Debug)]
pub(crate) enum Request {
    User(UserAction, oneshot::Sender<Vec<Note>>),
    GoOffline(oneshot::Sender<()>),
    GoOnline(oneshot::Sender<()>),
    View(oneshot::Sender<DeviceView>),
    Misbehave(Misbehaviour, oneshot::Sender<()>),
    SpoilPush(WakeFault, oneshot::Sender<()>),
    BlackBox(oneshot::Sender<Option<Box<Recording>>>),
    Twin(oneshot::Sender<Box<Twin>>),
    /// From its push service, which wants no answer.
    Pushed(WakeWord),
    /// What the device waits for may come at another time; wants no answer.
    SetTimers,
}

/// All that makes a device this device and no other.
#[derive(Debug)]
pub(crate) struct Twin {
    pub(crate) device: Device,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) token: EnrolmentToken,
}

impl DeviceTask {
    pub(super) async fn on_request(&mut self, request: Request) -> Result<(), StateError> {
        match request {
            Request::User(action, answer) => {
                let notes = self.handle(Input::User(action)).await?;
                let _gone = answer.send(notes);
            }
            Request::GoOffline(answer) => {
                self.presence.switch = Start::Offline;
                self.lose_network().await?;
                // Before the answer: whoever hears it may push at once.
                self.show_presence();
                let _gone = answer.send(());
            }
            Request::GoOnline(answer) => {
                self.go_online();
                let _gone = answer.send(());
            }
            Request::View(answer) => {
                let _gone = answer.send(self.view());
            }
            Request::Misbehave(how, answer) => {
                self.misbehave(how);
                let _gone = answer.send(());
            }
            Request::SpoilPush(fault, answer) => {
                self.spoil_push(fault);
                let _gone = answer.send(());
            }
            Request::BlackBox(answer) => {
                let _gone = answer.send(self.black_box());
            }
            Request::Twin(answer) => {
                let _gone = answer.send(Box::new(self.twin()));
            }
            Request::Pushed(word) => self.on_pushed(word).await?,
            // Whoever has had a request looks at its timers anew.
            Request::SetTimers => {}
        }
        Ok(())
    }

    /// Whoever has taken it away: the connection goes with it.
    pub(super) async fn lose_network(&mut self) -> Result<(), StateError> {
        let had_session = matches!(self.link, Link::Up(_));
        self.hang_up();
        if had_session {
            self.handle(Input::Disconnected).await?;
        }
        Ok(())
    }

    /// Somebody asks for the connection: a device that stayed away tries again.
    fn go_online(&mut self) {
        self.presence.switch = Start::Online;
        self.backoff.reset();
        self.refusals = 0;
        match self.device.phase() {
            Phase::Enrolled if self.device.is_on_network() => self.aim = Aim::Connect,
            // The core asks for the connection itself, once there is a network to have it on.
            Phase::Enrolled => {}
            Phase::Enrolling => self.aim = Aim::Enrol,
            Phase::SetupAssistant | Phase::ActivationPrompt | Phase::Unenrolled => {}
        }
        if matches!(self.link, Link::Resting { .. }) {
            self.link = Link::Down;
        }
    }

    fn twin(&self) -> Twin {
        Twin {
            device: self.device.clone(),
            credentials: self.credentials.clone(),
            token: self.token.clone(),
        }
    }

    fn view(&self) -> DeviceView {
        DeviceView {
            index: self.index(),
            id: self.device.id(),
            serial: self.device.facts().serial.clone(),
            phase: self.device.phase(),
            connected: self.is_welcomed(),
            lost: self.device.is_lost(),
            status: self.device.status(),
        }
    }

    fn is_welcomed(&self) -> bool {
        match &self.link {
            Link::Up(session) => session.reached() == Reached::Welcomed,
            Link::Down | Link::Resting { .. } | Link::Trying(_) | Link::Leaving { .. } => false,
        }
    }
}
