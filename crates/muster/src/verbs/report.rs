//! `muster report`

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_report::{PAGE_FILE, READ_BYTES_MAX, REPORT_FILE, RunReport};

use crate::cli::{ReportDiffArgs, ReportMergeArgs, ReportOpenArgs, ReportVerb};
use crate::exit::{Exit, ExitWith};
use crate::load::folder::bring_devices;
use crate::talk::{Format, print, print_json, say};

/// The link to the last run in a folder of runs.
const LATEST: &str = "latest";

pub(super) fn run(verb: &ReportVerb, format: Format) -> anyhow::Result<Exit> {
    match verb {
        ReportVerb::Open(args) => open(args, format),
        ReportVerb::Diff(args) => diff(args, format),
        ReportVerb::Merge(args) => merge(args, format),
        ReportVerb::Schema => {
            print_json(&muster_report::schema())?;
            Ok(Exit::Ok)
        }
    }
}

fn open(args: &ReportOpenArgs, format: Format) -> anyhow::Result<Exit> {
    let (file, report) = read(&args.report)?;
    if let Some(path) = &args.html {
        let baseline = args.baseline.as_deref().map(read).transpose()?;
        let page = report.page(baseline.as_ref().map(|(_file, report)| report));
        write(path, &page.with_context(|| bad(&file))?)?;
    }
    if let Some(path) = &args.junit {
        write(path, &report.junit())?;
    }
    match format {
        Format::Json => print_json(&report)?,
        Format::Text => {
            print(&report.told());
            say(&page_of(args, &file));
        }
    }
    Ok(Exit::Ok)
}

/// Where the page is, or how to have one.
fn page_of(args: &ReportOpenArgs, file: &Path) -> String {
    let beside = file.with_file_name(PAGE_FILE);
    match &args.html {
        Some(path) => format!("page: {}", path.display()),
        None if beside.is_file() => format!("page: {}", beside.display()),
        None => "no page yet: --html FILE writes one".to_owned(),
    }
}

fn diff(args: &ReportDiffArgs, format: Format) -> anyhow::Result<Exit> {
    let ((before_file, before), (after_file, after)) = (read(&args.before)?, read(&args.after)?);
    let diff = muster_report::diff(&before, &after).with_context(|| {
        format!("failed to compare {} with {}", after_file.display(), before_file.display())
    })?;
    match format {
        Format::Json => print_json(&diff)?,
        Format::Text => print(&diff.told()),
    }
    Ok(if diff.worse { Exit::VerdictFailed } else { Exit::Ok })
}

fn merge(args: &ReportMergeArgs, format: Format) -> anyhow::Result<Exit> {
    let reports = args.reports.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let (files, reports): (Vec<PathBuf>, Vec<RunReport>) = reports.into_iter().unzip();
    let mut merged = muster_report::merge(&reports).map_err(bad_case)?;
    let made = fs::create_dir_all(&args.output);
    made.with_context(|| format!("failed to make {}", args.output.display()))?;
    let runs: Vec<_> = files.iter().filter_map(|file| file.parent().map(Path::to_owned)).collect();
    bring_devices(&args.output, &mut merged, &runs)?;
    for (name, text) in merged.files(None)? {
        write(&args.output.join(name), &text)?;
    }
    match format {
        Format::Json => print_json(&merged)?,
        Format::Text => print(&merged.told()),
    }
    Ok(merged.verdict.into())
}

/// Reads a report: the file, that of a run's folder, or that of the last run in a folder of runs.
fn read(path: &Path) -> anyhow::Result<(PathBuf, RunReport)> {
    let within = [path.join(REPORT_FILE), path.join(LATEST).join(REPORT_FILE)];
    let file = within.into_iter().find(|file| file.is_file()).unwrap_or_else(|| path.to_path_buf());
    let mut bytes = Vec::new();
    let limit = u64::try_from(READ_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = File::open(&file).and_then(|opened| opened.take(limit).read_to_end(&mut bytes));
    let failed = |cause| anyhow::Error::new(cause).context(unread(&file));
    read.map_err(|cause| bad_case(failed(cause)))?;
    let report = RunReport::read(&bytes)
        .map_err(|cause| bad_case(anyhow::Error::new(cause).context(bad(&file))))?;
    Ok((file, report))
}

fn unread(file: &Path) -> String {
    format!("failed to read {}", file.display())
}

fn bad(file: &Path) -> String {
    format!("{} is no report", file.display())
}

/// An error of what was read, with its causes: exit code 65.
fn bad_case(cause: impl Into<anyhow::Error>) -> anyhow::Error {
    let causes: Vec<String> = cause.into().chain().map(ToString::to_string).collect();
    anyhow::Error::new(ExitWith { exit: Exit::BadFile, message: causes.join(": ") })
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}
