//! The resources of roles: definitions, assignments, what can be allowed and what somebody may.

use axum::extract::Request;
use axum::http::Uri;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::backend::Backend;
use crate::http::body;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::property::Schema;
use crate::odata::query::{Query, no_options, read_one};
use crate::odata::rows::{Listing, page, selected};
use crate::rbac::assignment::RoleAssignment;
use crate::rbac::book::{Change, RECORDS_MAX, RoleTable};
use crate::rbac::definition::{RoleDefinition, RoleOrigin, permission};
use crate::rbac::role::{RoleAction, RoleActions};
use crate::rbac::schema::{ASSIGNMENTS, DEFINITIONS, OPERATIONS};

/// What can be done with roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleOperation {
    ListDefinitions,
    CreateDefinition,
    ShowDefinition,
    UpdateDefinition,
    DeleteDefinition,
    ListAssignments,
    /// Those of one definition.
    ListAssignmentsOf,
    CreateAssignment,
    ShowAssignment,
    UpdateAssignment,
    DeleteAssignment,
    ListOperations,
    ShowOperation,
    EffectivePermissions,
}

const FULL: &str = "the tenant has as many roles or assignments as it may";
const IMMUTABLE: &str = "a built-in role cannot be changed or deleted; make one of your own";
const STILL_ASSIGNED: &str = "the role is still assigned; delete its assignments first";
const NO_SUCH_ROLE: &str = "roleDefinition@odata.bind names no role of this tenant";

/// Carries out an operation on roles. That the client may ask it is known already.
///
/// # Errors
/// [`ApiError`]: nothing was done.
pub(crate) async fn answer<B: Backend>(
    context: &Context<'_, B>,
    operation: RoleOperation,
    request: Request,
) -> Result<Reply, ApiError> {
    let uri = request.uri().clone();
    match operation {
        RoleOperation::ListDefinitions => list(context, &uri, DEFINITION_LIST, definitions).await,
        RoleOperation::ShowDefinition => show(context, &uri, &DEFINITIONS, definition).await,
        RoleOperation::ListAssignments => list(context, &uri, ASSIGNMENT_LIST, assignments).await,
        RoleOperation::ListAssignmentsOf => list(context, &uri, ASSIGNMENT_LIST, held).await,
        RoleOperation::ShowAssignment => show(context, &uri, &ASSIGNMENTS, assignment).await,
        RoleOperation::ListOperations => list(context, &uri, OPERATION_LIST, operations).await,
        RoleOperation::ShowOperation => show(context, &uri, &OPERATIONS, one_operation).await,
        RoleOperation::EffectivePermissions => effective(context, &uri),
        RoleOperation::CreateDefinition => create_definition(context, request).await,
        RoleOperation::UpdateDefinition => update_definition(context, request).await,
        RoleOperation::DeleteDefinition => delete_definition(context, &uri).await,
        RoleOperation::CreateAssignment => create_assignment(context, request).await,
        RoleOperation::UpdateAssignment => update_assignment(context, request).await,
        RoleOperation::DeleteAssignment => delete_assignment(context, &uri).await,
    }
}

/// A list and what queries may ask of it.
#[derive(Clone, Copy)]
struct ListOf {
    resource: &'static str,
    schema: &'static Schema,
}

const DEFINITION_LIST: ListOf = ListOf { resource: "roleDefinitions", schema: &DEFINITIONS };
const ASSIGNMENT_LIST: ListOf = ListOf { resource: "roleAssignments", schema: &ASSIGNMENTS };
const OPERATION_LIST: ListOf = ListOf { resource: "resourceOperations", schema: &OPERATIONS };

