//! Which devices somebody's roles are good for.

use std::collections::BTreeSet;

use muster_control::DeviceRecord;
use uuid::Uuid;

use crate::identity::tenant::Tenant;

/// Some devices, told by whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every device, those of nobody too.
    All,
    /// Those of these users.
    OwnedBy(BTreeSet<Uuid>),
}

/// No device.
impl Default for Reach {
    fn default() -> Self {
        Self::OwnedBy(BTreeSet::new())
    }
}

impl Reach {
    /// Whether a device is one of them.
    pub(crate) fn has(&self, record: &DeviceRecord, tenant: &Tenant) -> bool {
        match self {
            Self::All => true,
            Self::OwnedBy(users) => {
                tenant.owner_of(record).is_some_and(|owner| users.contains(&owner.id))
            }
        }
    }

    /// The devices of either.
    pub(crate) fn or(self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::OwnedBy(mut users), Self::OwnedBy(others)) => {
                users.extend(others);
                Self::OwnedBy(users)
            }
        }
    }

    /// Whether all devices of the other are among these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::OwnedBy(_), Self::All) => false,
            (Self::OwnedBy(users), Self::OwnedBy(others)) => others.is_subset(users),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some(numbers: &[u8]) -> Reach {
        Reach::OwnedBy(numbers.iter().map(|number| Uuid::from_u128((*number).into())).collect())
    }

    fn any_reach() -> impl Strategy<Value = Reach> {
        prop_oneof![
            Just(Reach::All),
            proptest::collection::vec(0_u8..6, 0..6).prop_map(|numbers| some(&numbers)),
        ]
    }

    #[test]
    fn nothing_is_reached_unless_somebody_says_so() {
        assert_eq!(Reach::default(), some(&[]));
        assert!(!Reach::default().covers(&some(&[1])) && !some(&[1]).covers(&Reach::All));
    }

    proptest! {
        #[test]
        fn two_together_reach_what_either_does_and_no_more(
            one in any_reach(), other in any_reach(), third in any_reach(),
        ) {
            let both = one.clone().or(&other);
            prop_assert!(both.covers(&one) && both.covers(&other));
            prop_assert_eq!(&both, &other.clone().or(&one));
            prop_assert_eq!(third.covers(&both), third.covers(&one) && third.covers(&other));
        }
    }
}
