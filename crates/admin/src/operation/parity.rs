//! The page that says how much of Graph is here, made from the table of operations.

use core::fmt::Write as _;

use crate::operation::rows::operations;
use crate::operation::table::{Operation, Parity, Versions};

/// What stands above the tables.
const HEAD: &str = "\
# What of Microsoft Graph is here

Made from the table of operations (`crates/admin/src/operation/rows`) and held fresh by a test. Write it anew with
`WRITE_GRAPH=1 cargo test -p muster-admin --test it generated`.

| word | what it means |
|---|---|
| behaves | served, and what it says really happens: to a simulated device, or to what the server keeps |
| static | served, and the answer is always the same: 400 for every device, with the note as its reason |
| not served | 501 `NotImplemented`; the note says what to do instead |

A path that stands in no table is a 404 of its first unknown segment. How paths may be written, and what differs from the service where something is served, [the admin API](admin-api.md) says.
";

/// The parts of the page and how their paths begin, the first that fits counting.
const SECTIONS: [(&str, &[&str]); 10] = [
    ("Batches", &["$batch"]),
    ("Many devices", &["deviceManagement/managedDevices/executeAction", MOVE, AUDITS]),
    ("Devices", &["deviceManagement/managedDevice", "users/", "me"]),
    ("Device categories", &["deviceManagement/deviceCategories"]),
    ("Audit", &["deviceManagement/auditEvents"]),
    ("Roles", &["deviceManagement/role", "deviceManagement/resourceOp", EFFECTIVE]),
    ("Compliance policies", &["deviceManagement/deviceCompliancePolicies"]),
    ("Configurations", &["deviceManagement/deviceConfigurations"]),
    ("Approvals", &["deviceManagement/operationApproval"]),
    ("Reports", &["deviceManagement/reports"]),
];

const MOVE: &str = "deviceManagement/managedDevices/moveDevices";
const AUDITS: &str = "deviceManagement/remoteActionAudits";
const EFFECTIVE: &str = "deviceManagement/getEffective";

/// The text of `docs/graph-parity.md`.
#[must_use]
pub fn parity_page() -> String {
    let mut page = HEAD.to_owned();
    let served = operations().filter(|row| is_served(row)).count();
    let total = operations().count();
    let _ = writeln!(page, "\n{served} of the {total} operations below are served.");
    for (title, _) in SECTIONS {
        let rows: Vec<&Operation> =
            operations().filter(|row| section(row.path) == Some(title)).collect();
        let _ = writeln!(page, "\n## {title}\n");
        let _ = writeln!(page, "| verb and path | versions | here | permission | note |");
        let _ = writeln!(page, "|---|---|---|---|---|");
        for row in rows {
            let _ = writeln!(page, "{}", line(row));
        }
    }
    page
}

/// The part of the page a path belongs to.
pub(crate) fn section(path: &str) -> Option<&'static str> {
    let fits = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    SECTIONS.iter().find(|(_, starts)| fits(starts)).map(|(title, _)| *title)
}

fn is_served(row: &Operation) -> bool {
    match row.parity {
        Parity::Behaves | Parity::Static => true,
        Parity::NotServed(_) => false,
    }
}

fn line(row: &Operation) -> String {
    let path = row.path.strip_prefix("deviceManagement/").unwrap_or(row.path);
    let versions = match row.versions {
        Versions::Both => "both",
        Versions::BetaOnly => "beta",
    };
    let (here, note) = match row.parity {
        Parity::Behaves => ("behaves", row.note()),
        Parity::Static => ("static", row.note()),
        Parity::NotServed(why) => ("not served", why),
    };
    let least = row.permission.scopes().first().map_or("a token", |scope| scope.name());
    format!("| `{} {path}` | {versions} | {here} | {least} | {note} |", row.verb.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_place_on_the_page() {
        let page = parity_page();
        for row in operations() {
            assert!(section(row.path).is_some(), "{}", row.path);
            assert!(page.contains(&line(row)), "{}", row.path);
        }
    }
}
