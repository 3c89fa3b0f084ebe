//! The tour as a person reads it.

use muster_report::Table;

use super::{DemoReport, Verdict};

/// The whole report as text.
pub(crate) fn report(report: &DemoReport) -> String {
    let DemoReport { devices, totals, latency_ms, bytes, .. } = report;
    let passed = report.tour.iter().filter(|row| row.ok).count();
    let lines = [
        String::new(),
        format!("devices    {} enrolled, {} connected", devices.enrolled, devices.connected),
        format!(
            "commands   {} accepted, {} terminal, {} lost, {} executed twice",
            totals.accepted, totals.terminal, totals.lost, totals.executed_twice
        ),
        format!("bytes      {} sent by devices, {} received", bytes.sent, bytes.received),
        format!(
            "latency    enqueue to terminal: p50 {:.1} ms, p99 {:.1} ms over {} commands",
            latency_ms.p50, latency_ms.p99, latency_ms.count
        ),
        match report.verdict {
            Verdict::Pass => format!("verdict    pass: {passed} of {passed} outcomes as expected"),
            Verdict::Fail => {
                format!("verdict    FAIL: {passed} of {} outcomes as expected", report.tour.len())
            }
        },
    ];
    table(report).to_string() + &lines.join("\n") + "\n"
}

fn table(report: &DemoReport) -> Table {
    let mut table = Table::new(&["case", "device", "system", "action", "expected", "actual", "ms"]);
    table.right(6);
    let mut last_case = "";
    for row in &report.tour {
        let again = row.case == last_case;
        last_case = &row.case;
        let system = format!("{} {} {}", row.platform, row.mode, row.os);
        let mark = if row.ok { "" } else { "✗ " };
        table.row([
            if again { String::new() } else { row.case.clone() },
            if again { String::new() } else { row.device.clone() },
            if again { String::new() } else { system },
            row.action.to_owned(),
            row.expected.clone(),
            format!("{mark}{}", row.actual),
            format!("{:.1}", row.ms),
        ]);
    }
    table
}
