//! A policy at rest: what was given of it, and what the tenant adds.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::operation::path::Version;
use crate::resources::audit_entry::Change;
use crate::resources::policies::catalog::{self, PolicyType};
use crate::resources::policies::family::Family;
use crate::resources::policies::fault::{PolicyFault, echo};
use crate::resources::policies::target::Target;

/// Members clients send back as they read them. The tenant writes these itself.
const READ_ONLY: [&str; 5] =
    ["id", "createdDateTime", "lastModifiedDateTime", "version", "supportsScopeTags"];

const ACTIONS: &str = "scheduledActionsForRule";

/// A policy. No `Debug`: what is set may be a secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyRecord {
    pub(super) id: Uuid,
    #[serde(rename = "type", with = "catalog")]
    pub(super) kind: &'static PolicyType,
    pub(super) display_name: String,
    pub(super) description: Option<String>,
    pub(super) created: String,
    pub(super) modified: String,
    pub(super) version: i32,
    /// What was set, by the names of the properties.
    pub(super) settings: Map<String, Value>,
    /// `scheduledActionsForRule`
    pub(super) actions: Vec<Value>,
    pub(super) assignments: Vec<Target>,
}

impl PartialEq for PolicyType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl PolicyRecord {
    /// A policy that is made now.
    ///
    /// # Errors
    /// [`PolicyFault`] if the body is not that of one.
    pub(super) fn made(
        family: Family,
        version: Version,
        members: &Map<String, Value>,
        now: String,
    ) -> Result<Self, PolicyFault> {
        let kind = kind(members, family, version)?.ok_or(PolicyFault::NoType(family.entity()))?;
        let mut made = Self {
            id: Uuid::new_v4(),
            kind,
            display_name: String::new(),
            description: None,
            created: now.clone(),
            modified: now,
            version: 1,
            settings: Map::new(),
            actions: Vec::new(),
            assignments: Vec::new(),
        };
        made.take(version, members)?;
        if made.display_name.is_empty() {
            return Err(PolicyFault::NoName);
        }
        match family {
            Family::Compliance => blocks(&made.actions)?,
            Family::Configuration => {}
        }
        Ok(made)
    }

    /// The policy with what a client changed.
    ///
    /// # Errors
    /// [`PolicyFault`] if a member is no good.
    pub(super) fn changed(
        mut self,
        version: Version,
        members: &Map<String, Value>,
        now: String,
    ) -> Result<Self, PolicyFault> {
        let given = kind(members, self.kind.family, version)?;
        if given.is_some_and(|given| given != self.kind) {
            return Err(PolicyFault::OtherType);
        }
        self.take(version, members)?;
        self.touch(now);
        Ok(self)
    }

    /// The policy with other assignments.
    pub(super) fn assigned(mut self, assignments: Vec<Target>, now: String) -> Self {
        self.assignments = assignments;
        self.modified = now;
        self
    }

    /// The policy with other actions for noncompliant devices.
    ///
    /// # Errors
    /// [`PolicyFault::NoBlock`] if they do not make a device noncompliant.
    pub(super) fn scheduled(mut self, actions: &Value, now: String) -> Result<Self, PolicyFault> {
        self.actions = rules(actions)?;
        blocks(&self.actions)?;
        self.touch(now);
        Ok(self)
    }

    fn touch(&mut self, now: String) {
        self.version = self.version.saturating_add(1);
        self.modified = now;
    }

    /// Takes over what a body says.
    fn take(&mut self, version: Version, members: &Map<String, Value>) -> Result<(), PolicyFault> {
        for (name, value) in members {
            let annotates = name.contains('@');
            if !annotates && !READ_ONLY.contains(&name.as_str()) {
                self.take_one(version, name, value)?;
            }
        }
        Ok(())
    }

    fn take_one(&mut self, version: Version, name: &str, value: &Value) -> Result<(), PolicyFault> {
        match name {
            "displayName" => {
                let text = value.as_str().filter(|text| !text.trim().is_empty());
                self.display_name = text.ok_or(PolicyFault::NoName)?.to_owned();
            }
            "description" => self.description = text_or_null(name, value)?,
            "assignments" => return Err(PolicyFault::Assigned),
            ACTIONS if self.kind.family == Family::Compliance => {
                self.actions = rules(value)?;
                blocks(&self.actions)?;
            }
            _ => self.set(version, name, value)?,
        }
        Ok(())
    }

    fn set(&mut self, version: Version, name: &str, value: &Value) -> Result<(), PolicyFault> {
        let unknown = || PolicyFault::Property { name: echo(name), entity: self.kind.name };
        let wanted = self.kind.wanted(version, name).ok_or_else(unknown)?;
        if value.is_null() {
            self.settings.remove(name);
            return Ok(());
        }
        let read = wanted.read(value);
        let refused = || PolicyFault::Value { name: name.to_owned(), wanted: wanted.described() };
        self.settings.insert(name.to_owned(), read.ok_or_else(refused)?);
        Ok(())
    }

