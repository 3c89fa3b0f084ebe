//! The baseline the fleet is measured against: quinn with our TLS and transport settings and
//! nothing of ours above it.
//!
//! ```text
//! bare_quinn client [connections [in-flight [round-trips]]]
//! ```
//!
//! Starts itself again as the server, so each side is a process of its own, and prints one JSON
//! object. CPU is user and system time in microseconds, memory is resident bytes above what the
//! process held before its first connection. `bare_quinn server` is for the client to start.

use std::process::ExitCode;

mod client;
mod ping;
mod sample;
mod server;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        ["server"] => server::run(),
        ["client", load @ ..] => client::Load::parse(load).and_then(client::run),
        _ => Err("usage: bare_quinn client [connections [in-flight [round-trips]]]".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare_quinn: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Any failure ends the measurement.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
