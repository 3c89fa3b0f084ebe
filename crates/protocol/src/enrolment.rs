//! Messages of an enrolment connection.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::DeviceId;
use crate::platform::DeviceFacts;
use crate::secret::EnrolmentToken;

/// Asks for a device certificate. Device to server, the first and only request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// Minor version of the device.
    pub minor: u16,
    /// The right to enrol.
    pub token: EnrolmentToken,
    /// PKCS #10 request in DER; only its public key is used.
    pub csr_der: Vec<u8>,
    /// What the device is.
    pub facts: DeviceFacts,
}

/// Grants a device certificate. Server to device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// Minor version of the server.
    pub minor: u16,
    /// Who the device is from now on.
    pub device: DeviceId,
    /// Device certificate first, then the run's CA, each in DER.
    pub chain_der: Vec<Vec<u8>>,
}
