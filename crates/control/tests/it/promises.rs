//! Random histories of one device: the record against the model, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use muster_control::{
    ActionKind, ActivationLockRoute, CancelOutcome, CancelReason, CommandRecord, CommandState,
    DeviceRecord, NewCommand, Readings, Settled, VendorOutcome,
};
use muster_protocol::management::CommandResult;
use muster_protocol::secret::Passcode;
use muster_protocol::{Answer, Attempt, CommandId, Outcome};
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::{Model, Says, Word};
use crate::start::{action, at, hello, id, iphone, secrets};

#[derive(Clone, Debug)]
enum Step {
    Submit {
        kind: ActionKind,
        lifetime: u64,
    },
    Next,
    /// The current attempt is answered.
    Answer(Says),
    /// Some attempt of some command is answered.
    Stray {
        which: usize,
        attempt: u32,
        says: Says,
    },
    Stranger(Says),
    Cancel(usize),
    /// The shell asks for a call to the activation service.
    Call,
    /// The activation service answers the call that is out.
    Service(VendorOutcome),
    Secrets,
    Hello,
    Idle,
    Disconnect,
    Expire,
    Wait(u64),
    EnrolledAgain,
    Commit,
    /// The server stops and comes back with what it had written.
    Restart,
}

fn says() -> impl Strategy<Value = Says> {
    use Says::{Done, Error, FormatError, NotNow, NotSupported, Passcode};
    select(vec![Done, Done, Passcode, Error, NotSupported, FormatError, NotNow, NotNow, NotNow])
}

fn step() -> impl Strategy<Value = Step> {
    // Final commands are rare, so that histories are long.
    let finals = [ActionKind::Wipe, ActionKind::Retire, ActionKind::Delete];
    let device = iphone();
    let may = |kind: &ActionKind| device.capability(*kind, &Readings::default()).is_ok();
    let asked = ActionKind::ALL.into_iter().filter(may);
    let normal = asked.filter(|kind| !finals.contains(kind));
    let bypasses = [ActionKind::BypassActivationLock; 6];
    let kinds: Vec<ActionKind> = normal.cycle().take(44).chain(bypasses).chain(finals).collect();
    let outcomes = [
        VendorOutcome::Unlocked,
        VendorOutcome::KeyMismatch,
        VendorOutcome::UnknownDevice,
        VendorOutcome::Unreachable,
    ];
    let submit = (select(kinds), 1_u64..2_000);
    prop_oneof![
        12 => submit.prop_map(|(kind, lifetime)| Step::Submit { kind, lifetime }),
        12 => Just(Step::Next),
        10 => says().prop_map(Step::Answer),
        3 => (any::<usize>(), 0_u32..4, says())
            .prop_map(|(which, attempt, says)| Step::Stray { which, attempt, says }),
        1 => says().prop_map(Step::Stranger),
        3 => any::<usize>().prop_map(Step::Cancel),
        3 => Just(Step::Call),
        3 => select(outcomes.to_vec()).prop_map(Step::Service),
        1 => Just(Step::Secrets),
        2 => Just(Step::Hello),
        3 => Just(Step::Idle),
        2 => Just(Step::Disconnect),
        1 => Just(Step::Expire),
        3 => (1_u64..300).prop_map(Step::Wait),
        1 => (1_u64..1_000_000).prop_map(Step::Wait),
        5 => Just(Step::Commit),
        2 => Just(Step::Restart),
    ]
}

/// A history; one in a few ends with the same hardware enrolling again.
fn history() -> impl Strategy<Value = Vec<Step>> {
    let end = select(vec![None, None, Some(Step::EnrolledAgain)]);
    let tail = prop::collection::vec(step(), 0..10);
    (prop::collection::vec(step(), 1..120), end, tail).prop_map(|(mut steps, end, tail)| {
        steps.extend(end);
        steps.extend(tail);
        steps
    })
}

fn route() -> impl Strategy<Value = ActivationLockRoute> {
    select(vec![ActivationLockRoute::Device, ActivationLockRoute::ActivationService])
}

fn word(state: &CommandState) -> Word {
    match state {
        CommandState::Queued => "queued",
        CommandState::InFlight => "in flight",
        CommandState::NotNow => "not now",
        CommandState::AtService => "at service",
        CommandState::Done { .. } => "done",
        CommandState::Failed { .. } => "failed",
        CommandState::NotSupported { .. } => "not supported",
        CommandState::Canceled { reason: CancelReason::Administrator } => "taken back",
        CommandState::Canceled { reason: CancelReason::Expired } => "expired",
        CommandState::Canceled { reason: CancelReason::Superseded } => "superseded",
        CommandState::Canceled { reason: CancelReason::Unenrolled } => "unenrolled",
    }
}

