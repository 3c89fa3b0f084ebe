//! A device of this protocol that does what a test tells it, right or wrong.

use std::net::SocketAddr;

use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::{Message, Peer};
use muster_protocol::management::{CommandResult, Hello, ToDevice, ToServer, TokenUpdate, Welcome};
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::DeviceStatus;
use muster_protocol::{Answer, CloseCode, Command, DeviceFacts, DeviceId, Outcome, alpn};
use muster_server::Server;
use muster_transport::{
    ClientTls, DeviceKey, FrameReceiver, Identity, RunCa, SERVER_NAME, client_endpoint, close_code,
};
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, SendStream};

use crate::world::{iphone, status, within};

/// Where scripted devices connect from, and to which server.
pub(crate) struct Site {
    pub(crate) quic: SocketAddr,
    pub(crate) tls: ClientTls,
    endpoint: Endpoint,
}

/// A piece of hardware that holds a certificate.
pub(crate) struct Enrolled {
    pub(crate) id: DeviceId,
    pub(crate) facts: DeviceFacts,
    pub(crate) identity: Identity,
}

/// One management connection.
pub(crate) struct Device {
    pub(crate) connection: Connection,
    pub(crate) send: SendStream,
    receiver: FrameReceiver,
}

impl Site {
    pub(crate) fn of(server: &Server) -> Self {
        let ca = RunCa::open_or_create(server.data().root()).unwrap();
        Self {
            quic: server.endpoints().quic,
            tls: ClientTls::new(ca.certificate_der()).unwrap(),
            endpoint: client_endpoint(server.endpoints().quic).unwrap().0,
        }
    }

    /// The connection, or why there is none.
    pub(crate) async fn dial(&self, config: ClientConfig) -> Result<Connection, ConnectionError> {
        let connecting = self.endpoint.connect_with(config, self.quic, SERVER_NAME);
        within(connecting.unwrap()).await
    }

    /// How the server refuses a connection that may seem to stand at first.
    pub(crate) async fn refusal(&self, config: ClientConfig) -> ConnectionError {
        match self.dial(config).await {
            Ok(connection) => within(connection.closed()).await,
            Err(error) => error,
        }
    }

    /// Sends bytes on an enrolment connection and returns it with the reply, if one comes.
    pub(crate) async fn ask(&self, bytes: &[u8]) -> (Connection, Result<EnrolReply, CloseCode>) {
        let connection = self.dial(self.tls.enrolment()).await.unwrap();
        let (mut send, receive) = connection.open_bi().await.unwrap();
        send.write_all(bytes).await.unwrap();
        let mut receiver = FrameReceiver::new(receive);
        let reply = match within(receiver.receive::<EnrolReply>(Peer::Known)).await {
            Ok(reply) => Ok(reply.unwrap()),
            Err(_lost) => Err(close_code(&within(connection.closed()).await).unwrap()),
        };
        (connection, reply)
    }

    pub(crate) async fn try_enrol(&self, request: &EnrolRequest) -> Result<EnrolReply, CloseCode> {
        let (connection, reply) = self.ask(&frame(request)).await;
        muster_transport::close(&connection, CloseCode::Done);
        reply
    }

    pub(crate) async fn enrol(&self, token: &EnrolmentToken, facts: DeviceFacts) -> Enrolled {
        let key = DeviceKey::generate().unwrap();
        let request = request(token, &key, facts);
        let reply = self.try_enrol(&request).await.unwrap();
        let identity = key.identity(reply.chain_der);
        Enrolled { id: reply.device, facts: request.facts, identity }
    }

    /// A management connection with its stream, on which nothing has been said yet.
    pub(crate) async fn connect(&self, enrolled: &Enrolled) -> Device {
        let config = self.tls.management(&enrolled.identity).unwrap();
        let connection = self.dial(config).await.unwrap();
        let (send, receive) = connection.open_bi().await.unwrap();
        Device { connection, send, receiver: FrameReceiver::new(receive) }
    }

    /// A device that has said hello.
    pub(crate) async fn welcomed(&self, enrolled: &Enrolled) -> (Device, Welcome) {
        let mut device = self.connect(enrolled).await;
        device.say(&enrolled.hello()).await;
        let heard = device.hear().await;
        let ToDevice::Welcome(welcome) = heard else {
            panic!("no welcome but {}", heard.name());
        };
        (device, welcome)
    }

    /// A device that takes commands, with none waiting.
    pub(crate) async fn ready(&self, enrolled: &Enrolled) -> Device {
        let (mut device, _welcome) = self.welcomed(enrolled).await;
        device.say(&ToServer::Idle).await;
        assert_eq!(device.hear().await, ToDevice::Empty);
        device
    }

    /// How a management connection of this device ends that is only opened and greeted.
    pub(crate) async fn turned_away(&self, enrolled: &Enrolled) -> Option<CloseCode> {
        let config = self.tls.management(&enrolled.identity).unwrap();
        close_code(&self.refusal(config).await)
    }
}

impl Enrolled {
    pub(crate) fn hello(&self) -> ToServer {
        hello(self.id, status(self.facts.mode))
    }
}

impl Device {
    pub(crate) async fn say(&mut self, message: &ToServer) {
        self.write(&frame(message)).await;
    }

    /// Bytes as they are. What comes after a close is lost, as it would be with a real device.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _closed = within(self.send.write_all(bytes)).await;
    }

    pub(crate) async fn hear(&mut self) -> ToDevice {
        let heard = within(self.receiver.receive::<ToDevice>(Peer::Known)).await;
        heard.expect("the connection stands").expect("the stream goes on")
    }

    pub(crate) async fn hear_command(&mut self) -> Command {
        let heard = self.hear().await;
        let ToDevice::Command(command) = heard else {
            panic!("no command but {}", heard.name());
        };
        command
    }

    pub(crate) async fn answer(&mut self, command: &Command, outcome: Outcome) {
        let (id, attempt) = (command.head.id, command.head.attempt);
        self.say(&ToServer::CommandResult(CommandResult { id, attempt, outcome })).await;
    }

    pub(crate) async fn acknowledge(&mut self, command: &Command) {
        self.answer(command, Outcome::Acknowledged(Answer::Done)).await;
    }

    /// Fails if the server has said anything since: its next words answer this question.
    pub(crate) async fn hears_nothing_more(&mut self, sequence: u32) {
        let update = TokenUpdate { sequence, unlock_token: None, bypass_code: None };
        self.say(&ToServer::TokenUpdate(update)).await;
        assert_eq!(self.hear().await, ToDevice::TokenUpdateAck { sequence });
    }

    /// What the server closed the connection with.
    pub(crate) async fn closed(&self) -> Option<CloseCode> {
        close_code(&within(self.connection.closed()).await)
    }
}

pub(crate) fn hello(device: DeviceId, status: DeviceStatus) -> ToServer {
    ToServer::Hello(Hello { minor: alpn::MINOR, device, status })
}

pub(crate) fn request(token: &EnrolmentToken, key: &DeviceKey, facts: DeviceFacts) -> EnrolRequest {
    let csr_der = key.csr_der().unwrap();
    EnrolRequest { minor: alpn::MINOR, token: token.clone(), csr_der, facts }
}

/// A request of an iPhone with a new key.
pub(crate) fn some_request(token: &EnrolmentToken) -> EnrolRequest {
    request(token, &DeviceKey::generate().unwrap(), iphone())
}

pub(crate) fn frame<M: Message>(message: &M) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes).unwrap();
    bytes
}
