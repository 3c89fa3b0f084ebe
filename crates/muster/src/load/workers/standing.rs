//! How a threshold stands in a run, from how it stands in its shares.

use muster_scenario::{Metric, Threshold};

use super::pulse::Pulse;
use crate::load::collect::has_to_grow;
use crate::load::snapshot::Standing;

/// How all thresholds stand together. Behind those of the scenario the shares may tell rules of its
/// limits.
pub(super) fn together(thresholds: &[Threshold], shares: &[&Pulse]) -> Vec<Standing> {
    let most = shares.iter().map(|share| share.thresholds.len()).max().unwrap_or_default();
    let all = (0..most).map(|nth| {
        let each: Vec<_> = shares.iter().map(|share| share.thresholds.get(nth)).collect();
        of_all(thresholds.get(nth), &each)
    });
    all.collect()
}

/// What fails in one share fails. What adds up is judged by the sum; anything else holds when it does
/// in all shares. The report judges anew.
fn of_all(threshold: Option<&Threshold>, shares: &[Option<&Standing>]) -> Standing {
    let told = || shares.iter().copied().flatten();
    let text = told().next().map(|standing| standing.text.clone()).unwrap_or_default();
    let threshold = threshold.filter(|threshold| adds_up(&threshold.metric));
    let sum =
        || shares.iter().map(|standing| standing.and_then(|it| it.value)).sum::<Option<f64>>();
    let value = threshold.and_then(|_adds_up| sum());
    let holds = if told().any(|standing| standing.holds == Some(false)) {
        Some(false)
    } else if let (Some(threshold), Some(value)) = (threshold, value) {
        of_sum(threshold, value)
    } else {
        let holds = |standing: &Option<&Standing>| standing.and_then(|it| it.holds) == Some(true);
        shares.iter().all(holds).then_some(true)
    };
    Standing { text, holds, value }
}

fn of_sum(threshold: &Threshold, value: f64) -> Option<bool> {
    let (comparison, limit) = (threshold.comparison, threshold.limit.number());
    match comparison.holds(value, limit) {
        true => Some(true),
        false if has_to_grow(comparison, Some(value), limit) => None,
        false => Some(false),
    }
}

/// Whether what the shares measure adds up to what the run does.
const fn adds_up(metric: &Metric) -> bool {
    match metric {
        Metric::Count(_) | Metric::PerSecond(_) => true,
        Metric::Latency { .. }
        | Metric::Lag { .. }
        | Metric::TimeTo { .. }
        | Metric::Share(_)
        | Metric::Memory
        | Metric::MemoryGrowth => false,
    }
}

#[cfg(test)]
mod tests {
    use muster_scenario::Scenario;

    use super::*;

    /// How a threshold stands together, of shares in which it stands so.
    fn stands(require: &str, shares: &[(Option<bool>, Option<f64>)]) -> Option<bool> {
        let scenario = Scenario::parse(&format!(
            "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
             [[phase]]\nname = \"one\"\nlasts = \"10s\"\n\
             [[threshold]]\nrequire = \"{require}\"\n"
        ));
        let share = |&(holds, value): &(Option<bool>, Option<f64>)| Pulse {
            thresholds: vec![Standing { text: require.to_owned(), holds, value }],
            ..Pulse::default()
        };
        let shares: Vec<_> = shares.iter().map(share).collect();
        let all = together(&scenario.unwrap().thresholds, &shares.iter().collect::<Vec<_>>());
        assert_eq!((all.len(), all[0].text.as_str()), (1, require));
        all[0].holds
    }

    #[test]
    fn what_adds_up_is_judged_by_the_sum() {
        let (half, open) = ((Some(true), Some(60.0)), (None, Some(60.0)));
        assert_eq!(stands("accepted <= 100", &[half, half]), Some(false));
        assert_eq!(stands("accepted <= 120", &[half, half]), Some(true));
        assert_eq!(stands("accepted >= 120", &[open, open]), Some(true));
        assert_eq!(stands("accepted >= 121", &[open, open]), None, "it may still come");
        assert_eq!(stands("rate(terminal) >= 100/s", &[open, open]), Some(true));
        assert_eq!(stands("accepted == 121", &[open, open]), None);
        assert_eq!(stands("accepted == 100", &[open, open]), Some(false));
    }

    #[test]
    fn quantiles_hold_when_all_do_and_fail_with_one() {
        let (good, bad, open) = ((Some(true), Some(9.0)), (Some(false), Some(70.0)), (None, None));
        assert_eq!(stands("p99(total) < 50ms", &[good, good]), Some(true));
        assert_eq!(stands("p99(total) < 50ms", &[good, bad]), Some(false));
        assert_eq!(stands("p99(total) < 50ms", &[good, open]), None);
        assert_eq!(stands("p99(total) < 50ms", &[bad, open]), Some(false));
    }

    #[test]
    fn what_one_share_cannot_judge_is_open() {
        let (good, doubtful) = ((Some(true), Some(0.0)), (None, None));
        assert_eq!(stands("lost == 0", &[good, good]), Some(true));
        assert_eq!(stands("lost == 0", &[good, doubtful]), None);
        assert_eq!(stands("lost == 0", &[(Some(false), Some(1.0)), doubtful]), Some(false));
    }

    #[test]
    fn a_share_that_has_told_nothing_yet_leaves_it_open() {
        let told = Pulse {
            thresholds: vec![Standing { holds: Some(true), ..Standing::default() }],
            ..Pulse::default()
        };
        assert_eq!(together(&[], &[&told, &Pulse::default()])[0].holds, None);
        assert_eq!(together(&[], &[&told])[0].holds, Some(true), "a rule of the limits");
    }
}
