//! Agents that are started, and how they come to the suite's door.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::management::ToServer;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{Mode, PushTarget, alpn};

use crate::case::Need;
use crate::scene::enrolment::{facts, serial};
use crate::scene::stage::{PhoneState, Stage};
use crate::scene::{Judged, Scene, told};
use crate::script::{
    Caller, Contact, Deed, Ending, Guise, Line, Make, Phone, Power, Serve, token_of,
};

/// How long a device may take to come: as long as its delays may grow, and a little.
///
/// Source: REQ-SESSION-019 (docs/protocol/session.md).
pub(super) const COME_WITHIN: Duration = Duration::from_secs(35);

/// The longest first delay of a device that comes back, and the longest of all.
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// How long a handshake and a Hello may take beside.
const A_MOMENT: Duration = Duration::from_millis(100);

/// How long it is looked whether a device comes that should not. The first delay of one that comes
/// back is 200 milliseconds at most.
const LOOK_OUT: Duration = Duration::from_secs(3);

/// The codes of a TLS that does not take a certificate: bad, unsupported, revoked, expired,
/// unknown, of an unknown CA, or with a signature that is none.
///
/// Source: RFC 8446, section 6.2; RFC 9001, section 4.8.
const CERTIFICATE_REFUSED: [u64; 7] = [0x12a, 0x12b, 0x12c, 0x12d, 0x12e, 0x130, 0x133];

impl Scene {
    /// The suite is a server like this from now on.
    pub(crate) fn listens(&mut self, guise: Guise) {
        self.is_open = true;
        self.then(move |stage| {
            stage.serve(format!("listens: {guise:?}"), Serve::Listen(guise));
        });
        self.is_ready();
    }

    /// The suite is gone without a word.
    pub(crate) fn is_gone(&mut self) {
        self.then(|stage| stage.serve("is gone without a word", Serve::Vanish));
        self.is_ready();
    }

    fn is_ready(&mut self) {
        self.expect("the suite is ready", |stage| {
            stage.news.pop_front().map(|_done| Judged::Right)
        });
    }

    /// An agent is started with a device of the mode the case is played in.
    pub(crate) fn summons(&mut self) -> Phone {
        self.summons_made(self.mode, |_make| {})
    }

    /// The same with a device that this has had its way with.
    pub(crate) fn summons_made(
        &mut self,
        mode: Mode,
        change: impl FnOnce(&mut Make) + Send + 'static,
    ) -> Phone {
        if !self.is_open {
            self.listens(Guise::Own);
        }
        let phone = Phone(self.phones);
        self.phones += 1;
        self.then(move |stage| {
            let facts = facts(mode, &serial(stage, phone.0));
            let mut make = Make {
                serial: facts.serial.clone(),
                mode,
                passcode: Presence::Set,
                find_my: Switch::Off,
                contact: Contact::Connected,
            };
            change(&mut make);
            stage.phones.push(PhoneState::new(facts, None));
            let what = format!("starts an agent with {} as {mode}", make.serial);
            let token = token(stage, phone);
            stage.serve(what, Serve::Summon { phone, make, token });
        });
        self.is_ready();
        phone
    }

    /// The device comes to enrol.
    pub(crate) fn comes_to_enrol(&mut self, _phone: Phone) -> Line {
        self.comes("the device connects to enrol", alpn::ENROLMENT)
    }

    /// The device comes for management.
    pub(crate) fn comes(&mut self, expected: &'static str, protocol: &'static [u8]) -> Line {
        let line = Line(self.lines);
        self.lines += 1;
        self.expect_within(COME_WITHIN, expected, move |stage| {
            let caller = &stage.lines.get(line.0)?.caller;
            let offers = [String::from_utf8_lossy(protocol)];
            let is_it = || caller.protocols == offers;
            Some(Judged::holds(is_it, || format!("it offers {}", caller.protocols.join(", "))))
        });
        line
    }

    /// Nobody else has come, and nobody comes while it is looked.
    pub(crate) fn nobody_comes(&mut self) {
        self.nobody_comes_within(LOOK_OUT);
    }

    /// The same for longer.
    pub(crate) fn nobody_comes_for(&mut self, span: Duration) {
        self.needs.insert(Need::VirtualTime);
        self.nobody_comes_within(span);
    }

    fn nobody_comes_within(&mut self, span: Duration) {
        let known = self.lines;
        self.expect_within(span, "the device stays away", move |stage| {
            if stage.lines.len() > known {
                return Some(Judged::Wrong("it came back".to_string()));
            }
            (stage.now >= stage.give_up_at).then_some(Judged::Right)
        });
    }

