//! `muster device list` and `muster device show`

use muster_report::Table;

use crate::cli::{DeviceListArgs, DeviceShowArgs, PlatformName};
use crate::client::{ActionResult, AdminClient, ManagedDevice};
use crate::exit::Exit;
use crate::talk::{Format, print, print_json};

pub(super) async fn list(args: &DeviceListArgs, format: Format) -> anyhow::Result<Exit> {
    let client = AdminClient::from_args(&args.admin)?;
    let mut devices = match args.activation_lock {
        Some(lock) => client.devices_locked(lock).await?,
        None => client.devices().await?,
    };
    devices.retain(|device| is_wanted(device, args));
    match format {
        Format::Json => print_json(&devices)?,
        Format::Text => {
            print(&list_table(&devices).to_string());
            print(&format!("{} devices\n", devices.len()));
        }
    }
    Ok(Exit::Ok)
}

pub(super) async fn show(args: &DeviceShowArgs, format: Format) -> anyhow::Result<Exit> {
    let client = AdminClient::from_args(&args.admin)?;
    let device = client.find(&args.device).await?;
    let device = client.device(&device.id).await?;
    match format {
        Format::Json => print_json(&device)?,
        Format::Text => {
            print(&facts_table(&device)?.to_string());
            print(&action_table(&device).to_string());
        }
    }
    Ok(Exit::Ok)
}

/// Whether a device is one of those asked for. The server has sorted out the Activation Lock.
fn is_wanted(device: &ManagedDevice, args: &DeviceListArgs) -> bool {
    let platform = match args.platform {
        Some(PlatformName::Apple) => device.operating_system != "Android",
        Some(PlatformName::Android) => device.operating_system == "Android",
        None => true,
    };
    platform
        && args.mode.is_none_or(|mode| text_of(device, "x-muster-mode") == mode.name())
        && (!args.lost || text_of(device, "lostModeState") == "enabled")
        && (!args.noncompliant || text_of(device, "complianceState") == "noncompliant")
}

fn list_table(devices: &[ManagedDevice]) -> Table {
    let mut table = Table::new(&["serial", "model", "system", "mode", "state", "here", "id"]);
    for device in devices {
        table.row([
            device.serial_number.clone(),
            device.model.clone(),
            format!("{} {}", device.operating_system, device.os_version),
            text_of(device, "x-muster-mode"),
            text_of(device, "managementState"),
            if device.rest.get("x-muster-connected").is_some_and(|here| here == true) {
                "yes".to_owned()
            } else {
                "no".to_owned()
            },
            device.id.clone(),
        ]);
    }
    table
}

/// Every member that says something, one a line.
fn facts_table(device: &ManagedDevice) -> anyhow::Result<Table> {
    let mut table = Table::new(&["property", "value"]);
    let whole = serde_json::to_value(device)?;
    for (name, value) in whole.as_object().into_iter().flatten() {
        let said = match value {
            serde_json::Value::String(text) if !text.is_empty() => text.clone(),
            serde_json::Value::Bool(_) | serde_json::Value::Number(_) => value.to_string(),
            serde_json::Value::String(_)
            | serde_json::Value::Null
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => continue,
        };
        table.row([name.clone(), said]);
    }
    Ok(table)
}

pub(super) fn action_table(device: &ManagedDevice) -> Table {
    let mut table = Table::new(&["action", "state", "result", "reason", "updated"]);
    for result in &device.device_action_results {
        table.row([
            result.action_name.clone(),
            result.action_state.clone(),
            result.passcode.clone().or_else(|| place(result)).unwrap_or_default(),
            reason(result),
            result.last_updated_date_time.clone(),
        ]);
    }
    table
}

/// Where the device was found: degrees north and east, and how far off that may be.
fn place(result: &ActionResult) -> Option<String> {
    let place = result.rest.get("deviceLocation")?;
    let [latitude, longitude, metres] = ["latitude", "longitude", "horizontalAccuracy"]
        .map(|member| place.get(member).and_then(serde_json::Value::as_f64));
    Some(format!("{:.6}, {:.6} within {:.0} m", latitude?, longitude?, metres?))
}

/// Why the device refused or failed, in its own words.
fn reason(result: &ActionResult) -> String {
    let errors = result.rest.get("x-muster-errors").and_then(|errors| errors.as_array());
    let first = errors.and_then(|errors| errors.first());
    first.and_then(|error| error["description"].as_str()).unwrap_or_default().to_owned()
}

fn text_of(device: &ManagedDevice, member: &str) -> String {
    device.rest.get(member).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}
