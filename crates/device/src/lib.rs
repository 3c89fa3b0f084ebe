//! One simulated device: iOS or Android, its user and its vendor's services.
//!
//! A [`Device`] does no I/O. It takes one [`Input`] at a time, changes its state, and hands out
//! [`Output`]s until there are none. Time and chance come from outside, so that the same seed and
//! the same inputs give the same outputs, byte for byte.
//!
//! The device owns its state: an acknowledgement follows a change, and a refusal has the reason
//! the platform itself would give. `fixtures/behaviour/device.toml` holds the outcomes as data.
#![no_std]

extern crate alloc;

mod acknowledgement;
pub mod activation;
mod android;
mod apple;
mod backoff;
mod device;
mod enrolment;
mod input;
mod journal;
mod life;
mod note;
mod output;
mod person;
mod place;
pub mod push;
pub mod recording;
mod secrecy;
mod spec;
mod system;
mod user;

pub use backoff::Backoff;
pub use device::Device;
pub use input::Input;
pub use life::{Cause, Phase, next_phase};
pub use note::Note;
pub use output::Output;
pub use person::{
    Attention, Calendar, Connectivity, Habit, Person, PersonEvent, Script, week_strip,
};
pub use spec::{
    AccessRights, AccountSignIn, Acknowledgement, AgentTarget, AwaitConfiguration, Contact,
    DeviceSpec, LocationAccess, Persona, PromptHabit, Quirk, Screen, Traits,
};
pub use user::UserAction;
