//! One enrolment connection: token and CSR in, device certificate out.

use std::sync::Arc;
use std::time::Duration;

use muster_control::{
    Action, COMMAND_LIFETIME, DeviceRecord, EnrolRefusal, EnrolmentProfile, KeyFingerprint,
    Lifecycle, NewCommand, NewLife, check_token,
};
use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::Peer;
use muster_protocol::limits::{GREETING_WITHIN, TEXT_BYTES_MAX};
use muster_protocol::{CloseCode, DeviceId, SerialNumber, Timestamp, alpn};
use muster_store::{CommitError, DeviceWrite, Revision, TokenWrite, Transaction};
use muster_transport::{CsrKey, FrameReceiver, FrameSender, RunCa, Validity, sha256};
use quinn::Connection;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use tracing::{debug, info, trace, warn};

use crate::clock::Clock;
use crate::crash::{CrashPoint, Step};
use crate::planted;
use crate::registry::Registry;
use crate::session::{End, broken};
use crate::slot::Slot;
use crate::stats::ServerStats;

/// How many devices one server keeps, former lives included. At about four kilobytes each this
/// is what eight gibibytes hold.
const DEVICES_MAX: usize = 2_000_000;

/// What a life before this one, of the same hardware, leaves to be done.
struct Earlier {
    /// Its end.
    write: Option<DeviceWrite>,
    /// What the next life is asked at once.
    lost_mode: Option<Action>,
}

/// How often a lost race for the same hardware is run again.
const RACES_MAX: usize = 8;

/// How many enrolments may be under way at once: as many lanes as a byte tells apart, enough to
/// fill the groups the store commits.
const LANES: usize = 256;

/// How long the server waits for the device to close after its certificate was sent.
const FAREWELL_WITHIN: Duration = Duration::from_secs(5);

/// Lets devices in.
#[derive(Debug)]
pub(crate) struct Enroller {
    registry: Arc<Registry>,
    ca: Arc<RunCa>,
    clock: Clock,
    /// Requests for the same hardware go one after another, each in the lane of its serial number.
    lanes: Box<[Mutex<()>]>,
    devices_max: usize,
}

/// A request that has been read and checked.
struct Applicant {
    request: EnrolRequest,
    key: CsrKey,
    fingerprint: KeyFingerprint,
}

/// Whether to try once more.
enum Race {
    Won(DeviceId, Vec<Revision>),
    Lost,
}

impl Enroller {
    pub(crate) fn new(registry: Arc<Registry>, ca: Arc<RunCa>, clock: Clock) -> Self {
        let lanes = (0..LANES).map(|_| Mutex::default()).collect();
        Self { registry, ca, clock, lanes, devices_max: DEVICES_MAX }
    }

    /// Serves one connection; an error is the code to close it with.
    ///
    /// Source: REQ-ENROL-002, REQ-ENROL-004 (docs/protocol/enrolment.md), REQ-LIMIT-003
    /// (docs/protocol/limits.md).
    pub(crate) async fn serve(&self, connection: &Connection) -> Result<(), CloseCode> {
        let greeting = timeout(GREETING_WITHIN, read_request(connection)).await;
        let (mut sender, request) = greeting.map_err(|_elapsed| CloseCode::GreetingTimeout)??;
        let applicant = Applicant::check(request)?;
        let device = self.admit(&applicant).await?;
        let reply = self.reply(device, &applicant)?;
        sender.send(&reply).await.map_err(|error| End::from(error).code())?;
        sender.finish();
        self.registry.crashes.pass(CrashPoint::EnrolmentReplied);
        // The device closes when it has read its certificate.
        drop(timeout(FAREWELL_WITHIN, connection.closed()).await);
        Ok(())
    }

    async fn admit(&self, applicant: &Applicant) -> Result<DeviceId, CloseCode> {
        let _turn = self.turn(applicant).await;
        for _race in 0..RACES_MAX {
            match self.try_admit(applicant).await? {
                Race::Won(device, _revisions) => return Ok(device),
                Race::Lost => {}
            }
        }
        warn!("enrolment lost every race for its hardware");
        Err(CloseCode::RetryLater)
    }

