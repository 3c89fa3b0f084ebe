//! How a device that keeps no connection is woken.
//!
//! A push says "look now" and nothing else. It may be lost, so while something waits for a device
//! that is away it is pushed again, with gaps that grow. The shell asks only while the device has no
//! session: [`DeviceRecord::next_push`] for when, [`DeviceRecord::push_due`] for what, and it tells
//! the outcome to [`DeviceRecord::pushed`]. A record that waits for nothing, as nearly all do, and
//! that of a device that keeps its connection, owe nothing and answer at once.

use alloc::boxed::Box;
use core::time::Duration;

use muster_protocol::planted::{Plant, is};
use muster_protocol::{PushTarget, PushUpdate, Timestamp};

use crate::command::CommandRecord;
use crate::readings::Readings;
use crate::record::{DeviceRecord, Lifecycle};
use crate::transitions::Stage;

/// How long the server waits for a pushed device before it pushes again.
///
/// Long against the second a wake-up takes, short against the patience of an administrator.
pub const PUSH_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The longest gap between two pushes of a device that does not come.
pub const PUSH_GAP_MAX: Duration = Duration::from_secs(60 * 60);

/// How long a device is pushed because something else is asked of it. After that it hears of it
/// when it next comes: a policy has no end of its own, as a command has.
pub const POLICY_PUSHED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A push to hand to the push service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushOrder {
    /// Where the device is reached.
    pub target: PushTarget,
    /// Worth nothing from then on: what waits for the device is given up then.
    pub expires_at: Timestamp,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// The service took it, which is no promise that it arrives.
    Accepted,
    /// The service did not answer, or said to try again.
    Unreachable,
    /// The service knows no such target, or none any more.
    Unregistered,
}

/// The pushes made for what waits. Not written: after a restart one push too many goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushes {
    /// The latest, or when the device came.
    last: Timestamp,
    /// So many since something new waits or the device came.
    count: u32,
}

impl DeviceRecord {
    /// The device says where it can be woken.
    ///
    /// Source: REQ-PUSH-001, REQ-PUSH-002 (docs/protocol/push.md).
    pub fn push_update(&mut self, now: Timestamp, update: &PushUpdate) {
        self.last_seen = now;
        if self.lifecycle != Lifecycle::Enrolled || self.push.as_deref() == update.target.as_ref() {
            return;
        }
        self.push = update.target.clone().map(Box::new);
        self.changed.device = true;
    }

    /// When a push is owed if the device stays away until then; `None` if none ever is as things
    /// are. A time that is past means now.
    ///
    /// To be asked again when something is submitted or settled, when the policy changes, when the
    /// session ends, and after [`Self::pushed`].
    ///
    /// Source: REQ-PUSH-003 (docs/protocol/push.md).
    #[must_use]
    pub fn next_push(&self, readings: &Readings) -> Option<Timestamp> {
        self.push.as_ref()?;
        let commands = self.offered_on_connect(readings.activation_lock_route);
        commands.map(|row| self.push_of(row)).chain(self.policy_push()).min()
    }

    /// The push to make now for a device that has no session; `None` if none is due.
    ///
    /// Source: REQ-PUSH-003 (docs/protocol/push.md).
    #[must_use]
    pub fn push_due(&self, now: Timestamp, readings: &Readings) -> Option<PushOrder> {
        if self.next_push(readings)? > now {
            return None;
        }
        let ends = self
            .offered_on_connect(readings.activation_lock_route)
            .map(|row| row.expires_at)
            .chain(self.policy_pushed_until())
            .filter(|end| *end > now);
        let target = PushTarget::clone(self.push.as_deref()?);
        Some(PushOrder { target, expires_at: ends.max()? })
    }

    /// Takes what became of a push. A target that is gone is forgotten, unless the device has named
    /// another one in the meantime.
    ///
    /// Source: REQ-PUSH-003, REQ-PUSH-005 (docs/protocol/push.md).
    pub fn pushed(&mut self, now: Timestamp, order: &PushOrder, outcome: PushOutcome) {
        match outcome {
            PushOutcome::Accepted | PushOutcome::Unreachable => self.count_push(now),
            PushOutcome::Unregistered if self.push.as_deref() == Some(&order.target) => {
                self.push = None;
                self.pushes = None;
                self.changed.device = true;
            }
            PushOutcome::Unregistered => {}
        }
    }

