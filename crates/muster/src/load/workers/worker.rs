//! A worker: plays one share of a plan for the process that has started it.

use std::convert::Infallible;
use std::future::pending;
use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::time::sleep;

use super::pulse::Pulse;
use super::words::{Said, Told};
use crate::cli::LoadArgs;
use crate::exit::Exit;
use crate::load::begin::Begin;
use crate::load::collect::Labels;
use crate::load::control::Controls;
use crate::load::deed::Done;
use crate::load::engine::{Cut, Stage};
use crate::load::journal::Journal;
use crate::load::live::Sight;
use crate::load::order::Order;
use crate::load::wreck::injected;
use crate::load::{folder, outcome};
use crate::verbs::interrupted;

/// How long a worker may still take that nobody waits for: its server may be gone as well.
const ALONE_FOR: Duration = Duration::from_secs(10);

/// How often a worker tells how its devices come up.
const PULSE_EVERY: Duration = Duration::from_secs(1);

/// Plays a share, from standing ready to its report.
pub(crate) async fn run(args: &LoadArgs) -> anyhow::Result<Exit> {
    let order = Order::of(args)?;
    let labels = Labels::of(&order.scenario, &order.plan, order.run.time_scale);
    let orders = Orders::listen()?;
    let stage = Stage::set(order, &labels).await?;
    orders.are_for(Hands { controls: stage.controls(), journal: stage.journal() });
    tokio::select! {
        up = stage.assemble() => up?,
        _cut = orders.cut() => return Ok(Exit::Interrupted),
        never = tell_coming(stage.sight()) => match never {},
    }
    say(&Said::Up);
    // Who has heard both tells what there is, be it nothing yet.
    let begin = tokio::select! {
        biased;
        begin = orders.begin() => begin,
        _cut = orders.cut() => return Ok(Exit::Interrupted),
    };
    let sight = stage.sight();
    let over = tokio::select! {
        over = stage.play(begin, orders.cut()) => over?,
        never = tell_going(sight) => match never {},
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
struct Orders {
    heard: watch::Receiver<Heard>,
    hands: Arc<OnceLock<Hands>>,
}

/// How a worker does what it is told.
struct Hands {
    controls: Controls,
    journal: Journal,
}

#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    begin: Option<SystemTime>,
    cut: Option<Cut>,
}

impl Orders {
    /// Listens to whoever has started this process, for as long as that lives.
    fn listen() -> anyhow::Result<Self> {
        let (tell, heard) = watch::channel(Heard::default());
        let hands = Arc::<OnceLock<Hands>>::default();
        let ours = Arc::clone(&hands);
        let listen = move || {
            for line in stdin().lock().lines().map_while(Result::ok) {
                if let Ok(word) = serde_json::from_str(&line) {
                    tell.send_modify(|heard| heard.hear(word));
                    // Nobody wishes anything before the beginning, and they are there by then.
                    ours.get().into_iter().for_each(|hands| hands.heed(word));
                }
            }
            // Whoever has started this is gone, and nobody waits for what is found.
            tell.send_modify(|heard| heard.hear(Told::Stop));
            thread::sleep(ALONE_FOR);
            std::process::exit(Exit::Interrupted.code().into());
        };
        let thread = thread::Builder::new().name("orders".to_owned()).spawn(listen);
        thread.context("failed to start listening to orders")?;
        Ok(Self { heard, hands })
    }

    /// What is wished is done with these.
    fn are_for(&self, hands: Hands) {
        let _only_once = self.hands.set(hands);
    }

    /// Waits for the beginning.
    async fn begin(&self) -> Begin {
        let mut heard = self.heard.clone();
        let heard = heard.wait_for(|heard| heard.begin.is_some()).await;
        match heard.ok().and_then(|heard| heard.begin) {
            Some(at) => Begin::At(at),
            None => pending().await,
        }
    }

    /// Waits until the run is to end.
    async fn cut(&self) -> Cut {
        let mut heard = self.heard.clone();
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
            Told::Wish(_) | Told::Asked(_) | Told::Goes(_) => {}
        }
    }
}

impl Hands {
    fn heed(&self, word: Told) {
        match word {
            Told::Wish(control) => self.controls.wish(control),
            Told::Asked(injection) => self.journal.note(Done::Changed(injected(injection).what)),
            Told::Goes(injection) => self.journal.note(Done::Injected(injected(injection))),
            Told::Begin(_) | Told::Stop | Told::Abort => {}
        }
    }
}

/// Tells how the devices come up, again and again.
async fn tell_coming(sight: Sight) -> Infallible {
    loop {
        sleep(PULSE_EVERY).await;
        say(&Said::Coming(Box::new(pulse(&sight))));
    }
}

/// Tells how the run goes as soon as another second of it has passed: all workers tell of the same one.
async fn tell_going(mut sight: Sight) -> Infallible {
    let mut told = 0;
    loop {
        let passed = sight.shown.wait_for(|now| now.at.as_secs() > told).await;
        let Ok(second) = passed.map(|now| now.at.as_secs()) else { return pending().await };
        told = second;
        say(&Said::Goes(Box::new(pulse(&sight))));
    }
}

fn pulse(sight: &Sight) -> Pulse {
    let fleet = sight.progress();
    Pulse::of(&sight.shown.borrow(), fleet)
}

/// Says something to whoever has started this. If nobody listens any more, the orders tell.
fn say(said: &Said) {
    if let Ok(line) = serde_json::to_string(said) {
        let mut out = stdout().lock();
        let _nobody_listens = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
