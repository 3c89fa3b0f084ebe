//! A fleet in memory that can only be read.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::time::Duration;

use muster_admin::{
    Backend, BackendError, Document, DocumentKind, DocumentPage, Submission, SubmitError, Vitals,
    is_listed,
};
use muster_control::{
    DeviceRecord, EnrolmentProfile, KeyFingerprint, NewLife, PrimaryUser, Readings,
};
use muster_protocol::{
    CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Platform, Policy, Timestamp,
};

/// Devices by their ids.
#[derive(Clone)]
pub(crate) struct Shelf(Arc<BTreeMap<DeviceId, DeviceRecord>>);

impl Shelf {
    /// So many devices of all modes.
    pub(crate) fn of(devices: u64) -> Self {
        let records = (0..devices).map(record).map(|record| (record.id, record));
        Self(Arc::new(records.collect()))
    }

    fn after(&self, after: Option<DeviceId>) -> impl Iterator<Item = &DeviceRecord> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.0
            .range((from, Bound::Unbounded))
            .map(|(_id, record)| record)
            .filter(|it| is_listed(it))
    }
}

fn record(number: u64) -> DeviceRecord {
    let mode = Mode::ALL[usize::try_from(number).unwrap_or_default() % Mode::ALL.len()];
    let (model, operating_system) = match mode.platform() {
        Platform::Apple => ("iPhone15,2", OperatingSystem::Ios),
        Platform::Android => ("Pixel 8", OperatingSystem::Android),
    };
    let facts = DeviceFacts {
        serial: format!("F17{number:08}").parse().expect("a serial number"),
        model: model.to_owned(),
        operating_system,
        os_version: OsVersion::major(15),
        mode,
    };
    let life = NewLife {
        // In an order that is not that of the serial numbers.
        id: DeviceId::from_parts(number.wrapping_mul(0x9E37_79B9) % 1_000_003, [7; 10]),
        facts,
        key: KeyFingerprint([1; 32]),
        profile: EnrolmentProfile { name: "everyone".to_owned(), policy: Policy::FULL },
    };
    DeviceRecord::new(Timestamp::ZERO.after(Duration::from_secs(number)), life)
}

fn read_only<T>() -> Result<T, BackendError> {
    Err(BackendError("this fleet can only be read".into()))
}

impl Backend for Shelf {
    async fn enrolled(&self) -> Result<u64, BackendError> {
        Ok(self.0.len() as u64)
    }

    async fn device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, BackendError> {
        Ok(self.0.get(&device).cloned())
    }

    fn connected(&self, _device: DeviceId) -> bool {
        false
    }

    async fn scan(
        &self,
        after: Option<DeviceId>,
        visit: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> Result<(), BackendError> {
        let _stopped = self.after(after).try_for_each(visit);
        Ok(())
    }

    fn new_command_id(&self) -> Result<CommandId, BackendError> {
        read_only()
    }

    async fn submit(&self, _device: DeviceId, _asked: Submission) -> Result<(), SubmitError> {
        Err(SubmitError::ShuttingDown)
    }

    async fn give(
        &self,
        _device: DeviceId,
        _user: PrimaryUser,
        _kept: Vec<Document>,
    ) -> Result<(), BackendError> {
        read_only()
    }

    async fn keep(&self, _documents: Vec<Document>) -> Result<(), BackendError> {
        read_only()
    }

    async fn documents(
        &self,
        _kind: DocumentKind,
        _page: DocumentPage,
        _limit: usize,
    ) -> Result<Vec<Document>, BackendError> {
        Ok(Vec::new())
    }

    async fn document(
        &self,
        _kind: DocumentKind,
        _id: &str,
    ) -> Result<Option<Document>, BackendError> {
        Ok(None)
    }

    async fn vitals(&self) -> Result<Vitals, BackendError> {
        Ok(Vitals { enrolled: self.enrolled().await?, ..Vitals::default() })
    }

    fn readings(&self) -> Readings {
        Readings::default()
    }

    fn wall(&self, at: Timestamp) -> jiff::Timestamp {
        let micros = 1_767_225_600_000_000 + i64::try_from(at.as_micros()).unwrap_or_default();
        jiff::Timestamp::from_microsecond(micros).unwrap_or_default()
    }

    fn now(&self) -> Timestamp {
        Timestamp::ZERO.after(Duration::from_secs(1_000_000))
    }
}
