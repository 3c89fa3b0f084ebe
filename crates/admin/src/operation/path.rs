//! Reads the paths of Graph in all the forms its clients write them.
//!
//! Letter case of segments does not count, slashes may be doubled (the Python SDK writes
//! `/v1.0//deviceManagement`), a key may stand in a segment of its own or as `('key')`, and an
//! action may carry its namespace.

use core::fmt;

use axum::http::Method;
use muster_control::ActionKind;
use muster_protocol::DeviceId;
use percent_encoding::percent_decode_str;

/// The namespace an action may be written with.
const NAMESPACE: &str = "microsoft.graph.";

/// An action no device here can do; its path is known all the same.
const RECOVER_PASSCODE: &str = "recoverPasscode";

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
    /// `managedDevices/{id}/{action}`, or the deletion of `managedDevices/{id}`.
    Action(DeviceId, ActionKind),
    /// `managedDevices/{id}/recoverPasscode`
    RecoverPasscode(DeviceId),
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
        let target = Target::parse(version, rest)?;
        Ok(Self { version, target })
    }

    /// What a method asks of this path.
    ///
    /// # Errors
    /// The verbs of this path if the method is none of them.
    pub(crate) fn asked(self, method: &Method) -> Result<Self, Verbs> {
        let verbs = self.verbs();
        let target = match (self.target, verbs) {
            (target, Verbs::Get | Verbs::GetOrDelete) if method == Method::GET => target,
            (target, Verbs::Post) if method == Method::POST => target,
            (Target::Device(device), Verbs::GetOrDelete) if method == Method::DELETE => {
                Target::Action(device, ActionKind::Delete)
            }
            (
                Target::Devices
                | Target::Device(_)
                | Target::Action(..)
                | Target::RecoverPasscode(_),
                _,
            ) => return Err(verbs),
        };
        Ok(Self { target, ..self })
    }

    const fn verbs(&self) -> Verbs {
        match self.target {
            Target::Devices => Verbs::Get,
            Target::Device(_) => Verbs::GetOrDelete,
            Target::Action(..) | Target::RecoverPasscode(_) => Verbs::Post,
        }
    }

    /// The name of the operation, as it stands in error messages.
    pub(crate) const fn operation(&self) -> &'static str {
        match self.target {
            Target::Devices => "listManagedDevices",
            Target::Device(_) => "getManagedDevice",
            Target::Action(_, kind) => kind.graph_name(),
            Target::RecoverPasscode(_) => RECOVER_PASSCODE,
        }
    }
}

/// The verbs a path answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbs {
    Get,
    GetOrDelete,
    Post,
}

impl Verbs {
    /// As the header `Allow` lists them.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::GetOrDelete => "GET, DELETE",
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

    /// Whether an action has a path of its own in this version.
    ///
    /// `deviceConfigured` is this server's own: the real service lets a device out of Setup
    /// Assistant by itself.
    ///
    /// Source: Microsoft Graph v1.0 and beta, actions of `managedDevice`.
    const fn posts(self, kind: ActionKind) -> bool {
        match kind {
            ActionKind::Delete => false,
            ActionKind::EnableLostMode | ActionKind::PlayLostModeSound => {
                matches!(self, Self::Beta)
            }
            ActionKind::Wipe
            | ActionKind::Retire
            | ActionKind::ResetPasscode
            | ActionKind::RemoteLock
            | ActionKind::SyncDevice
            | ActionKind::BypassActivationLock
            | ActionKind::RebootNow
            | ActionKind::ShutDown
            | ActionKind::DisableLostMode
            | ActionKind::LocateDevice
            | ActionKind::DeviceConfigured => true,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Target {
    fn parse<'a>(
        version: Version,
        mut rest: impl Iterator<Item = &'a str>,
    ) -> Result<Self, PathError> {
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
        let action = parse_action(version, device, action)?;
        rest.next().map_or(Ok(action), |more| Err(unknown(more)))
    }
}

/// Splits `managedDevices('key')` into name and key.
fn split_key(segment: &str) -> (&str, Option<&str>) {
    let inside =
        segment.split_once("('").and_then(|(name, rest)| Some((name, rest.strip_suffix("')")?)));
    inside.map_or((segment, None), |(name, key)| (name, Some(key)))
}

fn parse_action(version: Version, device: DeviceId, segment: &str) -> Result<Target, PathError> {
    let qualified =
        segment.get(..NAMESPACE.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAMESPACE));
    let name = if qualified { &segment[NAMESPACE.len()..] } else { segment };
    if name.eq_ignore_ascii_case(RECOVER_PASSCODE) {
        return Ok(Target::RecoverPasscode(device));
    }
    ActionKind::ALL
        .into_iter()
        .filter(|kind| version.posts(*kind))
        .find(|kind| name.eq_ignore_ascii_case(kind.graph_name()))
        .map(|kind| Target::Action(device, kind))
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
    fn every_action_has_a_path_in_its_versions_and_a_deletion_has_none() {
        for kind in ActionKind::ALL {
            let found = ["v1.0", "beta"].map(|version| {
                let name = kind.graph_name();
                Route::parse(&format!("/{version}/deviceManagement/managedDevices/{ID}/{name}"))
                    .is_ok_and(|route| route.target == Target::Action(device(), kind))
            });
            let expected = match kind {
                ActionKind::Delete => [false, false],
                ActionKind::EnableLostMode | ActionKind::PlayLostModeSound => [false, true],
                ActionKind::Wipe
                | ActionKind::Retire
                | ActionKind::ResetPasscode
                | ActionKind::RemoteLock
                | ActionKind::SyncDevice
                | ActionKind::BypassActivationLock
                | ActionKind::RebootNow
                | ActionKind::ShutDown
                | ActionKind::DisableLostMode
                | ActionKind::LocateDevice
                | ActionKind::DeviceConfigured => [true, true],
            };
            assert_eq!(found, expected, "{kind:?}");
        }
    }

    #[test]
    fn to_delete_a_device_is_an_action_on_it() {
        let route = Route::parse(&format!("/beta/deviceManagement/managedDevices('{ID}')"));
        let deletion = route.unwrap().asked(&Method::DELETE).map(|route| route.target);
        assert_eq!(deletion, Ok(Target::Action(device(), ActionKind::Delete)));
        for path in ["", "/{id}/wipe", "/{id}/recoverPasscode"] {
            let path = format!("/beta/deviceManagement/managedDevices{path}").replace("{id}", ID);
            assert!(Route::parse(&path).unwrap().asked(&Method::DELETE).is_err(), "{path}");
        }
    }

    #[test]
    fn recover_passcode_has_a_path_though_no_device_can_do_it() {
        let path = "/v1.0/deviceManagement/managedDevices/{id}/microsoft.graph.RecoverPasscode";
        assert_eq!(target(path), Target::RecoverPasscode(device()));
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
            ("/v1.0/deviceManagement/managedDevices/{id}/setDeviceName", "setDeviceName"),
            ("/v1.0/deviceManagement/managedDevices/{id}/enableLostMode", "enableLostMode"),
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
