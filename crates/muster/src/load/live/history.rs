//! The last values of a number, to be drawn in a line of text.

use std::collections::VecDeque;

/// How many values are kept: two minutes of seconds, more than a terminal is wide.
const VALUES_MAX: usize = 120;

/// From nothing to the largest.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last values of a number, one a second.
#[derive(Clone, Debug, Default)]
pub(super) struct History(VecDeque<f64>);

impl History {
    /// Adds the value of this second.
    pub(super) fn add(&mut self, value: f64) {
        self.0.push_back(value);
        if self.0.len() > VALUES_MAX {
            self.0.pop_front();
        }
    }

    /// The newest value.
    pub(super) fn last(&self) -> f64 {
        self.0.back().copied().unwrap_or(0.0)
    }

    /// The largest value that is kept.
    pub(super) fn peak(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// The last values, one a letter, the largest as high as a letter can be.
    pub(super) fn drawn(&self, width: usize) -> String {
        let skipped = self.0.len().saturating_sub(width);
        let peak = self.0.iter().skip(skipped).copied().fold(0.0, f64::max);
        self.0.iter().skip(skipped).map(|value| level(value / peak)).collect()
    }
}

/// The letter of a share of the largest.
fn level(share: f64) -> char {
    let steps = (1_u8..8).filter(|step| share * 8.0 > f64::from(*step)).count();
    LEVELS.get(steps).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_what_is_drawn_is_as_high_as_a_letter() {
        let mut history = History::default();
        for value in [100.0, 0.0, 1.0, 2.0, 3.0, 4.0, 8.0] {
            history.add(value);
        }
        assert_eq!(history.drawn(6), "▁▁▂▃▄█");
        assert_eq!(history.peak(), 100.0);
    }

    #[test]
    fn nothing_but_zeros_is_drawn_flat() {
        let mut history = History::default();
        history.add(0.0);
        history.add(0.0);
        assert_eq!(history.drawn(9), "▁▁");
        assert_eq!(History::default().drawn(9), "");
    }
}
