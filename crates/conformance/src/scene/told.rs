//! Messages in words, without secrets.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::management::{ToDevice, ToServer};
use muster_protocol::{CloseCode, Command, Outcome as Said, Request};

use super::stage::Heard;
use crate::hook::{Answer, Found, Stand, Verb};
use crate::script::Ending;

pub(crate) fn heard(heard: &Heard) -> String {
    match heard {
        Heard::Reply(reply) => {
            format!("EnrolReply for {} with {} certificates", reply.device, reply.chain_der.len())
        }
        Heard::Said(message) => to_device(message),
        Heard::Asked(request) => {
            format!("EnrolRequest of {} as {}", request.facts.serial, request.facts.mode)
        }
        Heard::Told(message) => to_server(message),
        Heard::Garbled(why) => format!("bytes that are no message: {why}"),
        Heard::Finished => "the end of the stream".to_string(),
        Heard::StreamOpened => "a stream of its own".to_string(),
        Heard::Ended(end) => ending(end),
    }
}

pub(crate) fn to_device(message: &ToDevice) -> String {
    match message {
        ToDevice::Welcome(welcome) => format!("Welcome of minor {}", welcome.minor),
        ToDevice::TokenUpdateAck { sequence } => format!("TokenUpdateAck {sequence}"),
        ToDevice::Command(command) => commanded(command),
        ToDevice::Empty | ToDevice::PolicyUpdate(_) => message.name().to_string(),
    }
}

fn commanded(command: &Command) -> String {
    let head = command.head;
    let request = command.request.as_ref().map_or("something unreadable", Request::name);
    format!("Command {} attempt {}: {request}", head.id, head.attempt.number())
}

pub(crate) fn to_server(message: &ToServer) -> String {
    match message {
        ToServer::Hello(hello) => format!("Hello of {}, minor {}", hello.device, hello.minor),
        ToServer::TokenUpdate(update) => format!("TokenUpdate {}", update.sequence),
        ToServer::CommandResult(result) => {
            let outcome = outcome(&result.outcome);
            format!("CommandResult {} attempt {}: {outcome}", result.id, result.attempt.number())
        }
        ToServer::StatusReport(_) | ToServer::Idle | ToServer::PushUpdate(_) => {
            message.name().to_string()
        }
    }
}

const fn outcome(outcome: &Said) -> &'static str {
    match outcome {
        Said::Acknowledged(_) => "Acknowledged",
        Said::Error(_) => "Error",
        Said::NotSupported(_) => "NotSupported",
        Said::CommandFormatError => "CommandFormatError",
        Said::NotNow => "NotNow",
    }
}

pub(crate) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Closed(code) => format!("closed with {}", code_name(*code)),
        Ending::Refused(code) => format!("refused by QUIC or TLS with 0x{code:x}"),
        Ending::Objected(code) => format!("given up on this side with 0x{code:x}"),
        Ending::Reset => "a stateless reset".to_string(),
        Ending::TimedOut => "the idle timeout".to_string(),
        Ending::Left => "closed on this side".to_string(),
        Ending::Other(words) => words.clone(),
    }
}

/// A close code by its name, if it has one.
pub(crate) fn code_name(code: u64) -> String {
    match CloseCode::from_code(code) {
        Some(known) => format!("{known:?} (0x{code:02x})"),
        None => format!("0x{code:02x}, which nobody defined"),
    }
}

pub(crate) fn verb(verb: &Verb) -> String {
    match verb {
        Verb::Enqueue { device, action } => format!("hook: enqueue {} for {device}", action.name()),
        Verb::Cancel { command, .. } => format!("hook: cancel {command}"),
        Verb::Reset => "hook: reset".to_string(),
        Verb::Inspect { device } => format!("hook: inspect {device}"),
    }
}

pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Accepted { command } => format!("hook: accepted as {command}"),
        Answer::Refused { refusal } => format!("hook: refused, {refusal:?}"),
        Answer::Cancelled { cancel } => format!("hook: cancel came out as {cancel:?}"),
        Answer::Tokens(_) => "hook: tokens".to_string(),
        Answer::Found(known) => format!("hook: {}", found(known)),
        Answer::Unsupported => "hook: unsupported".to_string(),
        Answer::Failed { reason } => format!("hook: failed, {reason}"),
    }
}

/// What a target knows of a device.
pub(crate) fn found(found: &Found) -> String {
    let enrolled = if found.enrolled { "enrolled" } else { "not enrolled" };
    let connected = if found.connected { "connected" } else { "not connected" };
    let stands = found.commands.iter().map(|kept| kept.state).map(Stand::name);
    let stands = stands.collect::<Vec<_>>().join(", ");
    format!("{enrolled}, {connected}, commands: {stands}")
}
