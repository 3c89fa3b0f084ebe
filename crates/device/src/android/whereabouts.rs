//! Where a device is, and whether it tells.

use core::time::Duration;

use muster_protocol::seed::Stream;
use muster_protocol::{Location, Mode, Timestamp};
use serde::{Deserialize, Serialize};

use super::command_error::{CommandErrorCode, Refusal};
use crate::place::somewhere;
use crate::spec::LocationAccess;

/// How often the agent of a dedicated device notes where it is.
///
/// Source: Intune, remote actions, locate device.
const COLLECTED_EVERY: Duration = Duration::from_hours(8);

/// How long what it noted is told.
///
/// Source: Intune, remote actions, locate device.
const KNOWN_FOR: Duration = Duration::from_hours(7 * 24);

/// Location as its user has set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whereabouts {
    service: Service,
    consent: Consent,
    place: Option<Location>,
}

/// The switch in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Service {
    On {
        since: Timestamp,
        /// When the device was located last before that.
        known_at: Option<Timestamp>,
    },
    Off {
        /// When the device was located last.
        known_at: Option<Timestamp>,
    },
}

/// Whether the user agrees to be located.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Consent {
    Given,
    Missing,
}

impl Default for Whereabouts {
    fn default() -> Self {
        Self::new(LocationAccess::Granted, Timestamp::ZERO)
    }
}

impl Whereabouts {
    /// As the user set it when the management began.
    pub(super) const fn new(access: LocationAccess, now: Timestamp) -> Self {
        let (service, consent) = match access {
            LocationAccess::Granted | LocationAccess::RuledOut => {
                (Service::On { since: now, known_at: None }, Consent::Given)
            }
            LocationAccess::SwitchedOff => (Service::Off { known_at: None }, Consent::Given),
            LocationAccess::NotConsented => {
                (Service::On { since: now, known_at: None }, Consent::Missing)
            }
        };
        Self { service, consent, place: None }
    }

    pub(super) const fn turn_on(&mut self, now: Timestamp) {
        match self.service {
            Service::Off { known_at } => self.service = Service::On { since: now, known_at },
            Service::On { .. } => {}
        }
    }

    pub(super) fn turn_off(&mut self, now: Timestamp) {
        match self.service {
            Service::On { since, known_at } => {
                let known_at = last_collected(since, now).or(known_at);
                self.service = Service::Off { known_at };
            }
            Service::Off { .. } => {}
        }
    }

    pub(super) const fn consent(&mut self) {
        self.consent = Consent::Given;
    }

    /// Whether a device of this mode tells where it is.
    ///
    /// # Errors
    /// A [`Refusal`] if its mode or policy rules it out, its user does not agree, or it does not
    /// know.
    ///
    /// Source: Intune, remote actions, locate device.
    pub(super) fn may_tell(
        &self,
        mode: Mode,
        access: LocationAccess,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !is_company_owned(mode) {
            return Err(NEVER_LOCATED);
        }
        if access == LocationAccess::RuledOut {
            return Err(RULED_OUT);
        }
        if mode == Mode::AndroidCorporateOwnedWorkProfile && self.consent == Consent::Missing {
            return Err(NO_CONSENT);
        }
        match self.service {
            Service::On { .. } => Ok(()),
            Service::Off { known_at: Some(at) }
                if mode == Mode::AndroidDedicated && now.since(at) <= KNOWN_FOR =>
            {
                Ok(())
            }
            Service::Off { .. } => Err(SWITCHED_OFF),
        }
    }

    /// Where it is: some place, and then always that.
    pub(super) fn place(&mut self, chance: &mut Stream) -> Location {
        *self.place.get_or_insert_with(|| somewhere(chance))
    }
}

/// When the agent noted the place last; nothing before its first round.
fn last_collected(since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let every = COLLECTED_EVERY.as_micros();
    let rounds = now.since(since).as_micros() / every;
    let micros = u64::try_from(rounds * every).ok()?;
    (micros > 0).then(|| since.after(Duration::from_micros(micros)))
}

/// Whether the organisation owns a device and manages it under Android Enterprise.
///
/// Source: Intune, remote actions, locate device and play lost device sound, platforms.
pub(super) const fn is_company_owned(mode: Mode) -> bool {
    match mode {
        Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AndroidCorporateOwnedWorkProfile => true,
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AospUserAssociated
        | Mode::AospUserless
        | Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => false,
    }
}

const NEVER_LOCATED: Refusal =
    Refusal::new(CommandErrorCode::ManagementMode, "only company-owned devices are located");
const RULED_OUT: Refusal =
    Refusal::new(CommandErrorCode::Unsupported, "policy does not allow to locate this device");
const NO_CONSENT: Refusal =
    Refusal::new(CommandErrorCode::Unsupported, "the user has not agreed to be located");
const SWITCHED_OFF: Refusal =
    Refusal::new(CommandErrorCode::Unknown, "location is switched off and no place is known");

#[cfg(test)]
mod tests {
    use super::*;
    use LocationAccess::Granted;

    fn hours(hours: u64) -> Timestamp {
        Timestamp::ZERO.after(Duration::from_hours(hours))
    }

    fn told(at: u64, whereabouts: &Whereabouts) -> Result<(), Refusal> {
        whereabouts.may_tell(Mode::AndroidDedicated, Granted, hours(at))
    }

    #[test]
    fn a_dedicated_device_knows_for_seven_days_where_its_last_round_found_it() {
        let mut whereabouts = Whereabouts::new(Granted, hours(1));
        whereabouts.turn_off(hours(20));
        assert_eq!(whereabouts.service, Service::Off { known_at: Some(hours(17)) });
        assert_eq!(told(17 + 7 * 24, &whereabouts), Ok(()));
        assert_eq!(told(17 + 7 * 24 + 1, &whereabouts), Err(SWITCHED_OFF));
    }

    #[test]
    fn before_its_first_round_a_device_switched_off_knows_nothing() {
        let mut whereabouts = Whereabouts::new(Granted, hours(1));
        whereabouts.turn_off(hours(8));
        assert_eq!(told(8, &whereabouts), Err(SWITCHED_OFF));
    }

    #[test]
    fn a_short_while_with_location_on_keeps_what_was_known_before() {
        let mut whereabouts = Whereabouts::new(Granted, hours(0));
        whereabouts.turn_off(hours(9));
        whereabouts.turn_on(hours(10));
        whereabouts.turn_off(hours(11));
        assert_eq!(whereabouts.service, Service::Off { known_at: Some(hours(8)) });
    }

    #[test]
    fn only_a_dedicated_device_tells_an_old_place() {
        let mut whereabouts = Whereabouts::new(Granted, hours(0));
        whereabouts.turn_off(hours(9));
        for mode in Mode::ALL {
            let told = whereabouts.may_tell(mode, Granted, hours(9));
            assert_eq!(told.is_ok(), mode == Mode::AndroidDedicated, "{mode}");
        }
    }
}