fn outcome(says: Says) -> Outcome {
    match says {
        Says::Done => Outcome::Acknowledged(Answer::Done),
        Says::Passcode => {
            Outcome::Acknowledged(Answer::TemporaryPasscode(Passcode::new("271828".into())))
        }
        Says::Error => Outcome::Error(vec![]),
        Says::NotSupported => Outcome::NotSupported(vec![]),
        Says::FormatError => Outcome::CommandFormatError,
        Says::NotNow => Outcome::NotNow,
    }
}

/// What a store holds: rows as JSON.
#[derive(Default)]
struct Stored {
    device: String,
    rows: BTreeMap<u64, String>,
}

struct World {
    now: u64,
    readings: Readings,
    device: DeviceRecord,
    model: Model,
    stored: Stored,
    /// The model as it was written last.
    written: Model,
    /// Commands that said `NotNow` in the present run.
    said_not_now: BTreeSet<CommandId>,
    /// How commands ended, as first seen.
    ended: BTreeMap<usize, Word>,
}

impl World {
    fn new(route: ActivationLockRoute) -> Self {
        let by_service = route == ActivationLockRoute::ActivationService;
        let mut world = Self {
            readings: Readings { activation_lock_route: route, ..Readings::default() },
            now: 1,
            device: iphone(),
            model: Model { by_service, ..Model::default() },
            stored: Stored::default(),
            written: Model::default(),
            said_not_now: BTreeSet::new(),
            ended: BTreeMap::new(),
        };
        world.commit();
        world
    }

    fn play(&mut self, step: &Step) {
        let now = at(self.now);
        match step {
            Step::Submit { kind, lifetime } => self.submit(*kind, *lifetime),
            Step::Next => self.next(),
            Step::Answer(says) => {
                if let Some(which) = self.model.in_flight() {
                    self.answer(which, self.model.entries[which].attempt, *says);
                }
            }
            Step::Stray { which, attempt, says } => {
                if let Some(which) = self.pick(*which) {
                    self.answer(which, *attempt, *says);
                }
            }
            Step::Stranger(says) => {
                let (id, attempt) = (id(usize::MAX), Attempt::new(1));
                let result = CommandResult { id, attempt, outcome: outcome(*says) };
                assert_eq!(self.device.settle(now, &result), Settled::Unknown);
                self.model.seen = self.now;
            }
            Step::Cancel(which) => self.cancel(*which),
            Step::Call => self.call(),
            Step::Service(outcome) => self.service(*outcome),
            Step::Secrets => {
                self.device.token_update(now, secrets());
                self.model.seen = self.now;
                self.model.has_token |= !self.model.gone;
                self.model.introduced |= !self.model.gone;
                if !self.model.gone {
                    // The same code again is no younger for it.
                    self.model.code_since.get_or_insert(self.now);
                }
            }
            Step::Hello => {
                self.device.hello(now, &hello());
                self.model.seen = self.now;
                self.model.greeted = true;
                self.model.disconnected();
                self.new_run();
            }
            Step::Idle => {
                self.device.idle(now);
                self.model.seen = self.now;
                self.model.introduced = true;
                self.new_run();
            }
            Step::Disconnect => {
                self.device.disconnected(now);
                self.model.disconnected();
            }
            Step::Expire => self.expire(),
            Step::Wait(seconds) => self.now += seconds,
            Step::EnrolledAgain => {
                self.device.enrolled_again(now);
                self.model.leave();
            }
            Step::Commit => self.commit(),
            Step::Restart => self.restart(),
        }
    }

    fn submit(&mut self, kind: ActionKind, lifetime: u64) {
        let id = id(self.model.entries.len());
        let span = Duration::from_secs(lifetime);
        let command = NewCommand { id, action: action(kind), lifetime: span };
        let accepted = self.device.submit(at(self.now), command, &self.readings).is_ok();
        assert_eq!(accepted, self.model.submit(self.now, kind, lifetime));
    }

    fn next(&mut self) {
        let sent = self.device.next(at(self.now), &self.readings).map(|command| command.head);
        let expected = self.model.next(self.now);
        assert_eq!(sent.map(|head| head.id), expected.map(id));
        if let (Some(head), Some(which)) = (sent, expected) {
            assert_eq!(head.attempt.number(), self.model.entries[which].attempt);
            assert!(!self.said_not_now.contains(&head.id), "offered twice in one run");
        }
    }

    fn call(&mut self) {
        let call = self.device.vendor_call(at(self.now), &self.readings);
        let expected = self.model.call(self.now);
        assert_eq!(call.map(|call| call.id), expected.map(id));
    }

    fn service(&mut self, outcome: VendorOutcome) {
        if let Some(which) = self.model.called() {
            let settled = self.device.settle_vendor(at(self.now), id(which), outcome);
            self.model.service(outcome);
            let waits = self.model.entries[which].is_live();
            assert_eq!(settled, if waits { Settled::Deferred } else { Settled::Closed });
        }
    }

