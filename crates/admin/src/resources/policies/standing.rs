//! How devices stand to the policies that are assigned to them.
//!
//! What is judged is what devices report: whether the passwords a policy asks for are set. What is
//! only kept of a policy is taken for carried out once a device has reported at all.

use core::ops::ControlFlow;

use axum::http::Uri;
use muster_control::DeviceRecord;
use muster_protocol::DeviceId;
use muster_protocol::status::{PlatformStatus, Presence};
use serde_json::{Map, Value, json};

use crate::backend::Backend;
use crate::devices::managed_device::date_time;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::{Count, Query, QueryError, no_options};
use crate::odata::rows::{JsonRow, selected};
use crate::odata::token::Position;
use crate::resources::policies::book::{all, one};
use crate::resources::policies::catalog::{AskedBy, PasswordRule};
use crate::resources::policies::effect::{Asked, Demands};
use crate::resources::policies::family::{Family, PAGE_MAX};
use crate::resources::policies::record::PolicyRecord;
use crate::resources::policies::resource::{address, metadata};
use crate::resources::policies::target::reach;

/// `complianceStatus`
const WORDS: &[&str] = &[
    "unknown",
    "notApplicable",
    "compliant",
    "remediated",
    "nonCompliant",
    "error",
    "conflict",
    "notAssigned",
];

/// `deviceStatuses`
static STATUSES: Schema = Schema {
    entity: "microsoft.graph.deviceStatus",
    properties: &[
        Property::new("id", Kind::Text),
        Property::new("deviceDisplayName", Kind::Text),
        Property::new("deviceModel", Kind::Text),
        Property::new("userName", Kind::Text),
        Property::new("userPrincipalName", Kind::Text),
        Property::new("status", Kind::Words(WORDS)),
        Property::new("lastReportedDateTime", Kind::Moment),
        Property::new("complianceGracePeriodExpirationDateTime", Kind::Moment),
    ],
    options: &[],
    expands: &[],
    page_max: PAGE_MAX,
    count: Count::Untold,
};

/// How a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It has reported nothing yet.
    Unknown,
    Compliant,
    /// These properties ask for what it has not.
    NonCompliant,
}

impl Standing {
    const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Compliant => "compliant",
            Self::NonCompliant => "nonCompliant",
        }
    }
}

/// How the devices of a policy stand, in the order of their ids.
///
/// # Errors
/// [`ApiError`] if there is no such policy, the query is no good or devices cannot be read.
pub(super) async fn statuses<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let policy = one(context, family).await?;
    let query = Query::read(uri, &STATUSES, context.rules)?;
    if !query.order.is_empty() {
        return Err(QueryError::NotSupported("$orderby".to_owned()).into());
    }
    context.throttled()?;
    let (shown, end) = status_page(context, &policy, &query).await?;
    let mut page = Map::new();
    let list = format!("{}('{}')/deviceStatuses", metadata(context, family), policy.id);
    page.insert("@odata.context".to_owned(), list.into());
    if query.count == Count::Told {
        page.insert("@odata.count".to_owned(), count(context, &policy, &query).await?.into());
    }
    if let Some(end) = end {
        let address = format!("{}/{}/deviceStatuses", address(context, family), policy.id);
        let link = query.next_link(&address, &STATUSES, context.rules, &end);
        page.insert("@odata.nextLink".to_owned(), link.into());
    }
    page.insert("value".to_owned(), shown.into());
    Ok(Reply::Found(page.into()))
}

