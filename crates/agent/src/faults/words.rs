//! The `key=value` words of a fault.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_protocol::Mode;
use muster_protocol::fault::{Condition, Moment, Scope, Trigger};
use muster_transport::{Direction, Rate};

use super::grammar::{COMMON, FaultError, bad};

/// The words after the name, each key once.
pub(super) struct Words {
    pub(super) name: &'static str,
    value_by_key: BTreeMap<&'static str, String>,
}

impl Words {
    pub(super) fn read<'a>(
        name: &'static str,
        keys: &[&'static str],
        words: impl Iterator<Item = &'a str>,
    ) -> Result<Self, FaultError> {
        let mut value_by_key = BTreeMap::new();
        for word in words {
            let (key, value) =
                word.split_once('=').ok_or_else(|| FaultError::NoPair { word: word.to_owned() })?;
            let known = keys.iter().chain(&COMMON).find(|known| **known == key);
            let unknown = || FaultError::UnknownKey { name, key: key.to_owned() };
            let key = *known.ok_or_else(unknown)?;
            if value_by_key.insert(key, value.to_owned()).is_some() {
                return Err(FaultError::RepeatedKey { name, key });
            }
        }
        Ok(Self { name, value_by_key })
    }

    pub(super) fn needed<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>, FaultError>,
    ) -> Result<T, FaultError> {
        let name = self.name;
        read(self, key)?.ok_or(FaultError::Missing { name, key })
    }

    fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, FaultError> {
        let Some(value) = self.value_by_key.remove(key) else {
            return Ok(None);
        };
        read(&value).map(Some).ok_or_else(|| bad(key, &value, expected))
    }

    pub(super) fn rate(&mut self, key: &'static str) -> Result<Option<Rate>, FaultError> {
        self.parsed(key, "share such as 5% or 0.5%, at most 100%", read_rate)
    }

    pub(super) fn span(&mut self, key: &'static str) -> Result<Option<Duration>, FaultError> {
        self.parsed(key, "span such as 50ms, 10s, 5m or 1h", read_span)
    }

    pub(super) fn count(&mut self, key: &'static str) -> Result<Option<u32>, FaultError> {
        let above_zero = |value: &str| value.parse().ok().filter(|count| *count > 0);
        self.parsed(key, "number above zero", above_zero)
    }

    pub(super) fn size(&mut self, key: &'static str) -> Result<Option<u16>, FaultError> {
        let above_zero = |value: &str| value.parse().ok().filter(|size| *size > 0);
        self.parsed(key, "number of bytes from 1 to 65535", above_zero)
    }

    /// Whom: everybody, or as one key says.
    pub(super) fn scope(&mut self) -> Result<Scope, FaultError> {
        let share = self.rate("share")?.map(|share| match share {
            Rate::ALWAYS => Scope::All,
            share => Scope::Share { hits: share.hits(), of: Rate::ALWAYS.hits() },
        });
        let number = |value: &str| value.parse().ok().map(Scope::Device);
        let device = self.parsed("device", "number of a device, counted from 0", number)?;
        let mode = |value: &str| value.parse::<Mode>().ok().map(Scope::Mode);
        let mode = self.parsed("mode", "mode of management such as dedicated", mode)?;
        let given = [("share", share), ("device", device), ("mode", mode)];
        let mut given = given.into_iter().filter_map(|(key, scope)| Some((key, scope?)));
        match (given.next(), given.next()) {
            (None, _) => Ok(Scope::All),
            (Some((_key, scope)), None) => Ok(scope),
            (Some((one, _)), Some((other, _))) => Err(FaultError::Excludes { one, other }),
        }
    }

    /// What it waits for, once its time has come.
    pub(super) fn trigger(&mut self) -> Result<Trigger, FaultError> {
        let moment = |value: &str| value.parse().ok().filter(|it: &Moment| !it.is_of_the_server());
        let after = self.parsed("after", "moment of a device such as executed", moment)?;
        let state = |value: &str| value.parse::<Condition>().ok();
        let when = self.parsed("when", "state of a device such as lost", state)?;
        let (nth, odds) = (self.count("nth")?, self.rate("odds")?);
        match (after, when, nth, odds) {
            (None, None, None, None) => Ok(Trigger::AtOnce),
            (Some(moment), None, None, None) => Ok(Trigger::After(moment)),
            (Some(moment), None, Some(nth), None) => Ok(Trigger::Nth { moment, nth }),
            (Some(moment), None, None, Some(odds)) => {
                Ok(Trigger::Odds { moment, hits: odds.hits(), of: Rate::ALWAYS.hits() })
            }
            (None, Some(condition), None, None) => Ok(Trigger::When(condition)),
            (Some(_), Some(_), _, _) => Err(FaultError::Excludes { one: "after", other: "when" }),
            (Some(_), None, Some(_), Some(_)) => {
                Err(FaultError::Excludes { one: "nth", other: "odds" })
            }
            (None, _, Some(_), _) => Err(FaultError::Needs { key: "nth", other: "after" }),
            (None, _, None, Some(_)) => Err(FaultError::Needs { key: "odds", other: "after" }),
        }
    }

    pub(super) fn direction(&mut self, key: &'static str) -> Result<Option<Direction>, FaultError> {
        self.parsed(key, "direction: up, down or both", |value| match value {
            "up" => Some(Direction::Up),
            "down" => Some(Direction::Down),
            "both" => Some(Direction::Both),
            _other => None,
        })
    }
}

fn read_rate(text: &str) -> Option<Rate> {
    let (whole, rest) =
        text.strip_suffix('%').map(|text| text.split_once('.').unwrap_or((text, "")))?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(rest) || rest.len() > 4 || whole.is_empty() {
        return None;
    }
    let rest: u32 = format!("{rest:0<4}").parse().ok()?;
    let hits = whole.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(rest)?;
    (hits <= Rate::ALWAYS.hits()).then(|| Rate::per_million(hits))
}

fn read_span(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _other => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}
