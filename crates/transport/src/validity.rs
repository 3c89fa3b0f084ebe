//! When a certificate holds.

use std::time::{Duration, SystemTime};

use rcgen::CertificateParams;

use crate::ca::CaError;

/// Allowed difference between the clocks of the two sides.
const CLOCK_SKEW: Duration = Duration::from_secs(60 * 60);

/// A year of 365 days.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Years the CA and the server certificate hold: a run's directory is used again much later.
const RUN_YEARS: u32 = 10;

/// Last second an X.509 date can name: 9999-12-31T23:59:59Z (RFC 5280, section 4.1.2.5).
const LAST_SECOND: u64 = 253_402_300_799;

/// The time a certificate holds, in whole seconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From when on.
    pub not_before: SystemTime,
    /// Until when.
    pub not_after: SystemTime,
}

impl Validity {
    /// What a device gets: from an hour ago, for slow clocks, to a year ahead.
    ///
    /// Source: REQ-CERT-007 (docs/protocol/certificates.md).
    #[must_use]
    pub fn device() -> Self {
        Self::device_from(SystemTime::now())
    }

    /// The same, issued at `now`.
    #[must_use]
    pub fn device_from(now: SystemTime) -> Self {
        Self::around(now, YEAR)
    }

    /// What the CA and the server get.
    pub(crate) fn run() -> Self {
        Self::run_from(SystemTime::now())
    }

    /// The same, issued at `now`.
    pub(crate) fn run_from(now: SystemTime) -> Self {
        Self::around(now, YEAR * RUN_YEARS)
    }

    fn around(now: SystemTime, ahead: Duration) -> Self {
        Self { not_before: now - CLOCK_SKEW, not_after: now + ahead }
    }

    /// Writes the two dates into `params`.
    pub(crate) fn write(self, params: &mut CertificateParams) -> Result<(), CaError> {
        let not_before = since_epoch(self.not_before)?;
        let not_after = since_epoch(self.not_after)?;
        if not_after < not_before {
            return Err(CaError::Validity);
        }
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + not_before;
        params.not_after = epoch + not_after;
        Ok(())
    }
}

fn since_epoch(at: SystemTime) -> Result<Duration, CaError> {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .filter(|since| since.as_secs() <= LAST_SECOND)
        .ok_or(CaError::Validity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_no_certificate_can_name_are_refused() {
        let epoch = SystemTime::UNIX_EPOCH;
        let second = Duration::from_secs(1);
        let cases = [
            (epoch - second, epoch),
            (epoch + second, epoch),
            (epoch, epoch + Duration::from_secs(LAST_SECOND + 1)),
        ];
        for (not_before, not_after) in cases {
            let validity = Validity { not_before, not_after };
            let written = validity.write(&mut CertificateParams::default());
            assert!(matches!(written, Err(CaError::Validity)), "{validity:?}");
        }
    }
}
