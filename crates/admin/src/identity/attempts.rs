//! How often somebody may try to guess what opens a door.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::identity::form::Form;
use crate::identity::refusal::TokenRefusal;
use crate::identity::tenant::Tenant;

/// Attempts that may fail within [`WINDOW_SECONDS`]: enough for a suite of tests that tries every
/// way to fail, few for a guesser.
pub(super) const FAILED_MAX: u32 = 20;

/// How long failed attempts count, in seconds.
pub(super) const WINDOW_SECONDS: i64 = 10;

/// Attempts that failed of late, by the person or application they were about. Those that name
/// nobody of the tenant count together, so there are never more counters than people and programs.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<BTreeMap<Uuid, Failed>>);

#[derive(Debug)]
struct Failed {
    since: i64,
    count: u32,
}

impl Attempts {
    /// Makes an attempt about whomever a form names.
    ///
    /// # Errors
    /// [`TokenRefusal::TooManyAttempts`] after too many failed ones, whatever this one shows; that
    /// of the attempt otherwise.
    pub(super) fn attempt<T>(
        &self,
        whom: Uuid,
        now: jiff::Timestamp,
        attempt: impl FnOnce() -> Result<T, TokenRefusal>,
    ) -> Result<T, TokenRefusal> {
        let now = now.as_second();
        if self.failed().get(&whom).is_some_and(|failed| failed.bars(now)) {
            return Err(TokenRefusal::TooManyAttempts);
        }
        let made = attempt();
        if made.as_ref().is_err_and(TokenRefusal::is_wrong_guess) {
            self.note(whom, now);
        }
        made
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.failed().clear();
    }

    fn note(&self, whom: Uuid, now: i64) {
        let mut by_whom = self.failed();
        let failed = by_whom.entry(whom).or_insert(Failed { since: now, count: 0 });
        if !failed.is_recent(now) {
            *failed = Failed { since: now, count: 0 };
        }
        failed.count += 1;
    }

    fn failed(&self) -> MutexGuard<'_, BTreeMap<Uuid, Failed>> {
        // Each change is one assignment, so what a panic left behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failed {
    const fn is_recent(&self, now: i64) -> bool {
        now >= self.since && now < self.since + WINDOW_SECONDS
    }

    const fn bars(&self, now: i64) -> bool {
        self.count >= FAILED_MAX && self.is_recent(now)
    }
}

/// The person a form names, or else the application; nobody if the tenant has neither.
pub(super) fn whom(tenant: &Tenant, form: &Form) -> Uuid {
    let user = form.member("username").and_then(|name| tenant.user_named(name));
    let named = form.member("client_id").and_then(|id| id.parse().ok());
    let application = || named.and_then(|id| tenant.application(id)).map(|known| known.id);
    user.map(|user| user.id).or_else(application).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const BEN: Uuid = Uuid::from_u128(2);

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn after_too_many_wrong_guesses_the_right_one_has_to_wait() {
        let attempts = Attempts::default();
        for _time in 0..FAILED_MAX {
            let wrong = attempts.attempt(ADA, at(5), || Err::<(), _>(TokenRefusal::Password));
            assert_eq!(wrong, Err(TokenRefusal::Password));
        }
        assert_eq!(attempts.attempt(ADA, at(14), || Ok(())), Err(TokenRefusal::TooManyAttempts));
        assert_eq!(attempts.attempt(BEN, at(14), || Ok(())), Ok(()), "others do not");
        assert_eq!(attempts.attempt(ADA, at(15), || Ok(())), Ok(()));
        assert_eq!(attempts.attempt(ADA, at(4), || Ok(())), Ok(()), "a clock that is set back");
    }

    #[test]
    fn what_is_no_guess_does_not_count() {
        let attempts = Attempts::default();
        for _time in 0..2 * FAILED_MAX {
            let waiting = attempts.attempt(ADA, at(5), || Err::<(), _>(TokenRefusal::Pending));
            assert_eq!(waiting, Err(TokenRefusal::Pending));
        }
    }
}
