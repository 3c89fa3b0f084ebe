//! `managedDevices`: how devices are listed and shown, and what can be done to them.

pub(crate) mod action_result;
pub(crate) mod actions;
pub(crate) mod listed;
pub(crate) mod managed_device;
pub(crate) mod page;
pub(crate) mod properties;
