//! All shares of a run as one: what is looked at while it goes on.

use std::future::pending;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_agent::FleetProgress;
use muster_metrics::Source;
use muster_protocol::Timestamp;
use muster_report::Share;
use muster_scenario::Threshold;
use tokio::sync::watch;

use super::pulse::Pulse;
use super::standing::together;
use crate::load::collect::Failing;
use crate::load::live::Sight;
use crate::load::metrics::LoadMetrics;
use crate::load::order::Order;
use crate::load::setting::board;
use crate::load::snapshot::{Board, HAPPENED_MAX, Snapshot, Standing};
use crate::load::timeline::Tempo;

/// What several shares tell in the same words within so many milliseconds is one thing: what all are
/// told reaches each a little later.
const TOLD_APART_MS: u64 = 1_000;

/// A run of several workers, for whoever looks on.
#[derive(Debug)]
pub(super) struct Whole {
    /// What is known of it whatever its shares tell.
    known: Snapshot,
    thresholds: Vec<Threshold>,
    failing: Mutex<Failing>,
    show: watch::Sender<Snapshot>,
}

impl Whole {
    /// Of a run of which nothing is heard yet.
    pub(super) fn of(order: &Order) -> Self {
        let Board { name, question, lasts, devices, thresholds, .. } = board(order);
        let known = Snapshot { name, question, lasts, devices, thresholds, ..Snapshot::default() };
        Self::new(known, order.scenario.thresholds.clone())
    }

    /// Of a run nobody knows anything of.
    #[cfg(test)]
    pub(super) fn of_nothing() -> Self {
        Self::new(Snapshot::default(), Vec::new())
    }

    fn new(known: Snapshot, thresholds: Vec<Threshold>) -> Self {
        let show = watch::Sender::new(known.clone());
        let failing = Mutex::new(Failing::none_of(thresholds.len()));
        Self { known, thresholds, failing, show }
    }

    /// For a view.
    pub(super) fn sight(&self) -> Sight {
        Sight::from_afar(self.show.subscribe())
    }

    /// For a scraper.
    pub(super) fn metrics(&self) -> Box<dyn Source> {
        Box::new(LoadMetrics(self.show.subscribe()))
    }

    /// Its shares have come so far.
    pub(super) fn goes(&self, shares: &[&Pulse]) {
        let sum = self.sum(shares);
        self.show.send_modify(|now| *now = Snapshot { tempo: now.tempo, ..sum });
    }

    /// Waits until a threshold wants the run to end.
    ///
    /// Cancel safe: yes.
    pub(super) async fn aborts(&self) {
        if self.show.subscribe().wait_for(|now| now.aborts).await.is_err() {
            pending().await
        }
    }

    /// Its plan is played in another way.
    pub(super) fn is_played(&self, tempo: Tempo) {
        self.show.send_modify(|now| now.tempo = tempo);
    }

    fn sum(&self, shares: &[&Pulse]) -> Snapshot {
        let sum = |of: fn(&Pulse) -> u64| {
            shares.iter().map(|share| of(share)).fold(0, u64::saturating_add)
        };
        let furthest = shares.iter().max_by_key(|share| share.at_ms);
        let at = Duration::from_millis(furthest.map_or(0, |share| share.at_ms));
        let thresholds = together(&self.thresholds, shares);
        Snapshot {
            at,
            aborts: self.ends_run(&thresholds, at),
            phase: furthest.map(|share| share.phase.clone()).unwrap_or_default(),
            enrolled: sum(|share| share.enrolled),
            connected: sum(|share| share.connected),
            open: sum(|share| share.open),
            look: numbers(shares).map(|numbers| numbers.look()),
            elsewhere: FleetProgress {
                locked: sum(|share| share.locked),
                left: sum(|share| share.left),
                ..FleetProgress::default()
            },
            happened: happened(shares),
            thresholds: match thresholds.is_empty() {
                true => self.known.thresholds.clone(),
                false => thresholds,
            },
            ..self.known.clone()
        }
    }

    fn ends_run(&self, standing: &[Standing], at: Duration) -> bool {
        // A panic elsewhere leaves whole instants.
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.ends_run(&self.thresholds, standing, Timestamp::ZERO.after(at))
    }
}

/// The numbers of all recorders as those of one.
fn numbers(shares: &[&Pulse]) -> Option<Share> {
    let mut all = shares.iter().filter_map(|share| share.numbers.as_ref());
    let first = all.next()?.clone();
    Some(all.fold(first, |mut sum, share| {
        sum.add(share);
        sum
    }))
}

