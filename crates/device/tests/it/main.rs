//! Promises of a whole device, kept through its inputs and outputs only.

mod activation;
mod android;
mod android_grid;
mod android_matrix;
mod apple;
mod apple_life;
mod delivery;
mod life;
mod matrix;
mod person;
mod properties;
mod push;
mod push_service;
mod recording;
mod requests;
mod reset;
mod rig;
mod rows;
mod table;
