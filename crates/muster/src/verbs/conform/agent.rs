//! `muster conform agent`

use std::collections::BTreeSet;

use muster_conformance::capabilities::Capabilities;
use muster_conformance::{Need, Profile, Side};
use muster_protocol::{Mode, Seed};

use super::{Exit, Format, Standing, interrupted, plan, tell};
use crate::cli::ConformAgentArgs;
use crate::conform::{self, Agents, Outside, Plan, Playing, Waiting};
use crate::exit::usage_error;
use crate::planted;

/// What muster's own agent offers, as any would claim it.
const OURS: &str = include_str!("../../../../../fixtures/conformance/agent.toml");

pub(in crate::verbs) async fn agent(
    args: &ConformAgentArgs,
    format: Format,
) -> anyhow::Result<Exit> {
    planted::sow_wanted(args.plant.as_deref())?;
    let plan = plan(&args.judging, (&args.cases, Side::Device), assumed(args))?;
    // Who comes by itself is told once what to enrol with.
    let tokens = args.wait.map(|_address| Seed::root(plan.seed).child("tokens", 0));
    let playing = Playing::Agents(agents(args, tokens)?);
    let plan = Plan { token_seed: tokens, ..plan };
    let run = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        run = conform::run(plan, playing) => run?,
    };
    tell(&run, &args.judging, format)?;
    Ok(Standing::of(&run).into())
}

/// Whom the arguments name.
fn agents(args: &ConformAgentArgs, tokens: Option<Seed>) -> anyhow::Result<Agents> {
    if args.sim {
        return Ok(Agents::Simulated);
    }
    let outside = match (&args.exec, &args.trigger, tokens) {
        (Some(line), _, _) => Outside::exec(line)?,
        (None, Some(url), _) => {
            if !args.i_own_this_target {
                conform::stays_here(url)?;
            }
            Outside::trigger(url.clone())?
        }
        (None, None, Some(tokens)) => Outside::Wait(waiting(args, tokens)?),
        (None, None, None) => return Ok(Agents::Own),
    };
    Ok(Agents::Others(outside))
}

/// Where agents are waited for.
fn waiting(args: &ConformAgentArgs, tokens: Seed) -> anyhow::Result<Waiting> {
    let (Some(address), Some(brief)) = (args.wait, &args.brief) else {
        return Err(usage_error("--wait and --brief go together"));
    };
    if !address.ip().is_loopback() && !args.i_own_this_network {
        return Err(usage_error(format!(
            "{address} can be reached from other machines; pass --i-own-this-network if that is meant"
        )));
    }
    Ok(Waiting { address, brief: brief.clone(), tokens })
}

/// What an agent is held to that brings no file of its capabilities.
fn assumed(args: &ConformAgentArgs) -> Capabilities {
    let name = args.exec.clone().or_else(|| args.trigger.clone());
    let name = name.or_else(|| args.wait.map(|address| format!("whoever comes to {address}")));
    match name {
        None => ours(args),
        Some(name) => Capabilities {
            name,
            profiles: BTreeSet::from([Profile::Core]),
            modes: vec![Mode::AppleAutomatedDevice],
            offers: BTreeSet::<Need>::new(),
        },
    }
}

/// What muster's own agent offers.
fn ours(args: &ConformAgentArgs) -> Capabilities {
    let mut ours = Capabilities::parse(OURS).expect("the file that comes with muster");
    if args.sim {
        // What a device stores is on a real disk, which knows no virtual time.
        ours.offers.remove(&Need::Power);
    }
    ours
}