    fn answer(&mut self, which: usize, attempt: u32, says: Says) {
        let (id, attempt_sent) = (id(which), Attempt::new(attempt));
        let result = CommandResult { id, attempt: attempt_sent, outcome: outcome(says) };
        let remembered = self.device.command(id).is_some();
        let settled = self.device.settle(at(self.now), &result);
        self.model.seen = self.now;
        let expected = self.model.settle(self.now, which, attempt, says);
        let forgotten = !remembered && settled == Settled::Unknown;
        assert!(settled == expected || (forgotten && expected == Settled::Duplicate));
        if settled == Settled::Deferred {
            self.said_not_now.insert(id);
        }
    }

    fn cancel(&mut self, which: usize) {
        let Some(which) = self.pick(which) else {
            return;
        };
        let remembered = self.device.command(id(which)).is_some();
        let outcome = self.device.cancel(at(self.now), id(which));
        let expected = self.model.cancel(which);
        let forgotten = !remembered && outcome == CancelOutcome::Unknown;
        assert!(outcome == expected || (forgotten && expected == CancelOutcome::TooLate));
    }

    fn expire(&mut self) {
        self.device.expire(at(self.now));
        self.model.expire(self.now);
        assert!(self.device.next_deadline().is_none_or(|next| at(self.now) < next));
    }

    fn new_run(&mut self) {
        self.model.new_run();
        self.said_not_now.clear();
    }

    fn pick(&self, which: usize) -> Option<usize> {
        which.checked_rem(self.model.entries.len())
    }

    /// Writes, and checks that the writes are all that changed and nothing besides.
    fn commit(&mut self) {
        let writes = self.device.take_writes();
        if writes.device_changed {
            self.stored.device = serde_json::to_string(&self.device).expect("JSON");
        }
        for row in &writes.commands {
            let text = serde_json::to_string(&row).expect("JSON");
            let before = self.stored.rows.insert(row.sequence, text.clone());
            assert_ne!(before, Some(text), "written without a change");
        }
        assert!(self.device.take_writes().is_empty(), "handed out twice");
        self.check_rows();
        // When it was seen is not written for its own sake.
        let seen = if writes.device_changed { self.model.seen } else { self.written.seen };
        self.written = Model { seen, ..self.model.clone() };
    }

    /// Everything ever accepted stands in the store as the model has it.
    fn check_rows(&self) {
        assert_eq!(self.stored.rows.len(), self.model.entries.len());
        for (row, entry) in self.rows().iter().zip(&self.model.entries) {
            assert_eq!(word(&row.state), entry.word);
            assert_eq!(row.attempt.number(), entry.attempt);
            let shown = matches!(row.state, CommandState::Done { passcode: Some(_) });
            assert_eq!(shown, entry.shown_until.is_some());
        }
    }

    fn rows(&self) -> Vec<CommandRecord> {
        self.stored.rows.values().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    fn restart(&mut self) {
        let device: DeviceRecord = serde_json::from_str(&self.stored.device).expect("JSON");
        self.device = DeviceRecord::restore(device, self.rows());
        self.model = self.written.clone();
        self.model.restarted();
        self.new_run();
        self.ended.retain(|which, _| {
            self.written.entries.get(*which).is_some_and(|entry| !entry.is_live())
        });
    }

    fn check(&mut self) {
        let flying = self.device.commands().filter(|row| word(&row.state) == "in flight");
        assert!(flying.count() <= 1, "one in flight");
        assert_eq!(self.device.has_in_flight(), self.model.in_flight().is_some());
        assert_eq!(self.device.live_commands(), self.model.live());
        assert_eq!(self.device.escrow.unlock_token.is_some(), self.model.has_token);
        assert_eq!(self.device.escrow.bypass_code.is_some(), self.model.code_since.is_some());
        for (which, entry) in self.model.entries.iter().enumerate() {
            let Some(row) = self.device.command(id(which)) else {
                assert!(!entry.is_live(), "a live command left memory");
                continue;
            };
            assert_eq!(word(&row.state), entry.word, "command {which}");
            if row.state.is_terminal() {
                let first = *self.ended.entry(which).or_insert(word(&row.state));
                assert_eq!(first, word(&row.state), "terminal states are never left");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_record_keeps_every_promise_of_the_queue_over_any_history(
        steps in history(),
        route in route(),
    ) {
        let mut world = World::new(route);
        for step in &steps {
            world.play(step);
            world.check();
        }
        world.commit();
    }

    #[test]
    fn whatever_waits_ends_once_the_device_and_the_service_answer_everything(
        steps in history(),
        route in route(),
    ) {
        let mut world = World::new(route);
        for step in &steps {
            world.play(step);
        }
        // A new connection, and a device that does what it is told.
        world.play(&Step::Hello);
        world.play(&Step::Idle);
        while world.model.live() > 0 {
            let before = world.model.live();
            world.play(&Step::Call);
            world.play(&Step::Service(VendorOutcome::Unlocked));
            world.play(&Step::Next);
            world.play(&Step::Answer(Says::Done));
            world.check();
            assert!(world.model.live() < before, "no progress");
        }
    }
}
