//! Faults as text: a name, then `key=value` words.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use muster_protocol::fault::{Scope, Trigger};
use muster_transport::{Direction, LinkFault, Rate, Window};

use super::words::Words;
use super::{DeviceFault, FleetFault, PathFault, WakeFault, WhatFails};

/// Every name there is, with the words it takes beside those of [`COMMON`].
const NAMES: [(&str, &[&str]); 26] = [
    ("loss", &["rate", "direction"]),
    ("burst-loss", &["rate", "length", "direction"]),
    ("delay", &["by", "direction"]),
    ("jitter", &["below", "direction"]),
    ("duplicate", &["rate", "direction"]),
    ("reorder", &["rate", "by", "direction"]),
    ("corrupt", &["rate", "direction"]),
    ("black-hole", &[]),
    ("one-way", &["direction"]),
    ("rate-limit", &["bytes-per-second", "queue", "direction"]),
    ("mtu-shrinks", &["bytes", "direction"]),
    ("udp-blocked", &[]),
    ("mapping-forgotten", &["idle"]),
    ("rebind", &[]),
    ("migrate", &[]),
    ("cut", &[]),
    ("repeat-answer", &["rate"]),
    ("old-attempt", &["rate"]),
    ("unknown-answer", &["rate"]),
    ("lose-answer", &["rate"]),
    ("keep-answer", &["rate"]),
    ("crash", &["rate"]),
    ("slow", &["rate", "by"]),
    ("wake-lost", &["rate"]),
    ("wake-late", &["rate", "by"]),
    ("wake-duplicated", &["rate"]),
];

/// The words every fault takes: whom it strikes, then when.
pub(super) const COMMON: [&str; 11] =
    ["share", "device", "mode", "at", "lasts", "every", "until", "after", "nth", "odds", "when"];

/// Mean length of a burst if nothing is said, in datagrams.
const BURST_LENGTH: u32 = 5;

