//! Passcodes of a device or a work profile.

use alloc::string::String;

use muster_protocol::PasscodeRule;
use muster_protocol::secret::Passcode;
use muster_protocol::seed::Stream;
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::command_error::{CommandErrorCode, Refusal};
use crate::note::Note;
use crate::secrecy::same;
use crate::spec::Quirk;

/// Fewest digits of a temporary passcode: Android 14 refuses shorter numeric ones.
///
/// Source: RESET_PASSWORD, Android Management API.
const DIGITS_MIN: u8 = 6;

/// Most digits of a temporary passcode: the longest a policy may ask for.
const DIGITS_MAX: u8 = 16;

/// Digits of an agent that does not look at the policy.
const DIGITS_OF_A_CARELESS_AGENT: u8 = 4;

/// A passcode that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Secret {
    /// The user knows it.
    Known,
    /// Nobody knows it any more.
    Forgotten,
    /// Set by a reset: the user has to enter it before anything else.
    Temporary(Passcode),
}

impl Secret {
    /// Whether the user still has to enter a temporary passcode.
    pub(super) const fn is_due(&self) -> bool {
        match self {
            Self::Temporary(_) => true,
            Self::Known | Self::Forgotten => false,
        }
    }

    /// What keeps the user from opening the lock, if anything.
    pub(super) const fn obstacle(&self) -> Option<Note> {
        match self {
            Self::Known => None,
            Self::Forgotten => Some(Note::PasscodeForgotten),
            Self::Temporary(_) => Some(Note::TemporaryPasscodeNeeded),
        }
    }

    /// Whether `entry` is the temporary passcode that is due.
    pub(super) fn is_met_by(&self, entry: &Passcode) -> bool {
        match self {
            Self::Temporary(own) => same(own.expose().as_bytes(), entry.expose().as_bytes()),
            Self::Known | Self::Forgotten => false,
        }
    }
}

/// How many digits an agent gives a temporary passcode under `rule`.
pub(super) fn digits_under(rule: Option<PasscodeRule>, quirk: Option<Quirk>) -> u8 {
    if quirk == Some(Quirk::FourDigitPasscodes) {
        return DIGITS_OF_A_CARELESS_AGENT;
    }
    rule.map_or(DIGITS_MIN, |rule| rule.length_min.clamp(DIGITS_MIN, DIGITS_MAX))
}

/// Whether Android takes a numeric passcode of this many digits.
///
/// # Errors
/// A [`Refusal`] if it is shorter than policy asks, or than Android 14 takes at all.
///
/// Source: `DevicePolicyManager.resetPasswordWithToken`; RESET_PASSWORD, Android Management API.
pub(super) fn check(digits: u8, rule: Option<PasscodeRule>, api: ApiLevel) -> Result<(), Refusal> {
    let is_short = api >= ApiLevel::UPSIDE_DOWN_CAKE && digits < DIGITS_MIN;
    if is_short || rule.is_some_and(|rule| digits < rule.length_min) {
        return Err(TOO_WEAK);
    }
    Ok(())
}

const TOO_WEAK: Refusal = Refusal::new(
    CommandErrorCode::InvalidValue,
    "the temporary passcode does not meet the passcode policy",
);

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
        let digits = |length_min| digits_under(Some(PasscodeRule { length_min }), None);
        assert_eq!(digits_under(None, None), 6);
        assert_eq!([digits(4), digits(8), digits(16), digits(17)], [6, 8, 16, 16]);
    }

    #[test]
    fn a_passcode_shorter_than_policy_or_android_14_asks_is_refused() {
        let rule = |length_min| Some(PasscodeRule { length_min });
        let [old, new] = [ApiLevel::new(33), ApiLevel::new(34)];
        assert_eq!([check(4, None, old), check(4, rule(4), old)], [Ok(()), Ok(())]);
        assert_eq!([check(6, None, new), check(16, rule(16), new)], [Ok(()), Ok(())]);
        for (digits, rule, api) in [(4, None, new), (4, rule(6), old), (16, rule(17), new)] {
            assert_eq!(check(digits, rule, api), Err(TOO_WEAK));
        }
    }

    #[test]
    fn a_temporary_passcode_is_digits_only() {
        let passcode = temporary(16, &mut Seed::root(1).stream());
        assert_eq!(passcode.expose().len(), 16);
        assert!(passcode.expose().bytes().all(|byte| byte.is_ascii_digit()));
    }
}