    /// Without turns a request could find hardware in the store whose place is still being made.
    async fn turn(&self, applicant: &Applicant) -> MutexGuard<'_, ()> {
        let serial = applicant.request.facts.serial.as_str();
        let lane = usize::from(sha256(serial.as_bytes())[0]) % LANES;
        self.lanes[lane].lock().await
    }

    async fn try_admit(&self, applicant: &Applicant) -> Result<Race, CloseCode> {
        let now = self.clock.now();
        let token = self.token(applicant, now).await?;
        let serial = &applicant.request.facts.serial;
        let prior = self.registry.store().enrolled_by_serial(serial).await;
        let prior = prior.map_err(|error| internal(&error))?;
        match prior.and_then(|id| self.registry.slot(id)) {
            None => self.first_life(applicant, token, now).await,
            Some(slot) => self.next_life(applicant, token, &slot).await,
        }
    }

    /// The token of the request, marked as used if it is a one-time token.
    ///
    /// Source: REQ-ENROL-008, REQ-ENROL-011 (docs/protocol/enrolment.md).
    async fn token(&self, applicant: &Applicant, now: Timestamp) -> Result<Token, CloseCode> {
        let hash = sha256(applicant.request.token.expose().as_bytes());
        let found = self.registry.store().token(hash).await.map_err(|error| internal(&error))?;
        let (before, revision) = found.ok_or(CloseCode::TokenUnknown)?;
        let mut record = before.clone();
        check_token(&mut record, now, applicant.fingerprint).map_err(|refusal| match refusal {
            EnrolRefusal::Expired => CloseCode::TokenExpired,
            EnrolRefusal::Used => CloseCode::TokenUsed,
        })?;
        let profile = record.profile.clone();
        let used = record != before;
        let write = used.then_some(TokenWrite { expected: Some(revision), record });
        Ok(Token { profile, write })
    }

    /// Source: REQ-LIMIT-002 (docs/protocol/limits.md).
    async fn first_life(
        &self,
        applicant: &Applicant,
        token: Token,
        now: Timestamp,
    ) -> Result<Race, CloseCode> {
        let lost_mode = self.lost_before(&applicant.request.facts.serial).await;
        self.begin(applicant, token, now, Earlier { write: None, lost_mode }).await
    }

    /// The hardware is known: its earlier life ends in the same transaction.
    ///
    /// Source: REQ-ENROL-009, REQ-ENROL-012, REQ-ENROL-014 (docs/protocol/enrolment.md).
    async fn next_life(
        &self,
        applicant: &Applicant,
        token: Token,
        slot: &Slot,
    ) -> Result<Race, CloseCode> {
        let mut state = slot.state.lock().await;
        let same_key = state.record.key == applicant.fingerprint;
        if state.record.lifecycle == Lifecycle::Enrolled
            && same_key
            && state.record.status.is_none()
        {
            // The reply to this very request was lost: the device never got to say hello. A
            // one-time token is used up all the same if this is another than the first.
            return self.repeat(state.record.id, token).await;
        }
        let now = self.clock.now();
        let mut ended = state.record.clone();
        ended.enrolled_again(now);
        let writes = ended.take_writes();
        let write = DeviceWrite::of(&ended, Some(state.revision), writes.clone());
        let lost_mode = ended.lost_mode_to_reapply(self.registry.readings());
        let begun =
            self.begin(applicant, token, now, Earlier { write: Some(write), lost_mode }).await?;
        if let Race::Won(_, revisions) = &begun {
            self.registry.count(&state.record, &ended, &writes);
            state.record = ended;
            state.revision = revisions.first().copied().unwrap_or(state.revision);
            state.black_box.decided(now, &writes, state.revision);
            slot.close(CloseCode::CertificateSuperseded);
        }
        Ok(begun)
    }

    async fn repeat(&self, device: DeviceId, token: Token) -> Result<Race, CloseCode> {
        let Some(token) = token.write else {
            return Ok(Race::Won(device, Vec::new()));
        };
        let transaction = Transaction { tokens: vec![token], ..Transaction::default() };
        match self.registry.store().commit(transaction).await {
            Ok(revisions) => Ok(Race::Won(device, revisions)),
            Err(error) => lost_race(&error),
        }
    }

    /// Makes the new life durable, then known.
    ///
    /// Source: REQ-ENROL-003 (docs/protocol/enrolment.md).
    async fn begin(
        &self,
        applicant: &Applicant,
        token: Token,
        now: Timestamp,
        earlier: Earlier,
    ) -> Result<Race, CloseCode> {
        // Former lives count, too: they are kept so that their results can be read.
        if self.registry.len() >= self.devices_max {
            return Err(CloseCode::FleetFull);
        }
        let id = self.registry.new_device_id().map_err(|error| internal(&error))?;
        let life = NewLife {
            id,
            facts: applicant.request.facts.clone(),
            key: applicant.fingerprint,
            profile: token.profile,
        };
        let mut record = DeviceRecord::new(now, life);
        if let Some(action) = earlier.lost_mode {
            self.reapply(&mut record, now, action)?;
        }
        let writes = record.take_writes();
        let devices =
            earlier.write.into_iter().chain([DeviceWrite::of(&record, None, writes)]).collect();
        let tokens = token.write.into_iter().collect();
        self.registry.crashes.before(&[Step::Enrolment]);
        match self
            .registry
            .store()
            .commit(Transaction { devices, tokens, ..Transaction::default() })
            .await
        {
            Ok(revisions) => {
                let revision = revisions.last().copied().unwrap_or(Revision::FIRST);
                self.registry.crashes.after(&[Step::Enrolment]);
                trace!(target: "timeline", device_id = %id, serial = %record.facts.serial, "enrolment");
                info!(device_id = %id, serial = %record.facts.serial, mode = %record.facts.mode, "device enrolled");
                if record.live_commands() > 0 {
                    ServerStats::count(&self.registry.stats.accepted);
                    self.registry.stats.live(0, record.live_commands());
                }
                self.registry.insert(record, revision);
                ServerStats::count(&self.registry.stats.enrolled);
                Ok(Race::Won(id, revisions))
            }
            Err(error) => lost_race(&error),
        }
    }

    /// The Lost Mode the latest life of this hardware was erased in, if it is to come back.
    async fn lost_before(&self, serial: &SerialNumber) -> Option<Action> {
        let slot = self.registry.latest_life(serial)?;
        let state = slot.state.lock().await;
        state.record.lost_mode_to_reapply(self.registry.readings())
    }

    /// Puts Lost Mode in the queue of the next life, before the device can do anything else.
    fn reapply(
        &self,
        record: &mut DeviceRecord,
        now: Timestamp,
        action: Action,
    ) -> Result<(), CloseCode> {
        let id = self.registry.new_command_id().map_err(|error| internal(&error))?;
        let command = NewCommand { id, action, lifetime: COMMAND_LIFETIME };
        if let Err(refusal) = record.submit(now, command, self.registry.readings()) {
            warn!(error = &refusal as &dyn std::error::Error, "lost mode not applied again");
        }
        Ok(())
    }

    /// Source: REQ-CERT-002, REQ-CERT-004, REQ-CERT-007 (docs/protocol/certificates.md).
    fn reply(&self, device: DeviceId, applicant: &Applicant) -> Result<EnrolReply, CloseCode> {
        let validity = Validity::device_from(self.clock.skew().wall());
        let asked = (&applicant.key, &applicant.request.csr_der[..]);
        let issued = planted::certificate(&self.ca, device, asked, validity);
        let certificate = issued.map_err(|error| internal(&error))?;
        let chain_der = vec![certificate.to_vec(), self.ca.certificate_der().to_vec()];
        Ok(EnrolReply { minor: alpn::MINOR, device, chain_der })
    }
}

