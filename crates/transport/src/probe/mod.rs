//! A client and a server that do as they are told, right or wrong: what a conformance suite holds
//! against a server or a device. Nothing here belongs to either.

mod certificate;
mod link;
mod listener;
mod manner;
mod offer;
mod papers;
#[cfg(feature = "qlog")]
mod qlog;
mod request;

pub use certificate::{CertificateText, certificate_text};
pub use link::{Ending, Heard, LinkReader, LinkWriter, Prober, StreamWay};
pub use listener::{Knock, Listener, Talk, Visitor};
pub use manner::{Greeting, Manner, Tickets, Version};
pub use offer::Offer;
pub use papers::{Flaw, RequestKind, ServerFlaw, request_for, request_for_p384};
pub use request::{RequestText, request_text};