type Rows<B> = fn(&Context<'_, B>, &RoleTable) -> Result<Vec<Value>, ApiError>;
type Row<B> = fn(&Context<'_, B>, &RoleTable) -> Result<Value, ApiError>;

async fn list<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
    of: ListOf,
    rows: Rows<B>,
) -> Result<Reply, ApiError> {
    let query = Query::read(uri, of.schema, context.rules)?;
    let table = read(context.books.roles.table(context.backend, context.tenant)).await?;
    let rows = rows(context, &table)?;
    context.throttled()?;
    let listing = Listing {
        schema: of.schema,
        rules: context.rules,
        context: &metadata(context, of.resource),
        address: &address(context, of.resource),
    };
    Ok(Reply::Found(page(&rows, &query, listing)))
}

/// The absolute address of a list, for links to its next page.
fn address<B>(context: &Context<'_, B>, resource: &str) -> String {
    let base = format!("{}/{}/deviceManagement", context.origin, context.version);
    match context.route.keys.first() {
        None => format!("{base}/{resource}"),
        Some(role) => format!("{base}/roleDefinitions/{role}/{resource}"),
    }
}

async fn show<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
    schema: &Schema,
    row: Row<B>,
) -> Result<Reply, ApiError> {
    let table = read(context.books.roles.table(context.backend, context.tenant)).await?;
    let row = row(context, &table)?;
    let select = read_one(uri, schema)?;
    context.throttled()?;
    Ok(Reply::Found(selected(&row, &select, schema)))
}

fn metadata<B>(context: &Context<'_, B>, resource: &str) -> String {
    let (origin, version) = (context.origin, context.version);
    format!("{origin}/{version}/$metadata#deviceManagement/{resource}")
}

fn definitions<B>(context: &Context<'_, B>, table: &RoleTable) -> Result<Vec<Value>, ApiError> {
    Ok(table.definitions.iter().map(|role| role.shown(context.version)).collect())
}

fn definition<B>(context: &Context<'_, B>, table: &RoleTable) -> Result<Value, ApiError> {
    let role = key(context).and_then(|id| table.definition(id));
    let role = role.ok_or(ApiError::Unknown("role definition"))?;
    Ok(entity(context, "roleDefinitions", role.shown(context.version)))
}

fn assignments<B>(context: &Context<'_, B>, table: &RoleTable) -> Result<Vec<Value>, ApiError> {
    Ok(table.assignments.iter().map(|one| one.shown(context.version)).collect())
}

fn held<B>(context: &Context<'_, B>, table: &RoleTable) -> Result<Vec<Value>, ApiError> {
    let role = key(context).and_then(|id| table.definition(id));
    let role = role.ok_or(ApiError::Unknown("role definition"))?.id;
    let of_it = table.assignments.iter().filter(|one| one.role == role);
    Ok(of_it.map(|one| one.shown(context.version)).collect())
}

fn assignment<B>(context: &Context<'_, B>, table: &RoleTable) -> Result<Value, ApiError> {
    let one = key(context).and_then(|id| table.assignment(id));
    let one = one.ok_or(ApiError::Unknown("role assignment"))?;
    Ok(entity(context, "roleAssignments", one.shown(context.version)))
}

fn entity<B>(context: &Context<'_, B>, resource: &str, mut shown: Value) -> Value {
    shown["@odata.context"] = format!("{}/$entity", metadata(context, resource)).into();
    shown
}

/// The key of the path, if it can be one.
fn key<B>(context: &Context<'_, B>) -> Option<Uuid> {
    context.route.keys.first()?.parse().ok()
}

/// What this API asks roles for, as `microsoft.graph.resourceOperation`.
fn operations<B>(_context: &Context<'_, B>, _table: &RoleTable) -> Result<Vec<Value>, ApiError> {
    Ok(every_operation())
}

fn every_operation() -> Vec<Value> {
    let shown = |action: RoleAction| {
        let (resource, operation) = action.parts();
        json!({
            "@odata.type": "#microsoft.graph.resourceOperation",
            "id": action.name(),
            "resourceName": resource,
            "actionName": operation,
            "description": format!("{operation} on {resource}"),
        })
    };
    RoleAction::ALL.into_iter().map(shown).collect()
}