impl Applicant {
    /// Source: REQ-ENROL-007 (docs/protocol/enrolment.md), REQ-CERT-009, REQ-CERT-010,
    /// REQ-CERT-011 (docs/protocol/certificates.md).
    fn check(request: EnrolRequest) -> Result<Self, CloseCode> {
        if request.token.expose().len() > TEXT_BYTES_MAX {
            return Err(CloseCode::FieldTooLarge);
        }
        request.facts.check().map_err(|error| {
            debug!(%error, "facts refused");
            CloseCode::BadFacts
        })?;
        let key = CsrKey::from_csr(&request.csr_der).map_err(|error| {
            debug!(error = &error as &dyn std::error::Error, "certificate signing request refused");
            CloseCode::BadCsr
        })?;
        let fingerprint = KeyFingerprint(key.fingerprint());
        Ok(Self { request, key, fingerprint })
    }
}

/// What a valid token gives.
struct Token {
    profile: EnrolmentProfile,
    /// What has to be written along, if the token is used up by this.
    write: Option<TokenWrite>,
}

async fn read_request(connection: &Connection) -> Result<(FrameSender, EnrolRequest), CloseCode> {
    let (send, receive) = connection.accept_bi().await.map_err(|_lost| CloseCode::Done)?;
    let mut receiver = FrameReceiver::new(receive);
    match receiver.receive::<EnrolRequest>(Peer::Known).await {
        Ok(Some(request)) => Ok((FrameSender::new(send), request)),
        Ok(None) => Err(CloseCode::WrongState),
        Err(error) => Err(broken(&error).code()),
    }
}

