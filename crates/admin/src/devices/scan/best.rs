//! The first devices in an order, kept in little room.

use core::cmp::Ordering;

use muster_protocol::DeviceId;

use crate::devices::managed_device::Device;
use crate::odata::datum::Row as _;
use crate::odata::query::SortKey;
use crate::odata::token::{Key, Position};

/// Keeps the first so many devices behind a position.
pub(super) struct Best<'q> {
    order: &'q [SortKey],
    /// Devices up to here are on earlier pages.
    behind: Option<Candidate>,
    limit: usize,
    /// Up to twice as many as wanted, so that they are sorted out now and then only.
    kept: Vec<Candidate>,
    /// Nothing behind it is wanted any more.
    bar: Option<Candidate>,
}

/// A device that may be shown.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) id: DeviceId,
    keys: Vec<Key>,
}

impl Candidate {
    fn of(device: &Device<'_>, order: &[SortKey]) -> Self {
        let keys = order.iter().map(|key| Key::of(device.value(key.property))).collect();
        Self { id: device.record.id, keys }
    }

    fn at(position: &Position) -> Option<Self> {
        Some(Self { id: position.id.parse().ok()?, keys: position.keys.clone() })
    }

    /// Where a page ends that it is the last of.
    pub(super) fn position(&self) -> Position {
        Position { keys: self.keys.clone(), ..Position::new(self.id.to_string()) }
    }
}

impl<'q> Best<'q> {
    /// Keeps `limit` devices behind a position; `limit` is at least one.
    pub(super) fn new(order: &'q [SortKey], position: Option<&Position>, limit: usize) -> Self {
        let behind = position.and_then(Candidate::at);
        Self { order, behind, limit, kept: Vec::new(), bar: None }
    }

    pub(super) fn offer(&mut self, device: &Device<'_>) {
        let earlier = self.behind.as_ref().is_some_and(|at| self.against(device, at).is_le());
        let late = self.bar.as_ref().is_some_and(|bar| self.against(device, bar).is_ge());
        if earlier || late {
            return;
        }
        self.kept.push(Candidate::of(device, self.order));
        if self.kept.len() >= self.limit.saturating_mul(2) {
            self.sort_out();
        }
    }

    /// The devices kept, in order.
    pub(super) fn finish(mut self) -> Vec<Candidate> {
        let order = self.order;
        self.kept.sort_unstable_by(|left, right| compare(order, left, right));
        self.kept.truncate(self.limit);
        self.kept
    }

    fn sort_out(&mut self) {
        let order = self.order;
        let last = self.limit - 1;
        self.kept.select_nth_unstable_by(last, |left, right| compare(order, left, right));
        self.kept.truncate(self.limit);
        self.bar = self.kept.last().cloned();
    }

    /// The order of a device and a candidate; the device is not copied.
    fn against(&self, device: &Device<'_>, other: &Candidate) -> Ordering {
        let by_keys = self.order.iter().zip(&other.keys);
        for (key, at) in by_keys {
            let order = key.directed(device.value(key.property).order(&at.datum()));
            if order.is_ne() {
                return order;
            }
        }
        device.record.id.cmp(&other.id)
    }
}

fn compare(order: &[SortKey], left: &Candidate, right: &Candidate) -> Ordering {
    for ((key, left), right) in order.iter().zip(&left.keys).zip(&right.keys) {
        let order = key.directed(left.datum().order(&right.datum()));
        if order.is_ne() {
            return order;
        }
    }
    left.id.cmp(&right.id)
}
