//! Lines and areas as the path data of SVG.

use std::fmt::Write as _;

/// A line through points; it is interrupted where there is none. A point between two gaps is a
/// line of no length, which round ends make a dot.
pub(crate) fn line(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> String {
    let mut path = String::new();
    let mut is_down = false;
    for point in points {
        let _written = match point {
            Some((x, y)) if is_down => write!(path, "L{x:.1},{y:.1}"),
            Some((x, y)) => write!(path, "M{x:.1},{y:.1}h0"),
            None => Ok(()),
        };
        is_down = point.is_some();
    }
    path
}

/// The area between a line without interruption and a floor.
pub(crate) fn area(points: &[(f64, f64)], floor: f64) -> String {
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else {
        return String::new();
    };
    let above = line(points.iter().copied().map(Some));
    format!("{above}L{last:.1},{floor:.1}L{first:.1},{floor:.1}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_lifts_the_pen() {
        let points = [Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))];
        assert_eq!(line(points), "M0.0,1.0h0L1.0,2.0M3.0,4.0h0");
    }

    #[test]
    fn an_area_stands_on_its_floor() {
        assert_eq!(area(&[(0.0, 1.0), (2.0, 3.0)], 9.0), "M0.0,1.0h0L2.0,3.0L2.0,9.0L0.0,9.0Z");
        assert_eq!(area(&[], 9.0), "");
    }
}
