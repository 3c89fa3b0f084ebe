//! Secrets a device handed over for safekeeping.

use alloc::boxed::Box;
use core::time::Duration;

use muster_protocol::Timestamp;
use muster_protocol::secret::{BypassCode, UnlockToken};
use serde::{Deserialize, Serialize};

/// How long a bypass code is of use after it was handed over; cleared then.
///
/// Source: the product's troubleshooting page for remote actions, "Bypass Activation Lock": fifteen
/// days. sources/disable-activation-lock.md names no time.
pub const BYPASS_CODE_KEPT_FOR: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// Secrets the device handed over for safekeeping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escrow {
    /// Opens the keybag; given once at enrolment, kept until the enrolment ends.
    pub unlock_token: Option<UnlockToken>,
    /// Removes the Activation Lock; dropped by a wipe and after [`BYPASS_CODE_KEPT_FOR`].
    pub bypass_code: Option<BypassCode>,
    /// When `bypass_code` was handed over; records of before it was kept count from their
    /// enrolment.
    #[serde(default)]
    pub bypass_issued_at: Option<Timestamp>,
    /// The code before that one: a device that made a new code may still be locked to this one.
    #[serde(default)]
    pub earlier_bypass_code: Option<Box<EarlierCode>>,
}

/// A bypass code another one has taken the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierCode {
    /// The code.
    pub code: BypassCode,
    /// When it was handed over.
    pub issued_at: Timestamp,
}

impl Escrow {
    /// Keeps a code; the one it takes the place of becomes the earlier one.
    pub(crate) fn keep_bypass_code(&mut self, now: Timestamp, code: BypassCode) {
        if self.bypass_code.as_ref() == Some(&code) {
            return;
        }
        if let Some(before) = self.bypass_code.replace(code) {
            let issued_at = self.bypass_issued_at.unwrap_or(now);
            self.earlier_bypass_code = Some(Box::new(EarlierCode { code: before, issued_at }));
        }
        self.bypass_issued_at = Some(now);
    }

    pub(crate) fn drop_bypass_codes(&mut self) {
        self.bypass_code = None;
        self.bypass_issued_at = None;
        self.earlier_bypass_code = None;
    }

    /// Drops the codes whose time is over, and says whether there were any.
    pub(crate) fn expire(&mut self, now: Timestamp, enrolled_at: Timestamp) -> Expired {
        let mut expired = Expired::Nothing;
        if self.current_until(enrolled_at).is_some_and(|end| now >= end) {
            self.bypass_code = None;
            self.bypass_issued_at = None;
            expired = Expired::Something;
        }
        if self.earlier_until().is_some_and(|end| now >= end) {
            self.earlier_bypass_code = None;
            expired = Expired::Something;
        }
        expired
    }

    /// When [`Self::expire`] has something to do.
    pub(crate) fn next_deadline(&self, enrolled_at: Timestamp) -> Option<Timestamp> {
        self.current_until(enrolled_at).into_iter().chain(self.earlier_until()).min()
    }

    fn current_until(&self, enrolled_at: Timestamp) -> Option<Timestamp> {
        let issued_at = self.bypass_issued_at.unwrap_or(enrolled_at);
        self.bypass_code.as_ref().map(|_code| issued_at.after(BYPASS_CODE_KEPT_FOR))
    }

    fn earlier_until(&self) -> Option<Timestamp> {
        let earlier = self.earlier_bypass_code.as_ref();
        earlier.map(|earlier| earlier.issued_at.after(BYPASS_CODE_KEPT_FOR))
    }
}

/// Whether time took something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    Nothing,
    Something,
}
