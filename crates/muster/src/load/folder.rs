//! The folder of a run: its report in every form, and what happened on its slowest devices.
//!
//! ```text
//! OUT/SCENARIO-TIME/report.json report.html junit.xml latency.hlog scenario.toml
//! OUT/SCENARIO-TIME/devices/NUMBER.txt      timeline of a slow device
//! OUT/SCENARIO-TIME/devices/NUMBER.muster   the same as a recording
//! OUT/latest                                a link to the last run
//! ```

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use muster_report::RunReport;

use super::slow::SlowDevice;
use crate::verbs::timeline_of;

/// Name of the link to the last run.
const LATEST: &str = "latest";

/// Writes down a run; returns where. The report says where its slowest devices are told of.
pub(crate) fn write(
    out: &Path,
    report: &mut RunReport,
    slow: &[SlowDevice],
) -> anyhow::Result<PathBuf> {
    let folder = make(out, &report.run.scenario, &report.run.started_at)?;
    for device in slow {
        tell_device(&folder, report, device)?;
    }
    fill(out, folder, report)
}

/// Writes down a run that was merged from others, with what those have written of the slowest
/// devices.
pub(crate) fn write_merged(
    out: &Path,
    report: &mut RunReport,
    parts: &[PathBuf],
) -> anyhow::Result<PathBuf> {
    let folder = make(out, &report.run.scenario, &report.run.started_at)?;
    let parts: Vec<_> = parts.iter().map(|part| part.join(LATEST)).collect();
    bring_devices(&folder, report, &parts)?;
    fill(out, folder, report)
}

/// Copies what the runs in these folders have written of the slowest devices of a merged report. A
/// link that leads nowhere, or out of its folder, is taken off.
pub(crate) fn bring_devices(
    folder: &Path,
    report: &mut RunReport,
    runs: &[PathBuf],
) -> anyhow::Result<()> {
    for slow in &mut report.slowest {
        for link in [&mut slow.timeline, &mut slow.recording] {
            let Some(path) = link.as_deref() else { continue };
            if !bring(folder, path, runs)? {
                *link = None;
            }
        }
    }
    Ok(())
}

/// Copies one file from whichever run has it; says whether one has.
fn bring(folder: &Path, link: &str, runs: &[PathBuf]) -> anyhow::Result<bool> {
    let stays_within = |part: Component<'_>| matches!(part, Component::Normal(_));
    if !Path::new(link).components().all(stays_within) {
        return Ok(false);
    }
    let known = runs.iter().map(|run| run.join(link)).find(|path| path.is_file());
    let Some(known) = known else { return Ok(false) };
    let copy = folder.join(link);
    if known != copy {
        let made = copy.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::copy(&known, &copy).map(drop))
            .with_context(|| format!("failed to copy {}", known.display()))?;
    }
    Ok(true)
}

fn fill(out: &Path, folder: PathBuf, report: &RunReport) -> anyhow::Result<PathBuf> {
    put(&folder, "scenario.toml", &report.run.scenario_toml)?;
    put(&folder, "report.json", &report.write())?;
    put(&folder, "junit.xml", &report.junit())?;
    put(&folder, "latency.hlog", &report.hlog().context("failed to write the histogram log")?)?;
    put(&folder, "report.html", &report.page(None).context("failed to draw the report")?)?;
    point(out, &folder)?;
    Ok(folder)
}

/// A folder nobody has used yet, named for the scenario and its beginning.
fn make(out: &Path, scenario: &str, started_at: &str) -> anyhow::Result<PathBuf> {
    let second = started_at.split('.').next().unwrap_or(started_at).trim_end_matches('Z');
    let name = format!("{scenario}-{}", second.replace(':', "-"));
    fs::create_dir_all(out).with_context(|| format!("failed to make {}", out.display()))?;
    let names = std::iter::once(name.clone()).chain((2..100).map(|nth| format!("{name}-{nth}")));
    for name in names {
        let folder = out.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("failed to make {}", folder.display()));
            }
        }
    }
    anyhow::bail!("{} holds a hundred runs of this second", out.display())
}

fn tell_device(folder: &Path, report: &mut RunReport, device: &SlowDevice) -> anyhow::Result<()> {
    let devices = folder.join("devices");
    fs::create_dir_all(&devices).context("failed to make the folder of the devices")?;
    let (timeline, recording) =
        (format!("devices/{}.txt", device.number), format!("devices/{}.muster", device.number));
    let lacks = device.lacks.map_or_else(String::new, |lacks| format!("{lacks}\n\n"));
    put(folder, &timeline, &format!("{lacks}{}", timeline_of(&device.file)))?;
    device.file.write(&folder.join(&recording)).context("failed to write a recording")?;
    for slow in report.slowest.iter_mut().filter(|slow| slow.device == device.number) {
        slow.timeline = Some(timeline.clone());
        slow.recording = Some(recording.clone());
        slow.lacks = device.lacks.map(str::to_owned);
    }
    Ok(())
}

fn put(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// Has the link lead to this run. What stands in its place and is no link is left alone.
fn point(out: &Path, folder: &Path) -> anyhow::Result<()> {
    let link = out.join(LATEST);
    match fs::symlink_metadata(&link) {
        Ok(there) if there.is_symlink() => {
            fs::remove_file(&link).context("failed to move the link to the last run")?;
        }
        Ok(_no_link) => return Ok(()),
        Err(_nothing_there) => {}
    }
    let name = folder.file_name().context("a run's folder has a name")?;
    symlink(name, &link).context("failed to link to the last run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_second_have_folders_of_their_own_and_the_link_leads_to_the_last() {
        let out = tempfile::tempdir().unwrap();
        let make = || make(out.path(), "steady", "2026-01-02T03:04:05.678Z").unwrap();
        let (first, second) = (make(), make());
        assert!(first.ends_with("steady-2026-01-02T03-04-05"), "{}", first.display());
        assert_ne!(first, second);
        point(out.path(), &first).unwrap();
        point(out.path(), &second).unwrap();
        let linked = fs::canonicalize(out.path().join(LATEST)).unwrap();
        assert_eq!(linked, fs::canonicalize(&second).unwrap());
    }

    #[test]
    fn what_is_no_link_is_left_alone() {
        let out = tempfile::tempdir().unwrap();
        let folder = make(out.path(), "a", "2026-01-02T03:04:05Z").unwrap();
        fs::write(out.path().join(LATEST), "mine").unwrap();
        point(out.path(), &folder).unwrap();
        assert_eq!(fs::read_to_string(out.path().join(LATEST)).unwrap(), "mine");
    }
}
