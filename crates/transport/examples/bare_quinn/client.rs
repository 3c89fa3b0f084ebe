//! The measuring client: connects, holds, sends.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex as Lock};
use std::time::{Duration, Instant};

use muster_protocol::DeviceId;
use muster_transport::{
    ClientTls, CsrKey, DeviceKey, Identity, RunCa, SERVER_NAME, Validity, client_endpoint,
};
use quinn::{Connection, Endpoint, RecvStream, SendStream};
use tokio::runtime::Builder;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::ping::round_trip;
use crate::sample::Sample;

/// How much to do.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    connections: usize,
    in_flight: usize,
    round_trips: usize,
}

/// A connection with its one stream.
struct Session {
    _connection: Connection,
    streams: Mutex<(SendStream, RecvStream)>,
}

/// Both processes at one moment.
struct Reading {
    at: Instant,
    client: Sample,
    server: Sample,
}

/// The process that runs the server; it ends with this.
struct Server {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Load {
    /// Reads the arguments that are there; the rest is 1,000 connections, 256 in flight, 40 round
    /// trips on each.
    pub(crate) fn parse(words: &[&str]) -> Outcome<Self> {
        let word = |at: usize, otherwise| match words.get(at) {
            Some(word) => word.parse::<usize>(),
            None => Ok(otherwise),
        };
        let load = Self {
            connections: word(0, 1_000)?,
            in_flight: word(1, 256)?,
            round_trips: word(2, 40)?,
        };
        if load.connections.min(load.in_flight).min(load.round_trips) == 0 {
            return Err("all numbers have to be at least 1".into());
        }
        Ok(load)
    }
}

pub(crate) fn run(load: Load) -> Outcome<()> {
    let ca = RunCa::ephemeral()?;
    let tls = ClientTls::new(ca.certificate_der())?;
    let identities: Vec<Identity> =
        (0..load.connections).map(|index| device(&ca, index)).collect::<Outcome<_>>()?;
    let (server, address) = Server::start(&ca)?;
    let server = Arc::new(Lock::new(server));
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let target = Target { tls, identities, address };
    println!("{}", runtime.block_on(measure(load, &server, target))?);
    Ok(())
}

/// Whom to connect to, and as whom.
struct Target {
    tls: ClientTls,
    identities: Vec<Identity>,
    address: SocketAddr,
}

async fn measure(load: Load, server: &Arc<Lock<Server>>, target: Target) -> Outcome<String> {
    let (endpoint, buffers) = client_endpoint(target.address)?;
    if let Some(advice) = buffers.shortfall() {
        eprintln!("{advice}");
    }
    let empty = read(server, 0).await?;
    let connections = connect_all(load, &endpoint, target).await?;
    let idle = read(server, load.connections).await?;
    let sessions = open_all(connections).await?;
    let before = read(server, load.connections).await?;
    exchange_all(load, &sessions).await?;
    let after = read(server, load.connections).await?;
    Ok(report(load, [&empty, &idle, &before, &after]))
}

/// Reads both processes as soon as the server holds `connections`. Off the runtime's thread, which
/// has to send what the last handshakes still need.
async fn read(server: &Arc<Lock<Server>>, connections: usize) -> Outcome<Reading> {
    let server = Arc::clone(server);
    let reading = tokio::task::spawn_blocking(move || match server.lock() {
        Ok(mut server) => server.read(connections),
        Err(_poisoned) => Err("an earlier reading failed".into()),
    });
    reading.await?
}

async fn connect_all(load: Load, endpoint: &Endpoint, target: Target) -> Outcome<Vec<Connection>> {
    let target = Arc::new(target);
    let mut workers = JoinSet::new();
    for worker in 0..load.in_flight.min(load.connections) {
        let (endpoint, target) = (endpoint.clone(), Arc::clone(&target));
        workers.spawn(async move {
            let mut connections = Vec::new();
            for identity in target.identities.iter().skip(worker).step_by(load.in_flight) {
                let config = target.tls.management(identity)?;
                let connecting = endpoint.connect_with(config, target.address, SERVER_NAME)?;
                connections.push(connecting.await?);
            }
            Outcome::Ok(connections)
        });
    }
    let connected = workers.join_all().await.into_iter().collect::<Outcome<Vec<_>>>()?;
    Ok(connected.into_iter().flatten().collect())
}

async fn open_all(connections: Vec<Connection>) -> Outcome<Arc<[Session]>> {
    let mut sessions = Vec::with_capacity(connections.len());
    for connection in connections {
        let streams = Mutex::new(connection.open_bi().await?);
        sessions.push(Session { _connection: connection, streams });
    }
    Ok(sessions.into())
}

/// All round trips, one connection after the other, so that each finds its connection cold.
async fn exchange_all(load: Load, sessions: &Arc<[Session]>) -> Outcome<()> {
    let mut workers = JoinSet::new();
    for worker in 0..load.in_flight {
        let sessions = Arc::clone(sessions);
        workers.spawn(async move {
            for turn in (worker..load.connections * load.round_trips).step_by(load.in_flight) {
                let mut streams = sessions[turn % load.connections].streams.lock().await;
                let (send, receive) = &mut *streams;
                round_trip(send, receive).await?;
            }
            Outcome::Ok(())
        });
    }
    workers.join_all().await.into_iter().collect()
}

fn report(load: Load, [empty, idle, before, after]: [&Reading; 4]) -> String {
    let connections = load.connections as u64;
    let trips = connections * load.round_trips as u64;
    let cpu = |from: &Reading, to: &Reading, side: Side, count: u64| {
        (side(to).cpu_micros - side(from).cpu_micros) as f64 / count as f64
    };
    let held = |at: &Reading, side: Side| {
        let grown = side(at).resident_bytes.saturating_sub(side(empty).resident_bytes);
        grown / connections
    };
    format!(
        concat!(
            r#"{{"optimised":{},"connections":{},"in_flight":{},"round_trips_each":{},"#,
            r#""handshakes_per_second":{:.0},"handshake_cpu_us":{{"server":{:.1},"client":{:.1}}},"#,
            r#""idle_bytes":{{"server":{},"client":{}}},"after_bytes":{{"server":{},"client":{}}},"#,
            r#""round_trips_per_second":{:.0},"round_trip_cpu_us":{{"server":{:.1},"client":{:.1}}}}}"#,
        ),
        !cfg!(debug_assertions),
        connections,
        load.in_flight,
        load.round_trips,
        rate(connections, idle.at - empty.at),
        cpu(empty, idle, server, connections),
        cpu(empty, idle, client, connections),
        held(idle, server),
        held(idle, client),
        held(after, server),
        held(after, client),
        rate(trips, after.at - before.at),
        cpu(before, after, server, trips),
        cpu(before, after, client, trips),
    )
}

/// Which process a number is about.
type Side = fn(&Reading) -> Sample;

fn server(at: &Reading) -> Sample {
    at.server
}

fn client(at: &Reading) -> Sample {
    at.client
}

fn rate(count: u64, within: Duration) -> f64 {
    count as f64 / within.as_secs_f64()
}

fn device(ca: &RunCa, index: usize) -> Outcome<Identity> {
    let key = DeviceKey::generate()?;
    let id = DeviceId::from_bytes((index as u128).to_be_bytes());
    let request = CsrKey::from_csr(&key.csr_der()?)?;
    let certificate = ca.issue_device(id, &request, Validity::device())?;
    Ok(key.identity(vec![certificate.to_vec()]))
}

impl Server {
    /// Starts the server and gives it its identity through a pipe.
    fn start(ca: &RunCa) -> Outcome<(Self, SocketAddr)> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut orders = process.stdin.take().ok_or("the server has no input")?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let identity = ca.issue_server()?;
        let certificate = identity.chain.first().ok_or("the server has no certificate")?;
        for bytes in [&ca.certificate_der()[..], certificate, identity.key.secret_der()] {
            writeln!(orders, "{}", hex(bytes))?;
        }
        let mut answers = BufReader::new(output).lines();
        let port = answers.next().ok_or("the server has no port")??.parse()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok((Self { process, orders, answers }, address))
    }

    fn read(&mut self, connections: usize) -> Outcome<Reading> {
        writeln!(self.orders, "{connections}")?;
        let line = self.answers.next().ok_or("the server is gone")??;
        Ok(Reading { at: Instant::now(), client: Sample::take()?, server: line.parse()? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
