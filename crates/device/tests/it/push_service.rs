//! Promises of the push services that hold for any sequence of events.

use std::time::Duration;

use muster_device::push::{
    Expiry, PushRefusal, PushRequest, PushServiceState, Registration, WakeWord,
};
use muster_protocol::{PushService, Seed, SerialNumber, Timestamp};
use proptest::prelude::*;

/// Messages without a key FCM keeps for a device, and keys it keeps messages for.
const PLAIN_MAX: usize = 100;
const KEYS_MAX: usize = 4;

/// One event at a service with one device.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// So many pushes one after another.
    Push {
        count: u8,
        key: Option<u8>,
        lives: Lives,
    },
    Offline,
    Online,
    Pass {
        hours: u16,
    },
    /// The device asks for another address.
    Register,
    /// The device is erased.
    Erase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lives {
    Unsaid,
    Now,
    Hours(u16),
}

fn event() -> impl Strategy<Value = Event> {
    let lives = prop_oneof![2 => Just(Lives::Unsaid), 1 => Just(Lives::Now), 4 => (0..1_000_u16).prop_map(Lives::Hours)];
    let key = prop::option::of(0..6_u8);
    let count = prop_oneof![8 => 1..4_u8, 1 => 95..110_u8];
    prop_oneof![
        8 => (count, key, lives).prop_map(|(count, key, lives)| Event::Push { count, key, lives }),
        3 => Just(Event::Offline),
        2 => Just(Event::Online),
        2 => (0..400_u16).prop_map(|hours| Event::Pass { hours }),
        1 => Just(Event::Register),
        1 => Just(Event::Erase),
    ]
}

/// A push that was taken while the device was away.
#[derive(Clone, Debug)]
struct Taken {
    magic: String,
    key: Option<u8>,
    ends: Timestamp,
}

/// The service, and what a careful observer has seen of it.
struct Watch {
    service: PushService,
    state: PushServiceState,
    now: Timestamp,
    tokens: Vec<String>,
    is_registered: bool,
    is_online: bool,
    pushes: u64,
    /// Since the device left, oldest first.
    taken: Vec<Taken>,
}

fn hours(count: u16) -> Duration {
    Duration::from_secs(3_600 * u64::from(count))
}

fn serial() -> SerialNumber {
    "SIM-1".parse().expect("a serial")
}

impl Watch {
    fn new(service: PushService) -> Self {
        let (state, now) = (PushServiceState::default(), Timestamp::ZERO);
        let (tokens, taken) = (Vec::new(), Vec::new());
        let (is_registered, is_online) = (false, false);
        let mut watch =
            Self { service, state, now, tokens, is_registered, is_online, pushes: 0, taken };
        watch.register();
        watch
    }

    /// Longest time a push is kept.
    fn kept_for(&self) -> Duration {
        match self.service {
            PushService::Apns => hours(30 * 24),
            PushService::Fcm => hours(28 * 24),
        }
    }

    fn register(&mut self) {
        let number = u64::try_from(self.tokens.len()).expect("few");
        let mut chance = Seed::root(1).child("push", number).stream();
        let registration =
            Registration { serial: serial(), service: self.service, topic: "topic".to_owned() };
        let token = self.state.register(self.now, registration, &mut chance);
        assert!(!self.tokens.contains(&token), "an address was given out twice");
        self.tokens.push(token);
        (self.is_registered, self.is_online) = (true, true);
        self.taken.clear();
    }

    fn request(&mut self, key: Option<u8>, lives: Lives) -> PushRequest {
        self.pushes += 1;
        let expiry = match lives {
            Lives::Unsaid => Expiry::Unsaid,
            Lives::Now => Expiry::Now,
            Lives::Hours(count) => Expiry::At(self.now.after(hours(count))),
        };
        PushRequest {
            service: self.service,
            topic: "topic".to_owned(),
            token: self.tokens.last().expect("it has registered").clone(),
            magic: self.pushes.to_string(),
            payload_bytes: 64,
            collapse_key: key.map(|key| key.to_string()),
            expiry,
        }
    }

