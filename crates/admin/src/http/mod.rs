//! From HTTP to an operation and back: the router, errors, limits.

pub(crate) mod batch;
pub(crate) mod body;
pub(crate) mod books;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod dispatch;
pub(crate) mod errors;
pub(crate) mod options;
pub(crate) mod origin;
pub(crate) mod reference;
pub(crate) mod repeat;
pub(crate) mod router;
pub(crate) mod throttle;
pub(crate) mod unread;
