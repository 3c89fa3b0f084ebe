//! The known word that somebody probably meant.

use alloc::vec::Vec;

/// How many letters of three may be wrong for a word to count as a slip of the hand.
const WRONG_OF_THREE: usize = 1;

/// The known word nearest to `word`, if it is near at all.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let with_distance = known.iter().map(|known| (distance(word, known), *known));
    let (distance, near) = with_distance.min_by_key(|(distance, _)| *distance)?;
    let letters = word.chars().count().max(near.chars().count());
    (distance * 3 <= letters * WRONG_OF_THREE + 2).then_some(near)
}

/// How many letters have to be put in, taken out, exchanged or swapped with their neighbour to come
/// from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = [Vec::new(), Vec::new(), (0..=other.len()).collect::<Vec<usize>>()];
    for (row, letter) in one.iter().enumerate() {
        rows.rotate_left(1);
        let [two_above, above, next] = &mut rows;
        next.clear();
        next.push(row + 1);
        for (column, meant) in other.iter().enumerate() {
            let exchanged = above[column] + usize::from(letter != meant);
            let mut least = exchanged.min(above[column + 1] + 1).min(next[column] + 1);
            if let Some((up, left)) = row.checked_sub(1).zip(column.checked_sub(1))
                && (one[up], *letter) == (*meant, other[left])
            {
                least = least.min(two_above[left] + 1);
            }
            next.push(least);
        }
    }
    rows[2][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_recognised() {
        let known = ["rate", "ramp", "steps", "commands", "at", "name"];
        assert_eq!(nearest("raet", &known), Some("rate"));
        assert_eq!(nearest("comands", &known), Some("commands"));
        assert_eq!(nearest("step", &known), Some("steps"));
        assert_eq!(nearest("pirate-ship", &known), None);
        assert_eq!(nearest("anything", &[]), None);
    }

    #[test]
    fn a_distance_is_the_number_of_single_changes() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("raet", "rate"), 1);
        assert_eq!(distance("same", "same"), 0);
    }
}
