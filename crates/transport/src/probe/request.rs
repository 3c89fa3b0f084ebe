//! What a certificate signing request says, for those who judge it.

use muster_protocol::limits::CSR_BYTES_MAX;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use crate::csr::CsrKey;

/// What stands in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestText {
    /// SHA-256 of the public key it proves to hold; none if a server would refuse it.
    pub key: Option<[u8; 32]>,
    /// How long it is.
    pub bytes: usize,
    /// Whether it asks for extensions.
    pub asks_for_extensions: bool,
}

/// Reads a request of a device.
#[must_use]
pub fn request_text(der: &[u8]) -> RequestText {
    let bytes = der.len();
    if bytes > CSR_BYTES_MAX {
        return RequestText { bytes, ..RequestText::default() };
    }
    let key = CsrKey::from_csr(der).ok().map(|key| key.fingerprint());
    let asks_for_extensions =
        X509CertificationRequest::from_der(der).is_ok_and(|(_rest, request)| {
            request.requested_extensions().is_some_and(|mut all| all.next().is_some())
        });
    RequestText { key, bytes, asks_for_extensions }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::DeviceKey;
    use crate::probe::{RequestKind, request_for};
    use proptest::prelude::*;

    #[test]
    fn a_request_tells_its_key_and_what_it_asks_for() {
        let key = DeviceKey::generate().unwrap();
        let plain = request_text(&key.csr_der().unwrap());
        assert_eq!(plain.key, Some(key.fingerprint()));
        assert!(!plain.asks_for_extensions);
        let claiming = request_text(&request_for(&key, RequestKind::Claiming).unwrap());
        assert!(claiming.asks_for_extensions);
    }

    #[test]
    fn what_is_too_long_is_not_looked_at() {
        let text = request_text(&vec![0x30; CSR_BYTES_MAX + 1]);
        assert_eq!(text, RequestText { bytes: CSR_BYTES_MAX + 1, ..RequestText::default() });
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(der in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(request_text(&der).bytes, der.len());
        }
    }
}