/// The last things that happened in any share, each once, oldest first.
fn happened(shares: &[&Pulse]) -> Vec<(Duration, String)> {
    let mut all: Vec<_> = shares.iter().flat_map(|share| &share.happened).collect();
    all.sort_by_key(|(at_ms, _what)| *at_ms);
    let mut told: Vec<&(u64, String)> = Vec::new();
    for one in all {
        let is_same = |known: &&(u64, String)| {
            known.1 == one.1 && one.0.saturating_sub(known.0) < TOLD_APART_MS
        };
        if !told.iter().any(is_same) {
            told.push(one);
        }
    }
    let older = told.len().saturating_sub(HAPPENED_MAX);
    let last = told.into_iter().skip(older);
    last.map(|(at_ms, what)| (Duration::from_millis(*at_ms), what.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_report::{Legend, Recorder};
    use muster_scenario::Scenario;

    use super::*;
    use crate::load::timeline::Course;

    /// The pulse of a share that was late by these milliseconds.
    fn share(at_ms: u64, late_ms: &[u64]) -> Pulse {
        let mut recorder = Recorder::new(Arc::new(Legend::default()));
        for late in late_ms {
            recorder.lag(Timestamp::ZERO, Duration::from_millis(*late));
        }
        Pulse {
            at_ms,
            phase: format!("phase of {at_ms}"),
            enrolled: 10,
            connected: 9,
            locked: 1,
            left: 2,
            open: 3,
            numbers: Some(recorder.share(Timestamp::from_micros(at_ms * 1_000))),
            ..Pulse::default()
        }
    }

    fn whole() -> Whole {
        let thresholds = vec![Standing { text: "lost == 0".to_owned(), ..Standing::default() }];
        let known = Snapshot { devices: 20, thresholds, ..Snapshot::default() };
        Whole::new(known, Vec::new())
    }

    fn shown(shares: &[Pulse]) -> Snapshot {
        let whole = whole();
        whole.goes(&shares.iter().collect::<Vec<_>>());
        whole.show.borrow().clone()
    }

    #[test]
    fn counts_of_all_shares_add_up() {
        let now = shown(&[share(2_000, &[]), share(2_100, &[])]);
        assert_eq!((now.devices, now.enrolled, now.connected, now.open), (20, 20, 18, 6));
        assert_eq!((now.at, now.phase.as_str()), (Duration::from_millis(2_100), "phase of 2100"));
    }

    #[test]
    fn a_view_sees_how_the_devices_of_all_workers_are() {
        let whole = whole();
        whole.goes(&[&share(1_000, &[]), &share(1_000, &[])]);
        let fleet = whole.sight().progress();
        assert_eq!((fleet.locked, fleet.left), (2, 4));
    }

    #[test]
    fn quantiles_are_those_of_all_samples_and_no_average() {
        let quick = [1; 99];
        let now = shown(&[share(1_000, &quick), share(1_000, &[500])]);
        let lag = now.look.unwrap().lag;
        assert_eq!((lag.p50.round(), lag.p99.round(), lag.max.round()), (1.0, 1.0, 500.0));
        assert_eq!(lag.count, 100);
    }

    #[test]
    fn what_all_shares_tell_is_told_once_and_the_last_things_stay() {
        let one = told(&[(1_000, "paused"), (5_000, "resumed"), (9_000, "paused")]);
        let other = told(&[(1_007, "paused"), (5_002, "resumed"), (9_900, "paused")]);
        let happened = shown(&[one, other]).happened;
        let once: Vec<_> = happened.iter().map(|(at, what)| (at.as_millis(), &**what)).collect();
        assert_eq!(once, [(1_000, "paused"), (5_000, "resumed"), (9_000, "paused")]);
        let long: Vec<_> = (0..9).map(|nth| (nth * 5_000, "again")).collect();
        assert_eq!(shown(&[told(&long)]).happened.len(), HAPPENED_MAX);
    }

    fn told(all: &[(u64, &str)]) -> Pulse {
        let happened = all.iter().map(|(at, what)| (*at, (*what).to_owned())).collect();
        Pulse { happened, ..Pulse::default() }
    }

    #[test]
    fn before_a_share_is_heard_the_thresholds_are_open_and_there_are_no_numbers() {
        let now = shown(&[Pulse::default(), Pulse::default()]);
        assert_eq!((now.thresholds[0].holds, now.look), (None, None));
    }

    #[test]
    fn what_all_shares_bring_too_much_of_together_ends_the_run() {
        let scenario = Scenario::parse(
            "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
             [[phase]]\nname = \"one\"\nlasts = \"10s\"\n\
             [[threshold]]\nrequire = \"accepted <= 100\"\nabort-on-fail = true\n",
        );
        let whole = Whole::new(Snapshot::default(), scenario.unwrap().thresholds);
        let share = |value| {
            let (text, holds) = ("accepted <= 100".to_owned(), Some(true));
            let standing = Standing { text, holds, value: Some(value) };
            Pulse { thresholds: vec![standing], ..Pulse::default() }
        };
        whole.goes(&[&share(50.0), &share(50.0)]);
        assert!(!whole.show.borrow().aborts);
        whole.goes(&[&share(50.0), &share(51.0)]);
        assert!(whole.show.borrow().aborts);
    }

    #[test]
    fn how_the_plan_is_played_is_not_the_shares_to_say() {
        let (whole, tempo) = (whole(), Tempo { percent: 200, course: Course::Stands });
        whole.is_played(tempo);
        whole.goes(&[&share(1_000, &[])]);
        assert_eq!(whole.show.borrow().tempo, tempo);
    }
}
