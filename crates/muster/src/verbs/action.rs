//! `muster action`

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::ValueEnum as _;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::device::action_table;
use crate::cli::{ActionArgs, ActionName, ActionWith};
use crate::client::{ActionResult, AdminClient, Asked};
use crate::exit::{Exit, ExitWith, usage_error};
use crate::talk::{Format, print, print_json, say};

/// How often the state of an action is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn run(args: &ActionArgs, format: Format) -> anyhow::Result<Exit> {
    let body = body(args.action, &args.with)?;
    if args.action == ActionName::Delete && args.wait.is_some() {
        return Err(usage_error(
            "nothing can be waited for after a delete: the device is off the list at once, and \
             what becomes of it is not shown any more; leave out --wait",
        ));
    }
    let client = AdminClient::from_args(&args.admin)?;
    let device = client.find(&args.device).await?;
    let action = args.action.kind().graph_name();
    let asked = if args.action == ActionName::Delete {
        client.delete(&device.id).await?
    } else {
        client.act_with(&device.id, action, &body).await?
    };
    let command = match asked {
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
        return accepted(args.action, &device.id, &command, format);
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

/// What an action cannot do without: its name in Graph and on the command line.
const NEEDED: [(ActionName, &str, &str); 2] = [
    (ActionName::Rename, "deviceName", "--name"),
    (ActionName::DeleteUser, "userPrincipalName", "--user"),
];

/// The body of the request: what was given, if it goes with the action.
fn body(action: ActionName, with: &ActionWith) -> anyhow::Result<Value> {
    let mut body = Map::new();
    for (flag, member, value, wanted) in given(with) {
        if action != wanted {
            let (wanted, action) = (spelling(wanted), spelling(action));
            return Err(usage_error(format!("{flag} goes with {wanted}, not with {action}")));
        }
        body.insert(member.to_owned(), value);
    }
    for (asked, member, flag) in NEEDED {
        if action == asked && !body.contains_key(member) {
            return Err(usage_error(format!("{} needs {flag}", spelling(action))));
        }
    }
    let shows = ["message", "phoneNumber"].iter().any(|member| body.contains_key(*member));
    if action == ActionName::EnableLostMode && !shows {
        return Err(usage_error(
            "enable-lost-mode needs --message or --phone-number: without them a finder does not \
             know where to bring the device",
        ));
    }
    Ok(body.into())
}

/// What was given on the command line: its flag, its name in Graph, its value, its action.
fn given(
    with: &ActionWith,
) -> impl Iterator<Item = (&'static str, &'static str, Value, ActionName)> {
    use ActionName::{DeleteUser, EnableLostMode, PlayLostModeSound, Rename, Wipe};
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let flag = |set: bool| set.then_some(Value::Bool(true));
    [
        ("--message", "message", text(&with.message), EnableLostMode),
        ("--phone-number", "phoneNumber", text(&with.phone_number), EnableLostMode),
        ("--footer", "footer", text(&with.footer), EnableLostMode),
        (
            "--minutes",
            "durationInMinutes",
            with.minutes.map(|minutes| minutes.to_string().into()),
            PlayLostModeSound,
        ),
        ("--name", "deviceName", text(&with.name), Rename),
        ("--user", "userPrincipalName", text(&with.user), DeleteUser),
        ("--keep-enrollment-data", "keepEnrollmentData", flag(with.keep_enrollment_data), Wipe),
        ("--persist-esim", "persistEsimDataPlan", flag(with.persist_esim), Wipe),
    ]
    .into_iter()
    .filter_map(|(flag, member, value, action)| Some((flag, member, value?, action)))
}

/// An action as the command line spells it.
fn spelling(action: ActionName) -> String {
    let value = action.to_possible_value();
    value.map(|value| value.get_name().to_owned()).unwrap_or_default()
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

fn accepted(
    action: ActionName,
    device: &str,
    command: &str,
    format: Format,
) -> anyhow::Result<Exit> {
    match format {
        Format::Json => print_json(&json!({ "device": device, "command": command }))?,
        Format::Text => {
            print(&format!("accepted as command {command}\n"));
            say(&if action == ActionName::Delete {
                "the device is off the list; it is retired, or wiped, when it comes".to_owned()
            } else {
                format!("hint: `muster device show {device}` shows what came of it")
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(action: ActionName, with: &ActionWith) -> String {
        body(action, with).unwrap_err().to_string()
    }

    #[test]
    fn what_was_given_stands_in_the_body_under_its_name_in_graph() {
        let with = ActionWith { keep_enrollment_data: true, ..ActionWith::default() };
        let wipe = body(ActionName::Wipe, &with).unwrap();
        assert_eq!(wipe, json!({ "keepEnrollmentData": true }));
        let with = ActionWith { minutes: Some(2), ..ActionWith::default() };
        let sound = body(ActionName::PlayLostModeSound, &with).unwrap();
        assert_eq!(sound, json!({ "durationInMinutes": "2" }));
        assert_eq!(body(ActionName::Sync, &ActionWith::default()).unwrap(), json!({}));
    }

    #[test]
    fn a_flag_of_another_action_is_refused_by_name_and_never_dropped() {
        let with = ActionWith { persist_esim: true, ..ActionWith::default() };
        let said = refused(ActionName::Retire, &with);
        assert_eq!(said, "--persist-esim goes with wipe, not with retire");
    }

    #[test]
    fn lost_mode_needs_something_to_show_to_a_finder() {
        let with = ActionWith { footer: Some("lost".to_owned()), ..ActionWith::default() };
        assert!(refused(ActionName::EnableLostMode, &with).contains("--phone-number"));
    }
}
