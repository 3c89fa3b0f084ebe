//! One of several things, some more common than others.

use alloc::vec;
use alloc::vec::Vec;

use muster_protocol::seed::Stream;

/// Things with how common each is. Never empty, and one weight at least is above zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighted<T> {
    choices: Vec<(T, u32)>,
}

impl<T> Weighted<T> {
    /// Always the same.
    #[must_use]
    pub fn only(choice: T) -> Self {
        Self { choices: vec![(choice, 1)] }
    }

    /// Several; `None` if no weight is above zero.
    #[must_use]
    pub fn new(choices: Vec<(T, u32)>) -> Option<Self> {
        choices.iter().any(|(_, weight)| *weight > 0).then_some(Self { choices })
    }

    /// Everything there is to choose from, with its weight.
    #[must_use]
    pub fn choices(&self) -> &[(T, u32)] {
        &self.choices
    }

    /// The same weights for something else.
    pub(crate) fn map<U>(&self, change: impl Fn(&T) -> U) -> Weighted<U> {
        let choices = self.choices.iter().map(|(choice, weight)| (change(choice), *weight));
        Weighted { choices: choices.collect() }
    }

    /// Draws one of them. One draw, however many there are.
    pub(crate) fn draw(&self, draws: &mut Stream) -> &T {
        let sum = self.choices.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = draws.below(sum);
        for (choice, weight) in &self.choices {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return choice,
            }
        }
        unreachable!("a draw below the sum of the weights falls into one of them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Seed;

    #[test]
    fn draws_follow_the_weights() {
        let weighted = Weighted::new(vec![("rare", 1), ("never", 0), ("common", 9)]).unwrap();
        let mut draws = Seed::root(1).stream();
        let drawn: Vec<&str> = (0..1_000).map(|_| *weighted.draw(&mut draws)).collect();
        let rare = drawn.iter().filter(|choice| **choice == "rare").count();
        assert!((60..140).contains(&rare), "{rare}");
        assert!(!drawn.contains(&"never"));
    }

    #[test]
    fn without_any_weight_there_is_nothing_to_draw() {
        assert_eq!(Weighted::new(vec![("never", 0)]), None);
        assert_eq!(Weighted::<u8>::new(vec![]), None);
    }
}
