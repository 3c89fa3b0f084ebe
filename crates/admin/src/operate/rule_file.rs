//! Faults as a request describes them.

use axum::extract::Request;
use serde::Deserialize;

use super::OperateError;
use super::faults::{Rule, Rules, When, is_below, name_of};
use crate::http::body::read as read_body;
use crate::http::errors::ApiError;
use crate::operation::rows::operations;
use crate::operation::table::Verb;

/// Rules at once, at most: each request is held against all of them.
const RULES_MAX: usize = 64;

/// The longest delay, in milliseconds: well within what clients wait for an answer.
const LATENCY_MS_MAX: u64 = 10_000;

/// The longest `Retry-After`, in seconds.
const RETRY_AFTER_SECONDS_MAX: u64 = 24 * 60 * 60;

/// How much later a write is seen, in milliseconds at most: what waits is held in memory.
const LAG_MS_MAX: u64 = 60_000;

/// Rows of a short page, at most: as many as a page has otherwise.
const SHORT_PAGE_MAX: usize = 1000;

/// The refusals there are.
const STATUSES: [u16; 5] = [429, 500, 502, 503, 504];

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    seed: u64,
    faults: Vec<RuleFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleFile {
    operation: Option<String>,
    verb: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    retry_after_seconds: Option<u64>,
    #[serde(default)]
    latency_ms: u64,
    #[serde(default)]
    when: When,
    short_pages: Option<usize>,
    lag_ms: Option<u64>,
    #[serde(default = "always")]
    probability: f64,
    count: Option<u64>,
}

const fn always() -> f64 {
    1.0
}

/// Reads the rules of a request.
///
/// # Errors
/// [`ApiError`] if they cannot be read or make no sense.
pub(super) async fn read(request: Request) -> Result<Rules, ApiError> {
    let body = read_body(request).await?;
    Ok(parse(&body)?)
}

fn parse(body: &[u8]) -> Result<Rules, OperateError> {
    let file: RulesFile =
        serde_json::from_slice(body).map_err(|error| OperateError::Faults(error.to_string()))?;
    if file.faults.len() > RULES_MAX {
        return Err(OperateError::Faults(format!("there are at most {RULES_MAX}")));
    }
    let rules = (1..).zip(file.faults).map(|(place, rule)| rule.checked(place));
    Ok(Rules { seed: file.seed, rules: rules.collect::<Result<_, _>>()? })
}

impl RuleFile {
    /// The rule at this place of the list, counted from 1.
    fn checked(self, place: usize) -> Result<Rule, OperateError> {
        if let Some(fault) = self.fault() {
            return Err(OperateError::Faults(format!("fault {place}: {fault}")));
        }
        Ok(Rule {
            operation: self.operation,
            verb: self.verb.map(|verb| verb.to_ascii_uppercase()),
            path: self.path,
            status: self.status,
            retry_after_seconds: self.retry_after_seconds,
            latency_ms: self.latency_ms,
            when: self.when,
            short_pages: self.short_pages,
            lag_ms: self.lag_ms,
            probability: self.probability,
            count: self.count,
            seen: 0,
            struck: 0,
        })
    }

