//! Connections: how they are opened, used against the rules, and how they end.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::CloseCode;
use muster_protocol::management::ToServer;

use super::stage::{Heard, News, Stage, Tongue};
use super::{ANSWER_WITHIN, Judged, Scene, told};
use crate::case::Need;
use crate::script::{Act, Alpn, Ending, Line, Phone, Show, Way};

/// What TLS says when it refuses (RFC 8446, section 6), as QUIC carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alert {
    UnsupportedCertificate = 0x12b,
    CertificateExpired = 0x12d,
    UnknownCa = 0x130,
    DecryptError = 0x133,
    NoApplicationProtocol = 0x178,
}

impl Scene {
    /// Begins to connect.
    pub(crate) fn dials(&mut self, alpn: Alpn, show: Show) -> Line {
        let line = Line(self.lines);
        self.lines += 1;
        let tongue = match alpn {
            Alpn::Enrolment => Tongue::Enrolment,
            Alpn::Management | Alpn::Named(_) | Alpn::Nothing => Tongue::Management,
        };
        self.then(move |stage| {
            stage.open(tongue);
            let what = format!("connects with {alpn:?}, shows {show:?}");
            stage.act_on(line, what, Act::Dial { line, alpn, show });
        });
        line
    }

    /// Begins to connect for management with this certificate.
    pub(crate) fn shows(&mut self, show: Show) -> Line {
        self.dials(Alpn::Management, show)
    }

    /// Connects for management, as a device with its certificate does.
    pub(crate) fn connects(&mut self, phone: Phone) -> Line {
        let line = self.shows(Show::Own(phone));
        self.is_connected(line);
        line
    }

    /// Begins to connect with its certificate, which may not be welcome any more.
    pub(crate) fn connects_anyhow(&mut self, phone: Phone) -> Line {
        self.shows(Show::Own(phone))
    }

    /// Connects for enrolment.
    pub(crate) fn connects_to_enrol(&mut self) -> Line {
        let line = self.dials(Alpn::Enrolment, Show::Nothing);
        self.is_connected(line);
        line
    }

    fn is_connected(&mut self, line: Line) {
        self.expect("the handshake completes", move |stage| {
            let state = &mut stage.lines[line.0];
            if state.is_open {
                return Some(Judged::Right);
            }
            state.next().map(|heard| Judged::Wrong(told::heard(&heard)))
        });
    }

    /// Sends bytes as they are; `what` says in words what they are.
    pub(crate) fn writes(&mut self, line: Line, what: &'static str, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.then(move |stage| stage.act_on(line, what, Act::Send { line, bytes }));
    }

    /// Ends its side of the stream.
    pub(crate) fn ends_its_stream(&mut self, line: Line) {
        self.then(move |stage| stage.act_on(line, "ends its stream", Act::Finish(line)));
    }

    /// Gives its stream up.
    pub(crate) fn resets_its_stream(&mut self, line: Line) {
        self.then(move |stage| stage.act_on(line, "resets its stream", Act::Reset(line)));
    }

    /// Closes the connection.
    pub(crate) fn closes(&mut self, line: Line, code: CloseCode) {
        self.closes_with_code(line, code.code());
    }

    /// Closes the connection with a code that need not be one.
    pub(crate) fn closes_with_code(&mut self, line: Line, code: u32) {
        self.then(move |stage| {
            let what = format!("closes with {}", told::code_name(code.into()));
            stage.act_on(line, what, Act::Close { line, code });
        });
    }

    /// Goes on from another address.
    pub(crate) fn changes_its_address(&mut self, line: Line) {
        self.needs.insert(Need::ChangeAddress);
        self.then(move |stage| {
            stage.act_on(line, "changes its address", Act::ChangeAddress(line));
        });
    }

    /// Is gone without a word.
    pub(crate) fn vanishes(&mut self, line: Line) {
        self.then(move |stage| stage.act_on(line, "vanishes", Act::Vanish(line)));
    }

    /// Ends its stream, and the server closes in good order.
    pub(crate) fn leaves(&mut self, line: Line) {
        self.ends_its_stream(line);
        self.closed_with(line, CloseCode::Done);
    }

    /// The server ends its side of the stream.
    pub(crate) fn hears_the_end(&mut self, line: Line) {
        self.expect("the server ends its side of the stream", move |stage| {
            let heard = stage.lines[line.0].next()?;
            Some(Judged::holds(|| heard == Heard::Finished, || told::heard(&heard)))
        });
    }

    /// The server closes with this code. Another code is the right end with a wrong reason.
    pub(crate) fn closed_with(&mut self, line: Line, code: CloseCode) {
        self.closed_within(ANSWER_WITHIN, line, code);
    }

