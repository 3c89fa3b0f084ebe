//! A worker: plays one share of a plan for the process that has started it.

use std::convert::Infallible;
use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::time::sleep;

use super::words::{Pulse, Said, Told};
use crate::cli::LoadArgs;
use crate::exit::Exit;
use crate::load::begin::Begin;
use crate::load::collect::Labels;
use crate::load::engine::{Cut, Stage};
use crate::load::order::Order;
use crate::load::snapshot::Snapshot;
use crate::load::{folder, outcome};
use crate::verbs::interrupted;

/// How long a worker may still take that nobody waits for: its server may be gone as well.
const ALONE_FOR: Duration = Duration::from_secs(10);

/// How often a worker tells how it goes.
const PULSE_EVERY: Duration = Duration::from_secs(1);

/// Plays a share, from standing ready to its report.
pub(crate) async fn run(args: &LoadArgs) -> anyhow::Result<Exit> {
    let order = Order::of(args)?;
    let labels = Labels::of(&order.scenario, &order.plan, order.run.time_scale);
    let orders = Orders::listen()?;
    let stage = Stage::set(order, &labels).await?;
    tokio::select! {
        up = stage.assemble() => up?,
        _cut = orders.cut() => return Ok(Exit::Interrupted),
        never = tell(stage.shown(), Said::Coming) => match never {},
    }
    say(&Said::Up);
    // Who has heard both tells what there is, be it nothing yet.
    let begin = tokio::select! {
        biased;
        begin = orders.begin() => begin,
        _cut = orders.cut() => return Ok(Exit::Interrupted),
    };
    let shown = stage.shown();
    let over = tokio::select! {
        over = stage.play(begin, orders.cut()) => over?,
        never = tell(shown, Said::Goes) => match never {},
    };
    let (mut report, slow) = outcome::report(over);
    if let Some(out) = &args.out {
        folder::write(out, &mut report, &slow)?;
    }
    let exit = report.verdict.into();
    say(&Said::Over(Box::new(report)));
    Ok(exit)
}

/// What a worker has been told.
struct Orders(watch::Receiver<Heard>);

#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    begin: Option<SystemTime>,
    cut: Option<Cut>,
}

impl Orders {
    /// Listens to whoever has started this process, for as long as that lives.
    fn listen() -> anyhow::Result<Self> {
        let (tell, told) = watch::channel(Heard::default());
        let listen = move || {
            for line in stdin().lock().lines().map_while(Result::ok) {
                if let Ok(word) = serde_json::from_str(&line) {
                    tell.send_modify(|heard| heard.hear(word));
                }
            }
            // Whoever has started this is gone, and nobody waits for what is found.
            tell.send_modify(|heard| heard.hear(Told::Stop));
            thread::sleep(ALONE_FOR);
            std::process::exit(Exit::Interrupted.code().into());
        };
        let thread = thread::Builder::new().name("orders".to_owned()).spawn(listen);
        thread.context("failed to start listening to orders")?;
        Ok(Self(told))
    }

    /// Waits for the beginning.
    async fn begin(&self) -> Begin {
        let mut heard = self.0.clone();
        let heard = heard.wait_for(|heard| heard.begin.is_some()).await;
        match heard.ok().and_then(|heard| heard.begin) {
            Some(at) => Begin::At(at),
            None => std::future::pending().await,
        }
    }

    /// Waits until the run is to end.
    async fn cut(&self) -> Cut {
        let mut heard = self.0.clone();
        tokio::select! {
            () = interrupted() => Cut::Interrupted,
            heard = heard.wait_for(|heard| heard.cut.is_some()) => {
                heard.ok().and_then(|heard| heard.cut).unwrap_or(Cut::Interrupted)
            }
        }
    }
}

impl Heard {
    fn hear(&mut self, word: Told) {
        match word {
            Told::Begin(unix_us) => self.begin = Some(UNIX_EPOCH + Duration::from_micros(unix_us)),
            Told::Stop => self.cut = self.cut.or(Some(Cut::Interrupted)),
            Told::Abort => self.cut = self.cut.or(Some(Cut::Aborted)),
        }
    }
}

/// Tells how it goes, again and again.
async fn tell(shown: watch::Receiver<Snapshot>, word: fn(Pulse) -> Said) -> Infallible {
    loop {
        sleep(PULSE_EVERY).await;
        let pulse = Pulse::of(&shown.borrow());
        say(&word(pulse));
    }
}

/// Says something to whoever has started this. If nobody listens any more, the orders tell.
fn say(said: &Said) {
    if let Ok(line) = serde_json::to_string(said) {
        let mut out = stdout().lock();
        let _nobody_listens = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
