//! What somebody wishes, from the body of their request.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Server;
use crate::load::control::{Control, Injection, PACE_MAX, PACE_MIN};

/// How many devices an outage takes if nobody says, in percent: as many as the key does.
const OUTAGE_PERCENT: u32 = 10;

/// What a run can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Stop the clock of the plan.
    Pause,
    /// Let it go on.
    Resume,
    /// Play the rest faster or slower.
    Pace,
    /// Let something go wrong.
    Inject,
    /// End.
    Stop,
}

/// A body that is no such wish.
#[derive(Debug, thiserror::Error)]
pub(super) enum WishError {
    /// Not the object it has to be.
    #[error("the body is no {wanted}")]
    Body {
        /// What it has to be.
        wanted: &'static str,
        /// Why it is not.
        #[source]
        source: serde_json::Error,
    },
    /// A pace that is not played.
    #[error("factor has to be from 0.1 to 10")]
    Factor,
    /// A share of the devices that is none.
    #[error("percent has to be from 1 to 100")]
    Percent,
    /// A share beside a fault that has none.
    #[error("percent goes with the fault \"outage\" only")]
    PercentBesideServer,
    /// A server of somebody else's.
    #[error("the server is not this run's to stop")]
    NotOurs,
}

/// Nothing more to say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    factor: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inject {
    fault: Fault,
    percent: Option<u32>,
}

/// What can be made to go wrong.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fault {
    Restart,
    Kill,
    Outage,
}

impl Verb {
    /// All of them, by their names in paths.
    pub(super) const ALL: [(Self, &str); 5] = [
        (Self::Pause, "pause"),
        (Self::Resume, "resume"),
        (Self::Pace, "pace"),
        (Self::Inject, "inject"),
        (Self::Stop, "stop"),
    ];

    /// The one with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_verb, known)| *known == name).map(|(verb, _name)| verb)
    }

    /// What is wished for with this verb and this body.
    ///
    /// # Errors
    /// [`WishError`] if the body does not say what, or says what cannot be.
    pub(super) fn wish(self, body: &[u8], server: Server) -> Result<Control, WishError> {
        match self {
            Self::Pause => nothing(body).map(|()| Control::Pause),
            Self::Resume => nothing(body).map(|()| Control::Resume),
            Self::Stop => nothing(body).map(|()| Control::Stop),
            Self::Pace => pace(body).map(Control::Pace),
            Self::Inject => injection(body, server).map(Control::Inject),
        }
    }
}

/// A body of nothing is an empty object.
fn object<T: DeserializeOwned>(body: &[u8], wanted: &'static str) -> Result<T, WishError> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|source| WishError::Body { wanted, source })
}

fn nothing(body: &[u8]) -> Result<(), WishError> {
    object(body, "empty object, and nothing is").map(|Nothing {}| ())
}

fn pace(body: &[u8]) -> Result<u32, WishError> {
    let Pace { factor } = object(body, "pace such as {\"factor\": 1.5}")?;
    let percent = (factor * 100.0).round();
    if !(f64::from(PACE_MIN)..=f64::from(PACE_MAX)).contains(&percent) {
        return Err(WishError::Factor);
    }
    Ok(percent as u32)
}

