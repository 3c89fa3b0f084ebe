//! Faults as text: a name, then `key=value` words.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use muster_transport::{Direction, LinkFault, Rate, Window};

use super::{DeviceFault, FleetFault, PathFault, WhatFails};

/// Every name there is, with the words it takes beside `share`, `at`, `lasts` and `every`.
const NAMES: [(&str, &[&str]); 18] = [
    ("loss", &["rate", "direction"]),
    ("burst-loss", &["rate", "length", "direction"]),
    ("delay", &["by", "direction"]),
    ("jitter", &["below", "direction"]),
    ("duplicate", &["rate", "direction"]),
    ("reorder", &["rate", "by", "direction"]),
    ("corrupt", &["rate", "direction"]),
    ("black-hole", &[]),
    ("one-way", &["direction"]),
    ("rebind", &[]),
    ("migrate", &[]),
    ("repeat-answer", &["rate"]),
    ("old-attempt", &["rate"]),
    ("unknown-answer", &["rate"]),
    ("lose-answer", &["rate"]),
    ("keep-answer", &["rate"]),
    ("crash", &["rate"]),
    ("slow", &["rate", "by"]),
];

/// The words every fault takes.
const COMMON: [&str; 4] = ["share", "at", "lasts", "every"];

/// Mean length of a burst if nothing is said, in datagrams.
const BURST_LENGTH: u32 = 5;

/// Text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is nothing.
    #[error("no fault named: expected one of {}", names())]
    Empty,
    /// There is no such fault.
    #[error("no fault is called {name:?}: expected one of {}", names())]
    UnknownName {
        /// What was written.
        name: String,
    },
    /// A word without `=`.
    #[error("{word:?} is no KEY=VALUE")]
    NoPair {
        /// What was written.
        word: String,
    },
    /// The fault has no such key, or had it already.
    #[error("{name} takes {key:?} not at all or once: it takes {}", keys(name))]
    UnknownKey {
        /// The fault.
        name: &'static str,
        /// What was written.
        key: String,
    },
    /// A key that must be there is not.
    #[error("{name} needs {key}=")]
    Missing {
        /// The fault.
        name: &'static str,
        /// What is missing.
        key: &'static str,
    },
    /// A value that is none.
    #[error("{key}={value} is no {expected}")]
    BadValue {
        /// Of which key.
        key: &'static str,
        /// What was written.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A fault that comes again before it is over.
    #[error("lasts={lasts:?} is not shorter than every={every:?}")]
    Overlaps {
        /// How long it lasts.
        lasts: Duration,
        /// How often it comes.
        every: Duration,
    },
}

fn names() -> String {
    NAMES.map(|(name, _keys)| name).join(", ")
}

fn keys(name: &str) -> String {
    let own = NAMES.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, keys)| keys);
    let all: Vec<&str> = own.iter().copied().chain(COMMON).collect();
    all.join(", ")
}

impl FleetFault {
    /// Every name a fault can have, in the order of the help.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _keys)| name)
    }
}

/// Reads `NAME [KEY=VALUE]...`, for example `loss rate=5% direction=up` or
/// `black-hole lasts=10s every=60s share=20%`.
///
/// Rates and shares are percent (`5%`, `0.5%`), spans are numbers with `ms`, `s`, `m` or `h`.
impl FromStr for FleetFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut words = text.split_whitespace();
        let name = words.next().ok_or(FaultError::Empty)?;
        let (name, keys) = NAMES
            .iter()
            .find(|(known, _keys)| *known == name)
            .ok_or_else(|| FaultError::UnknownName { name: name.to_owned() })?;
        let mut words = Words::read(name, keys, words)?;
        let what = what_fails(&mut words)?;
        let share = words.rate("share")?.unwrap_or(Rate::ALWAYS);
        Ok(Self { what, share, window: window(&mut words)? })
    }
}

fn what_fails(words: &mut Words) -> Result<WhatFails, FaultError> {
    let answer = |fault: DeviceFault, words: &mut Words| {
        let rate = words.rate("rate")?.unwrap_or(Rate::ALWAYS);
        Ok(WhatFails::Answer(fault, rate))
    };
    match words.name {
        "rebind" => Ok(WhatFails::Path(PathFault::Rebind)),
        "migrate" => Ok(WhatFails::Path(PathFault::Migrate)),
        "repeat-answer" => answer(DeviceFault::RepeatAnswer, words),
        "old-attempt" => answer(DeviceFault::OldAttempt, words),
        "unknown-answer" => answer(DeviceFault::UnknownAnswer, words),
        "lose-answer" => answer(DeviceFault::LoseAnswer, words),
        "keep-answer" => answer(DeviceFault::KeepAnswer, words),
        "crash" => answer(DeviceFault::Crash, words),
        "slow" => {
            let by = words.needed("by", Words::span)?;
            answer(DeviceFault::Slow { by }, words)
        }
        _link => link_fails(words),
    }
}