    /// The device has come, by itself or because it was pushed: the gaps start over, unless it said
    /// `NotNow` last time, which it comes back for by itself.
    pub(crate) fn push_answered(&mut self, now: Timestamp) {
        // The welcome tells what is asked of it.
        self.forget_policy_news();
        if self.push.is_none() || self.live_commands() == 0 {
            self.pushes = None;
            return;
        }
        let waits = |row: &CommandRecord| row.state.stage() == Stage::NotNow;
        if !self.commands.iter().any(waits) {
            self.pushes = Some(Box::new(Pushes { last: now, count: 0 }));
        }
    }

    fn count_push(&mut self, now: Timestamp) {
        let last = self.pushes.as_ref().map(|pushes| pushes.last);
        let is_new = |row: &CommandRecord| last.is_none_or(|last| row.accepted_at > last);
        let told_anew = self.policy_news.is_some_and(|since| last.is_none_or(|last| since > last));
        let anew =
            told_anew || self.commands.iter().any(|row| !row.state.is_terminal() && is_new(row));
        let pushes = self.pushes.get_or_insert_default();
        pushes.count = if anew { 1 } else { pushes.count.saturating_add(1) };
        pushes.last = now;
    }

    /// When the push for another policy is due: at once, then with the gaps, for a while.
    fn policy_push(&self) -> Option<Timestamp> {
        let (since, until) = (self.policy_news?, self.policy_pushed_until()?);
        let pushed = self.pushes.as_deref().filter(|pushes| since <= pushes.last);
        let due = pushed.map_or(since, |pushes| pushes.last.after(gap(pushes.count)));
        (due < until).then_some(due)
    }

    fn policy_pushed_until(&self) -> Option<Timestamp> {
        self.policy_news.map(|since| since.after(POLICY_PUSHED_FOR))
    }

    /// When the push for this command is due: at once for what has begun to wait since the last
    /// push, or since the device came.
    fn push_of(&self, row: &CommandRecord) -> Timestamp {
        let Pushes { last, count } = self.pushes.as_deref().cloned().unwrap_or_default();
        let is_new = self.pushes.is_none() || row.updated_at > last;
        // Asked once more at once, the device would say the same.
        if is_new && row.state.stage() != Stage::NotNow {
            return row.updated_at;
        }
        if is(Plant::PushedOnce) && count > 0 {
            return Timestamp::from_micros(u64::MAX);
        }
        row.updated_at.max(last).after(gap(count))
    }
}

