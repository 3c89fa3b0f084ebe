//! What was done to datagrams.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkCount {
    /// A datagram that came to a faulty link.
    Seen,
    /// Lost by chance.
    Lost,
    /// Swallowed by a black hole.
    Swallowed,
    /// Let through later than it came.
    Delayed,
    /// Let through twice.
    Duplicated,
    /// Let through with one bit changed.
    Corrupted,
    /// Lost because too many waited already.
    Overflowed,
    /// Lost because the path does not carry one so large.
    TooLarge,
    /// Dropped by a network that lets no UDP pass.
    Blocked,
    /// Dropped by a router that has forgotten whom it is for.
    Unmapped,
    /// A change of the local port, noticed by the device or not.
    Rebound,
}

/// Counters of all links of a fleet.
#[derive(Debug, Default)]
pub struct LinkCounters {
    seen: AtomicU64,
    lost: AtomicU64,
    swallowed: AtomicU64,
    delayed: AtomicU64,
    duplicated: AtomicU64,
    corrupted: AtomicU64,
    overflowed: AtomicU64,
    too_large: AtomicU64,
    blocked: AtomicU64,
    unmapped: AtomicU64,
    rebound: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkTotals {
    /// Datagrams that came to a faulty link, both directions.
    pub seen: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Swallowed by a black hole.
    pub swallowed: u64,
    /// Let through later than they came.
    pub delayed: u64,
    /// Let through twice.
    pub duplicated: u64,
    /// Let through with one bit changed.
    pub corrupted: u64,
    /// Lost because too many waited already.
    pub overflowed: u64,
    /// Lost because the path does not carry ones so large.
    pub too_large: u64,
    /// Dropped by a network that lets no UDP pass.
    pub blocked: u64,
    /// Dropped by a router that has forgotten whom they are for.
    pub unmapped: u64,
    /// Changes of a local port.
    pub rebound: u64,
}

impl LinkCounters {
    pub(super) fn count(&self, what: LinkCount) {
        let counter = match what {
            LinkCount::Seen => &self.seen,
            LinkCount::Lost => &self.lost,
            LinkCount::Swallowed => &self.swallowed,
            LinkCount::Delayed => &self.delayed,
            LinkCount::Duplicated => &self.duplicated,
            LinkCount::Corrupted => &self.corrupted,
            LinkCount::Overflowed => &self.overflowed,
            LinkCount::TooLarge => &self.too_large,
            LinkCount::Blocked => &self.blocked,
            LinkCount::Unmapped => &self.unmapped,
            LinkCount::Rebound => &self.rebound,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters now.
    #[must_use]
    pub fn totals(&self) -> LinkTotals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LinkTotals {
            seen: read(&self.seen),
            lost: read(&self.lost),
            swallowed: read(&self.swallowed),
            delayed: read(&self.delayed),
            duplicated: read(&self.duplicated),
            corrupted: read(&self.corrupted),
            overflowed: read(&self.overflowed),
            too_large: read(&self.too_large),
            blocked: read(&self.blocked),
            unmapped: read(&self.unmapped),
            rebound: read(&self.rebound),
        }
    }
}
