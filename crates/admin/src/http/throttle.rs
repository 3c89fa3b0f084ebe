//! How many requests an application may send, and all of them together.
//!
//! What goes beyond is refused before anything is read or queued: the SDKs of Graph send a POST
//! again after 429, and a command taken before would be given twice.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use muster_protocol::Timestamp;
use uuid::Uuid;

use crate::http::options::Throttling;
use crate::operation::table::Verb;

/// How long requests are counted together.
///
/// Source: Microsoft Graph, service-specific throttling limits, Intune devices: 20 seconds.
const WINDOW: Duration = Duration::from_secs(20);

/// Applications counted apart. A tenant has a handful; beyond it only the tenant's limits hold.
const APPLICATIONS_MAX: usize = 1024;

/// Requests of any kind and writes among them, in one window.
#[derive(Clone, Copy)]
struct Limits {
    any: u32,
    writes: u32,
}

/// Source: as [`WINDOW`]: 2000 requests and 200 writes for each application of a tenant.
const APPLICATION: Limits = Limits { any: 2000, writes: 200 };

/// Source: as [`WINDOW`]: 4000 requests and 400 writes for a tenant.
const TENANT: Limits = Limits { any: 4000, writes: 400 };

/// What has been asked lately.
pub(crate) struct Throttle {
    throttling: Throttling,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    tenant: Window,
    by_application: BTreeMap<Uuid, Window>,
}

/// What was asked since a first request.
#[derive(Clone, Copy, Default)]
struct Window {
    begun: Timestamp,
    any: u32,
    writes: u32,
}

impl Throttle {
    pub(crate) fn new(throttling: Throttling) -> Self {
        Self { throttling, counted: Mutex::default() }
    }

    /// Forgets what has been asked.
    pub(crate) fn clear(&self) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Counted::default();
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait if it is one too many. It is not counted then.
    pub(crate) fn take(
        &self,
        now: Timestamp,
        application: Uuid,
        verb: Verb,
    ) -> Result<(), Duration> {
        match self.throttling {
            Throttling::Off => Ok(()),
            Throttling::Documented => {
                let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
                counted.take(now, application, verb)
            }
        }
    }
}

impl Counted {
    fn take(&mut self, now: Timestamp, application: Uuid, verb: Verb) -> Result<(), Duration> {
        self.tenant.turn(now);
        if !self.by_application.contains_key(&application) {
            self.make_room(now);
        }
        let full = self.by_application.len() >= APPLICATIONS_MAX;
        let own = match self.by_application.get_mut(&application) {
            Some(own) => Some(own),
            None if full => None,
            None => Some(self.by_application.entry(application).or_default()),
        };
        self.tenant.room(now, verb, TENANT)?;
        if let Some(own) = own {
            own.turn(now);
            own.room(now, verb, APPLICATION)?;
            own.count(verb);
        }
        self.tenant.count(verb);
        Ok(())
    }

    /// Forgets applications whose window is over, once there are too many.
    fn make_room(&mut self, now: Timestamp) {
        if self.by_application.len() >= APPLICATIONS_MAX {
            self.by_application.retain(|_, window| now < window.end());
        }
    }
}

impl Window {
    fn end(&self) -> Timestamp {
        self.begun.after(WINDOW)
    }

    /// Begins anew if the time is over, or if nothing was asked yet.
    fn turn(&mut self, now: Timestamp) {
        if self.any == 0 || now >= self.end() {
            *self = Self { begun: now, any: 0, writes: 0 };
        }
    }

    fn room(&self, now: Timestamp, verb: Verb, limits: Limits) -> Result<(), Duration> {
        let full = self.any >= limits.any || (verb.writes() && self.writes >= limits.writes);
        if full { Err(self.end().since(now)) } else { Ok(()) }
    }

    fn count(&mut self, verb: Verb) {
        self.any += 1;
        self.writes += u32::from(verb.writes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::ZERO.after(Duration::from_secs(seconds))
    }

    fn documented() -> Throttle {
        Throttle::new(Throttling::Documented)
    }

    fn taken(throttle: &Throttle, now: Timestamp, application: u128, verb: Verb) -> usize {
        let asked = || throttle.take(now, Uuid::from_u128(application), verb).is_ok();
        (0..5000).take_while(|_| asked()).count()
    }

    #[test]
    fn an_application_has_2000_requests_and_200_writes_in_20_seconds() {
        assert_eq!(taken(&documented(), at(5), 1, Verb::Get), 2000);
        for verb in [Verb::Post, Verb::Patch, Verb::Put, Verb::Delete] {
            assert_eq!(taken(&documented(), at(5), 1, verb), 200, "{verb:?}");
        }
    }

    #[test]
    fn writes_count_as_requests_too() {
        let throttle = documented();
        assert_eq!(taken(&throttle, at(0), 1, Verb::Post), 200);
        assert_eq!(taken(&throttle, at(1), 1, Verb::Get), 1800);
    }

    #[test]
    fn a_tenant_has_twice_as_much_as_an_application() {
        let throttle = documented();
        let each = [1, 2, 3].map(|application| taken(&throttle, at(0), application, Verb::Post));
        assert_eq!(each, [200, 200, 0]);
    }

    #[test]
    fn who_waits_as_long_as_told_gets_through() {
        let throttle = documented();
        assert_eq!(taken(&throttle, at(100), 1, Verb::Post), 200);
        let refused = throttle.take(at(113), Uuid::from_u128(1), Verb::Post);
        assert_eq!(refused, Err(Duration::from_secs(7)));
        assert_eq!(taken(&throttle, at(120), 1, Verb::Post), 200);
    }

    #[test]
    fn nobody_is_slowed_down_unless_asked_for() {
        let throttle = Throttle::new(Throttling::Off);
        assert_eq!(taken(&throttle, at(0), 1, Verb::Post), 5000);
    }

    #[test]
    fn more_applications_than_can_be_counted_share_the_limits_of_the_tenant() {
        let throttle = documented();
        for application in 0..3000 {
            throttle.take(at(0), Uuid::from_u128(application), Verb::Get).expect("room");
        }
        let counted = throttle.counted.lock().unwrap();
        assert_eq!(counted.by_application.len(), APPLICATIONS_MAX);
    }
}
