//! Facts on disk: whoever can read the data folder asks for a device by leaving a file, and finds
//! another in its place.
//!
//! ```text
//! black-box/asked/SERIAL         somebody wants to know; the folder is there while a server runs
//! black-box/server/SERIAL.json   what the server knew when it was asked
//! ```

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::SerialNumber;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{FACTS_FORMAT, RecordFacts, ServerFacts};
use crate::clock::Clock;
use crate::data_dir::{DataDir, DataDirError, io_error, write_private};
use crate::registry::Registry;

/// How often the server looks whether somebody asks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How often somebody who asks looks for the answer.
const AWAIT_EVERY: Duration = Duration::from_millis(20);

/// How many are answered at one look. Whoever asks for more waits for the next.
const ASKED_AT_ONCE: usize = 256;

/// How long a decision about the device may take before its facts are told without its record.
const RECORD_WITHIN: Duration = Duration::from_secs(1);

/// Longest file of facts that is read, in bytes.
const FACTS_FILE_BYTES_MAX: u64 = 1024 * 1024;

impl Registry {
    /// What is known of the latest life of a piece of hardware.
    pub(crate) async fn facts(&self, serial: &SerialNumber, clock: &Clock) -> Option<ServerFacts> {
        let (device, slot) = self.latest_place(serial)?;
        let (facts, left_out) = slot.black_box.facts();
        // A decision that hangs is what somebody may be looking for.
        let state = timeout(RECORD_WITHIN, slot.state.lock()).await.ok();
        Some(ServerFacts {
            format: FACTS_FORMAT,
            device,
            serial: serial.clone(),
            at: clock.now(),
            connected: slot.is_held(),
            record: state.map(|state| RecordFacts::of(&state.record, state.revision)),
            left_out,
            facts,
        })
    }
}

/// Answers whoever asks, until told to stop.
pub(crate) async fn serve(
    registry: Arc<Registry>,
    clock: Clock,
    data: DataDir,
    stop: CancellationToken,
) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asked = data.asked();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _tick = ticks.tick() => {}
        }
        let asked = asked.clone();
        for serial in spawn_blocking(move || names(&asked)).await.unwrap_or_default() {
            let facts = registry.facts(&serial, &clock).await;
            if let Err(error) = answer(&data, &serial, facts.as_ref()) {
                warn!(error = &error as &dyn std::error::Error, "facts not written");
            }
        }
    }
    // Whoever asks from now on need not wait.
    drop(fs::remove_dir_all(&asked));
}

/// Who is asked for. What is no serial number is left where it is.
fn names(asked: &Path) -> Vec<SerialNumber> {
    // Nobody has asked anything yet if there is no folder.
    let Ok(entries) = fs::read_dir(asked) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).take(ASKED_AT_ONCE).collect()
}

/// The answer is whole before the question goes.
fn answer(
    data: &DataDir,
    serial: &SerialNumber,
    facts: Option<&ServerFacts>,
) -> Result<(), DataDirError> {
    let (path, asked) = (data.server_facts(serial), data.asked().join(serial.as_str()));
    let written = match facts {
        Some(facts) => private_folder(&data.black_box().join("server")).and_then(|()| {
            let text = serde_json::to_string_pretty(facts);
            write_private(&path, &text.map_err(|source| io_error("write", &path, source.into()))?)
        }),
        None => Ok(()),
    };
    // Asking again and again would not help.
    fs::remove_file(&asked).map_err(|source| io_error("remove", &asked, source))?;
    written
}

impl DataDir {
    /// Where black boxes are written to.
    #[must_use]
    pub fn black_box(&self) -> PathBuf {
        self.root().join("black-box")
    }

    /// Lets others ask: they do if there is a folder for it.
    pub(crate) fn take_questions(&self) -> Result<(), DataDirError> {
        private_folder(&self.asked())
    }

    fn asked(&self) -> PathBuf {
        self.black_box().join("asked")
    }

    fn server_facts(&self, serial: &SerialNumber) -> PathBuf {
        self.black_box().join("server").join(format!("{serial}.json"))
    }

    /// Asks the server that runs on this folder what it knows of a device, and waits for the
    /// answer. `None` if it does not know the device, or none runs and none has ever told.
    ///
    /// What a server told earlier is returned if none runs, or none answers in time.
    ///
    /// Cancel safe: yes; the question may stay, and is answered by the next server.
    ///
    /// # Errors
    /// [`DataDirError`] if the folder cannot be written to or what is found is not facts.
    pub async fn ask_server(
        &self,
        serial: &SerialNumber,
        within: Duration,
    ) -> Result<Option<ServerFacts>, DataDirError> {
        let asked = self.asked().join(serial.as_str());
        if !self.asked().exists() {
            return read_facts(&self.server_facts(serial));
        }
        write_private(&asked, "")?;
        let until = Instant::now() + within;
        while asked.exists() && Instant::now() < until {
            sleep(AWAIT_EVERY).await;
        }
        if asked.exists() {
            // It may have been answered in this moment.
            drop(fs::remove_file(&asked));
        }
        read_facts(&self.server_facts(serial))
    }
}

/// Reads facts; `None` if there is no such file.
fn read_facts(path: &Path) -> Result<Option<ServerFacts>, DataDirError> {
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(FACTS_FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
        Ok::<_, io::Error>(text)
    };
    match read() {
        Ok(text) if u64::try_from(text.len()).is_ok_and(|bytes| bytes <= FACTS_FILE_BYTES_MAX) => {
            let facts = serde_json::from_str(&text);
            facts.map(Some).map_err(|_cause| DataDirError::Invalid { path: path.to_owned() })
        }
        Ok(_longer) => Err(io_error("read", path, io::ErrorKind::FileTooLarge.into())),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error("read", path, source)),
    }
}

fn private_folder(path: &Path) -> Result<(), DataDirError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| io_error("make the folder", path, source))
}
