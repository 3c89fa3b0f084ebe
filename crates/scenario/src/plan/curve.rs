//! From a rate that changes to the instants at which something happens.
//!
//! Whatever its course, a rate is a row of straight pieces. The area under it up to an instant is
//! how much has happened by then, so the n-th thing happens where the area is n; if it happens at
//! any time, each next area is further by a draw.

use alloc::boxed::Box;
use alloc::vec::Vec;

use muster_protocol::seed::Stream;

use crate::units::{Rate, Span, TimeScale, exponential};
use crate::work::{Course, Spacing};

/// A part of a course on which the rate changes in a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// When it begins, in seconds.
    pub(super) begins: f64,
    /// How long it lasts, in seconds.
    pub(super) lasts: f64,
    /// The rate at its beginning, a second.
    pub(super) from: f64,
    /// The rate at its end, a second.
    pub(super) to: f64,
}

impl Piece {
    /// How much happens in it.
    pub(super) fn area(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.lasts
    }

    /// When, from its beginning, so much has happened: the root of a quadratic equation, in the
    /// form that does not lose digits where the rate hardly changes.
    fn reaches(&self, area: f64) -> f64 {
        if area <= 0.0 {
            return 0.0;
        }
        let slope = (self.to - self.from) / self.lasts;
        let root = libm::sqrt((self.from * self.from + 2.0 * slope * area).max(0.0));
        (2.0 * area / (self.from + root)).min(self.lasts)
    }
}

/// The pieces of a course, in order.
pub(super) type Pieces = Box<dyn Iterator<Item = Piece> + Send>;

/// A stretch of the run on which a course is followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// When it begins, from the start of the run.
    pub(super) begins: Span,
    /// How long it is.
    pub(super) lasts: Span,
    /// How long a day of the run is.
    pub(super) day_length: Span,
    /// How long the spans of the scenario are.
    pub(super) scale: TimeScale,
    /// What the rates of the scenario are multiplied with.
    pub(super) growth: f64,
}

/// The pieces of a course on a stretch.
pub(super) fn pieces(course: &Course, stretch: Stretch) -> Pieces {
    let rate = |rate: &Rate| rate.times(stretch.growth).per_second;
    let level = |level: &Rate, lasts: Span| (rate(level), lasts);
    match course {
        Course::Constant(only) => levels(&[level(only, Span::MAX)], stretch),
        Course::Ramp(from, to) => Box::new(core::iter::once(Piece {
            begins: 0.0,
            lasts: stretch.lasts.as_secs_f64(),
            from: rate(from),
            to: rate(to),
        })),
        Course::Steps(steps) => {
            let steps = steps.iter().map(|(rate, lasts)| level(rate, stretch.scale.of(*lasts)));
            levels(&steps.collect::<Vec<_>>(), stretch)
        }
        Course::Spike { base, peak, at, lasts } => {
            let (at, lasts) = (stretch.scale.of(*at), stretch.scale.of(*lasts));
            levels(&[level(base, at), level(peak, lasts), level(base, Span::MAX)], stretch)
        }
        Course::Day { peak, hours } => day(rate(peak), *hours, stretch),
    }
}

/// One level after another, cut off where the stretch ends.
fn levels(levels: &[(f64, Span)], stretch: Stretch) -> Pieces {
    let mut begins = Span::ZERO;
    let pieces = levels.iter().map(|(rate, lasts)| {
        let ends = begins.saturating_add(*lasts).min(stretch.lasts);
        let lasts = ends.saturating_sub(begins).as_secs_f64();
        let piece = Piece { begins: begins.as_secs_f64(), lasts, from: *rate, to: *rate };
        begins = ends;
        piece
    });
    Box::new(pieces.collect::<Vec<_>>().into_iter())
}

/// The hour of the day at which a run begins.
const FIRST_HOUR: f64 = 8.0;

/// A day after another: the rate of each hour in its middle, straight lines between.
fn day(peak: f64, hours: [f64; 24], stretch: Stretch) -> Pieces {
    let hour_length = stretch.day_length.as_secs_f64() / 24.0;
    let (begins, lasts) = (stretch.begins.as_secs_f64(), stretch.lasts.as_secs_f64());
    let first = FIRST_HOUR + begins / hour_length;
    let end = first + lasts / hour_length;
    let rate = move |at: f64| peak * busy(&hours, at);
    let mut hour = first;
    Box::new(core::iter::from_fn(move || {
        if hour >= end {
            return None;
        }
        let next = (libm::floor(hour - 0.5) + 1.5).min(end);
        let piece = Piece {
            begins: (hour - first) * hour_length,
            lasts: (next - hour) * hour_length,
            from: rate(hour),
            to: rate(next),
        };
        hour = next;
        Some(piece)
    }))
}

/// How busy it is at an hour of any day.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an hour of a run is positive, and days of 24 hours go round"
)]
fn busy(hours: &[f64; 24], at: f64) -> f64 {
    let before = libm::floor(at - 0.5);
    let part = at - 0.5 - before;
    let of = |hour: f64| hours[(libm::fmod(hour, 24.0)) as usize % 24];
    of(before) * (1.0 - part) + of(before + 1.0) * part
}