    /// This holds of the first words of whoever has come.
    pub(crate) fn has_come(
        &mut self,
        line: Line,
        expected: &'static str,
        holds: impl Fn(&Caller) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let caller = &stage.lines[line.0].caller;
            Some(Judged::holds(|| holds(caller), || format!("{caller:?}")))
        });
    }

    /// The device has forgotten its certificate: if it comes, it comes to enrol.
    pub(crate) fn has_forgotten_itself(&mut self) {
        let known = self.lines;
        let expected = "the device comes to enrol, or not at all";
        self.expect_within(LOOK_OUT, expected, move |stage| {
            let new = stage.lines.iter().skip(known).map(|line| &line.caller);
            let as_it_was = new.clone().any(|caller| caller.certificate.is_some());
            if as_it_was {
                return Some(Judged::Wrong("it comes with its certificate".to_string()));
            }
            let is_over = new.count() > 0 || stage.now >= stage.give_up_at;
            is_over.then_some(Judged::Right)
        });
    }

    /// The delays between the last so many arrivals are drawn, grow, and stay below a bound.
    pub(crate) fn has_come_with_growing_delays(&mut self, first: Line) {
        let expected = "random delays below 200 ms at first, then below twice as much each time, \
                        and below 30 s at last";
        self.expect(expected, move |stage| {
            let came = &stage.door.came_at[first.0..];
            let delays = came.windows(2).map(|pair| pair[1].since(pair[0]));
            let delays: Vec<Duration> = delays.collect();
            Some(Judged::holds(|| are_growing(&delays), || format!("{delays:?}")))
        });
    }

    /// The handshake comes to nothing because TLS of the device refuses the server.
    pub(crate) fn turns_back(&mut self) {
        let known = self.lines;
        let expected = "TLS of the device refuses the server's certificate";
        self.expect_within(COME_WITHIN, expected, move |stage| {
            match stage.door.turned_back.first() {
                Some(Ending::Refused(code)) if CERTIFICATE_REFUSED.contains(code) => {
                    Some(Judged::Right)
                }
                Some(Ending::Refused(code)) if *code >= 0x100 => {
                    Some(Judged::Bent(format!("refused with the alert 0x{code:x}")))
                }
                Some(other) => Some(Judged::Wrong(told::ending(other))),
                None if stage.lines.len() == known => None,
                None => Some(Judged::Wrong("it went on".to_string())),
            }
        });
    }

    /// TLS of the suite refuses the device so often at most, while it is looked.
    pub(crate) fn is_refused_at_most(&mut self, times: usize, span: Duration) {
        self.needs.insert(Need::VirtualTime);
        let expected = format!("1 to {times} attempts, and then none");
        self.expect_within(span, expected, move |stage| {
            let refused = stage.door.turned_back.len();
            if refused > times {
                return Some(Judged::Wrong(format!("{refused} attempts")));
            }
            let is_over = stage.now >= stage.give_up_at;
            is_over.then(|| Judged::holds(|| refused > 0, || "no attempt".to_string()))
        });
    }

    /// So many have wanted to connect, whatever became of it.
    pub(crate) fn has_knocked(&mut self, times: usize, within: Duration) {
        self.expect_within(within, format!("the device tries {times} times"), move |stage| {
            (stage.door.knocks >= times).then_some(Judged::Right)
        });
    }

    /// Something befalls the agent.
    pub(crate) fn agent(&mut self, phone: Phone, power: Power) {
        self.needs.insert(Need::Power);
        self.then(move |stage| {
            stage.serve(format!("the agent: {power:?}"), Serve::Power { phone, power });
        });
        self.is_ready();
    }

    /// The mode the case is played in.
    pub(crate) const fn mode(&self) -> Mode {
        self.mode
    }

    /// The device is made as the case says.
    pub(crate) fn needs_a_person(&mut self) {
        self.needs.insert(Need::Person);
    }

    /// The device can be pushed to.
    pub(crate) fn needs_a_push(&mut self) {
        self.needs.insert(Need::Push);
    }

    /// The device is pushed to, with what it gave out on this line.
    pub(crate) fn is_pushed(&mut self, phone: Phone, line: Line) {
        self.needs.insert(Need::Push);
        self.expect("the device has named what it is pushed by", move |stage| {
            let named = target(stage, line).is_some();
            Some(Judged::holds(|| named, || "it has named no target".to_string()))
        });
        self.then(move |stage| {
            if let Some(target) = target(stage, line) {
                stage.serve("pushes to the device", Serve::Push { phone, target });
            }
        });
        self.is_ready();
    }

    /// Somebody does something at the device.
    pub(crate) fn somebody(&mut self, phone: Phone, deed: Deed) {
        self.needs.insert(Need::Person);
        self.then(move |stage| {
            stage.serve(format!("somebody at the device: {deed:?}"), Serve::Person { phone, deed });
        });
        self.is_ready();
    }
}

/// What a device has named last on a line as the way to wake it.
fn target(stage: &Stage, line: Line) -> Option<PushTarget> {
    let said = stage.lines[line.0].aside.iter().rev();
    let mut targets = said.filter_map(|message| match message {
        ToServer::PushUpdate(update) => update.target.clone(),
        ToServer::Hello(_)
        | ToServer::TokenUpdate(_)
        | ToServer::StatusReport(_)
        | ToServer::Idle
        | ToServer::CommandResult(_) => None,
    });
    targets.next()
}

/// Whether no delay is longer than it may be, and one of the later ones longer than the first may
/// be. A handshake takes a moment, too.
fn are_growing(delays: &[Duration]) -> bool {
    let ceilings = (0..).map(|failures| {
        let doubled = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(failures));
        doubled.min(LONGEST_DELAY) + A_MOMENT
    });
    let stays_below = delays.iter().zip(ceilings).all(|(delay, ceiling)| *delay <= ceiling);
    let longest = delays.iter().max().copied().unwrap_or_default();
    stays_below && longest > FIRST_DELAY + A_MOMENT
}

/// What a device of this case enrols with.
pub(super) fn token(stage: &Stage, phone: Phone) -> EnrolmentToken {
    token_of(stage.token_seed, phone.index())
}
