//! The reports there are, and their columns.

use crate::devices::words;
use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::Count;

/// A report of devices: a row a device.
#[derive(Debug)]
pub(super) struct Report {
    /// Its `reportName`.
    pub(super) name: &'static str,
    /// Its columns, in their order.
    pub(super) schema: Schema,
    /// The property of `managedDevice` each column shows.
    pub(super) sources: &'static [&'static str],
}

/// Declares reports: each column with its kind and the property it shows.
macro_rules! reports {
    ($($report:ident $name:literal { $($column:literal $kind:expr, $source:literal;)+ })+) => {
        $(const $report: Report = Report {
            name: $name,
            schema: Schema {
                entity: $name,
                properties: &[$(Property::new($column, $kind),)+],
                options: &[],
                expands: &[],
                page_max: 0,
                count: Count::Untold,
            },
            sources: &[$($source,)+],
        };)+

        static ALL: &[Report] = &[$($report,)+];
    };
}

// Source: Intune, "Intune reports and properties available using Graph API": the reports about
// devices, with the columns that mean something on phones and tablets.
reports! {
    DEVICES "Devices" {
        "DeviceId" Kind::Id, "id";
        "DeviceName" Kind::Text, "deviceName";
        "ManagementName" Kind::Text, "managedDeviceName";
        "OS" Kind::Text, "operatingSystem";
        "OSVersion" Kind::Text, "osVersion";
        "OwnerType" Kind::Words(words::OWNER_TYPES), "managedDeviceOwnerType";
        "ManagementState" Kind::Words(words::MANAGEMENT_STATES), "managementState";
        "CategoryName" Kind::Text, "deviceCategoryDisplayName";
        "CreatedDate" Kind::Moment, "enrolledDateTime";
        "LastContact" Kind::Moment, "lastSyncDateTime";
        "SerialNumber" Kind::Text, "serialNumber";
        "UserId" Kind::Text, "userId";
        "UserName" Kind::Text, "userDisplayName";
        "UPN" Kind::Text, "userPrincipalName";
    }
    WITH_INVENTORY "DevicesWithInventory" {
        "DeviceId" Kind::Id, "id";
        "DeviceName" Kind::Text, "deviceName";
        "OS" Kind::Text, "operatingSystem";
        "OSVersion" Kind::Text, "osVersion";
        "OwnerType" Kind::Words(words::OWNER_TYPES), "managedDeviceOwnerType";
        "ManagementAgent" Kind::Words(words::MANAGEMENT_AGENTS), "managementAgent";
        "EnrollmentType" Kind::Words(words::ENROLLMENT_TYPES), "deviceEnrollmentType";
        "CategoryName" Kind::Text, "deviceCategoryDisplayName";
        "CreatedDate" Kind::Moment, "enrolledDateTime";
        "LastContact" Kind::Moment, "lastSyncDateTime";
        "Manufacturer" Kind::Text, "manufacturer";
        "Model" Kind::Text, "model";
        "SerialNumber" Kind::Text, "serialNumber";
        "IsEncrypted" Kind::Flag, "isEncrypted";
        "IsSupervised" Kind::Flag, "isSupervised";
        "JailBroken" Kind::Text, "jailBroken";
        "ManagementCertificateExpiration" Kind::Moment, "managementCertificateExpirationDate";
        "ActivationLock" Kind::Words(words::SWITCHES), "x-muster-activation-lock";
        "UPN" Kind::Text, "userPrincipalName";
    }
    COMPLIANCE "DeviceCompliance" {
        "DeviceId" Kind::Id, "id";
        "DeviceName" Kind::Text, "deviceName";
        "OS" Kind::Text, "operatingSystem";
        "OSVersion" Kind::Text, "osVersion";
        "OwnerType" Kind::Words(words::OWNER_TYPES), "managedDeviceOwnerType";
        "ComplianceState" Kind::Words(words::COMPLIANCE_STATES), "complianceState";
        "InGracePeriodUntil" Kind::Moment, "complianceGracePeriodExpirationDateTime";
        "LastContact" Kind::Moment, "lastSyncDateTime";
        "ManagementAgents" Kind::Words(words::MANAGEMENT_AGENTS), "managementAgent";
        "SerialNumber" Kind::Text, "serialNumber";
        "UserId" Kind::Text, "userId";
        "UserName" Kind::Text, "userDisplayName";
        "UPN" Kind::Text, "userPrincipalName";
    }
}

/// The report of this name; letter case does not count.
pub(super) fn report_named(name: &str) -> Option<&'static Report> {
    ALL.iter().find(|report| report.name.eq_ignore_ascii_case(name))
}

/// The names of the reports.
pub(crate) fn report_names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|report| report.name)
}

#[cfg(test)]
mod tests {
    use crate::devices::properties::schema;
    use crate::operation::path::Version;

    use super::*;

    #[test]
    fn every_column_shows_a_property_of_its_kind_in_both_versions() {
        for report in ALL {
            assert_eq!(report.schema.properties.len(), report.sources.len(), "{}", report.name);
            for (column, source) in report.schema.properties.iter().zip(report.sources) {
                for version in Version::ALL {
                    let known = schema(version);
                    let place = known.find(source).unwrap_or_else(|| panic!("no {source}"));
                    assert_eq!(known.properties[place].kind, column.kind, "{}", column.name);
                }
            }
        }
    }
}
