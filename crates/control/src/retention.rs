//! What time takes from a record, and what of it stays in memory.

use muster_protocol::Timestamp;
use muster_protocol::planted::{Plant, is};

use crate::action::ActionKind;
use crate::command::{CancelReason, CommandRecord, CommandState};
use crate::escrow::Expired;
use crate::record::{DeviceRecord, Lifecycle, UnenrolReason};
use crate::transitions::Event;

/// Settled commands dropped from memory whose ids are remembered, to tell a late duplicate from
/// an answer to something nobody asked. A device sends again only its last few answers.
const RECENT_MAX: usize = 8;

/// Unused rows a record may keep allocated before it gives them back.
const SPARE_ROWS_MAX: usize = 4;

impl DeviceRecord {
    /// Closes live commands that are overdue, purges a temporary passcode, a bypass code and a
    /// location past their time, and ends a record nothing was heard of for too long.
    ///
    /// Source: REQ-QUEUE-011, REQ-SECURITY-006 (docs/protocol/session.md).
    pub fn expire(&mut self, now: Timestamp) {
        for index in 0..self.commands.len() {
            let row = &self.commands[index];
            if deadline(row).is_none_or(|end| now < end) {
                continue;
            }
            if row.state.is_terminal() {
                self.purge_passcode(index);
            } else {
                let reason = CancelReason::Expired;
                self.apply(index, now, Event::Expired, CommandState::Canceled { reason });
            }
        }
        self.expire_kept(now);
    }

    /// When [`Self::expire`] has something to do next; `None` if never as things are.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let commands = self.commands.iter().filter_map(deadline);
        let located = self.located.as_ref().map(|found| found.shown_until());
        let escrowed = self.escrow.next_deadline(self.enrolled_at);
        let end = self.is_enrolled().then(|| self.ends_at());
        commands.chain(located).chain(escrowed).chain(end).min()
    }

    fn expire_kept(&mut self, now: Timestamp) {
        if self.located.as_ref().is_some_and(|found| now >= found.shown_until()) {
            self.located = None;
            self.changed.device = true;
        }
        match self.escrow.expire(now, self.enrolled_at) {
            Expired::Something => self.changed.device = true,
            Expired::Nothing => {}
        }
        if self.is_enrolled() && now >= self.ends_at() {
            self.end_life(now, UnenrolReason::CertificateExpired);
        }
    }

    fn is_enrolled(&self) -> bool {
        self.lifecycle == Lifecycle::Enrolled
    }

    /// Blanks the passcode of a command that has one.
    pub(crate) fn purge_passcode(&mut self, index: usize) {
        let row = &mut self.commands[index];
        if holds_passcode(row) {
            row.state = CommandState::Done { passcode: None };
            self.changed.commands.insert(row.sequence);
        }
    }

    /// Drops settled commands that are written and not the latest of their action.
    ///
    /// One that still shows a passcode stays, so that its end is not missed.
    pub(crate) fn forget_settled(&mut self) {
        let latest = ActionKind::ALL.map(|kind| {
            let of_kind = self.commands.iter().rev().find(|row| row.action.kind() == kind);
            of_kind.map(|row| row.sequence)
        });
        let Self { commands, recent, changed, .. } = self;
        commands.retain(|row| {
            let keep = !row.state.is_terminal()
                || latest.contains(&Some(row.sequence))
                || holds_passcode(row)
                || changed.commands.contains(&row.sequence);
            if !keep {
                if recent.len() == RECENT_MAX {
                    recent.pop_front();
                }
                recent.push_back(row.id);
            }
            keep
        });
        if commands.capacity() > commands.len() + SPARE_ROWS_MAX {
            commands.shrink_to_fit();
        }
    }
}

/// When something happens to a command by itself.
fn deadline(row: &CommandRecord) -> Option<Timestamp> {
    if is(Plant::ExpiredIsDelivered) && !row.state.is_terminal() {
        return None;
    }
    match &row.state {
        CommandState::Queued
        | CommandState::InFlight
        | CommandState::NotNow
        | CommandState::AtService => Some(row.expires_at),
        CommandState::Done { passcode } => passcode.as_ref().map(|shown| shown.shown_until),
        CommandState::Failed { .. }
        | CommandState::NotSupported { .. }
        | CommandState::Canceled { .. } => None,
    }
}

fn holds_passcode(row: &CommandRecord) -> bool {
    matches!(row.state, CommandState::Done { passcode: Some(_) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::testing::*;

    #[test]
    fn memory_keeps_live_commands_and_the_latest_of_each_action() {
        let mut device = iphone();
        for number in 1..=20 {
            submit(&mut device, at(1), number, Action::RemoteLock);
            let command = lease(&mut device, at(2), number);
            device.settle(at(3), &reply(&command, DONE));
        }
        submit(&mut device, at(4), 21, Action::SyncDevice);
        assert_eq!(device.take_writes().commands.len(), 21, "all are written once");
        let kept = device.commands().map(|row| row.id);
        assert!(kept.eq([id(20), id(21)]));
        assert_eq!(device.recent.len(), RECENT_MAX);
        assert!(device.commands.capacity() <= 2 + SPARE_ROWS_MAX);
    }
}
