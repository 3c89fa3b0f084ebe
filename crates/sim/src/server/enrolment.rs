//! A new life of a hardware, and what an earlier one leaves to be done.

use muster_control::{
    COMMAND_LIFETIME, DeviceRecord, EnrolmentProfile, NewCommand, NewLife, Stage,
};
use muster_protocol::{CloseCode, CommandId, DeviceId, Timestamp};

use super::effects::{Applicant, Effects, Presence};
use super::ids::{command_id, life_id};
use super::{Server, Slot};
use crate::log::What;
use crate::store::Failed;

impl Server {
    /// Lets hardware in, ending its earlier life.
    ///
    /// Source: REQ-ENROL-009, REQ-ENROL-012 (docs/protocol/enrolment.md).
    pub(crate) fn enrol(
        &mut self,
        now: Timestamp,
        applicant: &Applicant,
        effects: &mut Effects,
    ) -> Result<DeviceId, CloseCode> {
        if let Some(prior) = self.life_of(applicant.device) {
            let known = self.record(prior);
            let repeated = known
                .is_some_and(|it| it.key == applicant.key.fingerprint() && it.status.is_none());
            if repeated {
                return Ok(prior);
            }
            let ended = self.decide(now, prior, effects, |record| record.enrolled_again(now));
            ended.map_err(|_failed| CloseCode::RetryLater)?;
            self.close_session(prior, CloseCode::CertificateSuperseded, effects);
        }
        self.begin(now, applicant, effects)
    }

    fn begin(
        &mut self,
        now: Timestamp,
        applicant: &Applicant,
        effects: &mut Effects,
    ) -> Result<DeviceId, CloseCode> {
        let Applicant { device, facts, key, policy } = applicant;
        let issued = self.issued.entry(*device).or_default();
        issued.lives += 1;
        let id = life_id(*device, issued.lives.into());
        let profile = EnrolmentProfile { name: "default".into(), policy: *policy };
        let life = NewLife { id, facts: facts.clone(), key: key.fingerprint(), profile };
        let mut record = DeviceRecord::new(now, life);
        let lost_again = self.lose_again(now, *device, &mut record);
        let writes = record.take_writes();
        let written = self.store.commit(now, &record, &writes);
        match written {
            Ok(()) => effects.seen.push((id, What::Enrolled { life: id })),
            Err(Failed::DiedAfter) => {}
            Err(Failed::Full | Failed::DiedBefore) => return Err(CloseCode::RetryLater),
        }
        if let Some(command) = lost_again {
            see_asked(written, &record, command, effects);
        }
        written.map_err(|_died| CloseCode::RetryLater)?;
        self.latest.insert(*device, id);
        let slot = Slot { record, presence: Presence::Away };
        self.slots.get_or_insert_default().insert(id, slot);
        Ok(id)
    }

    /// Puts the Lost Mode the life before was erased in into the queue of the next one, if it is
    /// to outlive an erase; returns the command.
    fn lose_again(
        &mut self,
        now: Timestamp,
        device: u32,
        record: &mut DeviceRecord,
    ) -> Option<CommandId> {
        let earlier = self.record(*self.latest.get(&device)?)?;
        let action = earlier.lost_mode_to_reapply(&self.readings)?;
        let id = self.next_command(device);
        let command = NewCommand { id, action, lifetime: COMMAND_LIFETIME };
        record.submit(now, command, &self.readings).ok().map(|()| id)
    }

    /// The id of the next command for a hardware.
    pub(super) fn next_command(&mut self, device: u32) -> CommandId {
        let issued = self.issued.entry(device).or_default();
        issued.commands += 1;
        command_id(device, issued.commands)
    }
}

/// Tells what the new life is asked at once; if the server has died of it, nobody has heard.
fn see_asked(
    written: Result<(), Failed>,
    record: &DeviceRecord,
    command: CommandId,
    effects: &mut Effects,
) {
    let Some(row) = record.command(command) else { return };
    let (life, action, expires_at) = (record.id, row.action.kind().graph_name(), row.expires_at);
    let asked = match written {
        Ok(()) => What::Accepted { life, command, action, expires_at },
        Err(_died) => What::Unheard { life, command, action, expires_at },
    };
    let (stage, attempt) = (Stage::Queued, row.attempt.number());
    effects.seen.push((life, asked));
    effects.seen.push((life, What::Stored { life, command, stage, attempt }));
}
