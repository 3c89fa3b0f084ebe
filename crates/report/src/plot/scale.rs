//! From values to places on paper.

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// How values become places, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    law: Law,
    /// The least and the most value.
    values: (f64, f64),
    /// Where they are.
    pixels: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    Linear,
    Time,
    Logarithmic,
}

/// Steps of an axis of time, in seconds: what a clock shows round.
const CLOCK_STEPS: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
    21_600.0, 43_200.0, 86_400.0, 604_800.0,
];

impl Scale {
    /// Equal steps for equal differences, from 0.
    pub(crate) fn linear(most: f64, pixels: (f64, f64)) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        Self { law: Law::Linear, values: (0.0, most), pixels }
    }

    /// Time from the start of the run, in seconds.
    pub(crate) fn time(lasts: f64, pixels: (f64, f64)) -> Self {
        Self { law: Law::Time, ..Self::linear(lasts, pixels) }
    }

    /// Equal steps for equal ratios, from and to whole powers of ten.
    pub(crate) fn logarithmic((least, most): (f64, f64), pixels: (f64, f64)) -> Self {
        let least = if least > 0.0 { least } else { 1e-3 };
        let from = 10_f64.powf(least.log10().floor());
        let to = 10_f64.powf(most.max(least).log10().ceil()).max(from * 10.0);
        Self { law: Law::Logarithmic, values: (from, to), pixels }
    }

    /// Where a value is; values beyond the ends are at the ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let (least, most) = self.values;
        let value = value.clamp(least, most);
        let share = match self.law {
            Law::Linear | Law::Time => (value - least) / (most - least),
            Law::Logarithmic => (value / least).log10() / (most / least).log10(),
        };
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// A handful of round values with their places.
    pub(crate) fn ticks(&self, label: impl Fn(f64) -> String) -> Vec<Tick> {
        let values = match self.law {
            Law::Linear => self.even_values(round_step(self.values.1 / 5.0)),
            Law::Time => self.even_values(clock_step(self.values.1 / 8.0)),
            Law::Logarithmic => self.powers(),
        };
        values
            .into_iter()
            .map(|value| Tick { at: self.place(value), label: label(value) })
            .collect()
    }

    fn even_values(&self, step: f64) -> Vec<f64> {
        let ticks = (0..=10).map(|index| f64::from(index) * step);
        ticks.filter(|value| *value <= self.values.1 * 1.000_001).collect()
    }

    fn powers(&self) -> Vec<f64> {
        let mut powers = vec![self.values.0];
        while let Some(last) = powers.last().filter(|last| **last < self.values.1 / 1.5) {
            powers.push(last * 10.0);
        }
        powers
    }
}

/// The next of 1, 2, 5, 10, 20, 50 and so on.
fn round_step(raw: f64) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= raw * 0.999_999);
    step.unwrap_or(10.0) * power
}

/// The next of the steps of a clock.
fn clock_step(raw: f64) -> f64 {
    let step = CLOCK_STEPS.into_iter().find(|step| *step >= raw && raw > CLOCK_STEPS[0] / 2.0);
    step.unwrap_or_else(|| round_step(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(scale: Scale) -> Vec<String> {
        let ticks = scale.ticks(|value| format!("{value}"));
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(values(Scale::linear(70.0, (0.0, 1.0))), ["0", "20", "40", "60"]);
        assert_eq!(values(Scale::linear(1.0, (0.0, 1.0))).len(), 6);
        assert_eq!(values(Scale::logarithmic((0.3, 40.0), (0.0, 1.0))), ["0.1", "1", "10", "100"]);
    }

    #[test]
    fn time_is_divided_as_a_clock_divides_it() {
        assert_eq!(values(Scale::time(1_200.0, (0.0, 1.0))), ["0", "300", "600", "900", "1200"]);
        assert_eq!(values(Scale::time(70.0, (0.0, 1.0)))[..3], ["0", "10", "20"]);
        assert_eq!(values(Scale::time(1.4, (0.0, 1.0)))[..3], ["0", "0.2", "0.4"]);
    }

    #[test]
    fn the_ends_are_at_the_ends_whichever_way_round() {
        let down = Scale::linear(10.0, (100.0, 0.0));
        assert_eq!([down.place(0.0), down.place(5.0), down.place(10.0)], [100.0, 50.0, 0.0]);
        let log = Scale::logarithmic((1.0, 100.0), (0.0, 100.0));
        assert!((log.place(10.0) - 50.0).abs() < 1e-9);
        assert_eq!([log.place(0.0), log.place(1e9)], [0.0, 100.0]);
    }

    #[test]
    fn nothing_to_show_still_has_a_scale() {
        assert!(Scale::linear(0.0, (0.0, 9.0)).place(0.0).is_finite());
        assert!(Scale::logarithmic((0.0, 0.0), (0.0, 9.0)).place(0.0).is_finite());
    }
}
