//! Which columns of a trace say when, what and of which device.

use std::borrow::Cow;

use super::{Row, RowProblem, When};

/// Where logs say when: ours and Graph's audit events, its remote actions, Azure Monitor, and what
/// people write by themselves.
const TIMES: &[&str] = &[
    "at",
    "time",
    "timestamp",
    "activityDateTime",
    "requestDateTime",
    "TimeGenerated",
    "dateTime",
    "date",
];

/// Where logs say what.
const ACTIONS: &[&str] =
    &["action", "activityType", "operationName", "activity", "displayName", "command"];

/// Where logs say of which device.
const DEVICES: &[&str] = &[
    "device",
    "deviceId",
    "managedDeviceId",
    "resources.0.resourceId",
    "serialNumber",
    "serial",
    "deviceName",
];

/// Longest piece of a row that an error repeats, in characters.
const SHOWN_MAX: usize = 60;

/// The cells of a row, by the names of their columns.
pub(super) trait Cells {
    /// What a column says; nothing if it is empty, or not there.
    fn cell(&self, column: &str) -> Option<Cow<'_, str>>;

    /// The names of the columns there are.
    fn names(&self) -> Vec<&str>;
}

/// The columns that are looked at: of each kind the first that says something.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    time: Vec<String>,
    action: Vec<String>,
    device: Vec<String>,
}

impl Columns {
    /// Those that are told, and for the others those that logs have.
    pub(crate) fn new(time: Option<&str>, action: Option<&str>, device: Option<&str>) -> Self {
        let columns = |told: Option<&str>, known: &[&str]| {
            let columns = told.map_or(known.to_vec(), |told| vec![told]);
            columns.into_iter().map(str::to_owned).collect()
        };
        Self {
            time: columns(time, TIMES),
            action: columns(action, ACTIONS),
            device: columns(device, DEVICES),
        }
    }

    /// The row that cells make.
    ///
    /// # Errors
    /// [`RowProblem`] if nothing says when.
    pub(super) fn row(&self, cells: &impl Cells) -> Result<Row, RowProblem> {
        let first = |columns: &[String]| columns.iter().find_map(|column| cells.cell(column));
        let Some(time) = first(&self.time) else {
            return Err(RowProblem::NoTime { present: shown(&cells.names().join(", ")) });
        };
        let when = When::parse(&time).ok_or_else(|| RowProblem::Instant(shown(&time)))?;
        let (action, device) = (first(&self.action), first(&self.device));
        Ok(Row { when, action: action.map(Cow::into_owned), device: device.map(Cow::into_owned) })
    }
}

/// Whether two names are the same but for case and punctuation: `Activity date`, `activityDate`.
pub(super) fn same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// The letters and digits of a name, in lower case.
pub(super) fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// The beginning of a text, for an error.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
