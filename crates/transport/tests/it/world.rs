//! A server and devices in one process.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use muster_protocol::DeviceId;
use muster_transport::{
    ClientTls, CsrKey, DeviceKey, Identity, RunCa, SERVER_NAME, Validity, client_endpoint,
    server_endpoint,
};
use quinn::{Connection, ConnectionError, Endpoint};

/// The device of tests that need one.
pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0x42; 16]);

/// How long a step may take before the test is called hung.
const STEP_WITHIN: Duration = Duration::from_secs(30);

/// A server endpoint, a client endpoint, and the CA both trust.
pub(crate) struct World {
    pub(crate) ca: RunCa,
    pub(crate) tls: ClientTls,
    pub(crate) server: Endpoint,
    pub(crate) client: Endpoint,
}

/// Both ends of one connection. The endpoints stay open as long.
pub(crate) struct Pair {
    pub(crate) device: Connection,
    pub(crate) server: Connection,
    _world: World,
}

impl World {
    pub(crate) fn new() -> Self {
        let ca = RunCa::ephemeral().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let identity = ca.issue_server().unwrap();
        let (server, _buffers) = server_endpoint(
            address,
            identity,
            ca.certificate_der(),
            &ca.reset_key(),
            &muster_transport::Skew::default(),
        )
        .unwrap();
        Self {
            tls: ClientTls::new(ca.certificate_der()).unwrap(),
            server,
            client: client_endpoint(address).unwrap().0,
            ca,
        }
    }

    /// Connects `config` and returns how each end sees it.
    pub(crate) async fn connect(
        &self,
        config: quinn::ClientConfig,
    ) -> (Result<Connection, ConnectionError>, Result<Connection, ConnectionError>) {
        let address = self.server.local_addr().unwrap();
        let connecting = self.client.connect_with(config, address, SERVER_NAME);
        let accept = async { self.server.accept().await.unwrap().await };
        within(async { tokio::join!(connecting.unwrap(), accept) }).await
    }

    pub(crate) async fn pair(self, config: quinn::ClientConfig) -> Pair {
        let (device, server) = self.connect(config).await;
        Pair { device: device.unwrap(), server: server.unwrap(), _world: self }
    }

    /// A managed device with a valid certificate.
    pub(crate) async fn managed(self) -> Pair {
        let config = self.tls.management(&enrol(&self.ca, DEVICE)).unwrap();
        self.pair(config).await
    }
}

/// What enrolment gives a device.
pub(crate) fn enrol(ca: &RunCa, device: DeviceId) -> Identity {
    certify(ca, device, &DeviceKey::generate().unwrap(), Validity::device())
}

/// A certificate of `ca` for `key`.
pub(crate) fn certify(
    ca: &RunCa,
    device: DeviceId,
    key: &DeviceKey,
    validity: Validity,
) -> Identity {
    let request = CsrKey::from_csr(&key.csr_der().unwrap()).unwrap();
    let certificate = ca.issue_device(device, &request, validity).unwrap();
    key.identity(vec![certificate.to_vec(), ca.certificate_der().to_vec()])
}

/// Fails the test instead of hanging it.
pub(crate) async fn within<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(STEP_WITHIN, step).await.expect("the step ends in time")
}
