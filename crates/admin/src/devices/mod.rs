//! `managedDevices`: how devices are listed and shown, and what can be done to them.

pub(crate) mod act;
pub(crate) mod action_result;
pub(crate) mod actions;
pub(crate) mod bulk;
pub(crate) mod inventory;
pub(crate) mod labels;
pub(crate) mod listed;
pub(crate) mod managed_device;
pub(crate) mod overview;
pub(crate) mod page;
pub(crate) mod people;
pub(crate) mod properties;
pub(crate) mod read;
pub(crate) mod scan;
pub(crate) mod service_act;
pub(crate) mod surroundings;
pub(crate) mod update;
pub(crate) mod words;