    /// The same, within a time of its own.
    pub(crate) fn closed_within(&mut self, within: Duration, line: Line, code: CloseCode) {
        let wanted = u64::from(code.code());
        let expected = format!("{} closes with {}", self.peer(), told::code_name(wanted));
        self.expect_within(within, expected, move |stage| {
            let ending = match until_the_end(stage, line)? {
                Ok(ending) => ending,
                Err(actual) => return Some(Judged::Wrong(actual)),
            };
            Some(match ending {
                Ending::Closed(code) if code == wanted => Judged::Right,
                Ending::Closed(code) => {
                    Judged::Bent(format!("closed with {}", told::code_name(code)))
                }
                Ending::Refused(_)
                | Ending::Objected(_)
                | Ending::Reset
                | Ending::TimedOut
                | Ending::Left
                | Ending::Other(_) => Judged::Wrong(told::ending(&ending)),
            })
        });
    }

    /// TLS of the server refuses with this alert. Another alert is the right end with a wrong reason.
    pub(crate) fn refused_with(&mut self, line: Line, alert: Alert) {
        let wanted = alert as u64;
        let expected = format!("TLS of the server refuses with {alert:?} (0x{wanted:x})");
        self.expect(expected, move |stage| {
            let ending = match until_the_end(stage, line)? {
                Ok(ending) => ending,
                Err(actual) => return Some(Judged::Wrong(actual)),
            };
            Some(match ending {
                Ending::Refused(code) if code == wanted => Judged::Right,
                Ending::Refused(code) if code >= 0x100 => {
                    Judged::Bent(format!("refused with the alert 0x{code:x}"))
                }
                Ending::Refused(_)
                | Ending::Closed(_)
                | Ending::Objected(_)
                | Ending::Reset
                | Ending::TimedOut
                | Ending::Left
                | Ending::Other(_) => Judged::Wrong(told::ending(&ending)),
            })
        });
    }

    /// The connection ends like this, within a time of its own.
    pub(crate) fn ends_as(&mut self, line: Line, ending: Ending, within: Duration) {
        let expected = format!("the connection ends with {}", told::ending(&ending));
        self.expect_within(within, expected, move |stage| {
            let ended = until_the_end(stage, line)?;
            Some(match ended {
                Ok(ended) => Judged::holds(|| ended == ending, || told::ending(&ended)),
                Err(actual) => Judged::Wrong(actual),
            })
        });
    }

    /// The server does not speak this version of QUIC.
    pub(crate) fn is_not_spoken(&mut self, version: u32) {
        self.then(move |stage| {
            stage.act(format!("connects in version 0x{version:08x}"), Act::TryVersion(version));
        });
        self.expect("the server does not speak that version of QUIC", |stage| {
            let news = stage.news.pop_front()?;
            Some(Judged::holds(
                || news == News::Granted(false),
                || String::from("it completed the handshake"),
            ))
        });
    }

    /// The server takes no early data: it has given no ticket to send any with.
    pub(crate) fn is_given_no_ticket(&mut self, phone: Phone) {
        self.then(move |stage| {
            let show = Show::Own(phone);
            stage
                .act("connects twice, the second time with early data", Act::TryEarlyData { show });
        });
        self.expect("the server takes no early data", |stage| {
            let news = stage.news.pop_front()?;
            Some(Judged::holds(
                || news == News::Granted(false),
                || String::from("it would have taken some"),
            ))
        });
    }

    /// Asks for one more stream, and the server grants none.
    pub(crate) fn is_granted_no_stream(&mut self, line: Line, way: Way) {
        self.then(move |stage| {
            stage.act_on(line, format!("asks for a stream: {way:?}"), Act::TryStream { line, way });
        });
        self.expect("the server grants no further stream", |stage| {
            let news = stage.news.pop_front()?;
            Some(Judged::holds(|| news == News::Granted(false), || String::from("it granted one")))
        });
    }
}

/// How a line ended, or what came before that should not have.
fn until_the_end(stage: &mut Stage, line: Line) -> Option<Result<Ending, String>> {
    loop {
        match stage.lines[line.0].next()? {
            // A device may have said that it is idle before it read what it does not like.
            Heard::Finished | Heard::Told(ToServer::Idle) => {}
            Heard::Ended(ending) => return Some(Ok(ending)),
            other @ (Heard::Reply(_)
            | Heard::Said(_)
            | Heard::Asked(_)
            | Heard::Told(_)
            | Heard::Garbled(_)
            | Heard::StreamOpened) => {
                return Some(Err(told::heard(&other)));
            }
        }
    }
}
