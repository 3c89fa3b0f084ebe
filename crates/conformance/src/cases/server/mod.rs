//! Cases that try a server: the suite is its devices.

pub(super) mod ack;
pub(super) mod command;
pub(super) mod enrol;
pub(super) mod limit;
pub(super) mod push;
pub(super) mod queue;
pub(super) mod robust;
pub(super) mod security;
pub(super) mod session;
pub(super) mod transport;
