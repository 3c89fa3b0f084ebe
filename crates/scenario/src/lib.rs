//! What a run consists of: population, arrivals, workload, faults, thresholds.
//!
//! A scenario is a TOML file; from it and a seed follows the whole plan of a run, the same on every
//! machine.

#![no_std]

extern crate alloc;
