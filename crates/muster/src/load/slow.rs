//! From the slowest devices to what happened on them.

use muster_report::Recorder;

use super::fleet_side::FleetSide;
use super::pacer::Places;
use super::target::Target;
use crate::case_file::RecordedFile;

/// What the black boxes on both sides keep of a slow device.
pub(crate) struct SlowDevice {
    /// Its number in the whole fleet.
    pub(crate) number: u32,
    pub(crate) file: RecordedFile,
}

/// Asks both sides about the slowest devices. A device whose black box is off tells nothing.
pub(crate) async fn ask(
    recorder: &Recorder,
    places: Places,
    fleet: &FleetSide,
    server: &Target,
) -> Vec<SlowDevice> {
    let mut told = Vec::new();
    for slow in recorder.slowest() {
        let number = slow.who.device;
        let recording = fleet.fleet().black_box(places.of(number)).await;
        let Ok(Some(recording)) = recording else { continue };
        let facts = match server.own() {
            Some(server) => server.facts(recording.serial.clone()).await,
            None => None,
        };
        let why = format!("slow: {:.1} ms", slow.took.as_secs_f64() * 1_000.0);
        let file = RecordedFile::of(recording, facts, "muster load").because(why);
        told.push(SlowDevice { number, file });
    }
    told
}
