//! What a server says of itself once it listens.

use std::fmt::Write as _;
use std::path::Path;

use muster_admin::SignIns;
use muster_server::Server;
use serde_json::{Value, json};

use crate::cli::ServerArgs;

/// Where things are and what to try next.
pub(super) fn greeting(server: &Server, args: &ServerArgs, metrics: Option<&str>) -> String {
    let endpoints = server.endpoints();
    let data = args.data.display();
    let flag =
        if args.data.as_os_str() == ".muster" { String::new() } else { format!(" --data {data}") };
    let mut lines = vec![
        format!("devices   {} (QUIC over UDP)", endpoints.quic),
        format!("admin     https://{}/v1.0/deviceManagement/managedDevices", endpoints.admin),
    ];
    lines.extend(endpoints.intercept.map(|proxy| format!("proxy     http://{proxy}")));
    lines.extend(metrics.map(|page| format!("metrics   {page}")));
    lines.extend([
        format!("data      {data}  (database, CA, admin token, enrolment tokens)"),
        sign_in(shown(server, args), &server.data().sign_ins()),
        "try next, in another terminal:".to_owned(),
        format!("  muster fleet --devices 100{flag}"),
        format!("  muster device list{flag}"),
        format!("  muster action sync <serial> --wait{flag}"),
        format!(
            "  curl --cacert {data}/ca.pem -H \"Authorization: Bearer $(cat {data}/admin-token)\" \
             https://{}/v1.0/deviceManagement/managedDevices",
            endpoints.admin
        ),
    ]);
    if endpoints.intercept.is_some() {
        lines.push(format!("  eval \"$(muster trust{flag})\"   then any script for Intune"));
    }
    lines.push("\nCtrl-C stops".to_owned());
    lines.join("\n") + "\n"
}

/// The same for programs.
pub(super) fn details(server: &Server, args: &ServerArgs, metrics: Option<&str>) -> Value {
    let endpoints = server.endpoints();
    json!({
        "quic": endpoints.quic,
        "admin": format!("https://{}", endpoints.admin),
        "intercept": endpoints.intercept.map(|address| format!("http://{address}")),
        "metrics": metrics,
        "data": args.data,
        "signIns": shown(server, args),
        "signInsFile": server.data().sign_ins(),
        "pid": std::process::id(),
    })
}

/// Who can sign in, where the secrets are the well-known ones. Others stay in the data folder:
/// what a server says may end up in the logs of whatever runs it.
fn shown<'a>(server: &'a Server, args: &ServerArgs) -> Option<&'a SignIns> {
    (!args.allow_non_loopback).then(|| server.sign_ins())
}

/// Who can sign in to the admin API, one application a line.
fn sign_in(sign_ins: Option<&SignIns>, file: &Path) -> String {
    let file = file.display();
    let Some(sign_ins) = sign_ins else {
        return format!("sign in   {file}\n");
    };
    let mut text = format!("sign in   tenant {}  (more in {file})\n", sign_ins.tenant_id);
    for one in &sign_ins.applications {
        let with = one.client_secret.as_deref().unwrap_or("by device code, as one of the people");
        // Writing to a `String` cannot fail.
        let _infallible = writeln!(text, "  {:<11} {}  {with}", one.name, one.client_id);
    }
    let people = sign_ins.users.iter().filter_map(|user| Some((&user.username, user.role?)));
    for (name, role) in people.take(3) {
        let _infallible = writeln!(text, "  {name:<28} {role}");
    }
    text
}

#[cfg(test)]
mod tests {
    use muster_admin::{AdminToken, Identity};

    use super::*;

    #[test]
    fn the_people_and_programs_of_the_tenant_are_named_with_what_lets_them_in() {
        let token = AdminToken::from_text(&"0a".repeat(32)).unwrap();
        let known = Identity::new(token).sign_ins();
        let text = sign_in(Some(&known), Path::new("x.json"));
        for line in [
            "sign in   tenant 6d757374-6572-4000-8000-000000000001  (more in x.json)",
            "  Reporting   6d757374-6572-4003-8000-000000000002  muster-reporting-developer-secret",
            "  helpdesk@muster.example      Help Desk Operator",
        ] {
            assert!(text.lines().any(|told| told == line), "{text}");
        }
    }

    #[test]
    fn secrets_that_are_not_well_known_stay_in_their_file() {
        assert_eq!(sign_in(None, Path::new("x.json")), "sign in   x.json\n");
    }
}
