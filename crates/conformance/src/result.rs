//! What a run says, for people and programs.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cases::cases;
use crate::requirement::{Level, Profile, Side};
use crate::transcript::Entry;
use crate::verdict::{Rigour, Verdict};

/// The format of [`Run`].
pub const FORMAT: &str = "muster.conform/1";

/// One target, tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// [`FORMAT`].
    pub format: String,
    /// Who was tried.
    pub target: Target,
    /// How hard it was judged.
    pub rigour: Rigour,
    /// How many plays of cases there are, played or not.
    pub cases: usize,
    /// How many passed.
    pub pass: usize,
    /// The names of those that failed and are not excused.
    pub fail: Vec<String>,
    /// The names of those that are warned of.
    pub warn: Vec<String>,
    /// How many the target does not claim to offer.
    pub not_applicable: usize,
    /// How many of each verdict.
    pub verdicts: BTreeMap<String, usize>,
    /// What is wrong with the list of expected failures, in words.
    pub list_faults: Vec<String>,
    /// What the run is worth.
    pub stamp: Stamp,
    /// How long it took.
    pub took_ms: u64,
    /// Case by case.
    pub results: Vec<CaseResult>,
}

/// Who was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// What it is called.
    pub name: String,
    /// Which side it is.
    pub side: Side,
    /// Where it is, or how it was started.
    pub place: String,
    /// Whether it ran in virtual time.
    pub simulated: bool,
}

/// What a run is worth: which cases it had, and which of them it did not play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stamp {
    /// Version of the suite.
    pub suite: String,
    /// A number for the set of cases: the same for the same promises.
    pub case_set: String,
    /// What everything was drawn from.
    pub seed: u64,
    /// Whether every case the target claims was played and told something.
    pub complete: bool,
    /// The names of those that were not played.
    pub not_run: Vec<String>,
}

/// What came of one play of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// The name of the play: the id of the case, and what it was played over.
    pub name: String,
    /// The id of the case.
    pub case: String,
    /// The promise.
    pub promise: String,
    /// The requirements it tries.
    pub requirements: Vec<String>,
    /// How much they bind.
    pub level: Level,
    /// Which part of the protocol they belong to.
    pub profile: Profile,
    /// The verdict.
    pub verdict: Verdict,
    /// What should have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Why it was not played, or nothing can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why a failure does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<String>,
    /// How long it took, in the time of the target.
    pub took_us: u64,
    /// What was said and done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<Entry>,
}

impl CaseResult {
    /// Whether it speaks against the target.
    #[must_use]
    pub fn counts_as_failed(&self) -> bool {
        self.verdict == Verdict::Fail && self.excused.is_none()
    }
}

impl Run {
    /// Sums up what came of the cases.
    #[must_use]
    pub fn sum_up(about: About, results: Vec<CaseResult>, list_faults: Vec<String>) -> Self {
        let names = |keep: &dyn Fn(&CaseResult) -> bool| -> Vec<String> {
            results.iter().filter(|it| keep(it)).map(|it| it.name.clone()).collect()
        };
        let mut verdicts = BTreeMap::new();
        for result in &results {
            *verdicts.entry(result.verdict.name().to_string()).or_insert(0) += 1;
        }
        let count = |verdict: Verdict| verdicts.get(verdict.name()).copied().unwrap_or(0);
        let not_run = names(&|it| is_silent(it.verdict));
        let stamp = Stamp {
            suite: env!("CARGO_PKG_VERSION").to_string(),
            case_set: case_set(about.target.side),
            seed: about.seed,
            complete: not_run.is_empty() && !about.is_partial,
            not_run,
        };
        Self {
            format: FORMAT.to_string(),
            cases: results.len(),
            pass: count(Verdict::Pass),
            fail: names(&CaseResult::counts_as_failed),
            warn: names(&|it| it.verdict == Verdict::Warn),
            not_applicable: count(Verdict::NotApplicable),
            target: about.target,
            rigour: about.rigour,
            took_ms: about.took_ms,
            verdicts,
            list_faults,
            stamp,
            results,
        }
    }

    /// The schema of its JSON.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

/// What a run knows beside its results.
#[derive(Clone, Debug)]
pub struct About {
    /// Who was tried.
    pub target: Target,
    /// How hard.
    pub rigour: Rigour,
    /// What was drawn from.
    pub seed: u64,
    /// How long it took.
    pub took_ms: u64,
    /// Whether only some cases were asked for.
    pub is_partial: bool,
}

/// Whether a verdict says nothing about the target although it claims the case.
const fn is_silent(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Skipped | Verdict::Error | Verdict::Inconclusive => true,
        Verdict::Pass
        | Verdict::Fail
        | Verdict::Warn
        | Verdict::Unsupported
        | Verdict::NotApplicable
        | Verdict::Flaky => false,
    }
}

/// A number for the cases that try this side: SHA-256 of their ids, promises and requirements.
#[must_use]
pub fn case_set(side: Side) -> String {
    let mut hash = Sha256::new();
    for case in cases().filter(|case| case.side == side) {
        let tries = case.tries.join(",");
        hash.update(format!("{}\t{}\t{tries}\n", case.id, case.promise));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
