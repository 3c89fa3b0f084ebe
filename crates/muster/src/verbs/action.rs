//! `muster action`

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::time::sleep;

use super::device::action_table;
use crate::cli::ActionArgs;
use crate::client::{ActionResult, AdminClient, Asked};
use crate::exit::{Exit, ExitWith};
use crate::talk::{Format, print, print_json, say};

/// How often the state of an action is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn run(args: &ActionArgs, format: Format) -> anyhow::Result<Exit> {
    let client = AdminClient::from_args(&args.admin)?;
    let device = client.find(&args.device).await?;
    let action = args.action.kind().graph_name();
    let command = match client.act(&device.id, action).await? {
        Asked::Accepted { command } => command,
        Asked::Refused { status, reason } => {
            if format == Format::Json {
                print_json(&json!({ "device": device.id, "status": status, "reason": reason }))?;
            }
            let message = format!("{action} refused with HTTP {status}: {reason}");
            return Err(ExitWith { exit: Exit::VerdictFailed, message }.into());
        }
    };
    let Some(within) = args.wait else {
        return accepted(&device.id, &command, format);
    };
    let result = client.wait_over(&device.id, &command, within).await?;
    match format {
        Format::Json => print_json(&json!({ "device": device.id, "result": result }))?,
        Format::Text => print(&action_table(&client.device(&device.id).await?).to_string()),
    }
    if !result.is_over() {
        say(&not_over(&result, within));
    }
    Ok(match result.action_state.as_str() {
        "done" => Exit::Ok,
        _ => Exit::VerdictFailed,
    })
}

/// Why there is no answer yet, and what becomes of the command.
fn not_over(result: &ActionResult, within: Duration) -> String {
    format!(
        "{} is still {} after {:.1} s: the device is not connected, is busy or put it off; \
         it stays in the queue until the device answers or its time is up",
        result.action_name,
        result.action_state,
        within.as_secs_f64()
    )
}

fn accepted(device: &str, command: &str, format: Format) -> anyhow::Result<Exit> {
    match format {
        Format::Json => print_json(&json!({ "device": device, "command": command }))?,
        Format::Text => {
            print(&format!("accepted as command {command}\n"));
            say(&format!("hint: `muster device show {device}` shows what came of it"));
        }
    }
    Ok(Exit::Ok)
}

impl AdminClient {
    /// The result of a command once it is over, or as it stands when the time is up.
    pub(crate) async fn wait_over(
        &self,
        device: &str,
        command: &str,
        within: Duration,
    ) -> anyhow::Result<ActionResult> {
        let deadline = Instant::now() + within;
        loop {
            let result = self.result(device, command).await?;
            let result = result.context("a newer action of the same kind took its place")?;
            if result.is_over() || Instant::now() >= deadline {
                return Ok(result);
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
