//! Numbered requirements of the protocol, and the cases that try a server or a device on them.
//!
//! ```text
//! docs/protocol --tested against--> catalogue <--tries-- cases --written with--> scene
//!                                                          |
//!                        runner (crate muster) <--acts-- Script --verdict--> result
//! ```
//!
//! A [`Case`] is a promise about a target with a script. The script does no I/O ([`script::Script`]): the
//! runner plays the same one over UDP and in virtual time. What comes of it, weighed by the level of
//! the requirements it tries, is a [`Verdict`].
#![no_std]

extern crate alloc;

pub mod capabilities;
mod case;
mod cases;
mod catalogue;
pub mod exceptions;
pub mod hook;
pub mod matrix;
mod requirement;
pub mod result;
mod scene;
pub mod script;
pub mod transcript;
mod verdict;

pub use case::{Case, Need, Over, Setting, Variant};
pub use cases::{case_named, cases};
pub use catalogue::{requirement, requirements};
pub use requirement::{Level, Profile, Requirement, Side};
pub use verdict::{Outcome, Rigour, Verdict};
