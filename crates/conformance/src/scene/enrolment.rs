//! Devices, and how they enrol.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::enrolment::EnrolRequest;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{
    CloseCode, DeviceFacts, Mode, OperatingSystem, OsVersion, Platform, SerialNumber, alpn,
};

use super::bytes::longer;
use super::stage::{Heard, PhoneState, Stage, asked, encoded};
use super::{Judged, Scene, told};
use crate::case::Need;
use crate::hook::{Answer, Tokens, Verb};
use crate::script::{Act, Certificate, Key, Line, Phone};
use crate::verdict::Outcome;

impl Scene {
    /// A device nobody has met yet, of the mode the case is played in.
    pub(crate) fn phone(&mut self) -> Phone {
        self.phone_of(self.mode)
    }

    /// A supervised iPhone.
    pub(crate) fn iphone(&mut self) -> Phone {
        self.phone_of(Mode::AppleAutomatedDevice)
    }

    /// A fully managed Android.
    pub(crate) fn android(&mut self) -> Phone {
        self.phone_of(Mode::AndroidFullyManaged)
    }

    /// A device of this mode.
    pub(crate) fn phone_of(&mut self, mode: Mode) -> Phone {
        self.phone_with(mode, Key::Ed25519)
    }

    /// A device of this mode with a key of this kind.
    pub(crate) fn phone_with(&mut self, mode: Mode, key: Key) -> Phone {
        let number = self.phones;
        self.life(key, move |stage| facts(mode, &serial(stage, number)))
    }

    /// The same hardware after a wipe: with another key.
    pub(crate) fn reborn(&mut self, phone: Phone) -> Phone {
        self.life(Key::Ed25519, move |stage| stage.phones[phone.0].facts.clone())
    }

    /// The same hardware with the same key, as it asks again.
    pub(crate) fn same_key(&mut self, phone: Phone) -> Phone {
        let again = Phone(self.phones);
        self.phones += 1;
        self.then(move |stage| {
            let PhoneState { facts, csr_der, .. } = &stage.phones[phone.0];
            let (facts, csr_der) = (facts.clone(), csr_der.clone());
            stage.phones.push(PhoneState::new(facts, csr_der));
            let what = "asks again with the same key";
            stage.act(what, Act::ShareKey { phone: again, of: phone });
        });
        again
    }

    fn life(
        &mut self,
        key: Key,
        facts: impl FnOnce(&Stage) -> DeviceFacts + Send + 'static,
    ) -> Phone {
        let phone = Phone(self.phones);
        self.phones += 1;
        self.then(move |stage| {
            let facts = facts(stage);
            stage.phones.push(PhoneState::new(facts, None));
            stage.act(format!("makes a key: {key:?}"), Act::MakeKey { phone, key });
        });
        self.expect("the suite makes a key", move |stage| {
            stage.phones[phone.0].csr_der.is_some().then_some(Judged::Right)
        });
        phone
    }

    /// Gets what devices enrol with, once a case.
    pub(crate) fn gets_tokens(&mut self) {
        if core::mem::replace(&mut self.has_tokens, true) {
            return;
        }
        self.then(|stage| stage.ask(Verb::Reset));
        self.expect("the hook hands out enrolment tokens", |stage| {
            Some(match stage.answers.pop_front()? {
                Answer::Tokens(tokens) => {
                    stage.tokens = tokens;
                    Judged::Right
                }
                other @ (Answer::Accepted { .. }
                | Answer::Refused { .. }
                | Answer::Cancelled { .. }
                | Answer::Found(_)
                | Answer::Unsupported
                | Answer::Failed { .. }) => Judged::Stop(Outcome::Trouble(told::answer(&other))),
            })
        });
    }

    /// Asks to enrol, as it should.
    pub(crate) fn applies(&mut self, phone: Phone) -> Line {
        self.applies_with(phone, |_request, _tokens| {})
    }

    /// Asks to enrol with a request this has had its way with.
    pub(crate) fn applies_with(
        &mut self,
        phone: Phone,
        change: impl FnOnce(&mut EnrolRequest, &Tokens) + Send + 'static,
    ) -> Line {
        self.gets_tokens();
        let line = self.connects_to_enrol();
        self.then(move |stage| {
            let mut request = request(stage, phone);
            change(&mut request, &stage.tokens);
            let (bytes, what) = asked(&request);
            stage.act_on(line, what, Act::Send { line, bytes });
        });
        line
    }

    /// Asks to enrol with bytes this has had its way with; `what` says what is wrong with them.
    pub(crate) fn applies_in_bytes(
        &mut self,
        phone: Phone,
        what: &'static str,
        change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
    ) -> Line {
        self.gets_tokens();
        let line = self.connects_to_enrol();
        self.sends(line, what, move |stage| change(encoded(&request(stage, phone))));
        line
    }

