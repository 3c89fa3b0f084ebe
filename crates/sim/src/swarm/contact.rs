//! Who is woken by pushes, and what goes wrong with these.
//!
//! Drawn from streams of their own: a world in which every device keeps its connection is what it
//! would be without this page.

use alloc::vec::Vec;
use core::time::Duration;

use muster_control::PUSH_GAP_MAX;
use muster_device::Contact;
use muster_protocol::seed::Stream;
use muster_protocol::{Seed, Timestamp};

use super::trouble::millis;
use super::{pick, seconds};
use crate::fault::{Fault, Injection};
use crate::plan::{Act, PlannedDevice, What};

/// Of so many devices a share is woken.
const SHARE_OF: u64 = 4;

/// Numbers of these faults of one device begin so far behind those of its others.
const NUMBERS_FROM: u32 = 50_000;

/// Most pushes of one device that meet with a fault in an hour.
const WAKES_PER_HOUR_MAX: u64 = 8;

/// What the calm has to last for a device that may be pushed as late as the longest gap.
const CALM_FOR_WOKEN: Duration = Duration::from_secs(PUSH_GAP_MAX.as_secs() + 15 * 60);

/// Everything that can go wrong with a push.
const WAKES: [fn(&mut Stream) -> Fault; 6] = [
    |_| Fault::WakeLost,
    |draws| Fault::WakeLate { delay: millis(draws, 200_000) },
    |draws| Fault::WakeCoalesced { lasts: seconds(draws, 1, 600) },
    |_| Fault::WakeExpired,
    |_| Fault::WakeDuplicated,
    |_| Fault::WakeReordered,
];

/// How many of [`SHARE_OF`] devices of this world are woken.
pub(super) fn share(root: Seed) -> u64 {
    pick(&mut root.child("contact", 0).stream(), &[0, 0, 1, 2, SHARE_OF])
}

/// The device, woken if it is one of the share.
pub(super) fn drawn(root: Seed, share: u64, device: PlannedDevice) -> PlannedDevice {
    let mut draws = root.child("woken", device.number.into()).stream();
    let contact = if draws.chance(share, SHARE_OF) { Contact::Woken } else { Contact::Connected };
    PlannedDevice { spec: muster_device::DeviceSpec { contact, ..device.spec }, ..device }
}

/// What goes wrong with the pushes of one device while things go wrong.
pub(super) fn spoil(
    root: Seed,
    device: &PlannedDevice,
    (first, stormy): (u32, Duration),
    acts: &mut Vec<Act>,
) {
    if device.spec.contact == Contact::Connected {
        return;
    }
    let mut draws = root.child("wakes", device.number.into()).stream();
    let most = WAKES_PER_HOUR_MAX * stormy.as_secs().div_ceil(3_600);
    let kinds = usize::try_from(draws.below(u64::try_from(WAKES.len()).unwrap_or(1) + 1));
    let kinds = &WAKES[..kinds.unwrap_or(0)];
    if kinds.is_empty() {
        return;
    }
    for number in (first + NUMBERS_FROM..).take(usize::try_from(draws.below(most)).unwrap_or(0)) {
        let at = Timestamp::ZERO.after(draws.duration_below(stormy));
        let fault = pick(&mut draws, kinds)(&mut draws);
        let injection = Injection::of_device(number, device.number, fault);
        acts.push(Act { at, what: What::Fault(injection) });
    }
}

/// How long the world has to keep its promises.
pub(super) fn calm(calm: Duration, devices: &[PlannedDevice]) -> Duration {
    let is_woken = |it: &PlannedDevice| it.spec.contact == Contact::Woken;
    if devices.iter().any(is_woken) { calm.max(CALM_FOR_WOKEN) } else { calm }
}