fn injection(body: &[u8], server: Server) -> Result<Injection, WishError> {
    let Inject { fault, percent } = object(body, "fault such as {\"fault\": \"restart\"}")?;
    let injection = match (fault, percent) {
        (Fault::Restart, None) => Injection::Restart,
        (Fault::Kill, None) => Injection::Kill,
        (Fault::Restart | Fault::Kill, Some(_)) => return Err(WishError::PercentBesideServer),
        (Fault::Outage, percent) => {
            let percent = percent.unwrap_or(OUTAGE_PERCENT);
            let is_share = (1..=100).contains(&percent);
            return is_share.then_some(Injection::Outage(percent)).ok_or(WishError::Percent);
        }
    };
    match server {
        Server::Own => Ok(injection),
        Server::Elsewhere => Err(WishError::NotOurs),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wish(verb: Verb, body: &str) -> Result<Control, String> {
        verb.wish(body.as_bytes(), Server::Own).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_key_does_a_request_does() {
        for body in ["", " \n", "{}"] {
            assert_eq!(wish(Verb::Pause, body), Ok(Control::Pause));
            assert_eq!(wish(Verb::Resume, body), Ok(Control::Resume));
            assert_eq!(wish(Verb::Stop, body), Ok(Control::Stop));
        }
        assert_eq!(wish(Verb::Pace, r#"{"factor": 1.5}"#), Ok(Control::Pace(150)));
        let inject = |body| wish(Verb::Inject, body);
        assert_eq!(inject(r#"{"fault": "restart"}"#), Ok(Control::Inject(Injection::Restart)));
        assert_eq!(inject(r#"{"fault": "kill"}"#), Ok(Control::Inject(Injection::Kill)));
        let outage = |percent| Ok(Control::Inject(Injection::Outage(percent)));
        assert_eq!(inject(r#"{"fault": "outage"}"#), outage(10));
        assert_eq!(inject(r#"{"fault": "outage", "percent": 100}"#), outage(100));
    }

    #[test]
    fn what_is_no_wish_is_refused_with_what_it_has_to_be() {
        let refused = |verb: Verb, body: &str, part: &str| {
            let told = wish(verb, body).unwrap_err();
            assert!(told.contains(part), "{body}: {told}");
        };
        refused(Verb::Pause, r#"{"for": "5s"}"#, "no empty object");
        refused(Verb::Stop, "now", "no empty object");
        for body in ["", "{}", "1.5", r#"{"factor": "1.5"}"#, r#"{"factor": 1, "for": 5}"#] {
            refused(Verb::Pace, body, "such as {\"factor\": 1.5}");
        }
        for factor in ["0", "0.09", "-1", "10.01", "1e300"] {
            refused(Verb::Pace, &format!("{{\"factor\": {factor}}}"), "from 0.1 to 10");
        }
        for body in ["", "{}", r#"{"fault": "fire"}"#, r#"{"fault": "outage", "percent": -1}"#] {
            refused(Verb::Inject, body, "such as {\"fault\": \"restart\"}");
        }
        for percent in [0, 101] {
            let body = format!("{{\"fault\": \"outage\", \"percent\": {percent}}}");
            refused(Verb::Inject, &body, "from 1 to 100");
        }
        refused(Verb::Inject, r#"{"fault": "kill", "percent": 5}"#, "\"outage\" only");
    }

    #[test]
    fn a_server_elsewhere_is_not_stopped_and_its_devices_are_the_runs() {
        let elsewhere = |body: &str| Verb::Inject.wish(body.as_bytes(), Server::Elsewhere);
        for body in [r#"{"fault": "restart"}"#, r#"{"fault": "kill"}"#] {
            assert!(matches!(elsewhere(body), Err(WishError::NotOurs)), "{body}");
        }
        assert!(elsewhere(r#"{"fault": "outage"}"#).is_ok());
    }

    fn verb() -> impl Strategy<Value = Verb> {
        prop::sample::select(Verb::ALL.map(|(verb, _name)| verb).to_vec())
    }

    proptest! {
        #[test]
        fn any_bytes_at_all_are_a_wish_or_refused(
            verb in verb(),
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = verb.wish(&body, Server::Own);
        }

        #[test]
        fn whatever_looks_like_a_wish_stays_within_its_bounds(
            verb in verb(),
            body in r#"\{"(factor|fault|percent)": ?("restart"|"outage"|-?[0-9]{1,12}(\.[0-9]{1,4}|e[0-9]{1,3})?)(, "percent": -?[0-9]{1,12})?\}"#,
        ) {
            match verb.wish(body.as_bytes(), Server::Own) {
                Ok(Control::Pace(percent)) => prop_assert!((PACE_MIN..=PACE_MAX).contains(&percent)),
                Ok(Control::Inject(Injection::Outage(percent))) => {
                    prop_assert!((1..=100).contains(&percent));
                }
                Ok(Control::Pause | Control::Resume | Control::Stop) => prop_assert!(false, "{body}"),
                Ok(Control::Inject(Injection::Restart | Injection::Kill)) | Err(_) => {}
            }
        }

        #[test]
        fn every_pace_is_told_to_the_percent(percent in PACE_MIN..=PACE_MAX) {
            let body = format!("{{\"factor\": {}}}", f64::from(percent) / 100.0);
            prop_assert_eq!(wish(Verb::Pace, &body), Ok(Control::Pace(percent)));
        }
    }
}
