//! One connection of a case: orders in, events out.

use muster_conformance::script::{Ending, Event, Line, Way};
use muster_transport::probe::{
    Ending as Ended, Heard, LinkReader, LinkWriter, Offer, Prober, StreamWay, Talk, Visitor,
};
use tokio::sync::mpsc::{Receiver, Sender};

/// How many orders may wait for a connection that takes none: more than any case has.
pub(super) const ORDERS_MAX: usize = 16 * 1024;

/// What a script wants of a connection.
#[derive(Debug)]
pub(super) enum Order {
    Send(Vec<u8>),
    Finish,
    Reset,
    TryStream(Way),
    Close(u32),
    Vanish,
    ChangeAddress,
}

/// Connects, and then does what is ordered and tells what comes, until nobody listens.
pub(super) async fn run(
    line: Line,
    (prober, offer): (Prober, Offer),
    orders: Receiver<Order>,
    events: Sender<Event>,
) {
    match prober.dial(&offer).await {
        Ok((writer, reader)) => {
            if events.send(Event::Connected(line)).await.is_ok() {
                converse(line, Talk { writer, reader }, (Vec::new(), orders), &events).await;
            }
        }
        Err(ended) => {
            let ending = ending(ended);
            let _nobody_listens = events.send(Event::Ended { line, ending }).await;
        }
    }
}

/// The same on a connection somebody else has made: what is ordered waits for the stream, but for
/// the close.
pub(super) async fn serve(
    line: Line,
    mut visitor: Visitor,
    mut orders: Receiver<Order>,
    events: Sender<Event>,
) {
    let mut early = Vec::new();
    let talk = loop {
        tokio::select! {
            talk = visitor.talk() => break talk,
            Some(order) = orders.recv() => match order {
                Order::Close(code) => visitor.close(code),
                other @ (Order::Send(_)
                | Order::Finish
                | Order::Reset
                | Order::TryStream(_)
                | Order::Vanish
                | Order::ChangeAddress) => early.push(other),
            },
            else => return,
        }
    };
    match talk {
        Ok(talk) => converse(line, talk, (early, orders), &events).await,
        Err(ended) => {
            let ending = ending(ended);
            let _nobody_listens = events.send(Event::Ended { line, ending }).await;
        }
    }
}

async fn converse(
    line: Line,
    Talk { mut writer, reader }: Talk,
    (early, orders): (Vec<Order>, Receiver<Order>),
    events: &Sender<Event>,
) {
    let writing = async {
        for order in early {
            follow(&mut writer, order, events).await;
        }
        write(writer, orders, events).await;
    };
    tokio::join!(writing, read(line, reader, events));
}

async fn write(mut link: LinkWriter, mut orders: Receiver<Order>, events: &Sender<Event>) {
    while let Some(order) = orders.recv().await {
        follow(&mut link, order, events).await;
    }
}

async fn follow(link: &mut LinkWriter, order: Order, events: &Sender<Event>) {
    match order {
        Order::Send(bytes) => link.write(bytes).await,
        Order::Finish => link.finish(),
        Order::Reset => link.reset(),
        Order::Close(code) => link.close(code),
        Order::Vanish => link.vanish(),
        Order::TryStream(way) => {
            let granted = link.may_open(way_of(way)).await;
            let _nobody_listens = events.send(Event::Granted(granted)).await;
        }
        Order::ChangeAddress => {
            if let Err(error) = link.change_address() {
                let _nobody_listens = events.send(Event::Trouble(error.to_string())).await;
            }
        }
    }
}

async fn read(line: Line, mut link: LinkReader, events: &Sender<Event>) {
    loop {
        let event = match link.next().await {
            Heard::Bytes(bytes) => Event::Bytes { line, bytes },
            Heard::Finished | Heard::StreamReset => Event::Finished(line),
            Heard::StreamOpened => Event::StreamOpened(line),
            Heard::Ended(ended) => Event::Ended { line, ending: ending(ended) },
        };
        let is_over = matches!(event, Event::Ended { .. });
        if events.send(event).await.is_err() || is_over {
            return;
        }
    }
}

pub(super) fn ending(ended: Ended) -> Ending {
    match ended {
        Ended::Closed { code } => Ending::Closed(code),
        Ended::Refused { code } => Ending::Refused(code),
        Ended::Objected { code } => Ending::Objected(code),
        Ended::Reset => Ending::Reset,
        Ended::TimedOut => Ending::TimedOut,
        Ended::Left => Ending::Left,
        Ended::Other(words) => Ending::Other(words),
    }
}

const fn way_of(way: Way) -> StreamWay {
    match way {
        Way::Both => StreamWay::Both,
        Way::One => StreamWay::One,
    }
}
