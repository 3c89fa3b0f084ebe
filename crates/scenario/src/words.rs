//! Things that have one word each, and short texts about devices.

use alloc::format;
use alloc::vec::Vec;

use muster_protocol::habit::Habit;
use muster_protocol::{Mode, Platform};

use crate::action::Action;
use crate::error::Problem;
use crate::population::{Connectivity, Holder, Sockets, Versions};
use crate::text::FromText;
use crate::units::{Percent, Span, Spread};
use crate::work::Spacing;

/// The one of `all` whose word is `text`.
fn chosen<T: Copy>(kind: &str, text: &str, all: &[(&'static str, T)]) -> Result<T, Problem> {
    let found = all.iter().find(|(word, _)| *word == text).map(|(_, thing)| *thing);
    found.ok_or_else(|| Problem::unknown(kind, text, all.iter().map(|(word, _)| *word)))
}

fn words<T>(all: &[(&'static str, T)]) -> Vec<&'static str> {
    all.iter().map(|(word, _)| *word).collect()
}

const PLATFORMS: [(&str, Platform); 2] = [("ios", Platform::Apple), ("android", Platform::Android)];

impl FromText for Platform {
    const NAME: &'static str = "Platform";
    const DESCRIPTION: &'static str = "A family of devices.";

    fn words() -> Vec<&'static str> {
        words(&PLATFORMS)
    }

    fn from_text(text: &str) -> Result<Self, Problem> {
        chosen("platform", text, &PLATFORMS)
    }
}

impl FromText for Mode {
    const NAME: &'static str = "Mode";
    const DESCRIPTION: &'static str = "How a device is managed.";

    fn words() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    fn from_text(text: &str) -> Result<Self, Problem> {
        chosen("mode of management", text, &Self::ALL.map(|mode| (mode.name(), mode)))
    }
}

impl FromText for Action {
    const NAME: &'static str = "Command";
    const DESCRIPTION: &'static str = "A remote action, as `muster action` spells it.";

    fn words() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    fn from_text(text: &str) -> Result<Self, Problem> {
        chosen("command", text, &Self::ALL.map(|action| (action.name(), action)))
    }
}

/// Nobody, somebody, and each habit.
fn holders() -> Vec<(&'static str, Holder)> {
    let without_habit = [("none", Holder::Nobody), ("realistic", Holder::Realistic)];
    let with_habit = Habit::ALL.map(|habit| (habit.name(), Holder::Of(habit)));
    without_habit.into_iter().chain(with_habit).collect()
}

impl FromText for Holder {
    const NAME: &'static str = "Persona";
    const DESCRIPTION: &'static str = "Who holds a device: nobody, somebody who fits, or a habit.";

    fn words() -> Vec<&'static str> {
        words(&holders())
    }

    fn from_text(text: &str) -> Result<Self, Problem> {
        chosen("persona", text, &holders())
    }
}

const SOCKETS: [(&str, Sockets); 2] = [("shared", Sockets::Shared), ("own", Sockets::Own)];

impl FromText for Sockets {
    const NAME: &'static str = "Sockets";
    const DESCRIPTION: &'static str = "Whose UDP sockets devices use.";

    fn words() -> Vec<&'static str> {
        words(&SOCKETS)
    }

    fn from_text(text: &str) -> Result<Self, Problem> {
        chosen("way to have sockets", text, &SOCKETS)
    }
}

const SPACINGS: [(&str, Spacing); 2] = [("even", Spacing::Even), ("poisson", Spacing::Poisson)];

impl FromText for Spacing {
    const NAME: &'static str = "Spacing";
    const DESCRIPTION: &'static str = "As a clock ticks, or each independent of the others.";

    fn words() -> Vec<&'static str> {
        words(&SPACINGS)
    }

    fn from_text(text: &str) -> Result<Self, Problem> {
        chosen("spacing", text, &SPACINGS)
    }
}

impl FromText for Connectivity {
    const NAME: &'static str = "Connectivity";
    const DESCRIPTION: &'static str = "Connected, woken by pushes, or the share that is woken.";
    const PATTERN: &'static str = r"^(connected|woken|[0-9]+(\.[0-9]{1,4})?%)$";

    fn from_text(text: &str) -> Result<Self, Problem> {
        let woken = match text {
            "connected" => Percent::NONE,
            "woken" => Percent::ALL,
            share => Percent::from_text(share).map_err(|_no_share| {
                let fix = "write connected, woken or the share that is woken, such as \"30%\"";
                Problem::new(format!("`{text}` is no connectivity"), "", fix)
            })?,
        };
        Ok(Self { woken })
    }
}

impl FromText for Versions {
    const NAME: &'static str = "Versions";
    const DESCRIPTION: &'static str = "A major version, or the first and the last of several.";
    const PATTERN: &'static str = r"^[0-9]{1,2}(\.\.[0-9]{1,2})?$";

    fn from_text(text: &str) -> Result<Self, Problem> {
        let major = |text: &str| text.parse::<u16>().ok().filter(|major| (1..=99).contains(major));
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        match (major(first), major(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => {
                let fix = "write \"17\", or \"16..18\" with the smaller one first";
                Err(Problem::new(format!("`{text}` is no range of versions"), "", fix))
            }
        }
    }
}

impl FromText for Spread {
    const NAME: &'static str = "Spread";
    const DESCRIPTION: &'static str = "A span, or two with dots between for any from the first to \
        below the second.";
    const PATTERN: &'static str =
        r"^([0-9][0-9_]*(\.[0-9]+)?(us|ms|s|m|h|d)?\.\.)?[0-9][0-9_]*(\.[0-9]+)?(us|ms|s|m|h|d)$";

    fn from_text(text: &str) -> Result<Self, Problem> {
        let Some((from, to)) = text.split_once("..") else {
            return Span::from_text(text).map(Self::Exactly);
        };
        let bare = from.bytes().all(|byte| byte.is_ascii_digit() || b"._".contains(&byte));
        let unit = to.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
        let from = if bare { format!("{from}{unit}") } else { from.into() };
        let (from, to) = (Span::from_text(&from)?, Span::from_text(to)?);
        if from > to {
            let fix = "write the shorter one first";
            return Err(Problem::new(format!("`{text}` ends before it begins"), "", fix));
        }
        Ok(Self::Uniform(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn an_unknown_word_is_answered_with_the_one_that_was_meant() {
        assert_eq!(Action::from_text("lokc").unwrap_err().fix, "did you mean `lock`?");
        assert_eq!(Mode::from_text("dedicatd").unwrap_err().fix, "did you mean `dedicated`?");
        let refused = Holder::from_text("pirate").unwrap_err();
        assert!(refused.why.contains("none, realistic, office-worker"), "{refused:?}");
    }

    #[test]
    fn every_word_is_read() {
        fn all_read<T: FromText>() {
            for word in T::words() {
                assert!(T::from_text(word).is_ok(), "{word}");
            }
        }
        all_read::<Platform>();
        all_read::<Mode>();
        all_read::<Action>();
        all_read::<Holder>();
        all_read::<Sockets>();
        all_read::<Spacing>();
    }

    #[test]
    fn a_range_of_spans_may_leave_out_the_first_unit() {
        let (half, one) = (Duration::from_secs(30), Duration::from_secs(60));
        for text in ["30..60s", "30s..1m", "0.5..1m"] {
            assert_eq!(Spread::from_text(text), Ok(Spread::Uniform(half, one)), "{text}");
        }
        assert_eq!(Spread::from_text("30s"), Ok(Spread::Exactly(half)));
        for text in ["30..60", "60..30s", "..30s", "30s..", "1..2..3s"] {
            assert!(Spread::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_one_or_a_range() {
        assert_eq!(Versions::from_text("17"), Ok(Versions { first: 17, last: 17 }));
        assert_eq!(Versions::from_text("16..18"), Ok(Versions { first: 16, last: 18 }));
        for text in ["", "18..16", "0", "100", "17.1", "16..", "ios"] {
            assert!(Versions::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn connectivity_is_a_word_or_a_share() {
        let woken = |text| Connectivity::from_text(text).unwrap().woken;
        assert_eq!(woken("connected"), Percent::NONE);
        assert_eq!(woken("woken"), Percent::ALL);
        assert_eq!(woken("30%"), Percent::per_million(300_000));
        assert!(Connectivity::from_text("sometimes").is_err());
    }
}
