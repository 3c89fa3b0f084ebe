//! Reads the paths of Graph in all the forms its clients write them.
//!
//! Letter case of segments does not count, slashes may be doubled (the Python SDK writes
//! `/v1.0//deviceManagement`), a key may stand in a segment of its own or as `('key')`, and an
//! action may carry its namespace.

use core::fmt;

use muster_control::ActionKind;
use muster_protocol::DeviceId;
use percent_encoding::percent_decode_str;

/// The namespace an action may be written with.
const NAMESPACE: &str = "microsoft.graph.";

/// Characters of an unknown segment that are repeated in an error.
const ECHO_CHARS_MAX: usize = 64;

/// The version of the API a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    Beta,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `managedDevices`
    Devices,
    /// `managedDevices/{id}`
    Device(DeviceId),
    /// `managedDevices/{id}/{action}`
    Action(DeviceId, ActionKind),
}

/// A path this API answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) version: Version,
    pub(crate) target: Target,
}

/// A path this API does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// No resource is called so here.
    #[error("Resource not found for the segment '{0}'.")]
    Segment(String),
    /// A key that cannot be the id of a device.
    #[error("no device has this id: it is not a UUID")]
    Key,
}

impl Route {
    /// Reads a path as it stands in the request line, percent-encoding included.
    ///
    /// # Errors
    /// [`PathError`] if nothing is served there.
    pub(crate) fn parse(path: &str) -> Result<Self, PathError> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let mut rest = segments.iter().map(String::as_str);
        let version = Version::parse(rest.next().unwrap_or_default())?;
        expect(rest.next(), "deviceManagement")?;
        let target = Target::parse(rest)?;
        Ok(Self { version, target })
    }

    /// The verb this path is for.
    pub(crate) const fn verb(&self) -> Verb {
        match self.target {
            Target::Devices | Target::Device(_) => Verb::Get,
            Target::Action(..) => Verb::Post,
        }
    }

    /// The name of the operation, as it stands in error messages.
    pub(crate) const fn operation(&self) -> &'static str {
        match self.target {
            Target::Devices => "listManagedDevices",
            Target::Device(_) => "getManagedDevice",
            Target::Action(_, kind) => kind.graph_name(),
        }
    }
}

/// The verbs this API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
}

impl Verb {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl Version {
    fn parse(segment: &str) -> Result<Self, PathError> {
        [Self::V1, Self::Beta]
            .into_iter()
            .find(|version| segment.eq_ignore_ascii_case(version.name()))
            .ok_or_else(|| unknown(segment))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Target {
    fn parse<'a>(mut rest: impl Iterator<Item = &'a str>) -> Result<Self, PathError> {
        let collection = rest.next().unwrap_or_default();
        let (name, key_inside) = split_key(collection);
        expect(Some(name), "managedDevices")?;
        let Some(key) = key_inside.or_else(|| rest.next()) else {
            return Ok(Self::Devices);
        };
        let device = key.parse().map_err(|_cause| PathError::Key)?;
        let Some(action) = rest.next() else {
            return Ok(Self::Device(device));
        };
        let kind = parse_action(action)?;
        match rest.next() {
            Some(more) => Err(unknown(more)),
            None => Ok(Self::Action(device, kind)),
        }
    }
}

/// Splits `managedDevices('key')` into name and key.
fn split_key(segment: &str) -> (&str, Option<&str>) {
    let inside =
        segment.split_once("('").and_then(|(name, rest)| Some((name, rest.strip_suffix("')")?)));
    inside.map_or((segment, None), |(name, key)| (name, Some(key)))
}

fn parse_action(segment: &str) -> Result<ActionKind, PathError> {
    let qualified =
        segment.get(..NAMESPACE.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAMESPACE));
    let name = if qualified { &segment[NAMESPACE.len()..] } else { segment };
    ActionKind::ALL
        .into_iter()
        .find(|kind| name.eq_ignore_ascii_case(kind.graph_name()))
        .ok_or_else(|| unknown(segment))
}

fn expect(segment: Option<&str>, name: &str) -> Result<(), PathError> {
    match segment {
        Some(found) if found.eq_ignore_ascii_case(name) => Ok(()),
        Some(found) => Err(unknown(found)),
        None => Err(unknown("")),
    }
}

fn unknown(segment: &str) -> PathError {
    PathError::Segment(segment.chars().take(ECHO_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "07070707-0707-0707-0707-070707070707";

    fn device() -> DeviceId {
        DeviceId::from_bytes([7; 16])
    }

    fn target(path: &str) -> Target {
        Route::parse(&path.replace("{id}", ID)).expect(path).target
    }

    #[test]
    fn a_device_is_found_under_every_form_of_its_path() {
        for path in [
            "/v1.0/deviceManagement/managedDevices/{id}",
            "/V1.0//devicemanagement///manageddevices/{id}/",
            "/v1.0/deviceManagement/managedDevices('{id}')",
            "/v1.0/deviceManagement/managedDevices(%27{id}%27)",
            "/Beta/DEVICEMANAGEMENT/ManagedDevices/{id}",
        ] {
            assert_eq!(target(path), Target::Device(device()), "{path}");
        }
    }

    #[test]
    fn an_action_is_found_with_and_without_its_namespace() {
        for path in [
            "/v1.0/deviceManagement/managedDevices/{id}/wipe",
            "/beta/deviceManagement/managedDevices('{id}')/Wipe",
            "/beta/deviceManagement/managedDevices('{id}')/microsoft.graph.wipe",
            "/beta/deviceManagement/managedDevices/{id}/Microsoft.Graph.WIPE",
        ] {
            assert_eq!(target(path), Target::Action(device(), ActionKind::Wipe), "{path}");
        }
    }

    #[test]
    fn every_action_has_a_path() {
        for kind in ActionKind::ALL {
            let path = format!("/beta/deviceManagement/managedDevices/{ID}/{}", kind.graph_name());
            assert_eq!(target(&path), Target::Action(device(), kind));
        }
    }

    #[test]
    fn the_version_of_the_path_is_kept() {
        let version = |path| Route::parse(path).expect("a path").version;
        assert_eq!(version("/v1.0/deviceManagement/managedDevices"), Version::V1);
        assert_eq!(version("/BETA/deviceManagement/managedDevices"), Version::Beta);
    }

    #[test]
    fn an_error_names_the_segment_that_is_not_known() {
        for (path, segment) in [
            ("/", ""),
            ("/v2.0/deviceManagement/managedDevices", "v2.0"),
            ("/v1.0/users", "users"),
            ("/v1.0/deviceManagement", ""),
            ("/v1.0/deviceManagement/managedDevices('x", "managedDevices('x"),
            ("/v1.0/deviceManagement/managedDevices/{id}/shutDown", "shutDown"),
            ("/v1.0/deviceManagement/managedDevices/{id}/wipe/now", "now"),
        ] {
            let found = Route::parse(&path.replace("{id}", ID));
            assert_eq!(found, Err(PathError::Segment(segment.to_owned())), "{path}");
        }
    }

    #[test]
    fn a_key_that_is_no_uuid_is_no_device() {
        for key in ["1", "$count", "%FF", "é"] {
            let path = format!("/v1.0/deviceManagement/managedDevices/{key}");
            assert_eq!(Route::parse(&path), Err(PathError::Key), "{key}");
        }
    }
}
