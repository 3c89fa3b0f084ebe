//! The server as a customer of the vendors' push services.
//!
//! ```text
//! decide --> PushQueue <-- PushCourier --PushOrder--> Service --HTTPS--> the vendor
//!  (every one)                 '--pushed--> record
//! ```
//!
//! When a push is owed is the record's decision. Every decision about a device that is away puts
//! the time of its next push into one queue for all of them; one task sleeps until the first is
//! due. What a killed server owed is in its records, where the next one finds it.

mod courier;
mod order;
mod queue;
mod service;

pub(crate) use courier::PushCourier;
pub(crate) use queue::PushQueue;
