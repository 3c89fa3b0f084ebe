//! What the policies of a tenant ask of a device.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use muster_control::DeviceRecord;
use muster_protocol::{ActivationLockPolicy, PasscodeRule, Policy};
use serde_json::{Map, Value};
use tracing::warn;

use crate::backend::{Document, DocumentKind};
use crate::identity::tenant::Tenant;
use crate::resources::policies::catalog::{AskedBy, PasswordRule, PolicyType};
use crate::resources::policies::family::Family;
use crate::resources::policies::record::PolicyRecord;
use crate::resources::policies::target::{Target, reach};

/// The fewest and the most characters a policy may ask for.
const LENGTH_MIN: u8 = 4;
const LENGTH_MAX: u8 = 16;

/// The policies of the tenant that are in effect, as far as they change what devices do.
///
/// A setting comes from the assigned policies that speak of it, the strictest first, and from the
/// enrolment profile of the device where none does. A copy of this is the same as this.
#[derive(Clone, Debug)]
pub struct AssignedPolicies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tenant: Tenant,
    by_document: RwLock<BTreeMap<(DocumentKind, String), Assigned>>,
}

/// A policy that is assigned.
#[derive(Debug)]
struct Assigned {
    kind: &'static PolicyType,
    demands: Demands,
    targets: Vec<Target>,
}

/// Whether documents changed what is asked of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// Every device has to be looked at again.
    Changed,
    /// Nothing is different.
    Same,
}

/// What a policy says of each setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demands {
    pub(super) device_passcode: Asked<Option<PasscodeRule>>,
    pub(super) work_profile_password: Asked<Option<PasscodeRule>>,
    pub(super) activation_lock: Asked<ActivationLockPolicy>,
}

/// What is said of one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked<T> {
    /// Nothing: whoever else speaks of it decides.
    Silent,
    Is(T),
}

impl Default for AssignedPolicies {
    fn default() -> Self {
        let (tenant, by_document) = (Tenant::seeded(), RwLock::default());
        Self(Arc::new(Inner { tenant, by_document }))
    }
}

impl AssignedPolicies {
    /// The kinds of documents policies are.
    pub const KINDS: [DocumentKind; 2] =
        [DocumentKind::CompliancePolicy, DocumentKind::DeviceConfiguration];

    /// Takes note of documents that have become durable.
    pub fn note(&self, documents: &[Document]) -> Noted {
        let policies = documents.iter().filter(|document| Self::KINDS.contains(&document.kind));
        let mut noted = Noted::Same;
        for document in policies {
            self.note_one(document);
            noted = Noted::Changed;
        }
        noted
    }

    fn note_one(&self, document: &Document) {
        let by_document = &self.0.by_document;
        let mut assigned = by_document.write().unwrap_or_else(PoisonError::into_inner);
        let key = (document.kind, document.id.clone());
        match document.body.as_deref().map(serde_json::from_str::<PolicyRecord>) {
            Some(Ok(record)) if !record.assignments.is_empty() => {
                assigned.insert(key, Assigned::from(record));
            }
            Some(Err(error)) => {
                let cause: &dyn core::error::Error = &error;
                warn!(document = document.id, error = cause, "policy not understood");
                assigned.remove(&key);
            }
            Some(Ok(_)) | None => drop(assigned.remove(&key)),
        }
    }

    /// What is asked of a device whose enrolment profile says `profile`.
    #[must_use]
    pub fn effective(&self, record: &DeviceRecord, profile: Policy) -> Policy {
        let assigned = self.0.by_document.read().unwrap_or_else(PoisonError::into_inner);
        let reaching = assigned.values().filter(|one| {
            one.kind.scope.has(record.facts.mode) && reach(&one.targets, record, &self.0.tenant)
        });
        let demands = reaching.fold(Demands::SILENT, |all, one| all.and(one.demands));
        demands.over(profile)
    }
}

impl From<PolicyRecord> for Assigned {
    fn from(record: PolicyRecord) -> Self {
        let demands = Demands::of(record.kind, &record.settings);
        Self { kind: record.kind, demands, targets: record.assignments }
    }
}

