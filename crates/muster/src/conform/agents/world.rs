//! Does what the script of a case wants a server to do, and tells it what its devices do.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use muster_conformance::script::{Act, Event, Guise, Line, Phone, Power, Serve, Served};
use muster_protocol::CloseCode;

use super::Agents;
use super::door::{Door, Ears, GuestList, Lines};
use super::outside::Played;
use super::own::Fleeting;
use super::papers::{issue, manner};
use super::premises::Premises;
use crate::conform::inbox::Inbox;
use crate::conform::line::Order;
use crate::conform::playing::Surroundings;

/// The surroundings of one case.
pub(super) struct World<'a> {
    premises: &'a Premises,
    agents: &'a Agents,
    door: Option<Door>,
    /// Doors nobody hears anything of any more.
    vanished: Vec<Door>,
    /// Where the door was opened first: there it stays.
    address: std::net::SocketAddr,
    players: BTreeMap<Phone, Player>,
    inbox: Inbox,
    ears: Ears,
}

/// Who plays a device.
enum Player {
    Own(Box<Fleeting>),
    Other(Box<Played>),
}

impl Surroundings for World<'_> {
    async fn next(&mut self) -> Event {
        self.inbox.next().await
    }

    async fn perform(&mut self, act: Act) {
        match act {
            Act::Serve(serve) => {
                let done = self.serve(serve).await;
                self.inbox.answer(done);
            }
            Act::Send { line, bytes } => self.order(line, Order::Send(bytes)).await,
            Act::Finish(line) => self.order(line, Order::Finish).await,
            Act::Reset(line) => self.order(line, Order::Reset).await,
            Act::TryStream { line, way } => self.order(line, Order::TryStream(way)).await,
            Act::Close { line, code } => self.order(line, Order::Close(code)).await,
            Act::Dial { .. }
            | Act::TryVersion(_)
            | Act::TryEarlyData { .. }
            | Act::Vanish(_)
            | Act::ChangeAddress(_)
            | Act::MakeKey { .. }
            | Act::ShareKey { .. }
            | Act::Keep { .. }
            | Act::Ask(_)
            | Act::MoveClock(_)
            | Act::Target(_) => {
                self.inbox.put(Event::Trouble("a device is no server".to_owned()));
            }
        }
    }
}

impl<'a> World<'a> {
    pub(super) fn new(premises: &'a Premises, agents: &'a Agents) -> Self {
        let (told, inbox) = Inbox::open();
        let list = GuestList::of(premises.guests);
        Self {
            premises,
            agents,
            door: None,
            vanished: Vec::new(),
            address: premises.address,
            players: BTreeMap::new(),
            inbox,
            ears: Ears { events: told, lines: Lines::default(), list },
        }
    }

    /// Ends the agents, and says goodbye to those who are still there.
    pub(super) async fn close(mut self) {
        for (_phone, player) in std::mem::take(&mut self.players) {
            match player {
                Player::Own(fleeting) => fleeting.end().await,
                Player::Other(played) => played.end().await,
            }
        }
        // Nobody reads what still comes: those who tell it must not wait.
        self.inbox.close();
        if let Some(door) = self.door.take() {
            door.close(CloseCode::Unenrolled.code()).await;
        }
    }

    async fn serve(&mut self, serve: Serve) -> anyhow::Result<Event> {
        match serve {
            Serve::Listen(guise) => self.listen(guise)?,
            Serve::Vanish => {
                let door = self.door.take().context("the suite does not listen")?;
                door.vanish();
                self.vanished.push(door);
            }
            Serve::Summon { phone, make, token } => {
                let at = (self.address, token);
                let player = match self.agents {
                    Agents::Own | Agents::Simulated => {
                        let own = Fleeting::start(self.premises, at, make).await?;
                        Player::Own(Box::new(own))
                    }
                    Agents::Others(outside) => {
                        let other = outside.start(self.premises, at, make).await?;
                        Player::Other(Box::new(other))
                    }
                };
                self.players.insert(phone, player);
            }
            Serve::Issue { phone, device, csr_der, paper } => {
                self.ears.list.add(device);
                let (chain_der, asked) = issue(self.premises, (device, &csr_der), paper)?;
                return Ok(Event::Served(Served::Issued { phone, chain_der, asked }));
            }
            Serve::Power { phone, power } => self.suffer(phone, power).await?,
            Serve::Person { phone, deed } => match self.player(phone)? {
                Player::Own(own) => own.person(deed).await?,
                Player::Other(played) => played.person(deed).await?,
            },
            Serve::Push { phone, target } => match self.player(phone)? {
                Player::Own(own) => own.push(target)?,
                Player::Other(_) => {
                    let why = "the suite cannot push to agents of others".to_owned();
                    return Ok(Event::Unable(why));
                }
            },
        }
        Ok(Event::Done)
    }

    async fn suffer(&mut self, phone: Phone, power: Power) -> anyhow::Result<()> {
        match self.player(phone)? {
            Player::Own(own) => own.suffer(power).await,
            Player::Other(played) => played.suffer(power).await,
        }
    }

    fn listen(&mut self, guise: Guise) -> anyhow::Result<()> {
        let manner = manner(guise, self.premises)?;
        if let Some(door) = &self.door {
            return Ok(door.behave(guise, manner)?);
        }
        let here = (&self.premises.network, self.address);
        let door = Door::open(here, &self.premises.reset, (guise, manner), self.ears.clone())?;
        self.address = door.address()?;
        self.door = Some(door);
        Ok(())
    }

    fn player(&mut self, phone: Phone) -> anyhow::Result<&mut Player> {
        match self.players.get_mut(&phone) {
            Some(player) => Ok(player),
            None => bail!("no agent plays this device"),
        }
    }

    /// A connection that is over takes no orders, as a server finds out late that nobody hears it.
    async fn order(&self, line: Line, order: Order) {
        let orders = self.ears.lines().get(&line).cloned();
        if let Some(orders) = orders {
            let _over = orders.send(order).await;
        }
    }
}
