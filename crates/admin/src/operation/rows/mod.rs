//! Every operation, theme by theme.
//!
//! A file per theme, so that each can grow without the others.
//!
//! Source: Microsoft Graph v1.0 and beta, device management.

use crate::operation::table::OperationId::Batch;
use crate::operation::table::{Operation, post};

/// A path below `deviceManagement`.
macro_rules! management {
    ($rest:literal) => {
        concat!("deviceManagement/", $rest)
    };
}

/// A path below one device.
macro_rules! device {
    ($rest:literal) => {
        concat!("deviceManagement/managedDevices/{managedDeviceId}/", $rest)
    };
}

mod acts;
mod approvals;
mod audit;
mod devices;
mod policies;
mod reports;
mod roles;

/// Requests that hold requests.
const BATCH: &[Operation] = &[post(Batch, "$batch")];

/// The themes, in the order of the parity page.
const THEMES: &[&[Operation]] = &[
    BATCH,
    devices::ROWS,
    acts::ROWS,
    audit::ROWS,
    roles::ROWS,
    policies::ROWS,
    approvals::ROWS,
    reports::ROWS,
];

/// Every operation, in the order of the parity page.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> + Clone {
    THEMES.iter().copied().flatten()
}
