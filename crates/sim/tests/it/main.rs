//! The world keeps its promises, and is the same twice.

mod crashes;
mod faults;
mod promises;
mod push;
mod stage;
mod streams;
