//! A run of known numbers: a warm-up of 10 s, 60 s of steady load, and a restart of the server.

use std::sync::Arc;
use std::time::Duration;

use muster_protocol::{CommandId, Platform, Timestamp};
use muster_report::{
    CommandIndex, Connect, ErrorCode, EventIndex, EventKind, EventLegend, FaultReport, Gauges,
    Header, Host, Journey, Label, Legend, Measured, PhaseIndex, PhaseLegend, PhaseRole, Recorder,
    ShardOf, Step, Vitals, Who,
};
use muster_scenario::Scenario;

/// The scenario of the sample; thresholds are added to it.
const SCENARIO: &str = r#"
name = "sample"
question = "Does a small fleet survive a restart of its server?"
seed = 7
devices = 100
[[phase]]
name = "warm-up"
lasts = "10s"
warm-up = true
[[phase]]
name = "steady"
lasts = "60s"
[[arrivals]]
name = "everyday"
rate = "100/s"
commands = { lock = 3, sync = 1 }
[[broadcast]]
name = "everybody"
phase = "steady"
at = "30s"
command = "sync"
[[fault]]
name = "restart"
phase = "steady"
at = "20s"
server = "restart"
"#;

/// The steady phase begins then.
const STEADY_MS: u64 = 10_000;

pub(crate) fn ms(ms: u64) -> Timestamp {
    Timestamp::from_micros(ms * 1_000)
}

/// The text of the scenario with these thresholds.
pub(crate) fn scenario_text(thresholds: &str) -> String {
    format!("{SCENARIO}\n{thresholds}")
}

pub(crate) fn scenario(thresholds: &str) -> Scenario {
    Scenario::parse(&scenario_text(thresholds)).expect("the sample is a scenario")
}

pub(crate) fn legend() -> Arc<Legend> {
    long_legend(70_000)
}

/// The legend of a run of this length.
pub(crate) fn long_legend(ends_ms: u64) -> Arc<Legend> {
    let phase = |name: &str, role, begins, ends| PhaseLegend {
        name: name.to_owned(),
        role,
        begins: ms(begins),
        ends: ms(ends),
    };
    Arc::new(Legend {
        phases: vec![
            phase("warm-up", PhaseRole::WarmUp, 0, STEADY_MS),
            phase("steady", PhaseRole::Measured, STEADY_MS, ends_ms),
        ],
        commands: vec!["lock".to_owned(), "sync".to_owned()],
        events: vec![EventLegend {
            name: "everybody".to_owned(),
            round: 1,
            kind: EventKind::Broadcast,
            at: ms(40_000),
        }],
    })
}

/// The label of the `n`th command.
pub(crate) fn label(recorder: &Recorder, planned: Timestamp, n: u64) -> Label {
    let command = CommandIndex(u16::from(n % 4 == 3));
    let platform = if n.is_multiple_of(2) { Platform::Apple } else { Platform::Android };
    Label { phase: recorder.legend().phase_at(planned), command, platform }
}

/// A journey of 31 ms, of which 16 ms at the server's end.
pub(crate) fn journey(planned: Timestamp) -> Journey {
    let at = |ms: u64| Some(planned.after(Duration::from_millis(ms)));
    Journey {
        started: at(1),
        queued: at(3),
        delivered: at(7),
        acknowledged: at(15),
        stored: at(31),
        ..Journey::planned(planned)
    }
}

/// Ten commands a second for 70 s, each of the same 31 ms, in a part of the devices.
pub(crate) fn recorder(part: u64, of: u64) -> Recorder {
    let mut recorder = Recorder::new(legend());
    for n in (0..700).filter(|n| n % of == part) {
        let planned = ms(n * 100);
        command(&mut recorder, planned, n);
        recorder.lag(planned, Duration::from_micros(200 + n));
    }
    recorder.event_concerns(EventIndex(0), 100 / of);
    for n in 0..100 / of {
        recorder.through(EventIndex(0), Duration::from_millis(100 * (n * of + part)));
    }
    levels(&mut recorder, of);
    recorder
}

fn command(recorder: &mut Recorder, planned: Timestamp, n: u64) {
    let label = label(recorder, planned, n);
    let journey = journey(planned);
    let steps = [
        (Step::Planned, Some(planned)),
        (Step::Queued, journey.queued),
        (Step::Delivered, journey.delivered),
        (Step::Acknowledged, journey.acknowledged),
        (Step::Stored, journey.stored),
    ];
    for (step, at) in steps {
        recorder.count(at.expect("it is over"), label, step);
    }
    let device = u32::try_from(n % 100).expect("small");
    let who = Who { device, command: Some(CommandId::from_parts(n, [1; 10])) };
    recorder.ended(journey.stored.expect("it is over"), label, who, &journey);
}

fn levels(recorder: &mut Recorder, of: u64) {
    for second in 0..70 {
        let away = (30..32).contains(&second);
        let gauges = Gauges {
            connected: Some(if away { 0 } else { 100 / of }),
            server_rss_bytes: Some(100_000_000 + second * 1_000),
            server_cpu_percent: Some(40.0),
            ..Gauges::default()
        };
        recorder.gauges(ms(second * 1_000), gauges);
        if away {
            recorder.connect(Connect::Failed);
            recorder.failed(ms(second * 1_000), ErrorCode::HandshakeTimeout, || {
                "device 3: no answer within 10 s".to_owned()
            });
        }
    }
}

/// A whole run with these thresholds.
pub(crate) fn measured(thresholds: &str) -> Measured {
    measured_as(thresholds, recorder(0, 1), None)
}

/// One of two shards of it.
pub(crate) fn shard(thresholds: &str, index: u32) -> Measured {
    let recorder = recorder(u64::from(index) - 1, 2);
    measured_as(thresholds, recorder, Some(ShardOf { index, of: 2 }))
}

fn measured_as(thresholds: &str, recorder: Recorder, shard: Option<ShardOf>) -> Measured {
    let scenario_toml = scenario_text(thresholds);
    let run = Header {
        scenario: "sample".to_owned(),
        question: "Does a small fleet survive a restart of its server?".to_owned(),
        config_hash: format!("{:064x}", scenario_toml.len()),
        scenario_toml,
        seed: 7,
        time_scale: Some(1.0),
        devices_of_plan: Some(100),
        shard,
        merged_from: 1,
        version: "0.1.0".to_owned(),
        commit: Some("0123456789ab".to_owned()),
        started_at: "2026-11-22T10:00:00Z".to_owned(),
        took_ms: 70_500,
        server: "embedded".to_owned(),
        hosts: vec![Host { cores: 2, kernel: "Linux 6.8.0".to_owned(), memory_bytes: 16 << 30 }],
        ..Header::default()
    };
    Measured {
        run,
        scenario: scenario(thresholds),
        devices: if shard.is_some() { 50 } else { 100 },
        recorder,
        vitals: Vitals { cpu_share: Some(0.3), descriptors_limit: 1_024, ..Vitals::default() },
        faults: vec![FaultReport {
            name: "restart".to_owned(),
            round: 1,
            what: "server restart, away 2s".to_owned(),
            from_s: 30.0,
            to_s: Some(32.0),
        }],
        interventions: Vec::new(),
    }
}

/// The phase that counts.
pub(crate) const STEADY: PhaseIndex = PhaseIndex(1);
