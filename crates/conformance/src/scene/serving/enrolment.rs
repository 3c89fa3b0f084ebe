//! Devices that enrol, as their server sees it.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use muster_protocol::CloseCode;
use muster_protocol::alpn;
use muster_protocol::enrolment::{EnrolReply, EnrolRequest};

use super::arrivals::token;
use crate::scene::stage::{Heard, Stage, encoded};
use crate::scene::{Ids, Judged, Scene, told};
use crate::script::{Asked, Line, Paper, Phone, Serve};
use crate::verdict::Outcome;

impl Scene {
    /// The device asks to enrol, with its token and as what it is.
    pub(crate) fn asks_to_enrol(&mut self, line: Line, phone: Phone) {
        self.expect("an EnrolRequest with the token of the case", move |stage| {
            Some(match stage.lines[line.0].next()? {
                Heard::Asked(request) => take(stage, phone, *request),
                other @ (Heard::Reply(_)
                | Heard::Said(_)
                | Heard::Told(_)
                | Heard::Garbled(_)
                | Heard::Finished
                | Heard::StreamOpened
                | Heard::Ended(_)) => Judged::Wrong(told::heard(&other)),
            })
        });
    }

    /// What it asked with is like this.
    pub(crate) fn has_asked(
        &mut self,
        phone: Phone,
        expected: &'static str,
        holds: impl Fn(&EnrolRequest) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let request = stage.phones[phone.0].guest.requests.last()?;
            let actual = || {
                let facts = &request.facts;
                format!("a request of minor {} with {facts:?}", request.minor)
            };
            Some(Judged::holds(|| holds(request), actual))
        });
    }

    /// What its signing request says is like this; it has been certified.
    pub(crate) fn has_requested(
        &mut self,
        phone: Phone,
        expected: &'static str,
        holds: impl Fn(&Asked) -> bool + Send + 'static,
    ) {
        self.expect(expected, move |stage| {
            let asked = stage.phones[phone.0].guest.asked.last()?;
            Some(Judged::holds(|| holds(asked), || format!("{asked:?}")))
        });
    }

    /// The suite makes what the device gets for its request.
    pub(crate) fn certifies(&mut self, phone: Phone, paper: Paper) {
        self.then(move |stage| {
            let device = stage.give_id(phone);
            let guest = &mut stage.phones[phone.0].guest;
            guest.chain_der = None;
            let csr_der =
                guest.requests.last().map_or_else(Default::default, |it| it.csr_der.clone());
            let what = format!("makes a certificate: {paper:?}");
            stage.serve(what, Serve::Issue { phone, device, csr_der, paper });
        });
        self.expect("a signing request a certificate can be made for", move |stage| {
            let guest = &stage.phones[phone.0].guest;
            guest.chain_der.as_ref()?;
            let asked = guest.asked.last()?;
            Some(Judged::holds(|| asked.key.is_some(), || format!("{asked:?}")))
        });
    }

    /// All its requests so far were for the same key, or the last one for another.
    pub(crate) fn keys_are(&mut self, phone: Phone, same: Ids) {
        let expected = match same {
            Ids::Same => "a request for the same key",
            Ids::Different => "a request for another key",
        };
        self.expect(expected, move |stage| {
            let [.., before, last] = stage.phones[phone.0].guest.asked.as_slice() else {
                return Some(Judged::Wrong("it has not asked twice".to_string()));
            };
            let are_same = before.key == last.key;
            let actual = if are_same { "the same key" } else { "another key" };
            Some(Judged::holds(|| are_same == (same == Ids::Same), || actual.to_string()))
        });
    }

    /// The suite answers with what it made, and ends its side of the stream.
    pub(crate) fn replies(&mut self, line: Line, phone: Phone) {
        self.replies_in_bytes(line, (phone, "EnrolReply"), |bytes| bytes);
    }

    /// The same in bytes this has had its way with.
    pub(crate) fn replies_in_bytes(
        &mut self,
        line: Line,
        (phone, what): (Phone, &'static str),
        change: impl FnOnce(Vec<u8>) -> Vec<u8> + Send + 'static,
    ) {
        self.sends(line, what, move |stage| change(encoded(&reply(stage, phone))));
        self.ends_its_stream(line);
    }

    /// The device enrols from first to last.
    pub(crate) fn gets_enrolled(&mut self, phone: Phone) -> Line {
        let line = self.comes_to_enrol(phone);
        self.asks_to_enrol(line, phone);
        self.certifies(phone, Paper::Right);
        self.replies(line, phone);
        line
    }

    /// The device asks to enrol, and is closed with this code instead of an answer.
    pub(crate) fn is_turned_away(&mut self, phone: Phone, code: CloseCode) -> Line {
        let line = self.comes_to_enrol(phone);
        self.asks_to_enrol(line, phone);
        self.closes(line, code);
        line
    }
}

/// Keeps a request, if it is one of the device that was called for.
fn take(stage: &mut Stage, phone: Phone, request: EnrolRequest) -> Judged {
    let wanted = &stage.phones[phone.0].facts.mode;
    if request.facts.mode != *wanted {
        let what =
            format!("the agent plays a {} where a {wanted} was asked for", request.facts.mode);
        return Judged::Stop(Outcome::Unsupported(what));
    }
    if request.token != token(stage, phone) {
        return Judged::Wrong("an EnrolRequest with another token".to_string());
    }
    stage.phones[phone.0].guest.requests.push(request);
    Judged::Right
}

fn reply(stage: &Stage, phone: Phone) -> EnrolReply {
    let guest = &stage.phones[phone.0].guest;
    let (device, chain_der) = (stage.id(phone), guest.chain_der.clone().unwrap_or_default());
    EnrolReply { minor: alpn::MINOR, device, chain_der }
}
