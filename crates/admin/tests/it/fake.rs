//! A server in memory, and a client for it.

use std::collections::BTreeMap;
use std::future::pending;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use muster_admin::{
    AdminOptions, AdminToken, Backend, BackendError, Document, DocumentKind, DocumentPage,
    Identity, Microsoft, Origins, Submission, SubmitError, Vitals, is_listed, router,
};
use muster_control::{
    Action, COMMAND_LIFETIME, CommandRecord, CommandState, DeviceRecord, EnrolmentProfile,
    KeyFingerprint, NewCommand, NewLife, PrimaryUser, Readings, SubmitRefusal,
};
use muster_protocol::secret::BypassCode;
use muster_protocol::{
    Attempt, Command, CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Platform,
    Policy, Timestamp,
};
use serde_json::Value;
use tokio::task::yield_now;
use tower::ServiceExt as _;

pub(crate) const TOKEN: &str = "0f0e0d0c0b0a09080706050403020100f0e0d0c0b0a090807060504030201000";
pub(crate) const BYPASS_CODE: &str = "FAKE0-FAKE0-FAKE-FAKE-FAKE-FAKE";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// How the fake server behaves.
#[derive(Clone, Copy)]
pub(crate) enum Mood {
    Well,
    Refusing(fn() -> SubmitError),
    Unreadable,
    /// Takes for ever.
    Stuck,
    /// Reads, but takes for ever over a command.
    StuckOnSubmit,
}

#[derive(Clone)]
pub(crate) struct Fake {
    records: Arc<Mutex<BTreeMap<DeviceId, DeviceRecord>>>,
    documents: Arc<Mutex<BTreeMap<(DocumentKind, String), String>>>,
    ids: Arc<AtomicU64>,
    now: Arc<Mutex<Timestamp>>,
    mood: Mood,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON body")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn reason(&self) -> String {
        let reason = &self.json()["error"]["innerError"]["x-muster-reason"];
        reason.as_str().expect("a reason").to_owned()
    }
}

pub(crate) fn id(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 16])
}

pub(crate) fn facts(number: u8, mode: Mode) -> DeviceFacts {
    let (model, operating_system, os_version) = match mode.platform() {
        Platform::Apple => ("iPhone15,2", OperatingSystem::Ios, OsVersion::new(17, 4)),
        Platform::Android => ("Pixel 8", OperatingSystem::Android, OsVersion::major(14)),
    };
    let serial = format!("F17-{number}").parse().expect("a serial number");
    DeviceFacts { serial, model: model.to_owned(), operating_system, os_version, mode }
}

/// A device that enrolled an hour into the run.
pub(crate) fn record(number: u8, mode: Mode) -> DeviceRecord {
    let life = NewLife {
        id: id(number),
        facts: facts(number, mode),
        key: KeyFingerprint([number; 32]),
        profile: EnrolmentProfile { name: "everyone".to_owned(), policy: Policy::FULL },
    };
    let mut record = DeviceRecord::new(Timestamp::ZERO.after(HOUR), life);
    record.escrow.bypass_code = Some(BypassCode::new(BYPASS_CODE.to_owned()));
    record
}

/// A command accepted two hours into the run, which ended up so ten seconds later.
pub(crate) fn command(sequence: u64, action: Action, state: CommandState) -> CommandRecord {
    let accepted_at = Timestamp::ZERO.after(2 * HOUR);
    CommandRecord {
        id: CommandId::from_parts(sequence, [1; 10]),
        device: id(1),
        sequence,
        action,
        state,
        attempt: Attempt::new(1),
        accepted_at,
        updated_at: accepted_at.after(Duration::from_secs(10)),
        expires_at: accepted_at.after(COMMAND_LIFETIME),
    }
}

impl Fake {
    pub(crate) fn new(records: impl IntoIterator<Item = DeviceRecord>) -> Self {
        let records = records.into_iter().map(|record| (record.id, record)).collect();
        Self {
            records: Arc::new(Mutex::new(records)),
            documents: Arc::default(),
            ids: Arc::new(AtomicU64::new(1)),
            now: Arc::new(Mutex::new(Timestamp::ZERO.after(3 * HOUR))),
            mood: Mood::Well,
        }
    }

    /// The same server with a clock of its own.
    pub(crate) fn at(mut self, now: Timestamp) -> Self {
        self.now = Arc::new(Mutex::new(now));
        self
    }

    /// Lets time pass for everybody who has this clock.
    pub(crate) fn wait(&self, span: Duration) {
        let mut now = self.now.lock().expect("no poison");
        *now = now.after(span);
    }

    pub(crate) fn in_mood(mut self, mood: Mood) -> Self {
        self.mood = mood;
        self
    }

    /// The record as the server keeps it, whatever the API shows.
    pub(crate) fn kept(&self, number: u8) -> DeviceRecord {
        self.records.lock().expect("no poison")[&id(number)].clone()
    }

    /// What the server would send a device that asks now.
    pub(crate) fn next_command(&self, number: u8) -> Option<Command> {
        let mut record = self.kept(number);
        record.idle(self.now());
        record.next(self.now(), &Readings::default())
    }

    /// Sends a request with the right token.
    pub(crate) async fn send(&self, method: &str, target: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::from(body.to_owned()));
        self.call(request.expect("a request")).await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "").await
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        Client::new(self, AdminOptions::default()).call(request).await
    }

    fn put(&self, documents: Vec<Document>) {
        let mut kept = self.documents.lock().expect("no poison");
        for Document { kind, id, body } in documents {
            match body {
                Some(body) => kept.insert((kind, id), body),
                None => kept.remove(&(kind, id)),
            };
        }
    }

    async fn think(&self) -> Result<(), BackendError> {
        match self.mood {
            Mood::Well | Mood::Refusing(_) | Mood::StuckOnSubmit => Ok(()),
            Mood::Unreadable => Err(BackendError("disk on fire".into())),
            Mood::Stuck => pending().await,
        }
    }
}