    /// What is wrong with it, if anything.
    fn fault(&self) -> Option<String> {
        let names_one = |name: &String| {
            let mut names = operations().filter_map(|row| name_of(row.path));
            names.any(|own| own.eq_ignore_ascii_case(name))
        };
        let begins_one = |path: &String| operations().any(|row| is_below(row.path, path));
        let is_verb = |verb: &String| verbs().any(|own| own.eq_ignore_ascii_case(verb));
        if !self.operation.as_ref().is_none_or(names_one) {
            Some("operation is none of docs/graph-parity.md".to_owned())
        } else if !self.path.as_ref().is_none_or(begins_one) {
            Some("path begins no path of docs/graph-parity.md".to_owned())
        } else if !self.verb.as_ref().is_none_or(is_verb) {
            Some(format!("verb has to be one of {}", verbs().collect::<Vec<_>>().join(", ")))
        } else if self.status.is_some_and(|status| !STATUSES.contains(&status)) {
            Some(format!("status has to be one of {STATUSES:?}"))
        } else if self.retry_after_seconds.is_some_and(|wait| wait > RETRY_AFTER_SECONDS_MAX) {
            Some(format!("retryAfterSeconds is at most {RETRY_AFTER_SECONDS_MAX}"))
        } else if self.latency_ms > LATENCY_MS_MAX {
            Some(format!("latencyMs is at most {LATENCY_MS_MAX}"))
        } else if self.short_pages.is_some_and(|rows| !(1..=SHORT_PAGE_MAX).contains(&rows)) {
            Some(format!("shortPages is 1 to {SHORT_PAGE_MAX}"))
        } else if self.lag_ms.is_some_and(|lag| !(1..=LAG_MS_MAX).contains(&lag)) {
            Some(format!("lagMs is 1 to {LAG_MS_MAX}"))
        } else if !(0.0..=1.0).contains(&self.probability) {
            Some("probability is 0 to 1".to_owned())
        } else if self.does_nothing() {
            Some("it does nothing: give it a status, latencyMs, shortPages or lagMs".to_owned())
        } else {
            None
        }
    }
}

impl RuleFile {
    const fn does_nothing(&self) -> bool {
        self.status.is_none()
            && self.latency_ms == 0
            && self.short_pages.is_none()
            && self.lag_ms.is_none()
    }
}

fn verbs() -> impl Iterator<Item = &'static str> {
    [Verb::Get, Verb::Post, Verb::Patch, Verb::Put, Verb::Delete].into_iter().map(Verb::name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(_rules) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        for (text, expected) in [
            (r#"{"faults":[{"status":404}]}"#, "fault 1: status has to be one of"),
            (r#"{"faults":[{"latencyMs":5},{}]}"#, "fault 2: it does nothing"),
            (r#"{"faults":[{"operation":"whipe","status":500}]}"#, "operation is none of"),
            (r#"{"faults":[{"path":"deviceManagment","status":500}]}"#, "path begins no path"),
            (r#"{"faults":[{"verb":"HEAD","status":500}]}"#, "verb has to be one of GET, POST"),
            (r#"{"faults":[{"latencyMs":60000}]}"#, "latencyMs is at most 10000"),
            (r#"{"faults":[{"shortPages":0}]}"#, "shortPages is 1 to"),
            (r#"{"faults":[{"lagMs":0}]}"#, "lagMs is 1 to 60000"),
            (r#"{"faults":[{"lagMs":60001}]}"#, "lagMs is 1 to 60000"),
            (r#"{"faults":[{"status":500,"probability":1.5}]}"#, "probability is 0 to 1"),
            (r#"{"faults":[{"status":500,"chance":1}]}"#, "unknown field `chance`"),
            ("{}", "missing field `faults`"),
        ] {
            assert!(told(text).contains(expected), "{text}: {}", told(text));
        }
        let many = vec![r#"{"status":500}"#; RULES_MAX + 1].join(",");
        assert!(told(&format!(r#"{{"faults":[{many}]}}"#)).contains("at most 64"));
    }

    #[test]
    fn operations_are_called_as_at_the_end_of_their_paths() {
        for name in ["wipe", "managedDevices", "MANAGEDDEVICES", "$batch", "getAuditCategories"] {
            assert_eq!(
                told(&format!(r#"{{"faults":[{{"operation":"{name}","status":500}}]}}"#)),
                ""
            );
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange_to_be_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _refused_or_taken = parse(&body);
        }

        #[test]
        fn no_rule_is_too_strange_either(
            name in ".{0,12}", status in any::<u16>(), probability in any::<f64>(), count in any::<u64>(),
        ) {
            let rule = serde_json::json!({
                "operation": name, "status": status, "probability": probability, "count": count,
            });
            let body = serde_json::json!({ "faults": [rule] }).to_string();
            let _refused_or_taken = parse(body.as_bytes());
        }
    }
}
