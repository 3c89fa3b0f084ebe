//! Who is in the tenant from the start. Ids never change: scripts and tests write them down.

use uuid::Uuid;

use crate::identity::tenant::{
    Application, ClientKind, Devices, DirectoryRole, Group, Tenant, User,
};
use crate::rbac::scope::{Scope, Scopes};

/// The tenant id.
pub(crate) const TENANT_ID: Uuid = Uuid::from_u128(0x6d75_7374_6572_4000_8000_0000_0000_0001);

/// The application of whoever holds the token of the data folder.
pub(crate) const MUSTER_ID: Uuid = application_id(0);
/// The application with every scope.
pub(crate) const AUTOMATION_ID: Uuid = application_id(1);
/// The application that may only read.
pub(crate) const REPORTING_ID: Uuid = application_id(2);
/// The application that may change devices but not act on them.
pub(crate) const INVENTORY_ID: Uuid = application_id(3);
/// The application people sign in to.
pub(crate) const CONSOLE_ID: Uuid = application_id(4);

/// What follows the `@`. The top-level domain is reserved for examples.
///
/// Source: RFC 2606, section 2.
const DOMAIN: &str = "muster.example";

/// Administrators: name before the `@`, name on display, role of the directory.
const ADMINISTRATORS: [(&str, &str, Option<DirectoryRole>); 10] = [
    ("global.admin", "Gloria Meyer", Some(DirectoryRole::GlobalAdministrator)),
    ("intune.admin", "Ines Okafor", Some(DirectoryRole::IntuneAdministrator)),
    ("helpdesk", "Hassan Lindqvist", None),
    ("school.admin", "Selma Ivanova", None),
    ("security.manager", "Enzo Marchetti", None),
    ("read.only", "Rosa Nakamura", None),
    ("policy.manager", "Pavel Horak", None),
    ("app.manager", "Amara Diallo", None),
    ("role.admin", "Rolf Andersen", None),
    ("no.role", "Nadia Petrov", None),
];

/// Whose devices the fleet's are.
const PEOPLE: [(&str, &str); 12] = [
    ("ada.brandt", "Ada Brandt"),
    ("ben.castillo", "Ben Castillo"),
    ("chloe.dupont", "Chloe Dupont"),
    ("dmitri.egorov", "Dmitri Egorov"),
    ("elif.fidan", "Elif Fidan"),
    ("femi.grant", "Femi Grant"),
    ("greta.hansen", "Greta Hansen"),
    ("hiro.ito", "Hiro Ito"),
    ("isla.jones", "Isla Jones"),
    ("jonas.keller", "Jonas Keller"),
    ("kavya.lal", "Kavya Lal"),
    ("liam.moreau", "Liam Moreau"),
];

/// Builds the tenant.
pub(super) fn tenant() -> Tenant {
    let users: Vec<User> = administrators().chain(people()).collect();
    let groups = vec![
        group(0, &users, |_everybody| true),
        group(1, &users, |user| user.devices == Devices::Owned),
        group(2, &users, |user| user.devices == Devices::NoneOwned),
        group(3, &users, |user| half_of(user) == Some(Half::North)),
        group(4, &users, |user| half_of(user) == Some(Half::South)),
    ];
    Tenant {
        id: TENANT_ID,
        name: "Muster",
        domain: DOMAIN,
        users,
        groups,
        applications: applications(),
    }
}

fn administrators() -> impl Iterator<Item = User> {
    (0..).zip(ADMINISTRATORS).map(|(place, (upn, name, directory_role))| User {
        id: user_id(place),
        upn: format!("{upn}@{DOMAIN}"),
        name,
        directory_role,
        devices: Devices::NoneOwned,
    })
}

fn people() -> impl Iterator<Item = User> {
    (100..).zip(PEOPLE).map(|(place, (upn, name))| User {
        id: user_id(place),
        upn: format!("{upn}@{DOMAIN}"),
        name,
        directory_role: None,
        devices: Devices::Owned,
    })
}

/// Everybody is in group 0, whoever owns devices in group 1, administrators in group 2; 3 and 4 are
/// the two halves of those who own devices.
fn group(place: u128, users: &[User], is_in: fn(&User) -> bool) -> Group {
    let members = users.iter().filter(|user| is_in(user)).map(|user| user.id).collect();
    Group { id: Uuid::from_u128(GROUPS_BASE + place), members }
}

/// Where people who own devices work: scopes of roles need groups that have nobody in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    North,
    South,
}

fn half_of(user: &User) -> Option<Half> {
    let place = PEOPLE.iter().position(|(_upn, name)| *name == user.name)?;
    Some(if place < PEOPLE.len() / 2 { Half::North } else { Half::South })
}

fn applications() -> Vec<Application> {
    let read =
        [Scope::ManagedDevicesRead, Scope::AppsRead, Scope::RbacRead, Scope::ConfigurationRead];
    let unprivileged = Scope::ALL.into_iter().filter(|scope| *scope != Scope::PrivilegedOperations);
    vec![
        application(AUTOMATION_ID, "Automation", ClientKind::Confidential, Scopes::every()),
        application(
            REPORTING_ID,
            "Reporting",
            ClientKind::Confidential,
            read.into_iter().collect(),
        ),
        application(INVENTORY_ID, "Inventory", ClientKind::Confidential, unprivileged.collect()),
        application(CONSOLE_ID, "Console", ClientKind::Public, Scopes::every()),
    ]
}

fn application(id: Uuid, name: &'static str, kind: ClientKind, scopes: Scopes) -> Application {
    let object_id = Uuid::from_u128(id.as_u128() + OBJECT_OFFSET);
    Application { id, object_id, name, kind, scopes }
}

const USERS_BASE: u128 = 0x6d75_7374_6572_4001_8000_0000_0000_0000;
const GROUPS_BASE: u128 = 0x6d75_7374_6572_4002_8000_0000_0000_0000;
const APPLICATIONS_BASE: u128 = 0x6d75_7374_6572_4003_8000_0000_0000_0000;
/// Between the id of a client and that of its service principal.
const OBJECT_OFFSET: u128 = 0x1_0000_0000_0000_0000;

const fn user_id(place: u128) -> Uuid {
    Uuid::from_u128(USERS_BASE + place)
}

const fn application_id(place: u128) -> Uuid {
    Uuid::from_u128(APPLICATIONS_BASE + place)
}
