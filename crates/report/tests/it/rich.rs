//! A run with something of everything: twenty minutes, woken devices, a storm, time-outs, errors.

use std::time::Duration;

use muster_protocol::{Platform, Timestamp};
use muster_report::{
    CommandIndex, Connect, ErrorCode, EventIndex, FaultReport, Gauges, Journey, Label, Measured,
    Recorder, Step, Who,
};

use crate::sample;

/// How long it is, in seconds.
const LASTS_S: u64 = 1_200;

/// Commands a second.
const RATE: u64 = 20;

/// The server is away from second 400 for 20 s.
const AWAY: std::ops::Range<u64> = 400..420;

/// Numbers that look drawn and are the same each time.
struct Draws(u64);

impl Draws {
    /// A number from 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        f64::from(u32::try_from(self.0 >> 40).expect("24 bits")) / f64::from(1_u32 << 24)
    }

    /// A latency with a long tail: the median, and now and then a multiple of it.
    fn latency(&mut self, median_ms: f64) -> Duration {
        let tail = (-self.unit().max(1e-9).ln()).powf(1.6);
        Duration::from_secs_f64(median_ms * (0.4 + 0.9 * tail) / 1_000.0)
    }
}

pub(crate) fn measured(thresholds: &str) -> Measured {
    let mut measured = sample::measured(thresholds);
    let mut recorder = Recorder::new(sample::long_legend(LASTS_S * 1_000));
    let mut draws = Draws(7);
    for n in 0..LASTS_S * RATE {
        command(&mut recorder, &mut draws, n);
    }
    storm(&mut recorder, &mut draws);
    for second in 0..LASTS_S {
        levels(&mut recorder, &mut draws, second);
    }
    measured.recorder = recorder;
    measured.run.took_ms = LASTS_S * 1_000;
    measured.devices = 20_000;
    measured.faults = vec![
        fault("restart", "server restart, away 20s", 400.0, Some(420.0)),
        fault("lossy", "loss 2%", 800.0, None),
    ];
    measured
}

fn fault(name: &str, what: &str, from_s: f64, to_s: Option<f64>) -> FaultReport {
    FaultReport { name: name.to_owned(), round: 1, what: what.to_owned(), from_s, to_s }
}

fn command(recorder: &mut Recorder, draws: &mut Draws, n: u64) {
    let planned = Timestamp::from_micros(n * 1_000_000 / RATE);
    let second = planned.as_micros() / 1_000_000;
    let platform = if n.is_multiple_of(3) { Platform::Apple } else { Platform::Android };
    let command = CommandIndex(u16::from(n % 4 == 3));
    let label = Label { phase: recorder.legend().phase_at(planned), command, platform };
    let who = Who { device: u32::try_from(n * 7 % 20_000).expect("small"), command: None };
    let late = draws.latency(0.1);
    recorder.lag(planned, late);
    recorder.count(planned, label, Step::Planned);
    if n.is_multiple_of(1_499) {
        give_up(recorder, label, who, planned);
        return;
    }
    let waits = AWAY.contains(&second).then(|| Duration::from_secs(AWAY.end - second));
    let journey = journey(draws, planned.after(late), planned, waits.unwrap_or_default(), n);
    let stored = journey.stored.expect("it is over");
    for step in [Step::Queued, Step::Delivered, Step::Acknowledged] {
        recorder.count(stored, label, step);
    }
    if n.is_multiple_of(200) {
        recorder
            .failed(stored, ErrorCode::CommandFailed, || format!("device {}: 12021", who.device));
    }
    recorder.count(stored, label, if n.is_multiple_of(200) { Step::Error } else { Step::Stored });
    recorder.ended(stored, label, who, &journey);
}

fn journey(
    draws: &mut Draws,
    started: Timestamp,
    planned: Timestamp,
    waits: Duration,
    n: u64,
) -> Journey {
    let queued = started.after(draws.latency(1.2)).after(waits);
    let woken = n.is_multiple_of(5);
    let pushed = woken.then(|| queued.after(draws.latency(8.0)));
    let connected = pushed.map(|pushed| pushed.after(draws.latency(25.0)));
    let delivered = connected.unwrap_or(queued).after(draws.latency(2.0));
    let acknowledged = delivered.after(draws.latency(4.0));
    Journey {
        started: Some(started),
        queued: Some(queued),
        pushed,
        connected,
        delivered: Some(delivered),
        acknowledged: Some(acknowledged),
        stored: Some(acknowledged.after(draws.latency(3.0))),
        ..Journey::planned(planned)
    }
}

fn give_up(recorder: &mut Recorder, label: Label, who: Who, planned: Timestamp) {
    let at = planned.after(Duration::from_secs(30));
    let stuck = Journey { stored: None, acknowledged: None, ..sample::journey(planned) };
    recorder.count(at, label, Step::Queued);
    recorder.count(at, label, Step::TimedOut);
    recorder.failed(at, ErrorCode::DeadlinePassed, || "open in acknowledged for 30 s".to_owned());
    recorder.given_up(at, label, who, &stuck);
}

fn storm(recorder: &mut Recorder, draws: &mut Draws) {
    recorder.event_concerns(EventIndex(0), 2_000);
    for _device in 0..1_990 {
        recorder.through(EventIndex(0), draws.latency(4_000.0));
    }
}

fn levels(recorder: &mut Recorder, draws: &mut Draws, second: u64) {
    let away = AWAY.contains(&second);
    let back = second.saturating_sub(AWAY.end) * 2_500;
    let connected = if away {
        0
    } else if second < AWAY.start {
        (second * 1_000).min(20_000)
    } else {
        back.min(20_000)
    };
    let at = Timestamp::from_micros(second * 1_000_000);
    if away {
        recorder.connect(Connect::Failed);
        recorder
            .failed(at, ErrorCode::HandshakeTimeout, || "device 3: no answer in 10 s".to_owned());
    }
    recorder.connect(Connect::Done);
    let gauges = Gauges {
        connected: Some(connected),
        in_flight: Some(RATE),
        server_cpu_percent: Some(if away { 0.0 } else { 40.0 + 20.0 * draws.unit() }),
        generator_cpu_percent: Some(30.0 + 10.0 * draws.unit()),
        server_rss_bytes: None,
        generator_rss_bytes: Some(900_000_000 + second * 20_000),
    };
    recorder.gauges(at, gauges);
}
