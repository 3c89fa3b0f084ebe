//! Compliance policies and configurations.

use crate::operation::table::Verb::{Delete, Get, Patch, Post};
use crate::operation::table::{Operation, OperationId, Verb};
use crate::rbac::role::RoleAction::{
    self, AssignCompliance, AssignConfigurations, CreateCompliance, CreateConfigurations,
    DeleteCompliance, DeleteConfigurations, ReadCompliance, ReadConfigurations, UpdateCompliance,
    UpdateConfigurations,
};
use crate::rbac::scope::Permission::{ConfigurationRead, ConfigurationReadWrite};
use crate::resources::policies::family::Family::{self, Compliance, Configuration};
use crate::resources::policies::resource::PolicyOperation::{
    self, Assign, Create, Delete as Remove, List, ListActions, ListAssignments, ListStatesOfDevice,
    ListStatuses, Overview, ScheduleActions, Show, Update,
};

/// Something with policies: what it asks of scopes and roles follows from what it does.
const fn policies(
    verb: Verb,
    (family, operation): (Family, PolicyOperation),
    path: &'static str,
) -> Operation {
    let permission = if verb.writes() { ConfigurationReadWrite } else { ConfigurationRead };
    let row = Operation::new(verb, OperationId::Policies(family, operation), path);
    row.asks(permission, role(family, operation))
}

const fn role(family: Family, operation: PolicyOperation) -> RoleAction {
    let (compliance, configuration) = match operation {
        List | Show | ListAssignments | ListActions | ListStatuses | Overview
        | ListStatesOfDevice => (ReadCompliance, ReadConfigurations),
        Create => (CreateCompliance, CreateConfigurations),
        Update | ScheduleActions => (UpdateCompliance, UpdateConfigurations),
        Remove => (DeleteCompliance, DeleteConfigurations),
        Assign => (AssignCompliance, AssignConfigurations),
    };
    match family {
        Compliance => compliance,
        Configuration => configuration,
    }
}

/// A path below one compliance policy.
macro_rules! policy {
    ($rest:literal) => {
        concat!("deviceManagement/deviceCompliancePolicies/{deviceCompliancePolicyId}", $rest)
    };
}

/// A path below one configuration.
macro_rules! configuration {
    ($rest:literal) => {
        concat!("deviceManagement/deviceConfigurations/{deviceConfigurationId}", $rest)
    };
}

pub(super) const ROWS: &[Operation] = &[
    // --- compliance policies ---
    policies(Get, (Compliance, List), management!("deviceCompliancePolicies")),
    policies(Post, (Compliance, Create), management!("deviceCompliancePolicies")),
    policies(Get, (Compliance, Show), policy!("")),
    policies(Patch, (Compliance, Update), policy!("")),
    policies(Delete, (Compliance, Remove), policy!("")),
    policies(Post, (Compliance, Assign), policy!("/assign")),
    policies(Get, (Compliance, ListAssignments), policy!("/assignments")),
    policies(Get, (Compliance, ListStatuses), policy!("/deviceStatuses")),
    policies(Get, (Compliance, Overview), policy!("/deviceStatusOverview")),
    policies(Get, (Compliance, ListActions), policy!("/scheduledActionsForRule")),
    policies(Post, (Compliance, ScheduleActions), policy!("/scheduleActionsForRules")),
    // --- configurations ---
    policies(Get, (Configuration, List), management!("deviceConfigurations")),
    policies(Post, (Configuration, Create), management!("deviceConfigurations")),
    policies(Get, (Configuration, Show), configuration!("")),
    policies(Patch, (Configuration, Update), configuration!("")),
    policies(Delete, (Configuration, Remove), configuration!("")),
    policies(Post, (Configuration, Assign), configuration!("/assign")),
    policies(Get, (Configuration, ListAssignments), configuration!("/assignments")),
    policies(Get, (Configuration, ListStatuses), configuration!("/deviceStatuses")),
    policies(Get, (Configuration, Overview), configuration!("/deviceStatusOverview")),
];
