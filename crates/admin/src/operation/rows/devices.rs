//! Devices, one and many.

use muster_control::ActionKind;

use crate::devices::people::PeopleOperation;
use crate::operation::table::OperationId::{
    CountDevices, ListDevices, ListMyDevices, Overview, People, ShowDevice, UpdateDevice,
};
use crate::operation::table::Verb::{Delete, Get, Patch, Post, Put};
use crate::operation::table::{Operation, OperationId, get, unserved};
use crate::rbac::role::RoleAction::{DeleteDevices, ReadDevices, UpdateDevices};
use crate::rbac::scope::Permission::{ManagedDevicesRead, ManagedDevicesReadWrite};
use crate::resources::policies::family::Family;
use crate::resources::policies::resource::PolicyOperation;

const CATEGORIES: &str = "device categories are not simulated; keep the group in notes";
const PRIMARY: &str = "whose a device is follows from its serial number and cannot be changed";

pub(super) const ROWS: &[Operation] = &[
    get(ListDevices, management!("managedDevices")).asks(ManagedDevicesRead, ReadDevices),
    get(CountDevices, management!("managedDevices/$count")).asks(ManagedDevicesRead, ReadDevices),
    get(ShowDevice, management!("managedDevices/{managedDeviceId}"))
        .asks(ManagedDevicesRead, ReadDevices),
    Operation::new(Patch, UpdateDevice, management!("managedDevices/{managedDeviceId}"))
        .asks(ManagedDevicesReadWrite, UpdateDevices),
    Operation::new(
        Delete,
        OperationId::Act(ActionKind::Delete),
        management!("managedDevices/{managedDeviceId}"),
    )
    .asks(ManagedDevicesReadWrite, DeleteDevices),
    get(ListDevices, "users/{userId}/managedDevices").asks(ManagedDevicesRead, ReadDevices),
    get(ListMyDevices, "me/managedDevices").asks(ManagedDevicesRead, ReadDevices),
    get(People(PeopleOperation::Me), "me").needs(ManagedDevicesRead),
    get(People(PeopleOperation::Show), "users/{userId}").needs(ManagedDevicesRead),
    get(Overview, management!("managedDeviceOverview")).asks(ManagedDevicesRead, ReadDevices),
    get(
        OperationId::Policies(Family::Compliance, PolicyOperation::ListStatesOfDevice),
        device!("deviceCompliancePolicyStates"),
    )
    .asks(ManagedDevicesRead, ReadDevices),
    get(
        OperationId::Policies(Family::Configuration, PolicyOperation::ListStatesOfDevice),
        device!("deviceConfigurationStates"),
    )
    .asks(ManagedDevicesRead, ReadDevices),
    get(People(PeopleOperation::OfDevice), device!("users")).asks(ManagedDevicesRead, ReadDevices),
    unserved(Post, device!("users/$ref"), PRIMARY).needs(ManagedDevicesReadWrite).beta(),
    unserved(Get, device!("deviceCategory"), CATEGORIES).asks(ManagedDevicesRead, ReadDevices),
    unserved(Put, device!("deviceCategory/$ref"), CATEGORIES).needs(ManagedDevicesReadWrite),
];
