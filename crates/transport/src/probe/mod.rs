//! A client that does as it is told, right or wrong: what a conformance suite holds against a
//! server. Nothing here belongs to a device or to a server.

mod certificate;
mod link;
mod mute;
mod offer;
mod papers;

pub use certificate::{CertificateText, certificate_text};
pub use link::{Ending, Heard, LinkReader, LinkWriter, Prober, StreamWay};
pub use offer::Offer;
pub use papers::{Flaw, RequestKind, request_for, request_for_p384};
