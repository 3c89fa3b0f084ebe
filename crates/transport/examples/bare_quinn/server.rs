//! The measured server: accepts, holds, echoes.
//!
//! Talks to its parent in lines. In: the CA, the own certificate and the own key in hexadecimal,
//! then a number of connections for each sample wanted. Out: the port, then a sample as soon as
//! that many connections have been accepted.

use std::io::{BufRead as _, Lines, StdinLock, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

use muster_transport::{CertificateDer, Identity, PrivateKeyDer, ResetKey, server_endpoint};
use quinn::{Endpoint, Incoming};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::ping::echo;
use crate::sample::Sample;

pub(crate) fn run() -> Outcome<()> {
    let mut orders = std::io::stdin().lock().lines();
    let ca = CertificateDer::from(order(&mut orders).and_then(|line| unhex(&line))?);
    let identity = Identity {
        chain: vec![order(&mut orders).and_then(|line| unhex(&line))?.into()],
        key: PrivateKeyDer::Pkcs8(order(&mut orders).and_then(|line| unhex(&line))?.into()),
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (endpoint, buffers) = runtime.block_on(async {
        server_endpoint(
            address,
            identity,
            ca,
            &ResetKey::random(),
            &muster_transport::Skew::default(),
        )
    })?;
    if let Some(advice) = buffers.shortfall() {
        eprintln!("{advice}");
    }
    answer(&endpoint.local_addr()?.port().to_string())?;
    let (accepted, count) = watch::channel(0);
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(accept(endpoint, accepted)));
    answer_samples(&mut orders, |wanted| {
        let mut count = count.clone();
        handle.block_on(async move { count.wait_for(|held| *held >= wanted).await.map(|_held| ()) })
    })
}

/// One sample for each number asked for, until the parent hangs up.
fn answer_samples(
    orders: &mut Lines<StdinLock<'_>>,
    wait_for: impl Fn(u64) -> Result<(), watch::error::RecvError>,
) -> Outcome<()> {
    for line in orders {
        wait_for(line?.parse()?)?;
        answer(&Sample::take()?.to_string())?;
    }
    Ok(())
}

async fn accept(endpoint: Endpoint, accepted: watch::Sender<u64>) {
    let mut held = JoinSet::new();
    while let Some(incoming) = endpoint.accept().await {
        held.spawn(hold(incoming, accepted.clone()));
    }
}

async fn hold(incoming: Incoming, accepted: watch::Sender<u64>) {
    let Ok(connection) = incoming.await else {
        return;
    };
    accepted.send_modify(|held| *held += 1);
    while let Ok((send, receive)) = connection.accept_bi().await {
        echo(send, receive).await;
    }
}

fn order(orders: &mut Lines<StdinLock<'_>>) -> Outcome<String> {
    Ok(orders.next().ok_or("the parent hung up")??)
}

fn answer(line: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn unhex(line: &str) -> Outcome<Vec<u8>> {
    (0..line.len())
        .step_by(2)
        .map(|at| {
            let digits = line.get(at..at + 2).ok_or("odd number of digits")?;
            Ok(u8::from_str_radix(digits, 16)?)
        })
        .collect()
}