/// The API of one server, which remembers what it was asked.
pub(crate) struct Client(Router);

impl Client {
    pub(crate) fn new(fake: &Fake, options: AdminOptions) -> Self {
        let token = AdminToken::from_text(TOKEN).expect("a token");
        let origin = "https://127.0.0.1:8443".parse().expect("an origin");
        let origins = Origins::new(origin, Microsoft::Elsewhere);
        Self(router(fake.clone(), Identity::new(token), origins, options))
    }

    /// The API of a server where an application has a certificate.
    pub(crate) fn certified(fake: &Fake, options: AdminOptions, given: (&str, &str)) -> Self {
        let token = AdminToken::from_text(TOKEN).expect("a token");
        let origin = "https://127.0.0.1:8443".parse().expect("an origin");
        let origins = Origins::new(origin, Microsoft::Elsewhere);
        let identity = Identity::new(token).with_certificate(given.0, given.1);
        Self(router(fake.clone(), identity.expect("a certificate"), origins, options))
    }

    pub(crate) fn router(&self) -> Router {
        self.0.clone()
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.0.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

impl Backend for Fake {
    async fn enrolled(&self) -> Result<u64, BackendError> {
        self.think().await?;
        let records = self.records.lock().expect("no poison");
        Ok(records.values().filter(|record| is_listed(record)).count() as u64)
    }

    async fn device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, BackendError> {
        self.think().await?;
        Ok(self.records.lock().expect("no poison").get(&device).cloned())
    }

    fn connected(&self, device: DeviceId) -> bool {
        device == id(1)
    }

    async fn scan(
        &self,
        after: Option<DeviceId>,
        visit: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> Result<(), BackendError> {
        self.think().await?;
        let records = self.records.lock().expect("no poison");
        let mut listed = records.values().filter(|record| is_listed(record));
        let _stopped = listed.by_ref().filter(|record| Some(record.id) > after).try_for_each(visit);
        Ok(())
    }

    fn new_command_id(&self) -> Result<CommandId, BackendError> {
        Ok(CommandId::from_parts(self.ids.fetch_add(1, Ordering::Relaxed), [9; 10]))
    }

    async fn give(
        &self,
        device: DeviceId,
        user: PrimaryUser,
        kept: Vec<Document>,
    ) -> Result<(), BackendError> {
        self.think().await?;
        let mut records = self.records.lock().expect("no poison");
        records.get_mut(&device).expect("a device").set_user(user);
        drop(records);
        self.put(kept);
        Ok(())
    }

    async fn keep(&self, documents: Vec<Document>) -> Result<(), BackendError> {
        self.think().await?;
        // As a disk does: others come first meanwhile.
        yield_now().await;
        self.put(documents);
        Ok(())
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        page: DocumentPage,
        limit: usize,
    ) -> Result<Vec<Document>, BackendError> {
        self.think().await?;
        let documents = self.documents.lock().expect("no poison");
        let of_kind = documents.iter().filter(|((other, _), _)| *other == kind);
        let document = |((kind, id), body): (&(DocumentKind, String), &String)| Document {
            kind: *kind,
            id: id.clone(),
            body: Some(body.clone()),
        };
        Ok(match page {
            DocumentPage::After(after) => of_kind
                .filter(|((_, id), _)| Some(id) > after.as_ref())
                .take(limit)
                .map(document)
                .collect(),
            DocumentPage::Before(before) => of_kind
                .rev()
                .filter(|((_, id), _)| before.as_ref().is_none_or(|before| id < before))
                .take(limit)
                .map(document)
                .collect(),
        })
    }

    async fn document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Document>, BackendError> {
        self.think().await?;
        let documents = self.documents.lock().expect("no poison");
        let body = documents.get(&(kind, id.to_owned()));
        Ok(body.map(|body| Document { kind, id: id.to_owned(), body: Some(body.clone()) }))
    }

    async fn submit(&self, device: DeviceId, submission: Submission) -> Result<(), SubmitError> {
        let Submission { id, action, kept } = submission;
        match self.mood {
            Mood::Refusing(refusal) => return Err(refusal()),
            Mood::StuckOnSubmit => pending().await,
            Mood::Well | Mood::Unreadable | Mood::Stuck => {}
        }
        let mut records = self.records.lock().expect("no poison");
        let record = records.get_mut(&device).ok_or(SubmitError::UnknownDevice)?;
        if record.knows(id) {
            return Ok(());
        }
        let new = NewCommand { id, action, lifetime: COMMAND_LIFETIME };
        let submitted = record.submit(self.now(), new, &Readings::default());
        submitted.map_err(|refusal| match refusal {
            SubmitRefusal::NotEnrolled => SubmitError::NotEnrolled,
            SubmitRefusal::Capability(refusal) => SubmitError::Capability(refusal),
            SubmitRefusal::QueueFull => SubmitError::QueueFull { retry_after: HOUR },
        })?;
        self.put(kept);
        Ok(())
    }

    async fn vitals(&self) -> Result<Vitals, BackendError> {
        let enrolled = self.enrolled().await?;
        Ok(Vitals { devices: enrolled, enrolled, connected: 1, ..Vitals::default() })
    }

    fn readings(&self) -> Readings {
        Readings::default()
    }

    fn wall(&self, at: Timestamp) -> jiff::Timestamp {
        let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        start + Duration::from_micros(at.as_micros())
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().expect("no poison")
    }
}
