//! A person who does what a script says.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use muster_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attention, PersonEvent};
use crate::user::UserAction;

/// Events and when they happen, earliest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    due: VecDeque<(Timestamp, PersonEvent)>,
    attention: Attention,
}

impl Script {
    /// A script. Events of the same time happen in the order they are given in.
    #[must_use]
    pub fn new(events: impl IntoIterator<Item = (Timestamp, PersonEvent)>) -> Self {
        let mut events: Vec<_> = events.into_iter().collect();
        events.sort_by_key(|(at, _)| *at);
        Self { due: events.into(), attention: Attention::Elsewhere }
    }

    /// Skips what was due before `now`.
    pub fn resume(&mut self, now: Timestamp) {
        self.due.retain(|(at, _)| *at >= now);
    }

    /// When the next event happens; `None` at the end of the script.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        self.due.front().map(|(at, _)| *at)
    }

    /// The oldest event that is due at `now`; `None` when all are handed out.
    pub fn handle(&mut self, now: Timestamp) -> Option<PersonEvent> {
        if self.next_event()? > now {
            return None;
        }
        let (_, event) = self.due.pop_front()?;
        match &event {
            PersonEvent::User(UserAction::Unlock) => self.attention = Attention::OnDevice,
            PersonEvent::User(UserAction::Lock) => self.attention = Attention::Elsewhere,
            PersonEvent::User(_) | PersonEvent::Network(_) => {}
        }
        Some(event)
    }

    pub(super) const fn attention(&self) -> Attention {
        self.attention
    }
}
