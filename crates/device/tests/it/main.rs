//! Promises of a whole device, kept through its inputs and outputs only.

mod activation;
mod android;
mod apple;
mod delivery;
mod life;
mod matrix;
mod properties;
mod reset;
mod rig;
mod table;
