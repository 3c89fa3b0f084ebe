//! Faults planted on purpose, to show that the checks find them.
//!
//! Each is one that public servers or agents have had, or one a requirement of the protocol is
//! there to rule out. They exist only in builds with the feature `planted`; otherwise [`is`] is
//! constantly false and the code behind it is gone.

mod plants;

pub use plants::Plant;

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The server's.
    Server,
    /// The device's.
    Device,
}

/// Where a planted fault bites, and so what is sure to find it. The suite of conformance finds
/// those of every tier that show in what is said over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// In the cores, and in what stands for the shells around them in the world of `muster-sim`.
    Cores,
    /// In the server around its core: a run over QUIC has that.
    Server,
    /// In what only a peer can tell that looks closely or misbehaves, as the suite of conformance
    /// does.
    Wire,
}

#[cfg(feature = "planted")]
mod switch {
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::Plant;

    /// Nought for none, otherwise the place in [`Plant::ALL`] counted from one. One for the whole
    /// process: the code that asks stands in many places and none of them should have to carry it.
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants a fault for this whole process, or takes out the one that is there.
    pub fn plant(fault: Option<Plant>) {
        let place = fault.and_then(|fault| Plant::ALL.iter().position(|it| *it == fault));
        let number = place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0);
        PLANTED.store(number, Ordering::Relaxed);
    }

    /// Whether this fault is planted.
    #[must_use]
    pub fn is(fault: Plant) -> bool {
        let number = usize::from(PLANTED.load(Ordering::Relaxed));
        number.checked_sub(1).is_some_and(|place| Plant::ALL[place] == fault)
    }
}

#[cfg(feature = "planted")]
pub use switch::{is, plant};

/// Whether this fault is planted: never in this build.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn is(_fault: Plant) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_fault_has_a_name_of_its_own_and_a_sentence() {
        let names: BTreeSet<&str> = Plant::ALL.into_iter().map(Plant::name).collect();
        assert_eq!(names.len(), Plant::ALL.len());
        assert!(Plant::ALL.into_iter().all(|fault| fault.words().ends_with('.')));
    }
}
