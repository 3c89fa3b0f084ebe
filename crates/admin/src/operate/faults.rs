//! Faults of the API that somebody asked for: refusals, lost answers, slowness, short pages,
//! writes that are seen late.
//!
//! Whether a rule strikes follows from the seed, the rule and how many requests it has seen, so a
//! run with the same requests in the same order has the same faults.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::http::errors::ApiError;
use crate::operate::lag::Lagging;
use crate::operation::path::Route;
use crate::operation::table::OperationId;

/// The rules of now, and what they keep from readers.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Rules>,
    /// Shared with the requests whose writes are to be seen late.
    lagging: Arc<Lagging>,
}

/// Rules with the seed of their chances.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) seed: u64,
    pub(crate) rules: Vec<Rule>,
}

/// One kind of trouble.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    /// The name at the end of a path, for example `wipe`; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verb: Option<String>,
    /// How the path below the version begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_seconds: Option<u64>,
    pub(crate) latency_ms: u64,
    pub(crate) when: When,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) short_pages: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lag_ms: Option<u64>,
    pub(crate) probability: f64,
    /// How often it strikes; `None` for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    /// Requests it was about.
    pub(crate) seen: u64,
    /// Requests it struck.
    pub(crate) struck: u64,
}

/// Whether a request is carried out before it is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum When {
    /// Nothing is done.
    #[default]
    Before,
    /// It is done, and its answer is lost.
    After,
}

/// What happens to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Struck {
    pub(crate) latency: Duration,
    refusal: Option<(When, Injected)>,
    /// Rows of a page, at most.
    pub(crate) rows_max: Option<usize>,
    /// How much later others see what it writes.
    pub(crate) lag: Option<Duration>,
}

/// A refusal that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Injected {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
}

impl Injected {
    pub(crate) const fn code(self) -> &'static str {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
            StatusCode::BAD_GATEWAY => "BadGateway",
            StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
            StatusCode::GATEWAY_TIMEOUT => "GatewayTimeout",
            _ => "InternalServerError",
        }
    }
}

impl Struck {
    /// The refusal in the place of doing anything, or of the answer.
    ///
    /// # Errors
    /// [`ApiError::Injected`] if there is one `at` that point.
    pub(crate) fn refused(&self, at: When) -> Result<(), ApiError> {
        match self.refusal {
            Some((when, injected)) if when == at => Err(ApiError::Injected(injected)),
            Some(_) | None => Ok(()),
        }
    }
}

impl Faults {
    /// Puts rules in the place of those there are.
    pub(crate) fn replace(&self, rules: Rules) {
        *self.rules() = rules;
    }

    /// No more faults, and nothing that is not seen.
    pub(crate) fn clear(&self) {
        self.replace(Rules::default());
        self.lagging.clear();
    }

    /// The writes that nobody sees yet.
    pub(crate) const fn lagging(&self) -> &Arc<Lagging> {
        &self.lagging
    }

    /// How many rules there are.
    pub(crate) fn len(&self) -> usize {
        self.rules().rules.len()
    }

    /// The rules with what they did so far.
    pub(crate) fn told(&self) -> Value {
        let rules = self.rules();
        json!({ "seed": rules.seed, "faults": rules.rules })
    }

    /// Finds what happens to a request: what the first rule says that strikes it.
    pub(crate) fn strike(&self, route: &Route) -> Struck {
        let mut rules = self.rules();
        let seed = rules.seed;
        for (place, rule) in (0_u64..).zip(&mut rules.rules) {
            if rule.is_about(route) && rule.strikes(seed, place) {
                return rule.effect();
            }
        }
        Struck::default()
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        // Each change is one assignment, so what a panic left behind is whole.
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn is_about(&self, route: &Route) -> bool {
        let operation = route.operation;
        let named = self.operation.as_ref().is_none_or(|name| {
            name_of(operation.path).is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
        let verb = self.verb.as_ref().is_none_or(|verb| verb == operation.verb.name());
        named
            && verb
            && self.strikes_verb(route)
            && self.path.as_ref().is_none_or(|path| is_below(operation.path, path))
    }

    /// A rule that does nothing but delay writes is about writes only.
    fn strikes_verb(&self, route: &Route) -> bool {
        let does_more = self.status.is_some() || self.latency_ms > 0 || self.short_pages.is_some();
        let operation = route.operation;
        self.lag_ms.is_none()
            || does_more
            || (operation.verb.writes() && operation.id != OperationId::Batch)
    }

    fn strikes(&mut self, seed: u64, place: u64) -> bool {
        self.seen += 1;
        let left = self.count.is_none_or(|count| self.struck < count);
        let strikes = left && chance(seed, place, self.seen) < self.probability;
        self.struck += u64::from(strikes);
        strikes
    }

    fn effect(&self) -> Struck {
        let injected = |status| Injected {
            status,
            retry_after: self.retry_after_seconds.map(Duration::from_secs),
        };
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        Struck {
            latency: Duration::from_millis(self.latency_ms),
            refusal: status.map(|status| (self.when, injected(status))),
            rows_max: self.short_pages,
            lag: self.lag_ms.map(Duration::from_millis),
        }
    }
}

/// The last name of the path of an operation; keys and arguments are none.
pub(super) fn name_of(path: &str) -> Option<&str> {
    let last = path.rsplit('/').find(|segment| !segment.starts_with('{'))?;
    last.split('(').next()
}

/// Whether the path of an operation begins with these segments, in any letter case.
pub(super) fn is_below(path: &str, beginning: &str) -> bool {
    let mut own = path.split('/');
    let wanted = beginning.split('/').filter(|segment| !segment.is_empty());
    wanted.into_iter().all(|wanted| own.next().is_some_and(|one| one.eq_ignore_ascii_case(wanted)))
}

/// A number from 0 to below 1 that follows from all three.
fn chance(seed: u64, place: u64, nth: u64) -> f64 {
    let mut hash = Sha256::new();
    for part in [seed, place, nth] {
        hash.update(part.to_be_bytes());
    }
    let digest = hash.finalize();
    let drawn = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
}
