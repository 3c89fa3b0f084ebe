//! What every store promises, and what only the file does.

mod conformance;
mod disk;
mod file;
mod sample;
