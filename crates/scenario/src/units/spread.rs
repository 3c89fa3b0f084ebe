//! Spans that are drawn.

use muster_protocol::seed::Stream;

use super::{Span, TimeScale, Weighted};

/// A span that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// Always the same.
    Exactly(Span),
    /// Any from the first to below the second, all as likely.
    Uniform(Span, Span),
    /// Around a mean, never below zero and never ten deviations above.
    Normal {
        /// The mean.
        mean: Span,
        /// The standard deviation.
        deviation: Span,
    },
    /// Short ones more likely than long ones; cut off at ten times the mean.
    Exponential {
        /// The mean.
        mean: Span,
    },
    /// One of these.
    Choice(Weighted<Span>),
}

/// How far a distribution without an end goes, in deviations: beyond lie a few in 10,000 draws of
/// the exponential one, and they would decide how long a run lasts.
const TAIL: f64 = 10.0;

impl Spread {
    /// Draws a span.
    pub(crate) fn draw(&self, draws: &mut Stream) -> Span {
        match self {
            Self::Exactly(span) => *span,
            Self::Uniform(from, to) => *from + draws.duration_below(to.saturating_sub(*from)),
            Self::Normal { mean, deviation } => {
                let above = normal(draws).clamp(-TAIL, TAIL);
                seconds(mean.as_secs_f64() + above * deviation.as_secs_f64())
            }
            Self::Exponential { mean } => {
                seconds(exponential(draws).min(TAIL) * mean.as_secs_f64())
            }
            Self::Choice(spans) => *spans.draw(draws),
        }
    }

    /// The same at another scale of time.
    pub(crate) fn scaled(&self, scale: TimeScale) -> Self {
        match self {
            Self::Exactly(span) => Self::Exactly(scale.of(*span)),
            Self::Uniform(from, to) => Self::Uniform(scale.of(*from), scale.of(*to)),
            Self::Normal { mean, deviation } => {
                Self::Normal { mean: scale.of(*mean), deviation: scale.of(*deviation) }
            }
            Self::Exponential { mean } => Self::Exponential { mean: scale.of(*mean) },
            Self::Choice(spans) => Self::Choice(spans.map(|span| scale.of(*span))),
        }
    }
}

fn seconds(seconds: f64) -> Span {
    Span::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Span::ZERO)
}

/// A draw from 0 to below 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
pub(crate) fn unit_interval(draws: &mut Stream) -> f64 {
    const BITS: u32 = 53;
    (draws.next_u64() >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
}

/// A draw with mean 1 of how long it takes until something happens that happens at any time.
///
/// The logarithm is the library's own and not the machine's: the same on every machine.
pub(crate) fn exponential(draws: &mut Stream) -> f64 {
    -libm::log(1.0 - unit_interval(draws))
}

/// A draw with mean 0 and deviation 1, after Box and Muller.
fn normal(draws: &mut Stream) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(draws));
    radius * libm::cos(core::f64::consts::TAU * unit_interval(draws))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use muster_protocol::Seed;

    fn drawn(spread: &Spread) -> Vec<f64> {
        let mut draws = Seed::root(1).stream();
        (0..2_000).map(|_| spread.draw(&mut draws).as_secs_f64()).collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / 2_000.0
    }

    #[test]
    fn distributions_have_their_mean_and_their_ends() {
        let second = Span::from_secs(1);
        let uniform = drawn(&Spread::Uniform(second, second * 3));
        assert!((mean(&uniform) - 2.0).abs() < 0.1);
        assert!(uniform.iter().all(|value| (1.0..3.0).contains(value)));
        let normal = drawn(&Spread::Normal { mean: second * 10, deviation: second });
        assert!((mean(&normal) - 10.0).abs() < 0.1);
        let exponential = drawn(&Spread::Exponential { mean: second });
        assert!((mean(&exponential) - 1.0).abs() < 0.1);
        assert!(exponential.iter().all(|value| (0.0..=10.0).contains(value)));
    }

    #[test]
    fn a_span_is_never_below_zero() {
        let wide = Spread::Normal { mean: Span::ZERO, deviation: Span::from_secs(1) };
        assert!(drawn(&wide).contains(&0.0));
    }
}
