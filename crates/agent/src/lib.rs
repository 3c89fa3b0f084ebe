//! The fleet: device tasks, pacing, reconnection, state across restarts.
//!
//! A [`Fleet`] runs one small task per device around the sans-IO core of `muster-device`. The
//! core decides; this crate carries: it enrols, connects at a bounded pace, comes back with
//! jitter, keeps on disk what must survive a kill, and counts.

mod activation;
mod black_box;
mod clock;
mod device_task;
mod ending;
mod enrol;
mod faults;
mod fleet;
mod ledger;
mod link;
mod mailbox;
mod pacer;
mod population;
mod progress;
mod push;
mod session;
mod shared;
mod sockets;
mod state;
mod watch;

pub use activation::ActivationHandle;
pub use black_box::{BlackBox, BlackBoxError};
pub use device_task::Misbehaviour;
pub use ending::Ending;
pub use faults::{
    DeviceFault, FaultError, FaultsCount, FleetFault, PathFault, WakeFault, WhatFails,
};
pub use fleet::{DevicePlan, DeviceView, Fleet, FleetConfig, FleetError, FleetMetrics, Start};
pub use pacer::CONNECTS_IN_FLIGHT;
pub use population::{device_of, habit, population};
pub use progress::{FleetProgress, FleetSummary};
pub use push::PushHandle;
pub use sockets::Sockets;
pub use state::StateError;
pub use watch::{AnswerClass, Seen, Watch};
