//! The addresses, and what is on its way to them.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::seed::Stream;
use muster_protocol::{PushService, SerialNumber, Timestamp};
use serde::{Deserialize, Serialize};

use super::kept::Waiting;
use super::request::{PushRefusal, PushRequest};
use super::{COLLAPSE_ID_BYTES_MAX, PAYLOAD_BYTES_MAX};

/// The push services of one run: APNs and FCM, which differ in what they keep.
///
/// Pure: whoever drives the devices tells who is online, and carries each [`Wake`] to its device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushServiceState {
    lines: BTreeMap<String, Line>,
    /// The tokens each device has now.
    current: BTreeMap<SerialNumber, Vec<String>>,
    ready: VecDeque<Wake>,
    accepted: u64,
}

/// An address, and whoever is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    service: PushService,
    topic: String,
    serial: SerialNumber,
    standing: Standing,
    waiting: Waiting,
}

/// Whether anybody is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    Is(Presence),
    /// The device has another one now, or has left.
    Gone {
        since: Timestamp,
    },
}

/// Whether a device is connected to its push service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// It is.
    Online,
    /// It is not: pushes are kept.
    Offline,
}

/// A device that wants an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Which device.
    pub serial: SerialNumber,
    /// Of which service.
    pub service: PushService,
    /// For which application.
    pub topic: String,
}

/// A push the service has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its number, from 1.
    pub number: u64,
}

/// A push that reaches its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// Which device.
    pub serial: SerialNumber,
    /// At which address.
    pub token: String,
    /// What it says.
    pub word: WakeWord,
}

/// What reaches a device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WakeWord {
    /// The word of a server.
    Magic(String),
    /// The service's own: messages were discarded, and the device had better look by itself.
    ///
    /// Source: Firebase, `onDeletedMessages`.
    MessagesDeleted,
}

/// Without the word.
impl core::fmt::Debug for WakeWord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Magic(_) => "Magic",
            Self::MessagesDeleted => "MessagesDeleted",
        })
    }
}

impl PushServiceState {
    /// Gives a device an address; the one it had is gone. It is online, since it asks.
    ///
    /// The token is drawn from `chance`, which no other device may have.
    pub fn register(
        &mut self,
        now: Timestamp,
        registration: Registration,
        chance: &mut Stream,
    ) -> String {
        let Registration { serial, service, topic } = registration;
        let bytes: [u8; 32] =
            core::array::from_fn(|_| u8::try_from(chance.below(256)).unwrap_or(0));
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_same = |line: &Line| line.service == service && line.topic == topic;
        let before = self.tokens(&serial).find(|token| self.lines.get(*token).is_some_and(is_same));
        if let Some(before) = before.cloned() {
            self.retire(now, &before);
        }
        self.current.entry(serial.clone()).or_default().push(token.clone());
        let (standing, waiting) = (Standing::Is(Presence::Online), Waiting::default());
        self.lines.insert(token.clone(), Line { service, topic, serial, standing, waiting });
        token
    }

    /// The device is erased or wants no more pushes: its addresses are gone.
    pub fn unregister(&mut self, now: Timestamp, serial: &SerialNumber) {
        let tokens: Vec<String> = self.tokens(serial).cloned().collect();
        tokens.iter().for_each(|token| self.retire(now, token));
    }

    /// Takes a push, or says why not. Taken, it may still reach nobody: one whose end has passed on
    /// its way here is no longer valid, whether the device is online or not.
    ///
    /// Source: Apple, "Sending notification requests to APNs", apns-expiration.
    ///
    /// # Errors
    /// [`PushRefusal`], with the words the services have for it.
    pub fn accept(
        &mut self,
        now: Timestamp,
        request: PushRequest,
    ) -> Result<Accepted, PushRefusal> {
        self.judge(&request)?;
        let line = self.lines.get_mut(&request.token).ok_or(PushRefusal::BadToken)?;
        let PushRequest { token, magic, collapse_key, expiry, .. } = request;
        match line.standing {
            Standing::Gone { since } => return Err(PushRefusal::Unregistered { since }),
            Standing::Is(Presence::Online) if expiry.is_over(now) => {}
            Standing::Is(Presence::Online) => {
                let (serial, word) = (line.serial.clone(), WakeWord::Magic(magic));
                self.ready.push_back(Wake { serial, token, word });
            }
            Standing::Is(Presence::Offline) => {
                line.waiting.keep(now, line.service, (magic, collapse_key), expiry);
            }
        }
        self.accepted += 1;
        Ok(Accepted { number: self.accepted })
    }

    /// The device has connected to its services: what waits for it and still counts is on its way.
    pub fn online(&mut self, now: Timestamp, serial: &SerialNumber) {
        for token in self.current.get(serial).into_iter().flatten() {
            let Some(line) = self.lines.get_mut(token) else { continue };
            if line.standing != Standing::Is(Presence::Offline) {
                continue;
            }
            line.standing = Standing::Is(Presence::Online);
            let released = line.waiting.release(now);
            let told = released.is_told_of_loss.then_some(WakeWord::MessagesDeleted);
            let words = told.into_iter().chain(released.magics.into_iter().map(WakeWord::Magic));
            self.ready.extend(words.map(|word| Wake {
                serial: serial.clone(),
                token: token.clone(),
                word,
            }));
        }
    }

    /// The device has no connection to its services any more.
    pub fn offline(&mut self, serial: &SerialNumber) {
        for token in self.current.get(serial).into_iter().flatten() {
            let Some(line) = self.lines.get_mut(token) else { continue };
            if line.standing == Standing::Is(Presence::Online) {
                line.standing = Standing::Is(Presence::Offline);
            }
        }
    }

    /// The pushes that leave the service now, in the order it took them.
    pub fn due(&mut self) -> Vec<Wake> {
        self.ready.drain(..).collect()
    }

    /// Whether a device is connected to its services; `None` if it has no address.
    #[must_use]
    pub fn presence(&self, serial: &SerialNumber) -> Option<Presence> {
        let lines = self.tokens(serial).filter_map(|token| self.lines.get(token));
        lines.map(|line| line.standing).find_map(|standing| match standing {
            Standing::Is(presence) => Some(presence),
            Standing::Gone { .. } => None,
        })
    }

    fn judge(&self, request: &PushRequest) -> Result<(), PushRefusal> {
        if request.payload_bytes > PAYLOAD_BYTES_MAX {
            return Err(PushRefusal::TooLarge);
        }
        let key = request.collapse_key.as_deref().unwrap_or_default();
        if request.service == PushService::Apns && key.len() > COLLAPSE_ID_BYTES_MAX {
            return Err(PushRefusal::BadCollapseId);
        }
        let line = self.lines.get(&request.token);
        let line = line.filter(|line| line.service == request.service);
        let line = line.ok_or(PushRefusal::BadToken)?;
        if line.topic == request.topic { Ok(()) } else { Err(PushRefusal::WrongTopic) }
    }

    fn retire(&mut self, now: Timestamp, token: &str) {
        if let Some(line) = self.lines.get_mut(token) {
            line.standing = Standing::Gone { since: now };
            line.waiting = Waiting::default();
            if let Some(tokens) = self.current.get_mut(&line.serial) {
                tokens.retain(|it| it != token);
            }
        }
    }

    fn tokens(&self, serial: &SerialNumber) -> impl Iterator<Item = &String> {
        self.current.get(serial).into_iter().flatten()
    }
}
