//! `muster server`

use muster_server::{Exposure, Server, ServerConfig, ServerError};
use serde_json::json;

use super::interrupted;
use crate::cli::ServerArgs;
use crate::exit::{Exit, usage_error};
use crate::talk::{Format, print, print_json, say};

pub(super) async fn run(args: &ServerArgs, format: Format) -> anyhow::Result<Exit> {
    let config = ServerConfig {
        quic: args.quic,
        admin: args.admin,
        data: args.data.clone(),
        exposure: if args.allow_non_loopback { Exposure::Anywhere } else { Exposure::LoopbackOnly },
        command_lifetime: args.command_lifetime,
    };
    let server = match Server::start(config).await {
        Err(exposed @ ServerError::Exposed(_)) => return Err(usage_error(exposed.to_string())),
        started => started?,
    };
    if let Some(advice) = server.socket_buffers().shortfall() {
        say(&format!("warning: {advice}"));
    }
    match format {
        Format::Text => print(&greeting(&server, args)),
        Format::Json => print_json(&json!({
            "quic": server.endpoints().quic,
            "admin": format!("https://{}", server.endpoints().admin),
            "data": args.data,
            "pid": std::process::id(),
        }))?,
    }
    interrupted().await;
    say("stopping: handing back what is in flight");
    let totals = server.stop().await;
    say(&format!(
        "stopped: {} commands accepted, {} ended in this run",
        totals.accepted, totals.terminal
    ));
    Ok(Exit::Ok)
}

/// Where things are and what to try next.
fn greeting(server: &Server, args: &ServerArgs) -> String {
    let endpoints = server.endpoints();
    let data = args.data.display();
    let flag =
        if args.data.as_os_str() == ".muster" { String::new() } else { format!(" --data {data}") };
    let lines = [
        format!("devices   {} (QUIC over UDP)", endpoints.quic),
        format!("admin     https://{}/v1.0/deviceManagement/managedDevices", endpoints.admin),
        format!("data      {data}  (database, CA, admin token, enrolment tokens)"),
        String::new(),
        "try next, in another terminal:".to_owned(),
        format!("  muster fleet --devices 100{flag}"),
        format!("  muster device list{flag}"),
        format!("  muster action sync <serial> --wait{flag}"),
        format!(
            "  curl --cacert {data}/ca.pem -H \"Authorization: Bearer $(cat {data}/admin-token)\" \
             https://{}/v1.0/deviceManagement/managedDevices",
            endpoints.admin
        ),
        String::new(),
        "Ctrl-C stops".to_owned(),
    ];
    lines.join("\n") + "\n"
}
