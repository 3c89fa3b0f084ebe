//! What a case wants done that tries a device: there the suite is the server.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::secret::EnrolmentToken;
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceId, Mode, PushTarget, Seed, SerialNumber};

use super::{Ending, Line, Phone, Power};

/// Something a server does, or something that befalls the device it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serve {
    /// Be a server like this from now on, at the same address as the one before, which is gone.
    Listen(Guise),
    /// Be gone without a word: nothing is sent and nothing heard.
    Vanish,
    /// Have the agent play a device nobody has met yet.
    Summon {
        /// Under this name.
        phone: Phone,
        /// The device.
        make: Make,
        /// What it is to enrol with.
        token: EnrolmentToken,
    },
    /// Sign what a device has asked for, or something else.
    Issue {
        /// For whom.
        phone: Phone,
        /// Under this id.
        device: DeviceId,
        /// The request, in DER.
        csr_der: Vec<u8>,
        /// What it gets.
        paper: Paper,
    },
    /// Do something to an agent as a whole.
    Power {
        /// Whose.
        phone: Phone,
        /// This.
        power: Power,
    },
    /// Have somebody do something at the device.
    Person {
        /// Which.
        phone: Phone,
        /// What.
        deed: Deed,
    },
    /// Push to a device, with the word it has given out.
    Push {
        /// Whom.
        phone: Phone,
        /// Where it can be woken.
        target: PushTarget,
    },
}

/// The device an agent is to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Make {
    /// The number of its hardware.
    pub serial: SerialNumber,
    /// How it is to be managed.
    pub mode: Mode,
    /// Whether its user has set a passcode.
    pub passcode: Presence,
    /// Whether Find My is on.
    pub find_my: Switch,
    /// How it hears that its server wants something.
    pub contact: Contact,
}

/// How a device hears that its server wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// Over the connection it keeps.
    Connected,
    /// By a push.
    Woken,
}

/// What kind of server the suite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guise {
    /// The one the device is told of.
    Own,
    /// One with a certificate of a CA of another name.
    OfAnotherCa,
    /// One with a certificate of a CA of the right name and a wrong key.
    OfAnImpostor,
    /// One whose certificate has ended.
    Expired,
    /// One whose certificate has not begun.
    NotYetValid,
    /// One whose certificate is for clients.
    ForClients,
    /// One whose certificate is for another host.
    OfAnotherName,
    /// One that speaks a draft of QUIC from before its first version.
    OfADraft,
    /// One that hands out tickets, and would take early data.
    WithTickets,
    /// One that trusts no certificate of a device.
    TrustingNobody,
    /// One that answers nobody who wants to connect.
    Silent,
    /// One that takes 70 seconds of silence for the end.
    Impatient,
}

/// What a device gets for its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// Its certificate.
    Right,
    /// One that holds another key.
    OfAnotherKey,
    /// One that names another device.
    OfAnotherDevice,
    /// Bytes that are no certificate.
    Garbage,
    /// No certificate at all.
    Nothing,
}

/// What somebody does at a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Unlocks it with the passcode.
    Unlock,
    /// Sets a passcode.
    SetPasscode,
    /// Starts Find My, which locks the device to its user's account where that is allowed.
    StartFindMy,
}

impl Deed {
    /// The word adapters know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::SetPasscode => "set-passcode",
            Self::StartFindMy => "start-find-my",
        }
    }
}

/// Who has connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The protocols it offers.
    pub protocols: Vec<String>,
    /// How often it had to be asked: twice, if its first message had no share of X25519.
    pub greetings: usize,
    /// Whether it offers `TLS_AES_128_GCM_SHA256`.
    pub offers_aes_128: bool,
    /// Whether it offers X25519.
    pub offers_x25519: bool,
    /// Whether it has said something before its handshake was over.
    pub spoke_early: bool,
    /// What the certificate it shows says, if it shows one.
    pub certificate: Option<Shown>,
}

/// What stands in the certificate of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whom it names.
    pub device: DeviceId,
    /// SHA-256 of its public key.
    pub key: [u8; 32],
}

/// What a signing request says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// SHA-256 of the key it proves to hold; none if a server would refuse it.
    pub key: Option<[u8; 32]>,
    /// How long it is.
    pub bytes: usize,
    /// Whether it asks for extensions.
    pub asks_for_extensions: bool,
}

/// What happened at the door of the suite's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// Somebody wants to connect, whatever becomes of it.
    Knocked,
    /// A handshake came to nothing.
    TurnedBack(Ending),
    /// A handshake is over: connections are counted in this order.
    Came {
        /// This one.
        line: Line,
        /// By whom.
        caller: Caller,
    },
    /// The answer to [`Serve::Issue`].
    Issued {
        /// For whom.
        phone: Phone,
        /// In DER, the device's own first.
        chain_der: Vec<Vec<u8>>,
        /// What was asked.
        asked: Asked,
    },
}

/// What the device of this number enrols with: 64 hexadecimal digits of this seed.
#[must_use]
pub fn token_of(seed: Seed, number: usize) -> EnrolmentToken {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    let bytes: [u8; 32] = seed.child("token", number).stream().bytes();
    EnrolmentToken::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
