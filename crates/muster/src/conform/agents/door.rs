//! The door of the suite's server: who knocks, who is let in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_conformance::script::{Caller, Event, Guise, Line, Served};
use muster_protocol::{CloseCode, DeviceId};
use muster_transport::probe::{Knock, Listener, Manner, Visitor};
use muster_transport::{EndpointError, Network, ResetKey, TlsError};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::papers::shown;
use super::premises::Guests;
use crate::conform::line::{self, ORDERS_MAX, Order, ending};

/// How many who knock are kept waiting: whoever has waited longest has given up by then.
const KNOCKS_MAX: usize = 64;

/// Where orders for a connection go.
pub(super) type Lines = Arc<Mutex<BTreeMap<Line, Sender<Order>>>>;

/// An open door, and who keeps it.
pub(super) struct Door {
    listener: Arc<Listener>,
    answers: Arc<AtomicBool>,
    /// Ends with the door.
    _keeper: JoinSet<()>,
}

/// Where what happens is told.
#[derive(Clone)]
pub(super) struct Ears {
    pub(super) events: Sender<Event>,
    pub(super) lines: Lines,
    pub(super) list: GuestList,
}

/// The devices that were certified in a case, if only they are let in.
#[derive(Clone, Default)]
pub(super) struct GuestList(Option<Arc<Mutex<BTreeSet<DeviceId>>>>);

impl GuestList {
    /// For those who let in these.
    pub(super) fn of(guests: Guests) -> Self {
        Self((guests == Guests::OfThisCase).then(Arc::default))
    }

    /// Puts a device on it.
    pub(super) fn add(&self, device: DeviceId) {
        if let Self(Some(list)) = self {
            list.lock().unwrap_or_else(PoisonError::into_inner).insert(device);
        }
    }

    fn has(&self, caller: &Caller) -> bool {
        match (&self.0, &caller.certificate) {
            (Some(list), Some(shown)) => {
                list.lock().unwrap_or_else(PoisonError::into_inner).contains(&shown.device)
            }
            (None, _) | (_, None) => true,
        }
    }
}

impl Door {
    /// Opens a door at `address`.
    pub(super) fn open(
        (network, address): (&Network, SocketAddr),
        reset: &ResetKey,
        (guise, manner): (Guise, Manner),
        ears: Ears,
    ) -> Result<Self, EndpointError> {
        let listener = Arc::new(Listener::open(network, address, reset, manner)?);
        let answers = Arc::new(AtomicBool::new(guise != Guise::Silent));
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&listener), Arc::clone(&answers), ears));
        Ok(Self { listener, answers, _keeper: keeper })
    }

    /// Meets those like this who knock from now on.
    pub(super) fn behave(&self, guise: Guise, manner: Manner) -> Result<(), TlsError> {
        self.answers.store(guise != Guise::Silent, Ordering::Release);
        self.listener.behave(manner)
    }

    /// Where it is.
    pub(super) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.address()
    }

    /// Nobody hears anything of it any more, and it hears nobody.
    pub(super) fn vanish(&self) {
        self.listener.vanish();
    }

    /// Says goodbye to everybody.
    pub(super) async fn close(&self, code: u32) {
        self.listener.close(code).await;
    }
}

/// Lets in whoever knocks, in the order in which their handshakes are over.
async fn keep(listener: Arc<Listener>, answers: Arc<AtomicBool>, ears: Ears) {
    let (mut handshakes, mut talks) = (JoinSet::new(), JoinSet::new());
    // Kept unanswered, not refused.
    let mut waiting: VecDeque<Knock> = VecDeque::new();
    loop {
        tokio::select! {
            knock = listener.next() => {
                let Some(knock) = knock else { return };
                ears.tell(Served::Knocked).await;
                if answers.load(Ordering::Acquire) {
                    handshakes.spawn(knock.admit());
                } else {
                    waiting.push_back(knock);
                    if waiting.len() > KNOCKS_MAX {
                        waiting.pop_front();
                    }
                }
            }
            Some(Ok(done)) = handshakes.join_next() => match done {
                Ok(visitor) => ears.let_in(visitor, &mut talks).await,
                Err(ended) => ears.tell(Served::TurnedBack(ending(ended))).await,
            },
            Some(_over) = talks.join_next() => {}
        }
    }
}

impl Ears {
    async fn tell(&self, served: Served) {
        let _nobody_listens = self.events.send(Event::Served(served)).await;
    }

    async fn let_in(&self, visitor: Visitor, talks: &mut JoinSet<()>) {
        let caller = caller(&visitor);
        if !self.list.has(&caller) {
            return visitor.close(CloseCode::Unenrolled.code());
        }
        let (orders, taken): (_, Receiver<Order>) = mpsc::channel(ORDERS_MAX);
        let line = {
            let mut lines = self.lines();
            let line = Line::nth(lines.len());
            lines.insert(line, orders);
            line
        };
        self.tell(Served::Came { line, caller }).await;
        talks.spawn(line::serve(line, visitor, taken, self.events.clone()));
    }

    pub(super) fn lines(&self) -> MutexGuard<'_, BTreeMap<Line, Sender<Order>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn caller(visitor: &Visitor) -> Caller {
    let greetings = visitor.greetings();
    let first = greetings.first().cloned().unwrap_or_default();
    let named = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned();
    Caller {
        protocols: first.protocols.iter().map(named).collect(),
        greetings: greetings.len(),
        offers_aes_128: first.offers_aes_128,
        offers_x25519: first.offers_x25519,
        spoke_early: visitor.spoke_early(),
        certificate: visitor.certificates().first().and_then(shown),
    }
}
