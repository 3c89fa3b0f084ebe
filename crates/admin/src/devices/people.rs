//! The people devices belong to, as far as scripts ask for them.
//!
//! Source: Microsoft Graph, resource type `user`: what is told when nothing is selected.

use axum::extract::Request;
use axum::http::Uri;
use muster_control::PrimaryUser;
use serde_json::{Map, Value, json};

use crate::backend::Backend;
use crate::http::body::{self, BodyError, object, text};
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::http::reference::referred;
use crate::identity::tenant::{Tenant, User};
use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::{Count, Query, no_options, read_one};
use crate::odata::rows::{Listing, page, selected};
use crate::resources::audit_entry::{AuditKind, Audited, Change, Deed};

/// What may be asked of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeopleOperation {
    /// `managedDevices/{id}/users`
    OfDevice,
    /// `managedDevices/{id}/users/$ref`
    Give,
    /// `users/{id}`
    Show,
    /// `me`
    Me,
}

const SHARED: &str =
    "devices of this kind are nobody's in particular; they cannot be given to a user";

const USERS: Schema = Schema {
    entity: "microsoft.graph.user",
    properties: &[
        Property::new("id", Kind::Id),
        Property::new("businessPhones", Kind::Structure),
        Property::new("displayName", Kind::Text),
        Property::new("givenName", Kind::Text),
        Property::new("jobTitle", Kind::Text),
        Property::new("mail", Kind::Text),
        Property::new("mobilePhone", Kind::Text),
        Property::new("officeLocation", Kind::Text),
        Property::new("preferredLanguage", Kind::Text),
        Property::new("surname", Kind::Text),
        Property::new("userPrincipalName", Kind::Text),
    ],
    options: &[],
    expands: &[],
    page_max: 1,
    count: Count::Untold,
};

/// Answers a question about people.
///
/// # Errors
/// [`ApiError`] if there is nobody, or the query is no good.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    operation: PeopleOperation,
    request: Request,
) -> Result<Reply, ApiError> {
    let uri = request.uri();
    match operation {
        PeopleOperation::OfDevice => of_device(context, uri).await,
        PeopleOperation::Show => show(context, named(context)?, uri),
        PeopleOperation::Me => show(context, me(context)?, uri),
        PeopleOperation::Give => give(context, request).await,
    }
}

/// Makes the device of the path somebody else's.
///
/// Source: Microsoft Graph beta, "Use $ref": the body names the address of the user.
async fn give<B: Backend>(context: &Context<'_, B>, request: Request) -> Result<Reply, ApiError> {
    let record = context.managed(context.route.device()?).await?;
    no_options(request.uri())?;
    let members = object(&body::read(request).await?)?;
    let (member, wanted) = ("@odata.id", "the address of a user");
    let key = text(&members, member)?.and_then(|address| referred(address, "users"));
    let user = user_of(context, &key.ok_or(BodyError::Member { member, wanted })?)?;
    if !Tenant::has_owner(&record) {
        return Err(ApiError::RuledOut(SHARED));
    }
    context.throttled()?;
    let upn = |user: Option<&User>| user.map(|user| user.upn.clone());
    let before = upn(context.tenant.owner_of(&record));
    let entry = context.audit(&Audited {
        deed: Deed::Patch,
        kind: AuditKind::ManagedDevice,
        id: &record.id.to_string(),
        name: record.facts.serial.as_str(),
        changes: vec![Change::new("PrimaryUser", before, upn(Some(user)))],
    })?;
    let id = PrimaryUser(*user.id.as_bytes());
    read(context.backend.give(record.id, id, vec![entry])).await?;
    Ok(Reply::Done)
}

/// The user whom the first key of the path names, by id or by user principal name.
///
/// # Errors
/// [`ApiError::Unknown`] if there is none.
pub(crate) fn named<'a, B>(context: &Context<'a, B>) -> Result<&'a User, ApiError> {
    user_of(context, context.route.keys.first().map(String::as_str).unwrap_or_default())
}

fn user_of<'a, B>(context: &Context<'a, B>, key: &str) -> Result<&'a User, ApiError> {
    let by_id = key.parse().ok().and_then(|id| context.tenant.user(id));
    by_id.or_else(|| context.tenant.user_named(key)).ok_or(ApiError::Unknown("user"))
}

/// The user who is signed in.
///
/// # Errors
/// [`ApiError::NobodySignedIn`] if the application acts for itself.
pub(crate) fn me<'a, B>(context: &Context<'a, B>) -> Result<&'a User, ApiError> {
    let user = context.principal.user.as_ref().ok_or(ApiError::NobodySignedIn)?;
    context.tenant.user(user.id).ok_or(ApiError::Unknown("user"))
}

async fn of_device<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    let device = context.route.device()?;
    let record = context.record(device).await?;
    let query = Query::read(uri, &USERS, context.rules)?;
    context.throttled()?;
    let rows: Vec<Value> = context.tenant.owner_of(&record).map(shown).into_iter().collect();
    let (origin, version) = (context.origin, context.version);
    let listing = Listing {
        schema: &USERS,
        rules: context.rules,
        context: &format!("{origin}/{version}/$metadata#users"),
        address: &format!("{origin}/{version}/deviceManagement/managedDevices/{device}/users"),
    };
    Ok(Reply::Found(page(&rows, &query, listing)))
}

fn show<B: Backend>(context: &Context<'_, B>, user: &User, uri: &Uri) -> Result<Reply, ApiError> {
    let select = read_one(uri, &USERS)?;
    context.throttled()?;
    let place = format!("{}/{}/$metadata#users/$entity", context.origin, context.version);
    let mut answer = Map::from_iter([("@odata.context".to_owned(), place.into())]);
    if let Value::Object(members) = selected(&shown(user), &select, &USERS) {
        answer.extend(members);
    }
    Ok(Reply::Found(answer.into()))
}

fn shown(user: &User) -> Value {
    let (given, surname) = user.name.rsplit_once(' ').unwrap_or((user.name, ""));
    json!({
        "id": user.id,
        "businessPhones": [],
        "displayName": user.name,
        "givenName": given,
        "jobTitle": null,
        "mail": user.upn,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": surname,
        "userPrincipalName": user.upn,
    })
}