fn one_operation<B>(context: &Context<'_, B>, _table: &RoleTable) -> Result<Value, ApiError> {
    let wanted = context.route.keys.first().map_or("", String::as_str);
    let found = every_operation()
        .into_iter()
        .find(|shown| shown["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(wanted)));
    found.ok_or(ApiError::Unknown("resource operation"))
}

/// What the client may do, as `microsoft.graph.rolePermission`. No role limits an application
/// that acts for itself.
fn effective<B: Backend>(context: &Context<'_, B>, uri: &Uri) -> Result<Reply, ApiError> {
    no_options(uri)?;
    context.throttled()?;
    let user = context.principal.user.as_ref();
    let held = user.map_or_else(RoleActions::every, |user| context.roles.held_by(user.id));
    let names: Vec<String> = held.iter().map(RoleAction::name).collect();
    Ok(Reply::Found(json!({
        "@odata.context": metadata(context, "rolePermission"),
        "value": [permission(&names, &[])],
    })))
}

async fn create_definition<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let made = RoleDefinition::made(Uuid::new_v4(), &members)?;
    context.throttled()?;
    let created = context.books.roles.change(context, move |table| {
        if table.definitions.len() >= RECORDS_MAX {
            return Err(ApiError::RuledOut(FULL));
        }
        let shown = entity(context, "roleDefinitions", made.shown(context.version));
        Ok((Change::Define(made), shown))
    });
    let created = created.await?;
    Ok(Reply::Created(created))
}

async fn update_definition<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let id = key(context).ok_or(ApiError::Unknown("role definition"))?;
    let members = members(request).await?;
    context.throttled()?;
    let updated = context.books.roles.change(context, move |table| {
        let changed = custom(table, id)?.clone().changed(&members)?;
        let shown = entity(context, "roleDefinitions", changed.shown(context.version));
        Ok((Change::Define(changed), shown))
    });
    let updated = updated.await?;
    Ok(Reply::Found(updated))
}

async fn delete_definition<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let id = key(context).ok_or(ApiError::Unknown("role definition"))?;
    no_options(uri)?;
    context.throttled()?;
    let deleted = context.books.roles.change(context, move |table| {
        custom(table, id)?;
        if table.assignments.iter().any(|assignment| assignment.role == id) {
            return Err(ApiError::RuledOut(STILL_ASSIGNED));
        }
        Ok((Change::Undefine(id), Value::Null))
    });
    deleted.await?;
    Ok(Reply::Done)
}

/// A role that may be changed.
fn custom(table: &RoleTable, id: Uuid) -> Result<&RoleDefinition, ApiError> {
    let role = table.definition(id).ok_or(ApiError::Unknown("role definition"))?;
    match role.origin {
        RoleOrigin::BuiltIn => Err(ApiError::RuledOut(IMMUTABLE)),
        RoleOrigin::Custom => Ok(role),
    }
}

async fn create_assignment<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let members = members(request).await?;
    let made = RoleAssignment::made(Uuid::new_v4(), &members, context.tenant)?;
    context.throttled()?;
    let created = context.books.roles.change(context, move |table| {
        if table.assignments.len() >= RECORDS_MAX {
            return Err(ApiError::RuledOut(FULL));
        }
        table.definition(made.role).ok_or(ApiError::RuledOut(NO_SUCH_ROLE))?;
        let shown = entity(context, "roleAssignments", made.shown(context.version));
        Ok((Change::Assign(made), shown))
    });
    let created = created.await?;
    Ok(Reply::Created(created))
}

async fn update_assignment<B: Backend>(
    context: &Context<'_, B>,
    request: Request,
) -> Result<Reply, ApiError> {
    let id = key(context).ok_or(ApiError::Unknown("role assignment"))?;
    let members = members(request).await?;
    context.throttled()?;
    let updated = context.books.roles.change(context, move |table| {
        let found = table.assignment(id).ok_or(ApiError::Unknown("role assignment"))?;
        let changed = found.clone().changed(&members, context.tenant)?;
        table.definition(changed.role).ok_or(ApiError::RuledOut(NO_SUCH_ROLE))?;
        let shown = entity(context, "roleAssignments", changed.shown(context.version));
        Ok((Change::Assign(changed), shown))
    });
    let updated = updated.await?;
    Ok(Reply::Found(updated))
}

async fn delete_assignment<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    let id = key(context).ok_or(ApiError::Unknown("role assignment"))?;
    no_options(uri)?;
    context.throttled()?;
    let deleted = context.books.roles.change(context, move |table| {
        table.assignment(id).ok_or(ApiError::Unknown("role assignment"))?;
        Ok((Change::Unassign(id), Value::Null))
    });
    deleted.await?;
    Ok(Reply::Done)
}

async fn members(request: Request) -> Result<Map<String, Value>, ApiError> {
    no_options(request.uri())?;
    Ok(body::object(&body::read(request).await?)?)
}
