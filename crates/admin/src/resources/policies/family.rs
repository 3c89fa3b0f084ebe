//! The two families of policies, and the words that differ between them.

use crate::backend::DocumentKind;
use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::Count;
use crate::resources::policies::settings::Settings;

/// Rows on a page, at most and by default.
pub(super) const PAGE_MAX: usize = 1000;

/// Which resource a policy is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `deviceCompliancePolicies`
    Compliance,
    /// `deviceConfigurations`
    Configuration,
}

const ID: Property = Property::new("id", Kind::Id);
const NAME: Property = Property::new("displayName", Kind::Text);
const DESCRIPTION: Property = Property::new("description", Kind::Text);
const CREATED: Property = Property::new("createdDateTime", Kind::Moment);
const MODIFIED: Property = Property::new("lastModifiedDateTime", Kind::Moment);
const VERSION: Property = Property::new("version", Kind::Whole);
const TAGS: Property = Property::new("roleScopeTagIds", Kind::Structure);

/// `deviceCompliancePolicies`
static POLICIES: Schema = Schema {
    expands: &["assignments", "scheduledActionsForRule"],
    ..schema(
        "microsoft.graph.deviceCompliancePolicy",
        &[ID, NAME, DESCRIPTION, CREATED, MODIFIED, VERSION, TAGS],
    )
};

/// `deviceConfigurations`
static CONFIGURATIONS: Schema = schema(
    "microsoft.graph.deviceConfiguration",
    &[
        ID,
        NAME,
        DESCRIPTION,
        CREATED,
        MODIFIED,
        VERSION,
        TAGS,
        Property::new("supportsScopeTags", Kind::Flag),
    ],
);

const fn schema(entity: &'static str, properties: &'static [Property]) -> Schema {
    let (options, expands): (&[&str], &[&str]) = (&[], &["assignments"]);
    Schema { entity, properties, options, expands, page_max: PAGE_MAX, count: Count::Untold }
}

/// What every compliance policy of beta has beside the properties of its type.
const POLICY_OF_BETA: Settings = Settings { lists: &["roleScopeTagIds"], ..Settings::NONE };

/// What every configuration of beta has beside the properties of its type.
const CONFIGURATION_OF_BETA: Settings = Settings {
    lists: &["roleScopeTagIds"],
    structures: &[
        "deviceManagementApplicabilityRuleDeviceMode",
        "deviceManagementApplicabilityRuleOsEdition",
        "deviceManagementApplicabilityRuleOsVersion",
    ],
    ..Settings::NONE
};

impl Family {
    pub(super) const fn document(self) -> DocumentKind {
        match self {
            Self::Compliance => DocumentKind::CompliancePolicy,
            Self::Configuration => DocumentKind::DeviceConfiguration,
        }
    }

    /// The name of the resource in paths.
    pub(super) const fn collection(self) -> &'static str {
        match self {
            Self::Compliance => "deviceCompliancePolicies",
            Self::Configuration => "deviceConfigurations",
        }
    }

    /// The name of one, as errors and Graph's types have it.
    pub(super) const fn entity(self) -> &'static str {
        match self {
            Self::Compliance => "deviceCompliancePolicy",
            Self::Configuration => "deviceConfiguration",
        }
    }

    /// What queries may ask of it.
    pub(super) const fn schema(self) -> &'static Schema {
        match self {
            Self::Compliance => &POLICIES,
            Self::Configuration => &CONFIGURATIONS,
        }
    }

    /// The properties of beta that do not depend on the type.
    pub(super) const fn of_beta(self) -> &'static Settings {
        match self {
            Self::Compliance => &POLICY_OF_BETA,
            Self::Configuration => &CONFIGURATION_OF_BETA,
        }
    }
}
