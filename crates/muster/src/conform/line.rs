//! One connection of a case: orders in, events out.

use muster_conformance::script::{Ending, Event, Line, Way};
use muster_transport::probe::{
    Ending as Ended, Heard, LinkReader, LinkWriter, Offer, Prober, StreamWay,
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
                tokio::join!(write(writer, orders, &events), read(line, reader, &events));
            }
        }
        Err(ended) => {
            let ending = ending(ended);
            let _nobody_listens = events.send(Event::Ended { line, ending }).await;
        }
    }
}

async fn write(mut link: LinkWriter, mut orders: Receiver<Order>, events: &Sender<Event>) {
    while let Some(order) = orders.recv().await {
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
