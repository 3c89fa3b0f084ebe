//! Writing a report: some devices at a time, so that nobody waits for it.

use core::ops::ControlFlow;
use std::sync::Arc;

use muster_control::DeviceRecord;
use muster_protocol::DeviceId;
use serde_json::{Map, Value};
use tokio::task::yield_now;

use crate::backend::{Backend, BackendError};
use crate::devices::labels::Snapshot;
use crate::devices::managed_device::Device;
use crate::devices::surroundings::Surroundings;
use crate::http::options::Strictness;
use crate::identity::tenant::Tenant;
use crate::odata::datum::{Datum, Row};
use crate::operation::path::Version;
use crate::resources::exports::archive::{Archive, ArchiveError};
use crate::resources::exports::asked::{Asked, Format};

/// Devices that are looked at in one go.
const DEVICES_AT_ONCE: usize = 500;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("device records cannot be read")]
    Read(#[from] BackendError),
    #[error("the report cannot be packed")]
    Archive(#[from] ArchiveError),
}

/// A report to be written, with everything that is needed for it.
pub(super) struct Commission<B> {
    pub(super) backend: B,
    pub(super) tenant: Tenant,
    pub(super) labels: Arc<Snapshot>,
    pub(super) version: Version,
    pub(super) strictness: Strictness,
    pub(super) asked: Asked,
}

/// A device as a row of a report.
struct Line<'a> {
    device: Device<'a>,
    /// Where the columns stand among the properties of a device.
    places: &'a [usize],
}

impl Row for Line<'_> {
    fn value(&self, column: usize) -> Datum<'_> {
        self.device.value(self.places[column])
    }

    fn entity(&self) -> &str {
        self.device.entity()
    }
}

/// Rows that were written, and how far.
struct Part {
    text: String,
    last: Option<DeviceId>,
}

impl<B: Backend> Commission<B> {
    /// The report as an archive, whose file is called like `name`.
    ///
    /// # Errors
    /// [`WriteError`] if devices cannot be read, or there is more than an archive may hold.
    pub(super) async fn written(&self, name: &str) -> Result<Vec<u8>, WriteError> {
        let places = self.asked.places(self.version);
        let mut archive = Archive::begin(&format!("{name}.{}", self.asked.format.name()))?;
        archive.add(&self.head())?;
        let (mut last, mut rows) = (None, 0);
        loop {
            let part = self.part(last, &places, &mut rows).await?;
            archive.add(&part.text)?;
            last = part.last;
            if last.is_none() {
                break;
            }
            yield_now().await;
        }
        archive.add(self.tail())?;
        Ok(archive.end()?)
    }

    /// The rows of the devices behind `after`, as far as is good in one go.
    async fn part(
        &self,
        after: Option<DeviceId>,
        places: &[usize],
        rows: &mut u64,
    ) -> Result<Part, BackendError> {
        let mut part = Part { text: String::new(), last: None };
        let mut seen = 0;
        let around = self.surroundings();
        let visit = &mut |record: &DeviceRecord| {
            seen += 1;
            part.last = (seen == DEVICES_AT_ONCE).then_some(record.id);
            let line = Line { device: Device { record, around: &around }, places };
            if self.fits(&line) {
                self.add(&mut part.text, &line, *rows);
                *rows += 1;
            }
            if part.last.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.backend.scan(after, visit).await?;
        Ok(part)
    }

    fn surroundings(&self) -> Surroundings<'_, B> {
        Surroundings {
            backend: &self.backend,
            version: self.version,
            strictness: self.strictness,
            labels: &self.labels,
            tenant: &self.tenant,
        }
    }

    fn fits(&self, line: &Line<'_>) -> bool {
        self.asked.predicate.as_ref().is_none_or(|predicate| predicate.admits(line))
    }

    fn head(&self) -> String {
        match self.asked.format {
            Format::Csv => csv_line(self.asked.names().map(str::to_owned)),
            Format::Json => "{\"values\":[".to_owned(),
        }
    }

    const fn tail(&self) -> &'static str {
        match self.asked.format {
            Format::Csv => "",
            Format::Json => "]}",
        }
    }

    fn add(&self, text: &mut String, line: &Line<'_>, row: u64) {
        let values = self.asked.columns.iter().map(|column| line.value(*column).into_json());
        match self.asked.format {
            Format::Csv => text.push_str(&csv_line(values.map(plain))),
            Format::Json => {
                let names = self.asked.names().map(str::to_owned);
                let members: Map<String, Value> = names.zip(values).collect();
                text.push_str(if row == 0 { "" } else { "," });
                text.push_str(&Value::Object(members).to_string());
            }
        }
    }
}

/// A value without quotes; what is missing is empty.
fn plain(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Source: RFC 4180, section 2.
fn csv_line(values: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = values.map(csv_cell).collect();
    cells.join(",") + "\r\n"
}

fn csv_cell(value: String) -> String {
    if value.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_only_where_it_would_be_taken_apart() {
        let cells = ["plain", "a,b", "say \"hi\"", "two\nlines", ""].map(str::to_owned);
        let line = csv_line(cells.into_iter());
        assert_eq!(line, "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\r\n");
    }
}
