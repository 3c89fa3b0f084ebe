//! What has to come true once everything is calm, and that nobody polls.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use muster_protocol::{CommandId, DeviceId, Timestamp};

use super::{Standing, Witness};
use crate::invariant::{Invariant, Violation};
use crate::log::What;

/// Within this span of calm every device that can be connected is: the longest delay between two
/// attempts, an attempt, and room for a device that is restarted or set up anew.
const ONLINE_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Within this span of calm, in which users unlock their devices every minute, what got `NotNow`
/// is offered again.
const OFFERED_AGAIN_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Within this span of calm a woken device is pushed and comes: the longest gap between two pushes,
/// and room for the visit.
const WOKEN_WITHIN: Duration = Duration::from_secs(65 * 60);

impl Witness {
    /// What may bring a woken device.
    pub(super) fn see_reason(&mut self, device: u32, what: &What) {
        let is_reason = matches!(
            what,
            What::Woken
                | What::User { .. }
                | What::Fault { .. }
                | What::FaultOver { .. }
                | What::Phase { .. }
                | What::Enrolled { .. }
                | What::Cloned { .. }
        );
        if is_reason {
            self.asleep.remove(&device);
        }
    }

    /// L5: nothing brings a woken device but a reason.
    pub(super) fn for_a_reason(&mut self, at: Timestamp, device: u32) {
        if self.asleep.remove(&device) {
            let what = String::from("connects though nothing woke it");
            self.report(Violation::new(Invariant::L5, at, device, what));
        }
    }

    /// L2 and L3 while everything is calm: how a device that wants to be connected stands now.
    pub fn standing(&mut self, at: Timestamp, device: u32, life: DeviceId, standing: Standing) {
        let Some(calm_since) = self.calm_since else { return };
        match standing {
            Standing::Away => {
                let since = *self.away.entry(device).or_insert(at);
                if at.since(since) > ONLINE_WITHIN {
                    let what = format!("could be connected and is not since {since}");
                    self.report(Violation::new(Invariant::L2, at, device, what));
                }
            }
            Standing::Served | Standing::Asleep => {
                self.away.remove(&device);
                self.offered_again(at, life, calm_since);
            }
        }
    }

    fn offered_again(&mut self, at: Timestamp, life: DeviceId, calm_since: Timestamp) {
        let forgotten = |command: &&CommandId| {
            let known = self.commands.get(command).filter(|known| known.last == Some("NotNow"));
            let since = known.and_then(|known| known.deferred_at).map(|it| it.max(calm_since));
            since.is_some_and(|since| at.since(since) > OFFERED_AGAIN_WITHIN)
        };
        let mut open = self.open.get(&life).into_iter().flatten();
        if let Some(command) = open.find(forgotten).copied() {
            let what = format!("{command} got NotNow and was not offered again");
            self.break_promise(Invariant::L3, at, command, what);
        }
    }

    /// L1 for a life that is over: nothing of it may be left open.
    pub fn over(&mut self, at: Timestamp, life: DeviceId) {
        let left = self.open.get(&life).and_then(|open| open.first().copied());
        if let Some(command) = left {
            let what = format!("{command} is open in a life that is over");
            self.break_promise(Invariant::L1, at, command, what);
        }
    }

    /// L1, L2 and L3 for one device at the end of the run.
    pub fn end(&mut self, at: Timestamp, device: u32, life: DeviceId, standing: Standing) {
        let patience = match standing {
            Standing::Away => {
                let what = String::from("is managed and not connected");
                self.report(Violation::new(Invariant::L2, at, device, what));
                return;
            }
            Standing::Served => Duration::ZERO,
            Standing::Asleep => WOKEN_WITHIN,
        };
        let now = at.after(self.ahead);
        let calm_since = self.calm_since.unwrap_or(at);
        let lives = |command: &&CommandId| {
            self.commands.get(command).is_some_and(|known| {
                let since = known.deferred_at.unwrap_or(known.accepted_at).max(calm_since);
                known.expires_at > now && at.since(since) >= patience
            })
        };
        let open = self.open.get(&life).into_iter().flatten().find(lives).copied();
        if let Some((command, known)) = open.and_then(|id| Some((id, self.commands.get(&id)?))) {
            let deferred = known.last == Some("NotNow");
            let invariant = if deferred { Invariant::L3 } else { Invariant::L1 };
            let what = format!("{command} has not ended after {} attempts", known.attempt);
            self.break_promise(invariant, at, command, what);
        }
    }
}
