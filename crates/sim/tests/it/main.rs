//! The world keeps its promises, and is the same twice.

mod crashes;
mod faults;
mod promises;
mod push;
mod service;
mod stage;
mod streams;
