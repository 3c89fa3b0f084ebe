//! Export jobs: reports of devices, written in the background and fetched as an archive.
//!
//! Source: Microsoft Graph, resource type `deviceManagementExportJob`; Intune, "Export Intune
//! reports using Graph APIs".

mod archive;
mod asked;
mod download;
mod job;
mod report;
mod resource;
mod shelf;
mod write;

pub(crate) use download::{ExportPath, download};
pub(crate) use resource::{ExportOperation, answer};
pub(crate) use shelf::Exports;

pub(crate) use asked::FILTER_BYTES_MAX;
pub(crate) use report::report_names;