fn link_fails(words: &mut Words) -> Result<WhatFails, FaultError> {
    let fault = match words.name {
        "loss" => LinkFault::Loss { rate: words.needed("rate", Words::rate)? },
        "burst-loss" => LinkFault::BurstLoss {
            rate: words.needed("rate", Words::rate)?,
            length: words.count("length")?.unwrap_or(BURST_LENGTH),
        },
        "delay" => LinkFault::Delay { by: words.needed("by", Words::span)? },
        "jitter" => LinkFault::Jitter { below: words.needed("below", Words::span)? },
        "duplicate" => LinkFault::Duplicate { rate: words.needed("rate", Words::rate)? },
        "reorder" => LinkFault::Reorder {
            rate: words.needed("rate", Words::rate)?,
            by: words.needed("by", Words::span)?,
        },
        "corrupt" => LinkFault::Corrupt { rate: words.needed("rate", Words::rate)? },
        "one-way" => {
            let direction = match words.needed("direction", Words::direction)? {
                way @ (Direction::Up | Direction::Down) => way,
                Direction::Both => return Err(bad("direction", "both", "up or down")),
            };
            return Ok(WhatFails::Link(LinkFault::BlackHole, direction));
        }
        _black_hole => LinkFault::BlackHole,
    };
    let direction = words.direction("direction")?.unwrap_or(Direction::Both);
    Ok(WhatFails::Link(fault, direction))
}

fn window(words: &mut Words) -> Result<Window, FaultError> {
    let at = words.span("at")?.unwrap_or_default();
    let (lasts, every) = (words.span("lasts")?, words.span("every")?);
    match (lasts, every) {
        (_, Some(every)) if every.is_zero() => Err(bad("every", "0s", "span above zero")),
        (Some(lasts), Some(every)) if lasts >= every => Err(FaultError::Overlaps { lasts, every }),
        (_, _) => Ok(Window { at, lasts, every }),
    }
}

fn bad(key: &'static str, value: &str, expected: &'static str) -> FaultError {
    FaultError::BadValue { key, value: value.to_owned(), expected }
}

/// The words after the name, each key once.
struct Words {
    name: &'static str,
    value_by_key: BTreeMap<&'static str, String>,
}

impl Words {
    fn read<'a>(
        name: &'static str,
        keys: &[&'static str],
        words: impl Iterator<Item = &'a str>,
    ) -> Result<Self, FaultError> {
        let mut value_by_key = BTreeMap::new();
        for word in words {
            let (key, value) =
                word.split_once('=').ok_or_else(|| FaultError::NoPair { word: word.to_owned() })?;
            let known = keys.iter().chain(&COMMON).find(|known| **known == key);
            let fresh = known.filter(|known| !value_by_key.contains_key(**known));
            let unknown = || FaultError::UnknownKey { name, key: key.to_owned() };
            value_by_key.insert(*fresh.ok_or_else(unknown)?, value.to_owned());
        }
        Ok(Self { name, value_by_key })
    }

    fn needed<T>(
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

    fn rate(&mut self, key: &'static str) -> Result<Option<Rate>, FaultError> {
        self.parsed(key, "share such as 5% or 0.5%, at most 100%", read_rate)
    }

    fn span(&mut self, key: &'static str) -> Result<Option<Duration>, FaultError> {
        self.parsed(key, "span such as 50ms, 10s, 5m or 1h", read_span)
    }

    fn count(&mut self, key: &'static str) -> Result<Option<u32>, FaultError> {
        let above_zero = |value: &str| value.parse().ok().filter(|count| *count > 0);
        self.parsed(key, "number above zero", above_zero)
    }

    fn direction(&mut self, key: &'static str) -> Result<Option<Direction>, FaultError> {
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

/// As it is read.
impl fmt::Display for FleetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.name())?;
        match self.what {
            WhatFails::Link(fault, direction) => {
                write_link(f, fault)?;
                match direction {
                    Direction::Up => f.write_str(" direction=up")?,
                    Direction::Down => f.write_str(" direction=down")?,
                    Direction::Both => {}
                }
            }
            WhatFails::Path(_) => {}
            WhatFails::Answer(fault, rate) => {
                if rate != Rate::ALWAYS {
                    write!(f, " rate={rate}")?;
                }
                if let DeviceFault::Slow { by } = fault {
                    write!(f, " by={}ms", by.as_millis())?;
                }
            }
        }
        if self.share != Rate::ALWAYS {
            write!(f, " share={}", self.share)?;
        }
        write_window(f, &self.window)
    }
}

fn write_link(f: &mut fmt::Formatter<'_>, fault: LinkFault) -> fmt::Result {
    match fault {
        LinkFault::Loss { rate } | LinkFault::Duplicate { rate } | LinkFault::Corrupt { rate } => {
            write!(f, " rate={rate}")
        }
        LinkFault::BurstLoss { rate, length } => write!(f, " rate={rate} length={length}"),
        LinkFault::Delay { by } => write!(f, " by={}ms", by.as_millis()),
        LinkFault::Jitter { below } => write!(f, " below={}ms", below.as_millis()),
        LinkFault::Reorder { rate, by } => write!(f, " rate={rate} by={}ms", by.as_millis()),
        LinkFault::BlackHole => Ok(()),
    }
}

fn write_window(f: &mut fmt::Formatter<'_>, window: &Window) -> fmt::Result {
    if !window.at.is_zero() {
        write!(f, " at={}ms", window.at.as_millis())?;
    }
    if let Some(lasts) = window.lasts {
        write!(f, " lasts={}ms", lasts.as_millis())?;
    }
    if let Some(every) = window.every {
        write!(f, " every={}ms", every.as_millis())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