/// Somebody else was faster, or the store cannot.
fn lost_race(error: &CommitError) -> Result<Race, CloseCode> {
    match error {
        CommitError::Conflict { .. } | CommitError::TokenConflict => Ok(Race::Lost),
        CommitError::Full => Err(CloseCode::RetryLater),
        CommitError::Closed | CommitError::Failed { .. } => Err(internal(error)),
    }
}

fn internal(error: &(dyn std::error::Error + 'static)) -> CloseCode {
    warn!(error, "enrolment failed on this side");
    CloseCode::InternalError
}

#[cfg(test)]
mod tests {
    use muster_protocol::secret::EnrolmentToken;
    use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion};
    use muster_store::Store;
    use muster_transport::DeviceKey;

    use super::*;
    use crate::clock::unix_us;
    use crate::tokens::{TokenKind, TokenRequest, issue_token, profiles};

    /// A server for one device, and a token for any number.
    async fn full_with_one() -> (Enroller, EnrolmentToken) {
        let (store, skew) = (Store::memory(), muster_transport::Skew::default());
        let clock = Clock::since_epoch(unix_us(&skew), skew);
        let [profile, _] = profiles();
        let lifetime = Duration::from_secs(60);
        let wanted = TokenRequest { profile, kind: TokenKind::Reusable, lifetime };
        let token = issue_token(&store, &clock, wanted).await.unwrap();
        let registry = Registry::load(store, Arc::default(), clock.clone()).await.unwrap();
        let ca = Arc::new(RunCa::ephemeral().unwrap());
        (Enroller { devices_max: 1, ..Enroller::new(Arc::new(registry), ca, clock) }, token)
    }

    fn applicant(serial: &str, key: &DeviceKey, token: &EnrolmentToken) -> Applicant {
        let facts = DeviceFacts {
            serial: serial.parse().unwrap(),
            model: "iPhone15,2".to_owned(),
            operating_system: OperatingSystem::Ios,
            os_version: OsVersion::major(17),
            mode: Mode::AppleDeviceSupervised,
        };
        let (minor, csr_der) = (alpn::MINOR, key.csr_der().unwrap());
        Applicant::check(EnrolRequest { minor, token: token.clone(), csr_der, facts }).unwrap()
    }

    #[tokio::test]
    async fn a_full_server_takes_no_new_hardware_and_keeps_serving_what_it_knows() {
        let (enroller, token) = full_with_one().await;
        let (key, other) = (DeviceKey::generate().unwrap(), DeviceKey::generate().unwrap());
        let first = enroller.admit(&applicant("ONE", &key, &token)).await.unwrap();
        let refused = enroller.admit(&applicant("TWO", &other, &token)).await;
        assert_eq!(refused, Err(CloseCode::FleetFull));
        let repeated = enroller.admit(&applicant("ONE", &key, &token)).await;
        assert_eq!(repeated, Ok(first));
        let again = enroller.admit(&applicant("ONE", &other, &token)).await;
        assert_eq!(again, Err(CloseCode::FleetFull), "another life takes room as well");
    }
}
