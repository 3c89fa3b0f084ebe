//! What an export job is asked for.

use serde_json::{Map, Value};

use crate::devices::properties::schema;
use crate::http::body::{BodyError, text};
use crate::http::errors::ApiError;
use crate::odata::grammar::parse_filter;
use crate::odata::predicate::Predicate;
use crate::odata::query::QueryError;
use crate::operation::path::Version;
use crate::resources::exports::report::{Report, report_named};

/// Longest filter, in bytes.
pub(crate) const FILTER_BYTES_MAX: usize = 4096;

/// What is to be exported, and how.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) report: &'static Report,
    /// The columns, by their places in the report.
    pub(super) columns: Vec<usize>,
    pub(super) format: Format,
    /// As it was sent.
    pub(super) filter: Option<String>,
    /// What rows have to be.
    pub(super) predicate: Option<Predicate>,
    /// As it was sent: it says how words are translated, and there is one language here.
    pub(super) localization: Option<Localization>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
}

/// `deviceManagementExportJobLocalizationType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Localization {
    Additional,
    Replaced,
}

impl Asked {
    /// Reads the body of a request for a job.
    ///
    /// # Errors
    /// [`ApiError`] if there is no such report, column or format, or the filter is no good.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, ApiError> {
        let report = text(members, "reportName")?.and_then(report_named);
        let report = report.ok_or(BodyError::Member {
            member: "reportName",
            wanted: "one of Devices, DevicesWithInventory and DeviceCompliance",
        })?;
        let filter = filter(members)?;
        let predicate = filter.as_deref().map(|text| predicate(text, report)).transpose()?;
        Ok(Self {
            report,
            columns: columns(members, report)?,
            format: format(members)?,
            filter,
            predicate,
            localization: localization(members)?,
        })
    }

    /// The columns by name.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|place| self.report.schema.properties[*place].name)
    }

    /// Where each column of the report stands among the properties of a device.
    pub(super) fn places(&self, version: Version) -> Vec<usize> {
        let find = |source: &&str| schema(version).find(source).unwrap_or_default();
        self.report.sources.iter().map(find).collect()
    }
}

impl Format {
    /// Its name, which ends the name of its files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

impl Localization {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Additional => "localizedValuesAsAdditionalColumn",
            Self::Replaced => "replaceLocalizableValues",
        }
    }
}

fn filter(members: &Map<String, Value>) -> Result<Option<String>, BodyError> {
    match text(members, "filter")? {
        Some(text) if text.len() > FILTER_BYTES_MAX => {
            Err(BodyError::Member { member: "filter", wanted: "a text of at most 4096 bytes" })
        }
        text => Ok(text.filter(|text| !text.trim().is_empty()).map(str::to_owned)),
    }
}

/// Filters of reports are those of lists, over the columns.
fn predicate(text: &str, report: &Report) -> Result<Predicate, QueryError> {
    let bound = parse_filter(text)
        .and_then(|filter| Predicate::bind(&filter, &report.schema, text))
        .map_err(Box::new);
    bound.map_err(|fault| QueryError::Fault { option: "filter", fault })
}

/// The columns asked for, each once; all if none is.
fn columns(members: &Map<String, Value>, report: &Report) -> Result<Vec<usize>, BodyError> {
    let wrong =
        || BodyError::Member { member: "select", wanted: "a list of columns of the report" };
    let names = match members.get("select") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(names)) => names.as_slice(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(wrong());
        }
    };
    let mut columns = Vec::new();
    for name in names {
        let place = name.as_str().and_then(|name| report.schema.find(name)).ok_or_else(wrong)?;
        if !columns.contains(&place) {
            columns.push(place);
        }
    }
    Ok(if columns.is_empty() { (0..report.sources.len()).collect() } else { columns })
}

fn format(members: &Map<String, Value>) -> Result<Format, BodyError> {
    let known = [Format::Csv, Format::Json];
    match text(members, "format")? {
        None => Ok(Format::Csv),
        Some(name) => known
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or(BodyError::Member { member: "format", wanted: "csv or json" }),
    }
}

fn localization(members: &Map<String, Value>) -> Result<Option<Localization>, BodyError> {
    let known = [Localization::Additional, Localization::Replaced];
    let Some(name) = text(members, "localizationType")? else { return Ok(None) };
    let found = known.into_iter().find(|one| one.name().eq_ignore_ascii_case(name));
    found.map(Some).ok_or(BodyError::Member {
        member: "localizationType",
        wanted: "localizedValuesAsAdditionalColumn or replaceLocalizableValues",
    })
}
