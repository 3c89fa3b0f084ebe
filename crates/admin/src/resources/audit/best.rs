//! The first entries in an order other than that of time, kept in little room.

use core::cmp::Ordering;

use serde_json::Value;

use crate::odata::datum::Row as _;
use crate::odata::query::SortKey;
use crate::odata::rows::JsonRow;
use crate::odata::token::{Key, Position};

/// Keeps the first so many entries behind a position.
pub(super) struct Best<'q> {
    order: &'q [SortKey],
    /// Entries up to here are on earlier pages.
    behind: Option<&'q Position>,
    limit: usize,
    /// Up to twice as many as wanted, so that they are sorted out now and then only.
    kept: Vec<Position>,
}

impl<'q> Best<'q> {
    /// Keeps `limit` entries behind a position.
    pub(super) const fn new(
        order: &'q [SortKey],
        behind: Option<&'q Position>,
        limit: usize,
    ) -> Self {
        Self { order, behind, limit, kept: Vec::new() }
    }

    pub(super) fn offer(&mut self, row: JsonRow<'_>) {
        let id = row.value.get("id").and_then(Value::as_str).unwrap_or_default();
        let keys = self.order.iter().map(|key| Key::of(row.value(key.property))).collect();
        let offered = Position { keys, ..Position::new(id.to_owned()) };
        if self.behind.is_some_and(|behind| compare(self.order, &offered, behind).is_le()) {
            return;
        }
        self.kept.push(offered);
        if self.kept.len() >= self.limit.saturating_mul(2) {
            self.sort_out();
        }
    }

    /// The entries kept, in order.
    pub(super) fn finish(mut self) -> Vec<Position> {
        self.sort_out();
        self.kept
    }

    fn sort_out(&mut self) {
        let order = self.order;
        self.kept.sort_unstable_by(|left, right| compare(order, left, right));
        self.kept.truncate(self.limit);
    }
}

fn compare(order: &[SortKey], left: &Position, right: &Position) -> Ordering {
    for ((key, left), right) in order.iter().zip(&left.keys).zip(&right.keys) {
        let order = key.directed(left.datum().order(&right.datum()));
        if order.is_ne() {
            return order;
        }
    }
    left.id.cmp(&right.id)
}