/// How many may wait for a slow link if nothing is said, in datagrams.
const QUEUE: u32 = 64;

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
    /// The fault has no such key.
    #[error("{name} has no key {key:?}: it takes {}", keys(name))]
    UnknownKey {
        /// The fault.
        name: &'static str,
        /// What was written.
        key: String,
    },
    /// A key that was given already.
    #[error("{name} takes {key}= once")]
    RepeatedKey {
        /// The fault.
        name: &'static str,
        /// The key.
        key: &'static str,
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
    /// Two keys of which one is enough.
    #[error("{one}= and {other}= cannot be had together")]
    Excludes {
        /// One.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A key that means nothing without another.
    #[error("{key}= needs {other}=")]
    Needs {
        /// The key.
        key: &'static str,
        /// What it needs.
        other: &'static str,
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
/// Rates, shares and odds are percent (`5%`, `0.5%`), spans are numbers with `ms`, `s`, `m` or `h`.
/// Whom: `share=20%`, `device=3` (counted from 0) or `mode=dedicated`. When: `at=10s`, `lasts=5s`,
/// `every=1m` `until=1h`, or from `at` on `after=executed` with `nth=3` or `odds=5%` if not the first time, or
/// `when=lost`; the words are those of [`Moment`](muster_protocol::fault::Moment) and
/// [`Condition`](muster_protocol::fault::Condition).
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
        let (scope, trigger) = (words.scope()?, words.trigger()?);
        Ok(Self { what, scope, trigger, window: window(&mut words, trigger)? })
    }
}

fn what_fails(words: &mut Words) -> Result<WhatFails, FaultError> {
    let answer = |fault: DeviceFault, words: &mut Words| {
        let rate = words.rate("rate")?.unwrap_or(Rate::ALWAYS);
        Ok(WhatFails::Answer(fault, rate))
    };
    let wake = |fault: WakeFault, words: &mut Words| {
        let rate = words.rate("rate")?.unwrap_or(Rate::ALWAYS);
        Ok(WhatFails::Wake(fault, rate))
    };
    match words.name {
        "rebind" => Ok(WhatFails::Path(PathFault::Rebind)),
        "migrate" => Ok(WhatFails::Path(PathFault::Migrate)),
        "cut" => Ok(WhatFails::Path(PathFault::Cut)),
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
        "wake-lost" => wake(WakeFault::Lost, words),
        "wake-late" => {
            let by = words.needed("by", Words::span)?;
            wake(WakeFault::Late { by }, words)
        }
        "wake-duplicated" => wake(WakeFault::Duplicated, words),
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
        "rate-limit" => LinkFault::RateLimit {
            bytes_per_s: words.needed("bytes-per-second", Words::count)?,
            queue: words.count("queue")?.unwrap_or(QUEUE),
        },
        "mtu-shrinks" => LinkFault::MtuShrinks { bytes: words.needed("bytes", Words::size)? },
        "udp-blocked" => LinkFault::UdpBlocked,
        "mapping-forgotten" => {
            LinkFault::MappingForgotten { idle: words.needed("idle", Words::span)? }
        }
        _black_hole => LinkFault::BlackHole,
    };
    let direction = words.direction("direction")?.unwrap_or(Direction::Both);
    Ok(WhatFails::Link(fault, direction))
}

fn window(words: &mut Words, trigger: Trigger) -> Result<Window, FaultError> {
    let at = words.span("at")?.unwrap_or_default();
    let (lasts, every) = (words.span("lasts")?, words.span("every")?);
    let until = words.span("until")?;
    let waits_for = match trigger {
        Trigger::AtOnce => None,
        Trigger::After(_) | Trigger::Nth { .. } | Trigger::Odds { .. } => Some("after"),
        Trigger::When(_) => Some("when"),
    };
    if let (Some(one), Some(_)) = (waits_for, every) {
        return Err(FaultError::Excludes { one, other: "every" });
    }
    if until.is_some() && every.is_none() {
        return Err(FaultError::Needs { key: "until", other: "every" });
    }
    match (lasts, every) {
        (_, Some(every)) if every.is_zero() => Err(bad("every", "0s", "span above zero")),
        (Some(lasts), Some(every)) if lasts >= every => Err(FaultError::Overlaps { lasts, every }),
        (_, _) => Ok(Window { at, lasts, every, until }),
    }
}

pub(super) fn bad(key: &'static str, value: &str, expected: &'static str) -> FaultError {
    FaultError::BadValue { key, value: value.to_owned(), expected }
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
            WhatFails::Wake(fault, rate) => {
                if rate != Rate::ALWAYS {
                    write!(f, " rate={rate}")?;
                }
                if let WakeFault::Late { by } = fault {
                    write!(f, " by={}ms", by.as_millis())?;
                }
            }
        }
        write_scope(f, self.scope)?;
        write_window(f, &self.window)?;
        write_trigger(f, self.trigger)
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
        LinkFault::RateLimit { bytes_per_s, queue } => {
            write!(f, " bytes-per-second={bytes_per_s} queue={queue}")
        }
        LinkFault::MtuShrinks { bytes } => write!(f, " bytes={bytes}"),
        LinkFault::MappingForgotten { idle } => write!(f, " idle={}ms", idle.as_millis()),
        LinkFault::BlackHole | LinkFault::UdpBlocked => Ok(()),
    }
}

fn write_scope(f: &mut fmt::Formatter<'_>, scope: Scope) -> fmt::Result {
    match scope {
        Scope::All => Ok(()),
        Scope::Share { hits, of } => write!(f, " share={}", of_million(hits, of)),
        Scope::Device(device) => write!(f, " device={device}"),
        Scope::Mode(mode) => write!(f, " mode={mode}"),
    }
}

fn write_trigger(f: &mut fmt::Formatter<'_>, trigger: Trigger) -> fmt::Result {
    match trigger {
        Trigger::AtOnce => Ok(()),
        Trigger::After(moment) => write!(f, " after={moment}"),
        Trigger::Nth { moment, nth } => write!(f, " after={moment} nth={nth}"),
        Trigger::Odds { moment, hits, of } => {
            write!(f, " after={moment} odds={}", of_million(hits, of))
        }
        Trigger::When(condition) => write!(f, " when={condition}"),
    }
}

fn of_million(hits: u32, of: u32) -> Rate {
    let hits = u64::from(hits).saturating_mul(u64::from(Rate::ALWAYS.hits()));
    let hits = hits.checked_div(u64::from(of)).and_then(|hits| u32::try_from(hits).ok());
    hits.map_or(Rate::ALWAYS, Rate::per_million)
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
    if let Some(until) = window.until {
        write!(f, " until={}ms", until.as_millis())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