impl Demands {
    const SILENT: Self = Self {
        device_passcode: Asked::Silent,
        work_profile_password: Asked::Silent,
        activation_lock: Asked::Silent,
    };

    /// What the settings of a policy ask for.
    pub(super) fn of(kind: &PolicyType, settings: &Map<String, Value>) -> Self {
        let password = |rule: Option<PasswordRule>| {
            rule.map_or(Asked::Silent, |rule| asked(kind.family, rule, settings))
        };
        let lock =
            kind.activation_lock.and_then(|name| settings.get(name)).and_then(Value::as_bool);
        Self {
            device_passcode: password(kind.device_passcode),
            work_profile_password: password(kind.work_profile_password),
            activation_lock: match lock {
                None => Asked::Silent,
                Some(true) => Asked::Is(ActivationLockPolicy::Allowed),
                Some(false) => Asked::Is(ActivationLockPolicy::Disallowed),
            },
        }
    }

    /// What two policies ask for together.
    fn and(self, other: Self) -> Self {
        Self {
            device_passcode: self.device_passcode.stricter(other.device_passcode, longer),
            work_profile_password: self
                .work_profile_password
                .stricter(other.work_profile_password, longer),
            activation_lock: self.activation_lock.stricter(other.activation_lock, disallowed),
        }
    }

    /// What is asked where a profile says the rest.
    fn over(self, profile: Policy) -> Policy {
        Policy {
            device_passcode: self.device_passcode.or(profile.device_passcode),
            work_profile_password: self.work_profile_password.or(profile.work_profile_password),
            activation_lock: self.activation_lock.or(profile.activation_lock),
        }
    }
}

impl<T> Asked<T> {
    fn stricter(self, other: Self, of: impl FnOnce(T, T) -> T) -> Self {
        match (self, other) {
            (Self::Silent, said) | (said, Self::Silent) => said,
            (Self::Is(one), Self::Is(another)) => Self::Is(of(one, another)),
        }
    }

    fn or(self, otherwise: T) -> T {
        match self {
            Self::Silent => otherwise,
            Self::Is(said) => said,
        }
    }
}

/// What a policy says of one password. A compliance policy judges: it never lifts what others
/// ask for.
fn asked(
    family: Family,
    rule: PasswordRule,
    settings: &Map<String, Value>,
) -> Asked<Option<PasscodeRule>> {
    let required = match rule.asked_by {
        AskedBy::Flag(name) => settings.get(name).and_then(Value::as_bool),
        // What the device does by itself is nobody's demand.
        AskedBy::Word(name) => settings
            .get(name)
            .and_then(Value::as_str)
            .and_then(|word| (word != "deviceDefault").then_some(true)),
    };
    match (required, family) {
        (Some(true), _) => {
            let length = settings.get(rule.length).and_then(Value::as_u64).unwrap_or_default();
            let length = u8::try_from(length).unwrap_or(LENGTH_MAX);
            let length_min = length.clamp(LENGTH_MIN, LENGTH_MAX);
            Asked::Is(Some(PasscodeRule { length_min }))
        }
        (Some(false), Family::Configuration) => Asked::Is(None),
        (Some(false), Family::Compliance) | (None, _) => Asked::Silent,
    }
}

fn longer(one: Option<PasscodeRule>, another: Option<PasscodeRule>) -> Option<PasscodeRule> {
    let rules = one.into_iter().chain(another);
    rules.max_by_key(|rule| rule.length_min)
}

const fn disallowed(
    one: ActivationLockPolicy,
    another: ActivationLockPolicy,
) -> ActivationLockPolicy {
    match (one, another) {
        (ActivationLockPolicy::Allowed, ActivationLockPolicy::Allowed) => one,
        (ActivationLockPolicy::Disallowed, _) | (_, ActivationLockPolicy::Disallowed) => {
            ActivationLockPolicy::Disallowed
        }
    }
}

#[cfg(test)]
mod tests;
