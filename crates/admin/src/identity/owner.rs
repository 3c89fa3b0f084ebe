//! Whose a device is.

use muster_control::{DeviceRecord, PrimaryUser};
use muster_protocol::Mode;
use uuid::Uuid;

use crate::identity::tenant::{Devices, Tenant, User};

/// Whether a mode ties a device to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affinity {
    User,
    None,
}

impl Tenant {
    /// The primary user of a device; `None` in modes without one.
    ///
    /// Unless an administrator has said whose it is, it follows from the serial number alone, so
    /// it is the same in every run and after every enrolment.
    pub(crate) fn owner_of(&self, record: &DeviceRecord) -> Option<&User> {
        match affinity(record.facts.mode) {
            Affinity::None => None,
            Affinity::User => match record.user.as_deref() {
                Some(PrimaryUser(id)) => self.user(Uuid::from_bytes(*id)),
                None => self.owner_of_serial(record.facts.serial.as_str()),
            },
        }
    }

    /// Whether a device can be somebody's.
    pub(crate) const fn has_owner(record: &DeviceRecord) -> bool {
        matches!(affinity(record.facts.mode), Affinity::User)
    }

    fn owner_of_serial(&self, serial: &str) -> Option<&User> {
        let owns = |user: &&User| user.devices == Devices::Owned;
        let owners = self.users.iter().filter(owns).count() as u64;
        let place = fnv1a(serial.as_bytes()).checked_rem(owners)?;
        self.users.iter().filter(owns).nth(usize::try_from(place).unwrap_or_default())
    }
}

/// Source: sources/disable-activation-lock.md (a supervised device has a user who may leave);
/// sources/reset-passcode.md (user-associated and userless AOSP devices).
const fn affinity(mode: Mode) -> Affinity {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AospUserAssociated => Affinity::User,
        Mode::AppleSharedIpad | Mode::AndroidDedicated | Mode::AospUserless => Affinity::None,
    }
}

/// A hash that stays the same for ever, spread enough for names.
///
/// Source: the FNV hash by Fowler, Noll and Vo, variant 1a of 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_hash_is_the_one_everybody_knows() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn devices_are_spread_over_all_people_and_never_over_administrators() {
        let tenant = Tenant::seeded();
        let mut devices: BTreeMap<&str, u32> = BTreeMap::new();
        for number in 0..1200 {
            let owner = tenant.owner_of_serial(&format!("F2L{number:07}")).unwrap();
            assert_eq!(owner.devices, Devices::Owned);
            *devices.entry(&owner.upn).or_default() += 1;
        }
        assert_eq!(devices.len(), 12);
        assert!(devices.values().all(|count| (50..200).contains(count)), "{devices:?}");
    }

    #[test]
    fn shared_and_userless_modes_have_no_primary_user() {
        let without = Mode::ALL.into_iter().filter(|mode| affinity(*mode) == Affinity::None);
        let expected = [Mode::AndroidDedicated, Mode::AospUserless, Mode::AppleSharedIpad];
        assert_eq!(without.collect::<Vec<_>>(), expected);
    }
}