/// Instants at which something happens, from the beginning of the stretch, in order.
pub(super) struct Instants {
    pieces: Pieces,
    piece: Option<Piece>,
    /// How much has still to happen until the next one, from the beginning of the piece.
    area: f64,
    /// When the one before was: where pieces meet, the last digit could go back in time.
    before: Span,
    spacing: Spacing,
    draws: Stream,
}

impl Instants {
    /// The first is at the beginning if they come evenly.
    pub(super) fn new(mut pieces: Pieces, spacing: Spacing, draws: Stream) -> Self {
        let piece = pieces.next();
        let mut instants = Self { pieces, piece, area: 0.0, before: Span::ZERO, spacing, draws };
        if spacing == Spacing::Poisson {
            instants.area = instants.step();
        }
        instants
    }

    fn step(&mut self) -> f64 {
        match self.spacing {
            Spacing::Even => 1.0,
            Spacing::Poisson => exponential(&mut self.draws),
        }
    }
}

impl Iterator for Instants {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            let piece = self.piece?;
            if self.area < piece.area() {
                let at = piece.begins + piece.reaches(self.area);
                self.area += self.step();
                self.before = self.before.max(Span::try_from_secs_f64(at).unwrap_or(Span::MAX));
                return Some(self.before);
            }
            self.area -= piece.area();
            self.piece = self.pieces.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Seed;

    const MINUTE: Span = Span::from_secs(60);

    fn stretch() -> Stretch {
        Stretch {
            begins: Span::ZERO,
            lasts: MINUTE,
            day_length: MINUTE,
            scale: TimeScale::REAL,
            growth: 1.0,
        }
    }

    fn rate(per_second: f64) -> Rate {
        Rate { per_second }
    }

    fn instants(course: &Course, spacing: Spacing) -> Vec<Span> {
        let pieces = pieces(course, stretch());
        Instants::new(pieces, spacing, Seed::root(1).stream()).collect()
    }

    fn count(instants: &[Span], from: u64, to: u64) -> usize {
        let (from, to) = (Span::from_secs(from), Span::from_secs(to));
        instants.iter().filter(|at| (from..to).contains(*at)).count()
    }

    #[test]
    fn a_constant_rate_ticks_like_a_clock() {
        let ticks = instants(&Course::Constant(rate(2.0)), Spacing::Even);
        assert_eq!(ticks.len(), 120);
        assert_eq!(ticks[..3], [0, 500, 1_000].map(Span::from_millis));
    }

    #[test]
    fn a_ramp_has_the_area_under_it() {
        let ramp = instants(&Course::Ramp(rate(0.0), rate(100.0)), Spacing::Even);
        assert_eq!(ramp.len(), 3_000);
        // A quarter of it is over at half of the time.
        assert!((749..=751).contains(&count(&ramp, 0, 30)));
        let down = instants(&Course::Ramp(rate(100.0), rate(0.0)), Spacing::Even);
        assert!((2_249..=2_251).contains(&count(&down, 0, 30)));
    }

    #[test]
    fn steps_and_spikes_stand_where_they_should() {
        let ten = Span::from_secs(10);
        let steps = alloc::vec![(rate(1.0), ten), (rate(10.0), ten), (rate(2.0), Span::MAX)];
        let steps = instants(&Course::Steps(steps), Spacing::Even);
        assert_eq!([count(&steps, 0, 10), count(&steps, 10, 20)], [10, 100]);
        assert_eq!(count(&steps, 20, 60), 80);
        let spike = Course::Spike { base: rate(1.0), peak: rate(50.0), at: ten, lasts: ten };
        let spike = instants(&spike, Spacing::Even);
        assert_eq!([count(&spike, 0, 10), count(&spike, 10, 20)], [10, 500]);
        assert_eq!(count(&spike, 20, 60), 40);
    }

    #[test]
    fn independent_arrivals_have_the_rate_but_no_rhythm() {
        let arrivals = instants(&Course::Constant(rate(100.0)), Spacing::Poisson);
        assert!((5_700..6_300).contains(&arrivals.len()), "{}", arrivals.len());
        assert!(arrivals.is_sorted());
        let gaps: Vec<f64> =
            arrivals.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let short = gaps.iter().filter(|gap| **gap < 0.01).count();
        // Of exponential gaps, 63 in 100 are shorter than their mean.
        assert!((0.60..0.66).contains(&(short as f64 / gaps.len() as f64)));
    }

    #[test]
    fn a_day_is_busy_when_its_hours_are() {
        let mut hours = [0.0; 24];
        hours[9] = 1.0;
        let day = instants(&Course::Day { peak: rate(100.0), hours }, Spacing::Even);
        // The run begins at 08:00 and an hour lasts two and a half seconds.
        assert!((249..=251).contains(&day.len()), "{}", day.len());
        assert_eq!(count(&day, 1, 7), day.len());
    }

    #[test]
    fn days_go_round_at_midnight() {
        let hours = [1.0; 24];
        let day = instants(&Course::Day { peak: rate(10.0), hours }, Spacing::Even);
        assert_eq!(day.len(), 600);
    }

    #[test]
    fn nothing_comes_at_no_rate() {
        assert!(instants(&Course::Constant(rate(0.0)), Spacing::Even).is_empty());
        assert!(instants(&Course::Ramp(rate(0.0), rate(0.0)), Spacing::Poisson).is_empty());
    }
}
