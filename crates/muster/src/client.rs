//! A client of the admin API: the command line and the demo see the server as anyone would.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, bail};
use muster_server::DataDir;
use reqwest::{Certificate, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::{AdminArgs, LockState};
use crate::exit::{Exit, ExitWith};

/// How long one request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// The header that names the command of an accepted action.
const COMMAND_ID: &str = "x-muster-command-id";

/// A strict server tells what is its own only to who asks for it.
const PREFER: (&str, &str) = ("prefer", "include-muster");

/// The admin API of one server.
#[derive(Clone)]
pub(crate) struct AdminClient {
    http: reqwest::Client,
    devices: String,
    token: String,
}

/// What the server says of a device; members this build does not name are kept. No `Debug`: it may
/// hold a bypass code or a passcode.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedDevice {
    pub(crate) id: String,
    pub(crate) serial_number: String,
    pub(crate) model: String,
    pub(crate) operating_system: String,
    pub(crate) os_version: String,
    pub(crate) activation_lock_bypass_code: Option<String>,
    #[serde(default)]
    pub(crate) device_action_results: Vec<ActionResult>,
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, Value>,
}

impl ManagedDevice {
    /// Whether it has a connection now.
    pub(crate) fn is_connected(&self) -> bool {
        self.rest.get("x-muster-connected").and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Where the latest action of a kind stands. No `Debug`: it may hold a passcode.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionResult {
    pub(crate) action_name: String,
    pub(crate) action_state: String,
    pub(crate) start_date_time: String,
    pub(crate) last_updated_date_time: String,
    pub(crate) passcode: Option<String>,
    /// The command this is the result of.
    #[serde(rename = "x-muster-command-id")]
    pub(crate) command_id: Option<String>,
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, Value>,
}

/// What became of asking for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// 204: accepted and durable, as this command.
    Accepted { command: String },
    /// Anything else, with the server's reason.
    Refused { status: u16, reason: String },
}

#[derive(Deserialize)]
struct Page {
    value: Vec<ManagedDevice>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

impl ActionResult {
    /// Whether the action is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.action_state.as_str(), "done" | "failed" | "notSupported" | "canceled")
    }
}

/// Leaves out the token.
impl fmt::Debug for AdminClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminClient").field("devices", &self.devices).finish_non_exhaustive()
    }
}

impl AdminClient {
    /// A client for the server that the arguments and its data folder name.
    pub(crate) fn from_args(args: &AdminArgs) -> anyhow::Result<Self> {
        let data = DataDir::at(args.data.clone());
        let url = match &args.url {
            Some(url) => url.clone(),
            None => {
                let endpoints = data.read_endpoints().map_err(|error| no_server(&data, &error))?;
                format!("https://{}", endpoints.admin)
            }
        };
        Self::new(&data, &url)
    }

    /// A client for the server at `url` with certificate and token of its data folder.
    pub(crate) fn new(data: &DataDir, url: &str) -> anyhow::Result<Self> {
        let ca = std::fs::read(data.ca_certificate()).context("failed to read the run's CA")?;
        let token = std::fs::read_to_string(data.admin_token());
        let token = token.context("failed to read the admin token")?.trim().to_owned();
        Self::with(&ca, token, url)
    }

    /// A client for the server at `url`, which has a certificate of this CA, with a bearer token.
    pub(crate) fn with(ca_pem: &[u8], token: String, url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_certs_only([Certificate::from_pem(ca_pem).context("failed to read the run's CA")?])
            // In a shell set up by `muster trust` there is one that leads to Microsoft's names only.
            .no_proxy()
            .timeout(REQUEST_WITHIN)
            .build()
            .context("failed to make an HTTPS client")?;
        let devices = format!("{}/beta/deviceManagement/managedDevices", url.trim_end_matches('/'));
        Ok(Self { http, devices, token })
    }

    /// All enrolled devices.
    pub(crate) async fn devices(&self) -> anyhow::Result<Vec<ManagedDevice>> {
        self.devices_with("").await
    }

    /// The enrolled devices whose Activation Lock is on, or off.
    pub(crate) async fn devices_locked(
        &self,
        lock: LockState,
    ) -> anyhow::Result<Vec<ManagedDevice>> {
        self.devices_with(match lock {
            LockState::On => "?$count=false&x-muster-activation-lock=on",
            LockState::Off => "?$count=false&x-muster-activation-lock=off",
        })
        .await
    }

    async fn devices_with(&self, query: &str) -> anyhow::Result<Vec<ManagedDevice>> {
        let (mut all, mut next) = (Vec::new(), Some(format!("{}{query}", self.devices)));
        while let Some(url) = next {
            let page: Page =
                self.fetch(&url).await?.json().await.context("failed to read a page")?;
            all.extend(page.value);
            next = page.next_link;
        }
        Ok(all)
    }

