//! How many devices there are of each kind: `managedDeviceOverview`.

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use axum::http::Uri;
use muster_control::DeviceRecord;
use muster_protocol::{Mode, OperatingSystem};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::backend::Backend;
use crate::devices::words::manufacturer;
use crate::http::call::Reply;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::odata::query::no_options;
use crate::operation::path::Version;

/// Models and manufacturers that are told; nobody reads more.
const MODELS_MAX: usize = 1000;

/// `deviceOperatingSystemSummary`. What no device here can be is 0.
///
/// Source: Microsoft Graph v1.0, complex type `deviceOperatingSystemSummary`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Systems {
    android_count: u64,
    ios_count: u64,
    #[serde(rename = "macOSCount")]
    mac_os_count: u64,
    windows_mobile_count: u64,
    windows_count: u64,
    unknown_count: u64,
    android_dedicated_count: u64,
    android_device_admin_count: u64,
    android_fully_managed_count: u64,
    android_work_profile_count: u64,
    android_corporate_work_profile_count: u64,
    config_mgr_device_count: u64,
}

/// What only beta tells.
#[derive(Default)]
struct Beta {
    user_associated: u64,
    userless: u64,
    models: BTreeSet<String>,
    manufacturers: BTreeSet<&'static str>,
}

/// The overview of all devices that are listed.
///
/// # Errors
/// [`ApiError`] if they cannot be read, or the query asks for anything.
pub(crate) async fn overview<B: Backend>(
    context: &Context<'_, B>,
    uri: &Uri,
) -> Result<Reply, ApiError> {
    no_options(uri)?;
    context.throttled()?;
    let (mut count, mut systems, mut beta) = (0_u64, Systems::default(), Beta::default());
    let visit = &mut |record: &DeviceRecord| {
        count += 1;
        systems.add(record);
        beta.add(record);
        ControlFlow::Continue(())
    };
    read(context.backend.scan(None, visit)).await?;
    let place = format!("{}/{}/$metadata", context.origin, context.version);
    let mut answer = shown(count, &systems, context);
    let kind = "deviceManagement/managedDeviceOverview/$entity";
    answer.insert("@odata.context".to_owned(), format!("{place}#{kind}").into());
    if context.version == Version::Beta {
        beta.extend(&mut answer);
    }
    Ok(Reply::Found(answer.into()))
}

fn shown<B: Backend>(
    count: u64,
    systems: &Systems,
    context: &Context<'_, B>,
) -> Map<String, Value> {
    let shown = json!({
        // The service gives it an id that means nothing.
        "id": context.tenant.id,
        "enrolledDeviceCount": count,
        "mdmEnrolledCount": count,
        "dualEnrolledDeviceCount": 0,
        "deviceOperatingSystemSummary": systems,
        "deviceExchangeAccessStateSummary": {
            "allowedDeviceCount": 0,
            "blockedDeviceCount": 0,
            "quarantinedDeviceCount": 0,
            "unknownDeviceCount": 0,
            // No device here reads its mail through Exchange.
            "unavailableDeviceCount": count,
        },
    });
    match shown {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

impl Systems {
    fn add(&mut self, record: &DeviceRecord) {
        match record.facts.operating_system {
            OperatingSystem::Ios | OperatingSystem::IpadOs => self.ios_count += 1,
            OperatingSystem::Android => self.android_count += 1,
        }
        match record.facts.mode {
            Mode::AndroidDedicated => self.android_dedicated_count += 1,
            Mode::AndroidDeviceAdministrator => self.android_device_admin_count += 1,
            Mode::AndroidFullyManaged => self.android_fully_managed_count += 1,
            Mode::AndroidPersonallyOwnedWorkProfile => self.android_work_profile_count += 1,
            Mode::AndroidCorporateOwnedWorkProfile => {
                self.android_corporate_work_profile_count += 1;
            }
            Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleAutomatedDevice
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser
            | Mode::AppleSharedIpad
            | Mode::AospUserAssociated
            | Mode::AospUserless => {}
        }
    }
}

impl Beta {
    fn add(&mut self, record: &DeviceRecord) {
        let facts = &record.facts;
        self.user_associated += u64::from(facts.mode == Mode::AospUserAssociated);
        self.userless += u64::from(facts.mode == Mode::AospUserless);
        self.manufacturers.insert(manufacturer(facts.mode.platform(), &facts.model));
        if !self.models.contains(&facts.model) && self.models.len() < MODELS_MAX {
            self.models.insert(facts.model.clone());
        }
    }

    fn extend(&self, overview: &mut Map<String, Value>) {
        let models = json!({
            "deviceModels": self.models,
            "deviceManufacturers": self.manufacturers,
        });
        overview.insert("managedDeviceModelsAndManufacturers".to_owned(), models);
        if let Some(Value::Object(systems)) = overview.get_mut("deviceOperatingSystemSummary") {
            systems.insert("aospUserAssociatedCount".to_owned(), self.user_associated.into());
            systems.insert("aospUserlessCount".to_owned(), self.userless.into());
        }
    }
}