/// How long after so many pushes the next one is made.
fn gap(count: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(count.saturating_sub(1));
    PUSH_AGAIN_AFTER.saturating_mul(doubled).min(PUSH_GAP_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::{Action, VendorOutcome};
    use alloc::string::ToString as _;
    use alloc::vec::Vec;
    use muster_protocol::{Mode, OsVersion, Outcome, Policy, PushService};

    fn target(token: &str) -> PushTarget {
        PushTarget {
            service: PushService::Apns,
            topic: "com.example.muster".to_string(),
            token: token.to_string(),
            magic: "magic".to_string(),
        }
    }

    /// A woken iPhone that has come and gone.
    fn woken() -> DeviceRecord {
        let mut device = iphone();
        device.push_update(at(0), &PushUpdate { target: Some(target("aa")) });
        device.idle(at(0));
        device.disconnected(at(1));
        let _ = device.take_writes();
        device
    }

    /// The moments of the next pushes, all of them accepted and none of them heard.
    fn unheard(device: &mut DeviceRecord, count: usize) -> Vec<u64> {
        let mut moments = Vec::new();
        for _ in 0..count {
            let now = device.next_push(&plain()).unwrap();
            let order = device.push_due(now, &plain()).unwrap();
            device.pushed(now, &order, PushOutcome::Accepted);
            moments.push(now.as_micros() / 1_000_000);
        }
        moments
    }

    #[test]
    fn a_device_that_keeps_its_connection_is_never_pushed() {
        let mut device = iphone();
        submit(&mut device, at(5), 1, Action::RemoteLock);
        assert_eq!(device.next_push(&plain()), None);
        assert_eq!(device.push_due(at(100), &plain()), None);
    }

    #[test]
    fn nothing_waits_and_nothing_is_owed() {
        assert_eq!(woken().next_push(&plain()), None);
    }

    #[test]
    fn a_command_for_a_device_that_is_away_is_pushed_at_once_and_no_longer_than_it_lives() {
        let mut device = woken();
        submit(&mut device, at(5), 1, Action::RemoteLock);
        assert_eq!(device.next_push(&plain()), Some(at(5)));
        let order = device.push_due(at(5), &plain()).unwrap();
        assert_eq!(order, PushOrder { target: target("aa"), expires_at: at(5).after(HOUR) });
    }

    #[test]
    fn an_unheard_push_is_made_again_with_gaps_that_double_up_to_an_hour() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::Retire);
        let minutes: Vec<u64> = unheard(&mut device, 9).iter().map(|at| at / 60).collect();
        assert_eq!(minutes, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    }

    #[test]
    fn a_new_command_is_pushed_for_at_once_and_the_gaps_start_over() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        assert_eq!(unheard(&mut device, 3), [0, 60, 180]);
        submit(&mut device, at(200), 2, Action::RemoteLock);
        assert_eq!(unheard(&mut device, 3), [200, 260, 380]);
    }

    #[test]
    fn a_device_that_comes_is_not_pushed_for_what_it_is_about_to_take() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        assert_eq!(unheard(&mut device, 5), [0, 60, 180, 420, 900]);
        device.hello(at(1_000), &hello());
        assert_eq!(device.next_push(&plain()), Some(at(1_060)), "if it goes before its Idle");
    }

    #[test]
    fn what_a_broken_connection_hands_back_is_pushed_for_at_once() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        device.hello(at(2), &hello());
        device.idle(at(2));
        lease(&mut device, at(2), 1);
        device.disconnected(at(30));
        assert_eq!(device.next_push(&plain()), Some(at(30)));
    }

    #[test]
    fn a_device_that_says_not_now_is_pushed_less_and_less() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::Retire);
        let mut now = at(0);
        let mut gaps = Vec::new();
        for _ in 0..8 {
            device.hello(now, &hello());
            device.idle(now);
            let command = lease(&mut device, now, 1);
            device.settle(now, &reply(&command, Outcome::NotNow));
            device.disconnected(now);
            let next = device.next_push(&plain()).unwrap();
            gaps.push(next.since(now).as_secs() / 60);
            now = next;
            let order = device.push_due(now, &plain()).unwrap();
            device.pushed(now, &order, PushOutcome::Accepted);
        }
        assert_eq!(gaps, [1, 1, 2, 4, 8, 16, 32, 60]);
    }

    #[test]
    fn what_is_held_back_behind_a_wipe_is_not_pushed_for() {
        let mut device = woken();
        submit(&mut device, at(0), 1, WIPE);
        device.hello(at(1), &hello());
        device.idle(at(1));
        let wipe = lease(&mut device, at(1), 1);
        device.settle(at(1), &reply(&wipe, Outcome::NotNow));
        device.disconnected(at(2));
        submit(&mut device, at(3), 2, Action::SyncDevice);
        assert_eq!(device.next_push(&plain()), Some(at(61)));
    }

    #[test]
    fn what_the_activation_service_does_needs_no_device() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::BypassActivationLock);
        assert_eq!(device.next_push(&by_service()), None);
        let call = device.vendor_call(at(0), &by_service()).unwrap();
        assert_eq!(device.next_push(&by_service()), None);
        device.settle_vendor(at(1), call.id, VendorOutcome::Unlocked);
        assert_eq!(device.next_push(&plain()), None);
    }

    #[test]
    fn a_target_that_is_gone_is_forgotten_unless_there_is_another() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        let order = device.push_due(at(0), &plain()).unwrap();
        device.push_update(at(1), &PushUpdate { target: Some(target("bb")) });
        device.pushed(at(2), &order, PushOutcome::Unregistered);
        let order = device.push_due(at(2), &plain()).unwrap();
        assert_eq!(order.target, target("bb"));
        let _ = device.take_writes();
        device.pushed(at(3), &order, PushOutcome::Unregistered);
        assert_eq!(device.push, None);
        assert!(device.take_writes().device_changed);
        assert_eq!(device.next_push(&plain()), None);
    }

    #[test]
    fn a_service_that_does_not_answer_is_asked_again_like_a_push_unheard() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        let order = device.push_due(at(0), &plain()).unwrap();
        device.pushed(at(0), &order, PushOutcome::Unreachable);
        assert_eq!(device.next_push(&plain()), Some(at(60)));
    }

    #[test]
    fn another_policy_is_pushed_for_until_the_device_comes() {
        let mut device = woken();
        device.set_policy(at(5), device.policy);
        assert_eq!(device.next_push(&plain()), None, "nothing else is asked");
        device.set_policy(at(5), Policy::NONE);
        assert!(device.take_writes().device_changed);
        let order = device.push_due(at(5), &plain()).unwrap();
        assert_eq!(order.expires_at, at(5).after(POLICY_PUSHED_FOR));
        assert_eq!(unheard(&mut device, 4), [5, 65, 185, 425]);
        device.hello(at(500), &hello());
        assert_eq!(device.next_push(&plain()), None);
        assert!(device.take_writes().device_changed);
    }

    #[test]
    fn a_device_that_is_told_in_its_session_is_not_pushed_for_that() {
        let mut device = woken();
        device.hello(at(2), &hello());
        device.set_policy(at(3), Policy::NONE);
        device.policy_told(Policy::FULL);
        assert!(device.has_policy_news(), "that is no longer asked");
        device.policy_told(Policy::NONE);
        device.disconnected(at(4));
        assert_eq!(device.next_push(&plain()), None);
    }

    #[test]
    fn a_device_that_keeps_its_connection_is_not_pushed_for_policies() {
        let mut device = iphone();
        device.set_policy(at(5), Policy::NONE);
        assert!(!device.has_policy_news());
        assert_eq!(device.next_push(&plain()), None);
    }

    #[test]
    fn another_policy_is_not_pushed_for_for_ever() {
        let mut device = woken();
        device.set_policy(at(0), Policy::NONE);
        let mut pushes = 0;
        while let Some(now) = device.next_push(&plain()) {
            assert!(now < at(0).after(POLICY_PUSHED_FOR));
            let order = device.push_due(now, &plain()).unwrap();
            device.pushed(now, &order, PushOutcome::Accepted);
            pushes += 1;
        }
        assert!((168..=180).contains(&pushes), "{pushes}: about one an hour for a week");
    }

    #[test]
    fn a_push_that_is_owed_for_a_policy_is_owed_after_a_restart_too() {
        let mut device = woken();
        device.set_policy(at(5), Policy::NONE);
        let restored = DeviceRecord::restore(DeviceRecord { pushes: None, ..device }, Vec::new());
        assert_eq!(restored.next_push(&plain()), Some(at(5)));
    }

    #[test]
    fn what_has_expired_wakes_nobody() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        assert_eq!(device.push_due(at(3_600), &plain()), None);
    }

    #[test]
    fn a_device_that_has_left_is_nowhere_to_be_reached() {
        let mut device = woken();
        device.enrolled_again(at(9));
        assert_eq!(device.push, None);
        let mut android = record(Mode::AndroidFullyManaged, OsVersion::major(14));
        android.enrolled_again(at(1));
        android.push_update(at(2), &PushUpdate { target: Some(target("cc")) });
        assert_eq!(android.push, None);
    }

    #[test]
    fn after_a_restart_of_the_server_what_waits_is_pushed_for_once_more() {
        let mut device = woken();
        submit(&mut device, at(0), 1, Action::RemoteLock);
        unheard(&mut device, 4);
        let rows = device.commands.clone();
        let restored = DeviceRecord::restore(DeviceRecord { pushes: None, ..device }, rows);
        assert_eq!(restored.next_push(&plain()), Some(at(0)));
    }
}
