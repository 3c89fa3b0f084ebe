//! The person beside the device: what they do comes like every other event.

use muster_device::{Attention, Connectivity, Input, Person, PersonEvent};
use muster_protocol::Timestamp;
use tracing::trace;

use super::{DeviceTask, Due};
use crate::link::Link;
use crate::progress::Gauge;
use crate::state::StateError;

impl DeviceTask {
    /// Does what the person has done before the device first looks for a server.
    pub(super) async fn meet_person(&mut self) -> Result<(), StateError> {
        while self.person_due().is_some_and(|at| at <= self.shared.clock.now()) {
            self.on_person().await?;
        }
        Ok(())
    }

    /// What comes next by itself, and when. The device goes before its user.
    pub(super) fn next_due(&self) -> Option<(Timestamp, Due)> {
        let deadline = self.device.next_deadline().map(|at| (at, Due::Deadline));
        let person = self.person_due().map(|at| (at, Due::Person));
        let moves = self.trouble.as_ref().and_then(|trouble| trouble.next_move());
        let moves = moves.map(|at| (at, Due::Move));
        let push = self.next_late_push().map(|at| (at, Due::Push));
        deadline.into_iter().chain(person).chain(moves).chain(push).min_by_key(|(at, _)| *at)
    }

    /// Carries out one event of the person. What they see moves nobody: habits do not look.
    pub(super) async fn on_person(&mut self) -> Result<(), StateError> {
        let now = self.shared.clock.now();
        let Some(event) = self.person.as_mut().and_then(|person| person.handle(now)) else {
            return Ok(());
        };
        trace!(index = self.index, ?event, "the person acts");
        match event {
            PersonEvent::User(action) => {
                self.handle(Input::User(action)).await?;
            }
            PersonEvent::Network(around) => self.go_where(around).await?,
        }
        self.count_attention();
        Ok(())
    }

    /// The person is where there is a network, or where there is none.
    pub(super) async fn go_where(&mut self, around: Connectivity) -> Result<(), StateError> {
        self.presence.around = around;
        match around {
            Connectivity::Offline => self.lose_network().await?,
            Connectivity::Online => self.find_network(),
        }
        Ok(())
    }

    /// There is a network again. Whether the device wants a connection is its own affair: one that
    /// has given up stays away, and so does one that is switched off.
    fn find_network(&mut self) {
        self.backoff.reset();
        if matches!(self.link, Link::Resting { .. }) {
            self.link = Link::Down;
        }
    }

    fn count_attention(&mut self) {
        let attention = self.person.as_deref().map_or(Attention::Elsewhere, Person::attention);
        match (self.counted.attention, attention) {
            (Attention::Elsewhere, Attention::OnDevice) => {
                self.shared.counters.enter(Gauge::InUse);
            }
            (Attention::OnDevice, Attention::Elsewhere) => {
                self.shared.counters.leave(Gauge::InUse);
            }
            (Attention::OnDevice, Attention::OnDevice)
            | (Attention::Elsewhere, Attention::Elsewhere) => {}
        }
        self.counted.attention = attention;
    }

    fn person_due(&self) -> Option<Timestamp> {
        self.person.as_ref().and_then(|person| person.next_event())
    }
}
