//! When the plan of a run begins.

use std::time::{Duration, Instant, SystemTime};

use crate::exit::{Exit, ExitWith};

/// Between the end of the preparations and the first moment of the plan.
const LEAD: Duration = Duration::from_millis(50);

/// When a plan has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// By the clock that never steps.
    pub(crate) instant: Instant,
    /// By the one on the wall, as it was when that was settled.
    pub(crate) wall: SystemTime,
}

impl Start {
    /// At an instant of about now.
    pub(crate) fn at(instant: Instant) -> Self {
        let now = Instant::now();
        let (ahead, ago) = (instant.duration_since(now), now.duration_since(instant));
        Self { instant, wall: SystemTime::now() + ahead - ago }
    }
}

/// When a plan begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// As soon as its devices are there.
    WhenUp,
    /// At this instant, with those who play other shares of it.
    At(SystemTime),
}

impl Begin {
    /// The instant, now that the devices are there.
    ///
    /// # Errors
    /// If it has passed: who comes late plays another plan than the others.
    pub(crate) fn instant(self) -> anyhow::Result<Instant> {
        let now = Instant::now();
        let Self::At(at) = self else { return Ok(now + LEAD) };
        let left = at.duration_since(SystemTime::now()).map_err(|passed| {
            let message = format!(
                "the devices came up {:.1} s after the instant at which all shares begin; give \
                 them more time",
                passed.duration().as_secs_f64()
            );
            anyhow::Error::new(ExitWith { exit: Exit::Inconclusive, message })
        })?;
        Ok(now + left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_begin_together() {
        let minute = Duration::from_secs(60);
        for instant in [Instant::now() + minute, Instant::now()] {
            let start = Start::at(instant);
            let ahead = instant.duration_since(Instant::now());
            let wall = start.wall.duration_since(SystemTime::now()).unwrap_or_default();
            assert!(ahead.abs_diff(wall) < Duration::from_secs(1), "{ahead:?}, {wall:?}");
        }
    }

    #[test]
    fn who_comes_up_after_the_common_start_does_not_play() {
        assert!(Begin::At(SystemTime::UNIX_EPOCH).instant().is_err());
        let later = SystemTime::now() + Duration::from_secs(60);
        let begins = Begin::At(later).instant().unwrap();
        assert!(begins > Instant::now() + Duration::from_secs(50));
    }
}
