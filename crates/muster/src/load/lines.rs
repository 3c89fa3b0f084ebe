//! What a run says while it goes on, one line at a time.

use std::convert::Infallible;
use std::time::Duration;

use muster_report::Look;
use tokio::sync::watch;
use tokio::time::sleep;

use super::order::Order;
use super::snapshot::Snapshot;
use crate::talk::say;

/// How often a line is said.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often while devices come up, which goes by faster.
const COMING_EVERY: Duration = Duration::from_secs(5);

/// Whether a run says anything while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// A line now and then.
    Lines,
    /// Nothing.
    Nothing,
}

impl Says {
    /// Says what is about to happen.
    pub(crate) fn begins(self, order: &Order) {
        let scenario = &order.scenario;
        self.say(|| {
            let devices = order.plan.devices().count();
            let lasts = order.plan.ends().since(muster_protocol::Timestamp::ZERO);
            format!(
                "{}: {}\n{devices} devices enrol and connect, then a plan of {}",
                scenario.name,
                scenario.question,
                span(lasts)
            )
        });
    }

    /// Says how the devices come up. Does not end.
    pub(crate) async fn coming_up(self, shown: watch::Receiver<Snapshot>) -> Infallible {
        loop {
            sleep(COMING_EVERY).await;
            let now = shown.borrow().clone();
            self.say(|| {
                format!(
                    "{} of {} devices enrolled, {} connected",
                    now.enrolled, now.devices, now.connected
                )
            });
        }
    }

    /// Says how the run goes. Does not end.
    pub(crate) async fn goes_on(self, shown: watch::Receiver<Snapshot>) -> Infallible {
        loop {
            sleep(LINE_EVERY).await;
            let now = shown.borrow().clone();
            self.say(|| line(&now));
        }
    }

    pub(crate) fn say(self, text: impl FnOnce() -> String) {
        match self {
            Self::Lines => say(&text()),
            Self::Nothing => {}
        }
    }
}

/// A run at one moment, in one line.
fn line(now: &Snapshot) -> String {
    let Snapshot { at, lasts, phase, devices, connected, open, .. } = now;
    let mut line = format!(
        "{} of {}  {phase}  {connected} of {devices} connected  {open} open",
        span(*at),
        span(*lasts)
    );
    if let Some(look) = &now.look {
        line.push_str(&numbers(look));
    }
    line
}

fn numbers(look: &Look) -> String {
    let seconds = f64::from(u32::try_from(look.recent_us / 1_000).unwrap_or(u32::MAX)) / 1_000.0;
    let ended = f64::from(u32::try_from(look.recent_terminal).unwrap_or(u32::MAX));
    let mut text = format!(
        "  {:.0}/s  p50 {:.1} ms  p99 {:.1} ms  lag p99 {:.2} ms",
        ended / seconds.max(0.001),
        look.recent.p50,
        look.recent.p99,
        look.lag.p99,
    );
    let errors: u64 = look.errors.iter().map(|(_code, count)| count).sum();
    if errors > 0 {
        text.push_str(&format!("  {errors} errors"));
    }
    text
}

/// A span as a clock shows it.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..600 => format!("{seconds} s"),
        600..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_a_run_is() {
        let now = Snapshot {
            at: Duration::from_secs(12),
            lasts: Duration::from_secs(1_200),
            phase: "steady".to_owned(),
            devices: 100,
            connected: 99,
            open: 7,
            ..Snapshot::default()
        };
        assert_eq!(line(&now), "12 s of 20 min  steady  99 of 100 connected  7 open");
        assert_eq!(span(Duration::from_secs(2 * 86_400 + 61)), "48 h 1 min");
    }
}
