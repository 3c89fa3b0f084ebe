//! The binary as its users run it.

mod demo;
mod fleet;
mod kill;
mod process;
mod usage;
