//! Passcodes of a device or a work profile.

use alloc::string::String;

use muster_protocol::PasscodeRule;
use muster_protocol::secret::Passcode;
use muster_protocol::seed::Stream;
use serde::{Deserialize, Serialize};

use super::command_error::{CommandErrorCode, Refusal};
use crate::secrecy::same;

/// Fewest digits of a temporary passcode: Android 14 refuses shorter numeric ones.
///
/// Source: RESET_PASSWORD, Android Management API.
const DIGITS_MIN: u8 = 6;

/// Most digits of a temporary passcode: the longest a policy may ask for.
const DIGITS_MAX: u8 = 16;

/// A passcode that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Secret {
    /// The user knows it.
    Known,
    /// Set by a reset: the user has to enter it before anything else.
    Temporary(Passcode),
}

impl Secret {
    /// Whether the user still has to enter a temporary passcode.
    pub(super) const fn is_due(&self) -> bool {
        match self {
            Self::Temporary(_) => true,
            Self::Known => false,
        }
    }

    /// Whether `entry` is the temporary passcode that is due.
    pub(super) fn is_met_by(&self, entry: &Passcode) -> bool {
        match self {
            Self::Temporary(own) => same(own.expose().as_bytes(), entry.expose().as_bytes()),
            Self::Known => false,
        }
    }
}

/// How many digits a temporary passcode gets under `rule`.
///
/// # Errors
/// A [`Refusal`] if the rule asks for more than the agent can make: Android would not take a
/// shorter one.
pub(super) fn digits_under(rule: Option<PasscodeRule>) -> Result<u8, Refusal> {
    let wanted = rule.map_or(DIGITS_MIN, |rule| rule.length_min.max(DIGITS_MIN));
    if wanted <= DIGITS_MAX {
        Ok(wanted)
    } else {
        Err(Refusal::new(
            CommandErrorCode::InvalidValue,
            "the temporary passcode does not meet the passcode policy",
        ))
    }
}

/// A temporary passcode of this many digits.
pub(super) fn temporary(digits: u8, chance: &mut Stream) -> Passcode {
    let digit = |_| char::from_digit(u32::try_from(chance.below(10)).unwrap_or(0), 10);
    Passcode::new((0..digits).filter_map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Seed;

    #[test]
    fn a_temporary_passcode_has_at_least_six_digits_and_as_many_as_policy_asks() {
        let digits = |length_min| digits_under(Some(PasscodeRule { length_min }));
        assert_eq!(digits_under(None), Ok(6));
        assert_eq!([digits(4), digits(8), digits(16)], [Ok(6), Ok(8), Ok(16)]);
        assert!(digits(17).is_err());
    }

    #[test]
    fn a_temporary_passcode_is_digits_only() {
        let passcode = temporary(16, &mut Seed::root(1).stream());
        assert_eq!(passcode.expose().len(), 16);
        assert!(passcode.expose().bytes().all(|byte| byte.is_ascii_digit()));
    }
}
