//! The report as one page.

use std::path::PathBuf;

use muster_report::{Measured, RunReport};

use crate::{rich, sample};

const THRESHOLDS: &str = r#"
[[threshold]]
require = "p99(total) < 50ms"
[[threshold]]
require = "p99.9(total) < 10s"
phase = "steady"
[[threshold]]
require = "lost == 0"
[[threshold]]
require = "time_to_99(everybody) < 30s"
[[threshold]]
require = "rate(terminal) >= 10/s"
"#;

/// Most bytes of a page: what a mail or an issue takes.
const PAGE_BYTES_MAX: usize = 2_000_000;

fn rich_report() -> RunReport {
    let mut report = RunReport::new(&rich::measured(THRESHOLDS));
    for slow in report.slowest.iter_mut().take(3) {
        slow.timeline = Some(format!("devices/{}.html", slow.device));
        slow.recording = Some(format!("devices/{}.muster", slow.device));
    }
    report
}

#[test]
fn a_page_needs_nothing_but_itself_and_is_small() {
    let report = rich_report();
    let page = report.page(None).unwrap();
    assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
    for outside in ["http:", "https:", "<script", "<link", "@import", "url(", "<img"] {
        assert!(!page.contains(outside), "the page holds {outside}");
    }
    write("report.html", &page);
}

#[test]
fn the_size_of_a_report_does_not_depend_on_how_long_the_run_was() {
    let size = |seconds: u64| {
        let mut measured = sample::measured("");
        for second in 0..seconds {
            let at = sample::ms(second * 1_000);
            let label = sample::label(&measured.recorder, at, second);
            let who = muster_report::Who { device: 1, command: None };
            measured.recorder.ended(at, label, who, &sample::journey(at));
        }
        RunReport::new(&measured).write().len()
    };
    let (short, long) = (size(599), size(24 * 3_600));
    assert!(long < short * 3 / 2, "ten minutes: {short} bytes, a day: {long} bytes");
}

#[test]
fn a_page_shows_every_part_and_every_deep_link_leads_somewhere() {
    let page = rich_report().page(None).unwrap();
    for link in page.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "#{id} leads nowhere");
    }
    for shown in ["E0103", "E0408", "phase-steady", "event-everybody", "devices/", "restart"] {
        assert!(page.contains(shown), "{shown} is not shown");
    }
}

#[test]
fn what_comes_from_outside_is_shown_and_not_obeyed() {
    let mut measured = sample::measured("");
    measured.run.question = "<b onload=x>why?</b>".to_owned();
    measured.faults[0].what = "<script>alert(1)</script>".to_owned();
    let page = RunReport::new(&measured).page(None).unwrap();
    assert!(!page.contains("<script>") && !page.contains("<b onload"));
}

#[test]
fn a_page_with_a_baseline_says_what_changed() {
    let before = rich_report();
    let mut slower = rich::measured(THRESHOLDS);
    slow_down(&mut slower);
    let page = RunReport::new(&slower).page(Some(&before)).unwrap();
    assert!(page.contains("Against the baseline"));
    assert!(page.contains("<b class=\"worse\">worse</b>"));
    write("baseline.html", &page);
}

#[test]
fn a_run_in_which_nothing_happened_still_has_a_page() {
    let mut measured = sample::measured("");
    measured.recorder = muster_report::Recorder::new(sample::legend());
    measured.faults.clear();
    let page = RunReport::new(&measured).page(None).unwrap();
    assert!(page.contains("No command ended."));
    write("empty.html", &page);
}

/// Ten thousand commands of half a second more.
fn slow_down(measured: &mut Measured) {
    for n in 0..10_000 {
        let planned = sample::ms(20_000 + n * 50);
        let label = sample::label(&measured.recorder, planned, n);
        let late = std::time::Duration::from_millis(500);
        let journey = muster_report::Journey {
            stored: Some(planned.after(late)),
            ..sample::journey(planned)
        };
        let who = muster_report::Who { device: 5, command: None };
        measured.recorder.ended(planned.after(late), label, who, &journey);
    }
}

/// Writes a page into the folder that `WRITE_PAGES` names, to look at it.
fn write(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("WRITE_PAGES") {
        std::fs::write(PathBuf::from(folder).join(name), page).expect("the folder is there");
    }
}
