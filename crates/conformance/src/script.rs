//! What a case and the world around it say to each other.
//!
//! A [`Script`] does no I/O: the runner tells it what happened ([`Event`]) and does what it wants
//! done ([`Act`]). So the same script plays over UDP and in virtual time.

mod serving;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::Timestamp;

use crate::hook::{Answer, Verb};
use crate::transcript::Transcript;
use crate::verdict::Outcome;

pub use serving::{
    Asked, Caller, Contact, Deed, Guise, Make, Paper, Serve, Served, Shown, token_of,
};

/// A case while it is played.
///
/// After each [`handle`](Self::handle) the runner drains [`poll_act`](Self::poll_act) to `None`,
/// looks whether there is an [`outcome`](Self::outcome), and else waits for the next event, at most
/// until [`next_deadline`](Self::next_deadline).
pub trait Script: Send {
    /// Takes what happened at `now`, which is counted from the beginning of the case.
    fn handle(&mut self, now: Timestamp, event: Event);

    /// What to do now, one thing after another.
    fn poll_act(&mut self) -> Option<Act>;

    /// When to send [`Event::Time`] if nothing else happens before.
    fn next_deadline(&self) -> Option<Timestamp>;

    /// What came of it, once it is over.
    fn outcome(&self) -> Option<&Outcome>;

    /// What was said and done, so far.
    fn transcript(&self) -> &Transcript;
}

/// One connection of a case, in the order of their making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line(pub(crate) usize);

/// One life of a piece of hardware: a key, a certificate, an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone(pub(crate) usize);

impl Line {
    /// The one with this number, from 0: connections others make are counted as they come.
    #[must_use]
    pub const fn nth(number: usize) -> Self {
        Self(number)
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

impl Phone {
    /// Its number, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Connect, open the stream, and tell what comes.
    Dial {
        /// Under this name.
        line: Line,
        /// With these protocols.
        alpn: Alpn,
        /// And this certificate.
        show: Show,
    },
    /// Find out whether the server speaks another version of QUIC.
    TryVersion(u32),
    /// Find out whether the server would take early data of a second connection.
    TryEarlyData {
        /// What to show on the first.
        show: Show,
    },
    /// Send these bytes on the stream.
    Send {
        /// Of this connection.
        line: Line,
        /// As they are.
        bytes: Vec<u8>,
    },
    /// End the own side of the stream.
    Finish(Line),
    /// Give the stream up.
    Reset(Line),
    /// Find out whether the other side grants one more stream.
    TryStream {
        /// On this connection.
        line: Line,
        /// Of which kind.
        way: Way,
    },
    /// Close the connection.
    Close {
        /// This one.
        line: Line,
        /// With this application code.
        code: u32,
    },
    /// Be gone without a word.
    Vanish(Line),
    /// Go on from another address.
    ChangeAddress(Line),
    /// Make a key for this device, and a signing request.
    MakeKey {
        /// Whose.
        phone: Phone,
        /// What kind.
        key: Key,
    },
    /// Give a life the key of another: the same hardware asks again.
    ShareKey {
        /// This one has none yet.
        phone: Phone,
        /// This one has.
        of: Phone,
    },
    /// Keep what enrolment gave the device: its certificates.
    Keep {
        /// Whose.
        phone: Phone,
        /// Who it is from now on.
        device: muster_protocol::DeviceId,
        /// In DER, its own first.
        chain_der: Vec<Vec<u8>>,
    },
    /// Ask the control hook of the target.
    Ask(Verb),
    /// Move the target's clock ahead.
    MoveClock(Duration),
    /// Do something to the target as a whole.
    Target(Power),
    /// Do something a server does: the target is a device.
    Serve(Serve),
}

/// Which protocols a client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// The one of enrolment.
    Enrolment,
    /// The one of management.
    Management,
    /// Another.
    Named(&'static str),
    /// None at all.
    Nothing,
}

/// Whose certificate a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// None.
    Nothing,
    /// The device's, with that of the CA behind it.
    Own(Phone),
    /// The device's, alone.
    OwnAlone(Phone),
    /// The device's, with somebody else's key to prove it.
    OwnWithAnotherKey(Phone),
    /// One for this device of a CA with another name.
    OfAnotherCa(Phone),
    /// One for this device of a CA with the right name and a wrong key.
    OfAnImpostor(Phone),
    /// One of the right CA that has ended.
    Expired(Phone),
    /// One of the right CA that has not begun.
    NotYetValid(Phone),
    /// One of the right CA that is for servers.
    ForServers(Phone),
    /// One of the right CA that names no device.
    Nameless(Phone),
    /// One of the right CA that names two devices.
    TwoNames(Phone),
    /// One of the right CA for a device nobody has enrolled.
    OfAStranger(Phone),
    /// One of the right CA for this device, with a key it never enrolled with.
    OfAnotherKey(Phone),
}

/// Which way a stream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Both.
    Both,
    /// To the peer only.
    One,
}

