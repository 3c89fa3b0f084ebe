//! Everything that happens in a run, in its order, as either side tells it.
//!
//! The shells tell under the target `timeline`: what a device sends and receives, how a command
//! stands in the store. Two runs of one seed have to tell the same.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_transport::{Fate, Packet, Way, sha256};
use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::plan::QuicPlan;

/// What the shells tell under.
const TARGET: &str = "timeline";

/// What our own crates tell under otherwise.
const OURS: &str = "muster";

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When, in microseconds since the beginning.
    pub(super) at_us: u64,
    /// To which device; to none in particular if it is a warning.
    pub(super) device: Option<u64>,
    /// What, in the words of the shell that tells it.
    pub(super) what: String,
}

/// A whole run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// What devices and server have done.
    pub(crate) entries: Vec<Entry>,
    /// What was on the network.
    pub(crate) packets: Vec<Packet>,
    /// What was logged as an error: the run is void.
    pub(crate) errors: Vec<String>,
}

impl Timeline {
    /// A number for what devices and server have done: the same for the same, hexadecimal.
    pub(crate) fn digest(&self) -> String {
        hexadecimal(self.told().as_bytes())
    }

    /// What devices and server have done, a line each.
    pub(crate) fn told(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            let _written = writeln!(text, "{entry}");
        }
        text
    }

    /// The same for times, sizes and fates of packets.
    pub(crate) fn packet_digest(&self) -> String {
        let mut bytes = Vec::new();
        for packet in &self.packets {
            bytes.extend(packet.at_us.to_le_bytes());
            bytes.extend(packet.link.to_le_bytes());
            bytes.extend(packet.bytes.to_le_bytes());
            bytes.push(match packet.way {
                Way::Up => 0,
                Way::Down => 1,
            });
            match packet.fate {
                Fate::Arrives(after_us) => bytes.extend(after_us.to_le_bytes()),
                Fate::Lost => bytes.extend([0xff; 4]),
            }
        }
        hexadecimal(&bytes)
    }

    /// How many packets were lost on their way.
    pub(crate) fn lost(&self) -> usize {
        self.packets.iter().filter(|packet| packet.fate == Fate::Lost).count()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_us, device, what } = self;
        match device {
            Some(device) => write!(f, "{at_us:>12} us  device {device:<5} {what}"),
            None => write!(f, "{at_us:>12} us  {what}"),
        }
    }
}

/// Where two runs that should be the same part, in words; nothing if they do not.
pub(crate) fn first_difference(one: &Timeline, other: &Timeline) -> Option<String> {
    let entries = parting("entry", &one.entries, &other.entries, ToString::to_string);
    entries.or_else(|| parting("packet", &one.packets, &other.packets, |it| format!("{it:?}")))
}

fn parting<T: PartialEq>(
    kind: &str,
    one: &[T],
    other: &[T],
    told: impl Fn(&T) -> String,
) -> Option<String> {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let at = |of: &[T]| of.get(same).map_or_else(|| "nothing more".to_owned(), &told);
    (same < one.len().max(other.len()))
        .then(|| format!("{kind} {same} differs:\n  {}\n  {}", at(one), at(other)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Listens to the shells of one thread.
pub(super) struct Collector(Book);

/// What has been heard so far.
#[derive(Clone)]
pub(super) struct Book(Arc<Mutex<Pages>>);

struct Pages {
    began: Instant,
    index_by_serial: BTreeMap<String, u64>,
    index_by_id: BTreeMap<String, u64>,
    entries: Vec<Entry>,
    errors: Vec<String>,
}

impl Collector {
    /// Begins now, in the time of the runtime it is called in.
    pub(super) fn new(plan: &QuicPlan) -> Self {
        let serials = plan.population().into_iter().map(|spec| spec.facts.serial.to_string());
        let pages = Pages {
            began: Instant::now(),
            index_by_serial: serials.zip(0..).collect(),
            index_by_id: BTreeMap::new(),
            entries: Vec::new(),
            errors: Vec::new(),
        };
        Self(Book(Arc::new(Mutex::new(pages))))
    }

    /// What is written here while the collector is elsewhere.
    pub(super) fn book(&self) -> Book {
        self.0.clone()
    }
}

impl Book {
    /// The whole story.
    pub(super) fn close(self, packets: Vec<Packet>) -> Timeline {
        let mut pages = self.pages();
        let entries = std::mem::take(&mut pages.entries);
        Timeline { entries, packets, errors: std::mem::take(&mut pages.errors) }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn write(&mut self, level: Level, heard: Heard) {
        let at_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let (Some(serial), Some(id)) = (&heard.serial, &heard.device_id)
            && let Some(index) = self.index_by_serial.get(serial)
        {
            self.index_by_id.insert(id.clone(), *index);
        }
        let by_id = || heard.device_id.as_ref().and_then(|id| self.index_by_id.get(id)).copied();
        let device = heard.index.or_else(by_id);
        let what = heard.what();
        if level == Level::ERROR {
            self.errors.push(what.clone());
        }
        self.entries.push(Entry { at_us, device, what });
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_story = metadata.target() == TARGET;
        let is_trouble = *metadata.level() <= Level::WARN && metadata.target().starts_with(OURS);
        metadata.is_event() && (is_story || is_trouble)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        self.0.pages().write(*event.metadata().level(), heard);
    }

    fn new_span(&self, _attributes: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// The fields of one event.
#[derive(Default)]
struct Heard {
    index: Option<u64>,
    device_id: Option<String>,
    serial: Option<String>,
    message: String,
    /// What is told beside, in the order it is told.
    rest: String,
}

impl Heard {
    fn what(&self) -> String {
        format!("{}{}", self.message, self.rest)
    }

    fn add(&mut self, value: impl fmt::Display) {
        let _written = write!(self.rest, " {value}");
    }
}

impl Visit for Heard {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "index" => self.index = Some(value),
            _ => self.add(value),
        }
    }

    fn record_str(&mut self, _field: &Field, value: &str) {
        self.add(value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "device_id" => self.device_id = Some(format!("{value:?}")),
            "serial" => self.serial = Some(format!("{value:?}")),
            _ => self.add(format_args!("{value:?}")),
        }
    }
}
