//! What the API keeps between one request and the next.

use crate::devices::labels::DeviceLabels;
use crate::http::options::Throttling;
use crate::http::repeat::Repeats;
use crate::http::throttle::Throttle;
use crate::rbac::book::RoleBook;
use crate::resources::approvals::Approvals;
use crate::resources::exports::Exports;
use crate::resources::policies::book::PolicyBook;

/// Everything that requests share but the devices: what is in memory of the records, and what
/// clients did.
pub(crate) struct Books {
    pub(crate) labels: DeviceLabels,
    pub(crate) roles: RoleBook,
    pub(crate) approvals: Approvals,
    pub(crate) policies: PolicyBook,
    pub(crate) exports: Exports,
    pub(crate) throttle: Throttle,
    pub(crate) repeats: Repeats,
}

impl Books {
    /// Empty ones.
    pub(crate) fn new(throttling: Throttling) -> Self {
        Self {
            labels: DeviceLabels::default(),
            roles: RoleBook::default(),
            approvals: Approvals::default(),
            policies: PolicyBook::default(),
            exports: Exports::default(),
            throttle: Throttle::new(throttling),
            repeats: Repeats::default(),
        }
    }

    /// Forgets what is in memory of the records.
    pub(crate) fn forget_records(&self) {
        self.roles.forget();
        self.approvals.forget();
        self.labels.clear();
    }

    /// Forgets what clients did: requests that were counted or may come again, export jobs.
    pub(crate) fn forget_clients(&self) {
        self.throttle.clear();
        self.repeats.clear();
        self.exports.clear();
    }
}
