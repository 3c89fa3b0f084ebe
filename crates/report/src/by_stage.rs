//! One value for each stage of a command's way.

use muster_scenario::Stage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One value for each stage, where there is one.
///
/// The six stages follow each other: `queued` counts from the planned instant, each other one from
/// the end of the one before. `total` spans them; `service` too, but counts from the instant the
/// generator began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ByStage<T> {
    /// From the planned instant to durable in the server's queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<T>,
    /// From queued to taken by the push service. Woken devices only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<T>,
    /// From pushed to a session of the device. Woken devices only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<T>,
    /// From connected, or queued if the device stays connected, to received by the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<T>,
    /// From delivered to the device's answer on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<T>,
    /// From acknowledged to the answer durable at the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<T>,
    /// From the planned instant to the answer durable: what a user waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<T>,
    /// From the instant the generator began to the answer durable: what the server took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<T>,
}

impl<T> Default for ByStage<T> {
    fn default() -> Self {
        Self {
            queued: None,
            pushed: None,
            connected: None,
            delivered: None,
            acknowledged: None,
            stored: None,
            total: None,
            service: None,
        }
    }
}

impl<T> ByStage<T> {
    /// The value of a stage.
    #[must_use]
    pub const fn at(&self, stage: Stage) -> Option<&T> {
        match stage {
            Stage::Queued => self.queued.as_ref(),
            Stage::Pushed => self.pushed.as_ref(),
            Stage::Connected => self.connected.as_ref(),
            Stage::Delivered => self.delivered.as_ref(),
            Stage::Acknowledged => self.acknowledged.as_ref(),
            Stage::Stored => self.stored.as_ref(),
            Stage::Total => self.total.as_ref(),
            Stage::Service => self.service.as_ref(),
        }
    }

    /// The place of a stage's value.
    pub(crate) const fn slot(&mut self, stage: Stage) -> &mut Option<T> {
        match stage {
            Stage::Queued => &mut self.queued,
            Stage::Pushed => &mut self.pushed,
            Stage::Connected => &mut self.connected,
            Stage::Delivered => &mut self.delivered,
            Stage::Acknowledged => &mut self.acknowledged,
            Stage::Stored => &mut self.stored,
            Stage::Total => &mut self.total,
            Stage::Service => &mut self.service,
        }
    }

    /// Every stage that has a value, in the order of the way.
    pub fn iter(&self) -> impl Iterator<Item = (Stage, &T)> {
        Stage::ALL.into_iter().filter_map(|stage| Some((stage, self.at(stage)?)))
    }

    /// The same stages with other values.
    pub(crate) fn map<U>(&self, mut value: impl FnMut(&T) -> U) -> ByStage<U> {
        let mut mapped = ByStage::default();
        for (stage, old) in self.iter() {
            *mapped.slot(stage) = Some(value(old));
        }
        mapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_place_of_its_own_under_its_own_name() {
        let mut by_stage = ByStage::default();
        for stage in Stage::ALL {
            *by_stage.slot(stage) = Some(stage.name());
        }
        assert!(by_stage.iter().all(|(stage, name)| stage.name() == *name));
        let json = serde_json::to_value(&by_stage).unwrap();
        assert!(json.as_object().unwrap().iter().all(|(key, name)| key == name));
        assert_eq!(by_stage.iter().count(), Stage::ALL.len());
    }
}
