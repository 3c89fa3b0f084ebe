//! Devices, one and many.

use muster_control::ActionKind;

use crate::devices::people::PeopleOperation;
use crate::operation::table::OperationId::{
    Categories, CountDevices, ListDevices, ListMyDevices, Overview, People, ShowDevice,
    UpdateDevice,
};
use crate::operation::table::Verb::{Delete, Patch, Put};
use crate::operation::table::{Operation, OperationId, Parity, Verb, get, post, unserved};
use crate::rbac::role::RoleAction::{DeleteDevices, ReadDevices, UpdateDevices};
use crate::rbac::scope::Permission::{ManagedDevicesRead, ManagedDevicesReadWrite};
use crate::resources::categories::CategoryOperation::{
    self, Create, List, RemoveOfDevice, SetOfDevice, Show, ShowOfDevice, Update,
};
use crate::resources::policies::family::Family;
use crate::resources::policies::resource::PolicyOperation;

const NO_DELTA: &str = "devices have no delta query; filter by lastSyncDateTime instead";
const LOGS: &str = "logs are collected from Windows devices, and there are none here";
const DEFENDER: &str = "Defender is for Windows, and the devices here are phones and tablets";

pub(super) const ROWS: &[Operation] = &[
    get(ListDevices, management!("managedDevices")).asks(ManagedDevicesRead, ReadDevices),
    get(CountDevices, management!("managedDevices/$count")).asks(ManagedDevicesRead, ReadDevices),
    Operation {
        parity: Parity::Static,
        ..get(OperationId::RuledOutForMany(NO_DELTA), management!("managedDevices/delta"))
    }
    .needs(ManagedDevicesRead),
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
    unserved(Verb::Get, device!("logCollectionRequests"), LOGS).needs(ManagedDevicesRead),
    unserved(Verb::Get, device!("windowsProtectionState"), DEFENDER).needs(ManagedDevicesRead),
    get(People(PeopleOperation::OfDevice), device!("users")).asks(ManagedDevicesRead, ReadDevices),
    post(People(PeopleOperation::Give), device!("users/$ref"))
        .asks(ManagedDevicesReadWrite, UpdateDevices)
        .beta(),
    get(Categories(ShowOfDevice), device!("deviceCategory")).asks(ManagedDevicesRead, ReadDevices),
    Operation::new(Put, Categories(SetOfDevice), device!("deviceCategory/$ref"))
        .asks(ManagedDevicesReadWrite, UpdateDevices),
    Operation::new(Delete, Categories(RemoveOfDevice), device!("deviceCategory/$ref"))
        .asks(ManagedDevicesReadWrite, UpdateDevices),
    get(Categories(List), management!("deviceCategories")).asks(ManagedDevicesRead, ReadDevices),
    post(Categories(Create), management!("deviceCategories"))
        .asks(ManagedDevicesReadWrite, UpdateDevices),
    get(Categories(Show), management!("deviceCategories/{deviceCategoryId}"))
        .asks(ManagedDevicesRead, ReadDevices),
    Operation::new(Patch, Categories(Update), management!("deviceCategories/{deviceCategoryId}"))
        .asks(ManagedDevicesReadWrite, UpdateDevices),
    Operation::new(
        Delete,
        Categories(CategoryOperation::Delete),
        management!("deviceCategories/{deviceCategoryId}"),
    )
    .asks(ManagedDevicesReadWrite, UpdateDevices),
];
