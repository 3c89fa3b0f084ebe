//! What black boxes of a live run have kept, as files.
//!
//! ```text
//! RUN/black-box/SERIAL.json          the device
//! RUN/black-box/SERIAL.muster        a recording, of a device on which a promise was broken
//! RUN/black-box/asked-fleet/SERIAL   somebody wants the device now; the folder is there while a
//!                                    fleet runs
//! RUN/black-box/data                 which data folder its server has, if RUN is another
//! ```
//!
//! What a server puts beside it: [`DataDir::ask_server`].

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use muster_agent::Fleet;
use muster_device::recording::Recording;
use muster_protocol::{Seed, SerialNumber};
use muster_server::{DataDir, ServerFacts};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::planted;
use crate::recording::DeviceRecording;
use crate::talk::say;

/// Only the owner looks at what happened to devices.
const FOLDER_MODE: u32 = 0o700;

/// File of a run that names the fault planted in it.
const PLANTED: &str = "planted";

/// The same for a file.
const FILE_MODE: u32 = 0o600;

/// How long a fleet or a server may take to answer who asks for a device: several times as long as
/// they take to look.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// How often a fleet looks whether somebody asks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How often somebody who asks looks for the answer.
const AWAIT_EVERY: Duration = Duration::from_millis(20);

/// Where a run leaves what its black boxes have kept.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    folder: PathBuf,
}

