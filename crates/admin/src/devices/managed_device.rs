//! A device as Graph shows it: `microsoft.graph.managedDevice`.
//!
//! Every property of the service is there. What this server knows is stated; what follows from
//! that is derived; the rest has the default the service's documentation names. Which is which
//! stands in `docs/odata.md`.

use muster_control::{BYPASS_CODE_KEPT_FOR, DeviceRecord};
use muster_protocol::{DeviceId, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::devices::labels::Labels;
use crate::devices::properties::{DEVICES, DeviceProperty, Shown, schema};
use crate::http::options::Strictness;
use crate::identity::tenant::User;
use crate::odata::datum::{Datum, Row};
use crate::odata::moment::Moment;
use crate::odata::query::Selection;
use crate::operation::path::Version;

/// How the names of what is this server's own begin.
const OWN_PREFIX: &str = "x-muster-";

/// Whether an answer may carry what is told only on request by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One of many: the default values stand there, selected or not.
    Listed,
    /// Read by its id.
    Single,
}

/// How a device is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    pub(crate) shape: Shape,
    pub(crate) select: &'a Selection,
}

/// What is known of devices besides their records.
pub(crate) trait Around: Sync {
    fn version(&self) -> Version;
    fn strictness(&self) -> Strictness;
    fn now(&self) -> Timestamp;
    fn wall(&self, at: Timestamp) -> jiff::Timestamp;
    fn connected(&self, device: DeviceId) -> bool;
    /// What administrators wrote on the device.
    fn labels(&self, device: DeviceId) -> Option<&Labels>;
    /// The name of the category of the device.
    fn category(&self, device: DeviceId) -> Option<&str>;
    /// Whose device it is.
    fn owner(&self, record: &DeviceRecord) -> Option<&User>;
}

/// A device and what is known around it.
#[derive(Clone, Copy)]
pub(crate) struct Device<'a> {
    pub(crate) record: &'a DeviceRecord,
    pub(crate) around: &'a (dyn Around + 'a),
}

impl<'a> Device<'a> {
    /// As JSON, with what was selected.
    pub(crate) fn shown(&'a self, look: Look<'_>) -> Map<String, Value> {
        match look.select {
            Selection::Everything => {
                let count = schema(self.around.version()).properties.len();
                let rows = DEVICES[..count].iter().filter(|row| self.is_told(row));
                rows.map(|row| self.member(row, Shape::Listed)).collect()
            }
            Selection::Named(numbers) => {
                let rows = numbers.iter().map(|number| &DEVICES[*number]);
                rows.map(|row| self.member(row, look.shape)).collect()
            }
        }
    }

    /// Whether a property is told to who names none.
    fn is_told(&self, row: &DeviceProperty) -> bool {
        match self.around.strictness() {
            Strictness::Explained => true,
            Strictness::Strict => !row.property.name.starts_with(OWN_PREFIX),
        }
    }

    /// A property and its value. What is told on request only is told to [`Shape::Single`].
    fn member(&'a self, row: &DeviceProperty, shape: Shape) -> (String, Value) {
        let value = match (row.shown, shape) {
            (Shown::OnRequest(fallback), Shape::Listed) => fallback(self),
            (Shown::OnRequest(_), Shape::Single) | (Shown::Always, _) => (row.read)(self),
        };
        (row.property.name.to_owned(), value.into_json())
    }

    /// What administrators wrote on it.
    pub(crate) fn labels(&self) -> Option<&'a Labels> {
        self.around.labels(self.record.id)
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> Option<&'a User> {
        self.around.owner(self.record)
    }

    /// A point of the run in the calendar.
    pub(crate) fn moment(&self, at: Timestamp) -> Datum<'static> {
        Datum::Moment(Moment::of(self.around.wall(at)))
    }

    /// The id.
    pub(crate) const fn id(&self) -> Uuid {
        Uuid::from_bytes(*self.record.id.as_bytes())
    }
}

impl Row for Device<'_> {
    fn value(&self, property: usize) -> Datum<'_> {
        (DEVICES[property].read)(self)
    }

    fn entity(&self) -> &str {
        "microsoft.graph.managedDevice"
    }
}

/// A point in time as Graph writes it.
pub(crate) fn date_time(at: jiff::Timestamp) -> String {
    format!("{at:.6}")
}

/// The bypass code while it may be seen. The server purges it now and then; from its end on it is
/// not shown.
#[must_use]
pub fn shown_bypass_code(record: &DeviceRecord, now: Timestamp) -> Option<&str> {
    let issued_at = record.escrow.bypass_issued_at.unwrap_or(record.enrolled_at);
    let code = record.escrow.bypass_code.as_ref()?;
    (now < issued_at.after(BYPASS_CODE_KEPT_FOR)).then(|| code.expose().as_str())
}