/// What kind of key and request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Ed25519, and a request that asks for nothing.
    Ed25519,
    /// ECDSA P-256, and the same.
    P256,
    /// Ed25519, and a request with a stranger's names in it.
    Claiming,
    /// Ed25519, and a request for an extension nobody can read.
    Asking,
    /// ECDSA P-384, for which nobody gets a certificate.
    P384,
}

/// What happens to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It is stopped in good order.
    Stop,
    /// It is killed.
    Kill,
    /// It is started again on what it had stored.
    Start,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The case begins.
    Begin,
    /// The handshake is done as far as this side can tell.
    Connected(Line),
    /// Bytes of the stream.
    Bytes {
        /// Of this connection.
        line: Line,
        /// In order.
        bytes: Vec<u8>,
    },
    /// The other side ended its side of the stream, or gave it up.
    Finished(Line),
    /// The other side opened a stream of its own.
    StreamOpened(Line),
    /// The connection is over, or never came about.
    Ended {
        /// This one.
        line: Line,
        /// How.
        ending: Ending,
    },
    /// The answer to [`Act::TryStream`] and [`Act::TryVersion`].
    Granted(bool),
    /// The answer to [`Act::TryEarlyData`].
    EarlyData(bool),
    /// The answer to [`Act::MakeKey`]: the signing request in DER.
    Signed {
        /// Whose.
        phone: Phone,
        /// The request.
        csr_der: Vec<u8>,
    },
    /// The answer to [`Act::Ask`].
    Answered(Answer),
    /// The answer to [`Act::Keep`]: what the device's certificate says.
    Kept {
        /// Whose.
        phone: Phone,
        /// This.
        certificate: Certificate,
    },
    /// What was asked of the target as a whole, or of its clock, is done.
    Done,
    /// What happened at the door of the suite's own server.
    Served(Served),
    /// The deadline has come.
    Time,
    /// The runner cannot do what was asked: this target offers no such thing.
    Unable(String),
    /// The runner failed: nobody's fault but the suite's.
    Trouble(String),
}

/// What a device's certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Whether it holds the key the device asked with.
    pub is_of_the_key: bool,
    /// Its subject alternative names, as `URI:...`, `DNS:...` or another kind's name.
    pub names: Vec<String>,
    /// Its extended key usages: `clientAuth`, `serverAuth` or another's number.
    pub usages: Vec<String>,
    /// Whether it is one of a CA.
    pub is_ca: bool,
    /// Its subject, in words.
    pub subject: String,
    /// The subject of its issuer, in words.
    pub issuer: String,
    /// From when on it holds, in seconds from its issue on: negative for before.
    pub valid_from_s: i64,
    /// Until when it holds, likewise.
    pub valid_until_s: i64,
    /// How many certificates came, the device's own included.
    pub chain: usize,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The peer's application closed it with this code.
    Closed(u64),
    /// QUIC or TLS of the peer closed it with this code: `0x100` and the alert for TLS.
    Refused(u64),
    /// QUIC or TLS of this side closed it, as it does not like what the peer did.
    Objected(u64),
    /// The peer does not know the connection: a stateless reset.
    Reset,
    /// Nothing came for too long.
    TimedOut,
    /// This side closed it.
    Left,
    /// Something else, in words.
    Other(String),
}