impl Run {
    /// The run that has this folder.
    pub(crate) const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the recordings are.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.join("black-box")
    }

    fn file_of(&self, serial: &str) -> PathBuf {
        self.folder().join(format!("{serial}.json"))
    }

    fn questions(&self) -> PathBuf {
        self.folder().join("asked-fleet")
    }

    fn data_file(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The data folder of the server of this run.
    fn data(&self) -> DataDir {
        let named = fs::read_to_string(self.data_file());
        DataDir::at(named.map_or_else(|_none| self.folder.clone(), |named| named.trim().into()))
    }

    /// The fault that was planted in the run; none in every build that is shipped.
    pub(crate) fn planted(&self) -> Option<String> {
        fs::read_to_string(self.folder.join(PLANTED)).ok()
    }

    /// Makes the folders, and says whose server the devices of this run know.
    pub(crate) fn prepare(&self, data: &Path) -> anyhow::Result<()> {
        make_folder(&self.questions())?;
        if data != self.folder {
            let data = std::path::absolute(data).context("failed to name the data folder")?;
            let path = self.data_file();
            let told = fs::write(&path, data.as_os_str().as_encoded_bytes());
            told.with_context(|| format!("failed to write {}", path.display()))?;
        }
        if let Some(fault) = planted::present() {
            let path = self.folder.join(PLANTED);
            let told = fs::write(&path, fault);
            told.with_context(|| format!("failed to write {}", path.display()))?;
        }
        Ok(())
    }

    /// Writes what every device has kept; of one on which a command took effect twice it is from
    /// the moment that happened. Returns how many.
    pub(crate) async fn write_all(&self, fleet: &Fleet) -> anyhow::Result<usize> {
        let devices = usize::try_from(fleet.progress().devices).unwrap_or(usize::MAX);
        let mut written = 0;
        for index in 0..devices {
            // A device whose task has ended tells nothing any more.
            if let Ok(Some(recording)) = fleet.black_box(index).await {
                self.write(&recording)?;
                written += 1;
            }
        }
        for recording in fleet.spilled() {
            self.write(&recording)?;
        }
        Ok(written)
    }

    /// Writes a recording for each device on which a promise was broken, and says where.
    pub(crate) async fn spill(&self, fleet: &Fleet) -> anyhow::Result<Vec<PathBuf>> {
        let mut asking = JoinSet::new();
        for recording in fleet.spilled() {
            self.write(&recording)?;
            let (data, folder) = (self.data(), self.folder());
            asking.spawn(async move {
                let facts = server_facts(&data, &recording.serial).await;
                let path = folder.join(format!("{}.muster", recording.serial));
                let why = "a command took effect twice".to_owned();
                DeviceRecording::of(recording, facts, "muster fleet").because(why).write(&path)?;
                anyhow::Ok(path)
            });
        }
        let mut files = Vec::new();
        while let Some(joined) = asking.join_next().await {
            files.push(joined.context("a recording was not written")??);
        }
        files.sort_unstable();
        Ok(files)
    }

    /// Writes the recordings somebody asks for. Does not end.
    pub(crate) async fn answer(&self, fleet: &Fleet, devices: usize, seed: Seed) {
        loop {
            sleep(LOOK_EVERY).await;
            self.stay_open();
            let asked = questions(&self.questions());
            if asked.is_empty() {
                continue;
            }
            let index_by_serial = index_by_serial(devices, seed);
            for serial in asked {
                // Another fleet of the same server may have it.
                let Some(index) = index_by_serial.get(&serial) else { continue };
                if let Err(error) = self.answer_one(fleet, *index, &serial).await {
                    say(&format!("warning: {error:#}"));
                }
            }
        }
    }

    /// Another fleet of this run took the folder of the questions with it when it ended.
    fn stay_open(&self) {
        if self.folder.exists()
            && !self.questions().exists()
            && let Err(error) = make_folder(&self.questions())
        {
            debug!(error = format!("{error:#}"), "nobody can ask for a device");
        }
    }

    async fn answer_one(
        &self,
        fleet: &Fleet,
        index: usize,
        serial: &SerialNumber,
    ) -> anyhow::Result<()> {
        let written = match fleet.black_box(index).await? {
            Some(recording) => self.write(&recording),
            None => Ok(()),
        };
        let asked = self.questions().join(serial.as_str());
        fs::remove_file(&asked).with_context(|| format!("failed to remove {}", asked.display()))?;
        written
    }

    /// Nobody is to wait for this fleet any more.
    pub(crate) fn close(&self) {
        // Another fleet of this run makes it again when it looks, or finds it in use.
        drop(fs::remove_dir(self.questions()));
    }

    /// The recording of a device: of now if its fleet runs, otherwise the one it has left.
    pub(crate) async fn recording(&self, serial: &SerialNumber) -> anyhow::Result<Recording> {
        if self.questions().exists() {
            let asked = self.questions().join(serial.as_str());
            fs::write(&asked, "").context("failed to ask the fleet")?;
            let until = Instant::now() + ANSWERED_WITHIN;
            while asked.exists() && Instant::now() < until {
                sleep(AWAIT_EVERY).await;
            }
            if asked.exists() {
                // It may have been answered in this moment.
                drop(fs::remove_file(&asked));
            }
        }
        let path = self.file_of(serial.as_str());
        let text = fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{} is no recording of a device", path.display()))
    }

    /// What the server of this run knows of a device, or knew when it was asked last.
    pub(crate) async fn facts(&self, serial: &SerialNumber) -> Option<ServerFacts> {
        server_facts(&self.data(), serial).await
    }

    /// Writes one recording, whatever was there before.
    fn write(&self, recording: &Recording) -> anyhow::Result<()> {
        let path = self.file_of(recording.serial.as_str());
        make_folder(&self.folder())?;
        let text = serde_json::to_vec(recording).context("a recording is plain data")?;
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(&path)
            .and_then(|mut file| file.write_all(&text));
        file.with_context(|| format!("failed to write {}", path.display()))
    }
}

/// What a server knows of a device; a recording is of use without it, too.
async fn server_facts(data: &DataDir, serial: &SerialNumber) -> Option<ServerFacts> {
    match data.ask_server(serial, ANSWERED_WITHIN).await {
        Ok(facts) => facts,
        Err(error) => {
            say(&format!("warning: no facts of the server: {:#}", anyhow::Error::from(error)));
            None
        }
    }
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path);
    made.with_context(|| format!("failed to make {}", path.display()))
}

/// Who is asked for. What is no serial number is left where it is.
fn questions(folder: &Path) -> Vec<SerialNumber> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).collect()
}

/// Drawn again when somebody asks, which is seldom, rather than kept all the time.
fn index_by_serial(devices: usize, seed: Seed) -> BTreeMap<SerialNumber, usize> {
    let specs = muster_agent::population(devices, seed);
    specs.into_iter().enumerate().map(|(index, spec)| (spec.facts.serial, index)).collect()
}