    /// Asks with the one-time token of this case.
    pub(crate) fn applies_with_the_one_time_token(&mut self, phone: Phone) -> Line {
        self.needs.insert(Need::OneTimeToken);
        self.applies_with(phone, |request, tokens| {
            request.token = EnrolmentToken::new(tokens.one_time.clone().unwrap_or_default());
        })
    }

    /// Asks with a token that has ended.
    pub(crate) fn applies_with_the_expired_token(&mut self, phone: Phone) -> Line {
        self.needs.insert(Need::ExpiredToken);
        self.applies_with(phone, |request, tokens| {
            request.token = EnrolmentToken::new(tokens.expired.clone().unwrap_or_default());
        })
    }

    /// Asks as a device of a later minor, whose request has more behind it.
    pub(crate) fn applies_with_more(&mut self, phone: Phone) -> Line {
        self.applies_in_bytes(phone, "EnrolRequest of minor 9 with bytes behind it", |mut bytes| {
            bytes[5] = 9;
            longer(&bytes, b"new")
        })
    }

    /// The server lets it in: it keeps its certificate.
    pub(crate) fn is_enrolled(&mut self, line: Line, phone: Phone) {
        self.expect("an EnrolReply", move |stage| {
            Some(match stage.lines[line.0].next()? {
                Heard::Reply(reply) => {
                    stage.phones[phone.0].id = Some(reply.device);
                    let (device, chain_der) = (reply.device, reply.chain_der);
                    stage.acts.push_back(Act::Keep { phone, device, chain_der });
                    Judged::Right
                }
                other @ (Heard::Said(_)
                | Heard::Asked(_)
                | Heard::Told(_)
                | Heard::Garbled(_)
                | Heard::Finished
                | Heard::StreamOpened
                | Heard::Ended(_)) => Judged::Wrong(told::heard(&other)),
            })
        });
        self.expect("a certificate in the EnrolReply", move |stage| {
            stage.phones[phone.0].certificate.is_some().then_some(Judged::Right)
        });
    }

    /// What the certificate says holds.
    pub(crate) fn has_a_certificate(
        &mut self,
        phone: Phone,
        expected: &'static str,
        holds: impl Fn(&Certificate, &str) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let id = stage.id(phone).to_string();
            let certificate = stage.phones[phone.0].certificate.as_ref()?;
            Some(Judged::holds(|| holds(certificate, &id), || format!("{certificate:?}")))
        });
    }

    /// Enrols from first to last.
    pub(crate) fn enrols(&mut self, phone: Phone) {
        let line = self.applies(phone);
        self.is_enrolled(line, phone);
        self.closes(line, CloseCode::Done);
    }

    /// A device that is enrolled.
    pub(crate) fn enrolled(&mut self) -> Phone {
        let phone = self.phone();
        self.enrols(phone);
        phone
    }

    /// Two lives have, or have not, the same id.
    pub(crate) fn ids_are(&mut self, same: Ids, one: Phone, other: Phone) {
        let expected = match same {
            Ids::Same => "the same device id",
            Ids::Different => "another device id",
        };
        self.expect(expected, move |stage| {
            let are_same = stage.id(one) == stage.id(other);
            Some(Judged::holds(
                || are_same == (same == Ids::Same),
                || match same {
                    Ids::Same => String::from("another device id"),
                    Ids::Different => String::from("the same device id"),
                },
            ))
        });
    }
}

/// How two ids compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    Same,
    Different,
}

/// What a device asks with, as it should.
pub(super) fn request(stage: &Stage, phone: Phone) -> EnrolRequest {
    let state = &stage.phones[phone.0];
    EnrolRequest {
        minor: alpn::MINOR,
        token: EnrolmentToken::new(stage.tokens.reusable.clone()),
        csr_der: state.csr_der.clone().unwrap_or_default(),
        facts: state.facts.clone(),
    }
}

/// A serial number no other case and no other run has.
pub(super) fn serial(stage: &Stage, number: usize) -> String {
    let index = u64::try_from(number).unwrap_or(u64::MAX);
    let drawn = stage.seed.child("serial", index).stream().next_u64();
    format!("CONF-{drawn:016X}")
}

pub(super) fn facts(mode: Mode, serial: &str) -> DeviceFacts {
    let (model, operating_system) = match mode.platform() {
        Platform::Apple => match mode {
            Mode::AppleSharedIpad => ("iPad14,1", OperatingSystem::IpadOs),
            Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleAutomatedDevice
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser
            | Mode::AndroidDeviceAdministrator
            | Mode::AndroidPersonallyOwnedWorkProfile
            | Mode::AndroidCorporateOwnedWorkProfile
            | Mode::AndroidFullyManaged
            | Mode::AndroidDedicated
            | Mode::AospUserAssociated
            | Mode::AospUserless => ("iPhone15,2", OperatingSystem::Ios),
        },
        Platform::Android => ("Pixel 8", OperatingSystem::Android),
    };
    let serial: SerialNumber = serial.parse().expect("digits, letters and a dash");
    let os_version = OsVersion::major(17);
    DeviceFacts { serial, model: model.to_string(), operating_system, os_version, mode }
}