async fn status_page<B: Backend>(
    context: &Context<'_, B>,
    policy: &PolicyRecord,
    query: &Query,
) -> Result<(Vec<Value>, Option<Position>), ApiError> {
    let after: Option<DeviceId> =
        query.position.as_ref().and_then(|position| position.id.parse().ok());
    let (mut shown, mut last, mut end, mut skipped) = (Vec::new(), None, None, 0);
    let visit = &mut |record: &DeviceRecord| {
        let Some(row) = fitting(context, policy, query, record) else {
            return ControlFlow::Continue(());
        };
        if skipped < query.skip {
            skipped += 1;
        } else if shown.len() < query.top {
            shown.push(selected(&row, &query.select, &STATUSES));
            last = Some(record.id);
        } else {
            end = last.map(|id| Position::new(id.to_string()));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    read(context.backend.scan(after, visit)).await?;
    Ok((shown, end))
}

async fn count<B: Backend>(
    context: &Context<'_, B>,
    policy: &PolicyRecord,
    query: &Query,
) -> Result<u64, ApiError> {
    let mut count = 0;
    let visit = &mut |record: &DeviceRecord| {
        count += u64::from(fitting(context, policy, query, record).is_some());
        ControlFlow::Continue(())
    };
    read(context.backend.scan(None, visit)).await?;
    Ok(count)
}

/// The row of a device, if the policy is for it and the query wants it.
fn fitting<B: Backend>(
    context: &Context<'_, B>,
    policy: &PolicyRecord,
    query: &Query,
    record: &DeviceRecord,
) -> Option<Value> {
    if !is_for(context, policy, record) {
        return None;
    }
    let row = status_row(context, policy, record);
    query.admits(&JsonRow { schema: &STATUSES, value: &row }).then_some(row)
}

/// Source: Microsoft Graph, `deviceComplianceDeviceStatus`, `deviceConfigurationDeviceStatus`.
fn status_row<B: Backend>(
    context: &Context<'_, B>,
    policy: &PolicyRecord,
    record: &DeviceRecord,
) -> Value {
    let owner = context.tenant.owner_of(record);
    json!({
        "id": format!("{}_{}", policy.id, record.id),
        "deviceDisplayName": record.facts.serial.as_str(),
        "deviceModel": record.facts.model,
        "userName": owner.map(|owner| owner.name),
        "userPrincipalName": owner.map(|owner| &owner.upn),
        "status": standing(policy, record).word(),
        "lastReportedDateTime": date_time(context.backend.wall(record.last_seen)),
        "complianceGracePeriodExpirationDateTime": "0001-01-01T00:00:00Z",
    })
}

/// How many devices of a policy stand how.
///
/// Source: Microsoft Graph, `deviceComplianceDeviceOverview`, `deviceConfigurationDeviceOverview`.
///
/// # Errors
/// [`ApiError`] if there is no such policy or devices cannot be read.
pub(super) async fn overview<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let policy = one(context, family).await?;
    no_options(uri)?;
    context.throttled()?;
    let (mut pending, mut fine, mut failed) = (0_u64, 0_u64, 0_u64);
    let visit = &mut |record: &DeviceRecord| {
        if is_for(context, &policy, record) {
            match standing(&policy, record) {
                Standing::Unknown => pending += 1,
                Standing::Compliant => fine += 1,
                Standing::NonCompliant => failed += 1,
            }
        }
        ControlFlow::Continue(())
    };
    read(context.backend.scan(None, visit)).await?;
    let list = format!("{}('{}')/deviceStatusOverview", metadata(context, family), policy.id);
    Ok(Reply::Found(json!({
        "@odata.context": format!("{list}/$entity"),
        "id": policy.id.to_string(),
        "pendingCount": pending,
        "notApplicableCount": 0,
        "successCount": fine,
        "errorCount": 0,
        "failedCount": failed,
        "lastUpdateDateTime": policy.modified,
        "configurationVersion": policy.version,
    })))
}

/// How a device stands to each policy that reaches it.
///
/// # Errors
/// [`ApiError`] if there is no such device, or policies cannot be read.
pub(super) async fn of_device<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let record = context.record(context.route.device()?).await?;
    no_options(uri)?;
    context.throttled()?;
    let policies = all(context, family).await?;
    let reaching = policies.iter().filter(|policy| is_for(context, policy, &record));
    let states: Vec<Value> = reaching.map(|policy| state(policy, &record)).collect();
    let (origin, version, states_of) = (context.origin, context.version, family.entity());
    let devices = format!("{origin}/{version}/$metadata#deviceManagement/managedDevices");
    Ok(Reply::Found(json!({
        "@odata.context": format!("{devices}('{}')/{states_of}States", record.id),
        "value": states,
    })))
}

/// Source: Microsoft Graph, `deviceCompliancePolicyState`, `deviceConfigurationState`.
fn state(policy: &PolicyRecord, record: &DeviceRecord) -> Value {
    let standing = standing(policy, record);
    let failing = failing(policy, record);
    let settings: Vec<Value> = policy
        .settings
        .keys()
        .map(|name| {
            let of_it = match standing {
                Standing::NonCompliant if !failing.contains(&name.as_str()) => Standing::Compliant,
                Standing::Unknown | Standing::Compliant | Standing::NonCompliant => standing,
            };
            json!({
                "setting": format!("{}.{name}", policy.kind.name),
                "settingName": name,
                "state": of_it.word(),
                "errorCode": 0,
            })
        })
        .collect();
    json!({
        "id": policy.id.to_string(),
        "displayName": policy.display_name,
        "version": policy.version,
        "platformType": policy.kind.scope.platform_word(),
        "state": standing.word(),
        "settingCount": settings.len(),
        "settingStates": settings,
    })
}

fn is_for<B: Backend>(
    context: &Context<'_, B>,
    policy: &PolicyRecord,
    record: &DeviceRecord,
) -> bool {
    policy.kind.scope.has(record.facts.mode) && reach(&policy.assignments, record, context.tenant)
}

fn standing(policy: &PolicyRecord, record: &DeviceRecord) -> Standing {
    if record.status.is_none() {
        Standing::Unknown
    } else if failing(policy, record).is_empty() {
        Standing::Compliant
    } else {
        Standing::NonCompliant
    }
}

/// The properties that ask for a password the device reports as not set.
fn failing(policy: &PolicyRecord, record: &DeviceRecord) -> Vec<&'static str> {
    let Some(status) = record.status else {
        return Vec::new();
    };
    let demands = Demands::of(policy.kind, &policy.settings);
    let profile = match status.platform {
        PlatformStatus::Apple { .. } => Presence::Set,
        PlatformStatus::Android { work_profile_password, .. } => work_profile_password,
    };
    let judged = [
        (policy.kind.device_passcode, demands.device_passcode, status.passcode),
        (policy.kind.work_profile_password, demands.work_profile_password, profile),
    ];
    let missing = judged.into_iter().filter_map(|(rule, demand, found)| {
        let asked = matches!(demand, Asked::Is(Some(_)));
        rule.filter(|_rule| asked && found == Presence::NotSet)
    });
    missing.flat_map(names).collect()
}

const fn names(rule: PasswordRule) -> [&'static str; 2] {
    let asking = match rule.asked_by {
        AskedBy::Flag(name) | AskedBy::Word(name) => name,
    };
    [asking, rule.length]
}