    /// One device by id.
    pub(crate) async fn device(&self, id: &str) -> anyhow::Result<ManagedDevice> {
        let answer = self.fetch(&format!("{}/{id}", self.devices)).await?;
        answer.json().await.context("failed to read the device")
    }

    /// The bypass code of a device, which has to be asked for by name.
    pub(crate) async fn bypass_code(&self, id: &str) -> anyhow::Result<Option<String>> {
        let url = format!("{}/{id}?$select=activationLockBypassCode", self.devices);
        let answer: Value =
            self.fetch(&url).await?.json().await.context("failed to read the code")?;
        Ok(answer["activationLockBypassCode"].as_str().map(str::to_owned))
    }

    /// Where a command of a device stands; `None` once a newer one of its kind has taken its place.
    pub(crate) async fn result(
        &self,
        device: &str,
        command: &str,
    ) -> anyhow::Result<Option<ActionResult>> {
        let results = self.device(device).await?.device_action_results;
        Ok(results.into_iter().find(|result| result.command_id.as_deref() == Some(command)))
    }

    /// Finds a device by id or by serial number.
    pub(crate) async fn find(&self, wanted: &str) -> anyhow::Result<ManagedDevice> {
        let found = if wanted.parse::<muster_protocol::DeviceId>().is_ok() {
            self.known(wanted).await?
        } else {
            self.devices().await?.into_iter().find(|device| device.serial_number == wanted)
        };
        found.ok_or_else(|| {
            let message = format!(
                "no device has the id or serial number {wanted:?}; \
                 `muster device list` shows those there are"
            );
            anyhow::Error::new(ExitWith { exit: Exit::Usage, message })
        })
    }

    /// Asks for an action without a body.
    pub(crate) async fn act(&self, id: &str, action: &str) -> anyhow::Result<Asked> {
        self.ask(self.http.post(format!("{}/{id}/{action}", self.devices))).await
    }

    /// Asks for an action with what its body says.
    pub(crate) async fn act_with(
        &self,
        id: &str,
        action: &str,
        body: &Value,
    ) -> anyhow::Result<Asked> {
        self.ask(self.http.post(format!("{}/{id}/{action}", self.devices)).json(body)).await
    }

    /// Takes a device off the list.
    pub(crate) async fn delete(&self, id: &str) -> anyhow::Result<Asked> {
        self.ask(self.http.delete(format!("{}/{id}", self.devices))).await
    }

    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Asked> {
        let answer = request
            .bearer_auth(&self.token)
            .header(PREFER.0, PREFER.1)
            .send()
            .await
            .map_err(unreachable)?;
        let status = answer.status();
        if status == StatusCode::NO_CONTENT {
            let command = answer.headers().get(COMMAND_ID).and_then(|id| id.to_str().ok());
            let command = command.context("the server did not name the command")?.to_owned();
            return Ok(Asked::Accepted { command });
        }
        Ok(Asked::Refused { status: status.as_u16(), reason: reason(answer).await })
    }

    /// One device by id; `None` if the server shows no such device.
    pub(crate) async fn known(&self, id: &str) -> anyhow::Result<Option<ManagedDevice>> {
        let answer = self.look(&format!("{}/{id}", self.devices)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let device = fine(answer).await?.json().await.context("failed to read the device")?;
        Ok(Some(device))
    }

    async fn fetch(&self, url: &str) -> anyhow::Result<Response> {
        fine(self.look(url).await?).await
    }

    async fn look(&self, url: &str) -> anyhow::Result<Response> {
        self.http
            .get(url)
            .bearer_auth(&self.token)
            .header(PREFER.0, PREFER.1)
            .send()
            .await
            .map_err(unreachable)
    }
}

/// An answer, unless it is a refusal.
async fn fine(answer: Response) -> anyhow::Result<Response> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    bail!("the server answered {status}: {}", reason(answer).await)
}

/// The reason in an error envelope, the most helpful one first.
async fn reason(answer: Response) -> String {
    let envelope: Value = answer.json().await.unwrap_or_default();
    let error = &envelope["error"];
    let told = [&error["innerError"]["x-muster-reason"], &error["message"], &error["code"]];
    let told = told.into_iter().find_map(Value::as_str);
    told.unwrap_or("no reason given").to_owned()
}

fn unreachable(error: reqwest::Error) -> anyhow::Error {
    let message = "the server cannot be reached; is `muster server` running?".to_owned();
    let exit = Exit::Unreachable;
    anyhow::Error::new(error).context(ExitWith { exit, message })
}

/// What to do about a data folder no server has run on.
pub(crate) fn no_server(data: &DataDir, error: &muster_server::DataDirError) -> anyhow::Error {
    let message = format!(
        "no server has run on the data folder {:?} ({error}); start `muster server` or pass --data",
        data.root()
    );
    anyhow::Error::new(ExitWith { exit: Exit::Unreachable, message })
}
