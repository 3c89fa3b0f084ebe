//! Does what the script of one case wants done, and tells it what happens.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use muster_conformance::script::{Act, Alpn, Event, Line, Show};
use muster_protocol::alpn;
use muster_transport::probe::{Offer, Prober};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::hook::Hook;
use super::house::Abode;
use super::inbox::Inbox;
use super::line::{self, ORDERS_MAX, Order};
use super::papers::{NotShown, Papers};
use super::playing::Surroundings;
use super::site::Site;

/// How long a hook may take for one answer.
const HOOK_WITHIN: Duration = Duration::from_secs(15);

/// The surroundings of one case.
pub(super) struct World<'a> {
    site: Site,
    abode: &'a Abode,
    hook: &'a Hook,
    papers: Papers,
    lines: BTreeMap<Line, Sender<Order>>,
    inbox: Inbox,
    told: Sender<Event>,
    tasks: JoinSet<()>,
}

impl Surroundings for World<'_> {
    async fn next(&mut self) -> Event {
        self.inbox.next().await
    }

    async fn perform(&mut self, act: Act) {
        match act {
            Act::Dial { line, alpn, show } => self.dial(line, alpn, show),
            Act::TryVersion(version) => self.try_version(version).await,
            Act::TryEarlyData { show } => self.try_early_data(show).await,
            Act::Send { line, bytes } => self.order(line, Order::Send(bytes)).await,
            Act::Finish(line) => self.order(line, Order::Finish).await,
            Act::Reset(line) => self.order(line, Order::Reset).await,
            Act::TryStream { line, way } => self.order(line, Order::TryStream(way)).await,
            Act::Close { line, code } => self.order(line, Order::Close(code)).await,
            Act::Vanish(line) => self.order(line, Order::Vanish).await,
            Act::ChangeAddress(line) => self.order(line, Order::ChangeAddress).await,
            Act::MakeKey { phone, key } => {
                let made = self.papers.make_key(phone, key);
                self.inbox.answer(made.map(|csr_der| Event::Signed { phone, csr_der }));
            }
            Act::ShareKey { phone, of } => {
                if let Err(error) = self.papers.share_key(phone, of) {
                    self.inbox.put(Event::Trouble(format!("{error:#}")));
                }
            }
            Act::Keep { phone, device, chain_der } => {
                let now = self.site.skew.wall();
                let kept = self.papers.keep(phone, (device, chain_der), now);
                self.inbox.answer(kept.map(|certificate| Event::Kept { phone, certificate }));
            }
            Act::Ask(verb) => {
                let answered = timeout(HOOK_WITHIN, self.hook.answer(self.abode, verb)).await;
                self.inbox.put(match answered {
                    Ok(answer) => Event::Answered(answer),
                    Err(_elapsed) => Event::Trouble("the hook does not answer".to_owned()),
                });
            }
            Act::MoveClock(span) => {
                self.site.skew.advance(span);
                self.inbox.put(Event::Done);
            }
            Act::Target(power) => {
                let done = self.abode.suffer(power).await;
                self.inbox.answer(done.map(|()| Event::Done));
            }
            Act::Serve(_) => {
                let what = "a server has no server".to_owned();
                self.inbox.put(Event::Trouble(what));
            }
        }
    }
}

impl<'a> World<'a> {
    pub(super) fn new(site: Site, abode: &'a Abode, hook: &'a Hook) -> Self {
        let (told, inbox) = Inbox::open();
        let (papers, lines) = (Papers::default(), BTreeMap::new());
        Self { site, abode, hook, papers, lines, inbox, told, tasks: JoinSet::new() }
    }

    fn dial(&mut self, line: Line, alpn: Alpn, show: Show) {
        let Some(offer) = self.offer(alpn, show) else { return };
        let prober = match Prober::open(&self.site.network, self.site.server) {
            Ok(prober) => prober,
            Err(error) => return self.inbox.put(Event::Trouble(error.to_string())),
        };
        let (orders, taken) = mpsc::channel(ORDERS_MAX);
        self.lines.insert(line, orders);
        self.tasks.spawn(line::run(line, (prober, offer), taken, self.told.clone()));
    }

    async fn try_version(&mut self, version: u32) {
        let Some(offer) = self.offer(Alpn::Management, Show::Nothing) else { return };
        let speaks = match Prober::open(&self.site.network, self.site.server) {
            Ok(prober) => prober.speaks(&offer, version).await.map_err(|it| anyhow!("{it:?}")),
            Err(error) => Err(error.into()),
        };
        self.inbox.answer(speaks.map(Event::Granted));
    }

    async fn try_early_data(&mut self, show: Show) {
        let Some(offer) = self.offer(Alpn::Management, show) else { return };
        let takes = match Prober::open(&self.site.network, self.site.server) {
            Ok(prober) => prober.takes_early_data(&offer).await.map_err(|it| anyhow!("{it:?}")),
            Err(error) => Err(error.into()),
        };
        self.inbox.answer(takes.map(Event::EarlyData));
    }

    /// What to offer in a handshake; nothing if the suite cannot.
    fn offer(&mut self, alpn: Alpn, show: Show) -> Option<Offer> {
        let identity = match self.papers.show(show, &self.site) {
            Ok(identity) => identity,
            Err(NotShown::NoCaKey) => {
                let why = "the suite has no key of the target's CA".to_owned();
                self.inbox.put(Event::Unable(why));
                return None;
            }
            Err(NotShown::Failed(error)) => {
                self.inbox.answer(Err(error));
                return None;
            }
        };
        let protocols = match alpn {
            Alpn::Enrolment => vec![alpn::ENROLMENT.to_vec()],
            Alpn::Management => vec![alpn::MANAGEMENT.to_vec()],
            Alpn::Named(name) => vec![name.as_bytes().to_vec()],
            Alpn::Nothing => Vec::new(),
        };
        let (ca, skew) = (self.site.ca.clone(), self.site.skew.clone());
        Some(Offer { ca, protocols, identity, skew })
    }

    /// A connection that is over takes no orders, as a device finds out late that nobody hears it.
    async fn order(&mut self, line: Line, order: Order) {
        if let Some(orders) = self.lines.get(&line) {
            let _over = orders.send(order).await;
        }
    }
}