    /// As a version of Graph shows it, with what was asked for beside it. A version that does not
    /// know the type shows what every policy has.
    pub(super) fn shown(&self, version: Version, expand: &[&str]) -> Value {
        let known = version.has(self.kind.versions);
        let entity = if known { self.kind.name } else { self.kind.family.entity() };
        let mut shown = json!({
            "@odata.type": format!("#microsoft.graph.{entity}"),
            "id": self.id.to_string(),
            "displayName": self.display_name,
            "description": self.description,
            "createdDateTime": self.created,
            "lastModifiedDateTime": self.modified,
            "version": self.version,
        });
        if version == Version::Beta {
            shown["roleScopeTagIds"] = json!(["0"]);
            if self.kind.family == Family::Configuration {
                shown["supportsScopeTags"] = true.into();
            }
        }
        for (name, value) in &self.settings {
            if self.kind.wanted(version, name).is_some() {
                shown[name] = value.clone();
            }
        }
        if expand.contains(&"assignments") {
            shown["assignments"] = self.shown_assignments().into();
        }
        if expand.contains(&ACTIONS) {
            shown[ACTIONS] = self.shown_actions().into();
        }
        shown
    }

    pub(super) fn shown_assignments(&self) -> Vec<Value> {
        self.assignments.iter().map(|target| target.shown(self.id)).collect()
    }

    /// The actions for noncompliant devices, each with an id.
    pub(super) fn shown_actions(&self) -> Vec<Value> {
        let with_id = |(place, action): (usize, &Value)| {
            let mut action = action.clone();
            action["id"] = format!("{}_{place}", self.id).into();
            action
        };
        self.actions.iter().enumerate().map(with_id).collect()
    }

    /// What is different in another state of the same policy. What somebody wrote in their own
    /// words is not repeated.
    pub(super) fn changes_to(&self, after: &Self) -> Vec<Change> {
        let told = |name: &str, value: Option<&Value>| {
            let wanted = self.kind.wanted(Version::Beta, name);
            let value = value.filter(|_| wanted.is_some_and(|wanted| wanted.may_be_told()));
            value.map(Value::to_string)
        };
        let names = self.settings.keys().chain(after.settings.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort_unstable();
        names.dedup();
        let differ = names
            .into_iter()
            .filter(|name| self.settings.get(name.as_str()) != after.settings.get(name.as_str()));
        let change = |name: &String| {
            let (old, new) = (self.settings.get(name), after.settings.get(name));
            Change { property: name.clone().into(), old: told(name, old), new: told(name, new) }
        };
        differ.map(change).collect()
    }
}

/// The type a body names.
fn kind(
    members: &Map<String, Value>,
    family: Family,
    version: Version,
) -> Result<Option<&'static PolicyType>, PolicyFault> {
    let Some(given) = members.get("@odata.type") else {
        return Ok(None);
    };
    let name = given.as_str().unwrap_or_default();
    let known =
        PolicyType::find(name).filter(|kind| kind.family == family && version.has(kind.versions));
    let unknown = || PolicyFault::UnknownType { name: echo(name), entity: family.entity() };
    known.map(Some).ok_or_else(unknown)
}

fn text_or_null(name: &str, value: &Value) -> Result<Option<String>, PolicyFault> {
    if value.is_null() {
        return Ok(None);
    }
    let wanted = || PolicyFault::Value { name: name.to_owned(), wanted: "a text".to_owned() };
    value.as_str().map(|text| Some(text.to_owned())).ok_or_else(wanted)
}

/// The rules of a policy with their actions.
fn rules(value: &Value) -> Result<Vec<Value>, PolicyFault> {
    let rules = value.as_array().ok_or(PolicyFault::NoBlock)?;
    if rules.iter().all(Value::is_object) { Ok(rules.clone()) } else { Err(PolicyFault::NoBlock) }
}

/// Makes sure that a device that does not comply is called so.
///
/// Source: Microsoft Graph, `deviceCompliancePolicy`: the actions are required of every policy.
fn blocks(rules: &[Value]) -> Result<(), PolicyFault> {
    let configurations = rules
        .iter()
        .filter_map(|rule| rule.get("scheduledActionConfigurations").and_then(Value::as_array))
        .flatten();
    let block = configurations
        .filter(|action| action.get("actionType").and_then(Value::as_str) == Some("block"));
    if block.count() == 1 { Ok(()) } else { Err(PolicyFault::NoBlock) }
}

#[cfg(test)]
mod tests;