    fn push(&mut self, key: Option<u8>, lives: Lives) {
        let request = self.request(key, lives);
        let magic = request.magic.clone();
        let answer = self.state.accept(self.now, request);
        if !self.is_registered {
            assert!(matches!(answer, Err(PushRefusal::Unregistered { .. })), "{answer:?}");
            assert!(self.state.due().is_empty());
            return;
        }
        assert!(answer.is_ok(), "{answer:?}");
        if self.is_online {
            let worth =
                if lives == Lives::Hours(0) { vec![] } else { vec![WakeWord::Magic(magic)] };
            assert_eq!(self.words(), worth, "{lives:?}");
            return;
        }
        assert!(self.state.due().is_empty(), "a device that is away was reached");
        let longest = self.now.after(self.kept_for());
        let ends = match lives {
            Lives::Now => return,
            Lives::Unsaid => longest,
            Lives::Hours(count) => longest.min(self.now.after(hours(count))),
        };
        if ends > self.now {
            self.taken.push(Taken { magic, key, ends });
        }
    }

    fn words(&mut self) -> Vec<WakeWord> {
        self.state.due().into_iter().map(|wake| wake.word).collect()
    }

    /// The device is back: what reaches it has to be worth it.
    fn online(&mut self) {
        self.state.online(self.now, &serial());
        let words = self.words();
        let taken = std::mem::take(&mut self.taken);
        if !self.is_registered || self.is_online {
            assert!(words.is_empty(), "{words:?}");
            return;
        }
        self.is_online = true;
        let deleted = words.iter().filter(|word| **word == WakeWord::MessagesDeleted).count();
        assert!(deleted <= 1 && (self.service == PushService::Fcm || deleted == 0));
        let position = |word: &WakeWord| match word {
            WakeWord::Magic(magic) => taken.iter().position(|it| it.magic == *magic),
            WakeWord::MessagesDeleted => None,
        };
        let reached: Vec<usize> = words.iter().filter_map(position).collect();
        assert_eq!(reached.len() + deleted, words.len(), "a push came from nowhere, or again");
        assert!(reached.is_sorted_by(|one, other| one < other), "out of order: {reached:?}");
        let reached: Vec<&Taken> = reached.into_iter().map(|at| &taken[at]).collect();
        assert!(reached.iter().all(|it| it.ends > self.now), "a push came after its end");
        self.no_more_than_is_kept(&reached);
        if let Some(newest) = taken.last().filter(|it| it.ends > self.now) {
            assert_eq!(reached.last().map(|it| &it.magic), Some(&newest.magic));
        }
    }

    fn no_more_than_is_kept(&self, reached: &[&Taken]) {
        match self.service {
            PushService::Apns => assert!(reached.len() <= 1, "{reached:?}"),
            PushService::Fcm => {
                let mut keys: Vec<u8> = reached.iter().filter_map(|it| it.key).collect();
                assert!(reached.len() - keys.len() <= PLAIN_MAX);
                assert!(keys.len() <= KEYS_MAX, "{reached:?}");
                keys.sort_unstable();
                keys.dedup();
                let keyed = reached.iter().filter(|it| it.key.is_some()).count();
                assert_eq!(keys.len(), keyed, "two for one key");
            }
        }
    }

    fn see(&mut self, event: Event) {
        match event {
            Event::Push { count, key, lives } => {
                (0..count).for_each(|_push| self.push(key, lives));
            }
            Event::Offline => {
                self.state.offline(&serial());
                self.is_online = false;
            }
            Event::Online => self.online(),
            Event::Pass { hours: count } => self.now = self.now.after(hours(count)),
            Event::Register => self.register(),
            Event::Erase => {
                self.state.unregister(self.now, &serial());
                (self.is_registered, self.is_online) = (false, false);
                self.taken.clear();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_device_gets_the_newest_and_nothing_that_has_ended_or_is_not_its_own(
        service in prop::sample::select(&[PushService::Apns, PushService::Fcm]),
        events in prop::collection::vec(event(), 0..60),
    ) {
        let mut watch = Watch::new(service);
        for event in events {
            watch.see(event);
        }
        watch.online();
    }

    #[test]
    fn no_request_makes_a_service_panic_and_what_nobody_has_registered_is_refused(
        service in prop::sample::select(&[PushService::Apns, PushService::Fcm]),
        (topic, token, magic) in (".{0,40}", ".{0,80}", ".{0,40}"),
        (payload_bytes, collapse_key) in (any::<usize>(), prop::option::of(".{0,80}")),
        end in any::<u64>(),
    ) {
        let mut watch = Watch::new(service);
        let expiry = Expiry::At(Timestamp::from_micros(end));
        let request = PushRequest { service, topic, token, magic, payload_bytes, collapse_key, expiry };
        prop_assert!(watch.state.accept(watch.now, request).is_err());
        prop_assert!(watch.state.due().is_empty());
    }
}
