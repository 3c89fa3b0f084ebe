//! What every store promises, and what only the file does.

mod conformance;
mod file;
mod sample;
