//! Cases that try a device: the suite is its server.

pub(super) mod ack;
pub(super) mod close;
pub(super) mod command;
pub(super) mod encode;
pub(super) mod enrol;
pub(super) mod frame;
pub(super) mod push;
pub(super) mod security;
pub(super) mod session;
pub(super) mod transport;
