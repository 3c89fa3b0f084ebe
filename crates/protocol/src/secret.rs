//! Values that must not reach a log: their `Debug` says only that they are there.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

/// Declares a secret around a text or around bytes.
macro_rules! secret {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name($inner);

        impl $name {
            /// Wraps the value.
            #[must_use]
            pub const fn new(value: $inner) -> Self {
                Self(value)
            }

            /// Hands out the value; the caller must not log it.
            #[must_use]
            pub const fn expose(&self) -> &$inner {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

secret! {
    /// Opens the keybag of one iOS device, once escrowed at enrolment.
    ///
    /// Source: TokenUpdate, Apple MDM protocol reference.
    UnlockToken(Vec<u8>);
    /// Removes an Activation Lock: `XXXXX-XXXXX-XXXX-XXXX-XXXX-XXXX`.
    BypassCode(String);
    /// A configuration profile; it may hold passwords of networks and accounts.
    ProfilePayload(Vec<u8>);
    /// What a user types to unlock a device or a work profile.
    Passcode(String);
    /// Lets a device enrol.
    EnrolmentToken(String);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    #[test]
    fn a_secret_does_not_print_its_value() {
        let passcode = Passcode::new("271828".to_string());
        assert_eq!(format!("{passcode:?}"), "Passcode(..)");
    }
}
