//! Reads the paths of Graph in all the forms its clients write them.
//!
//! Letter case of segments does not count, slashes may be doubled (the Python SDK writes
//! `/v1.0//deviceManagement`), a key may stand in a segment of its own or as `('key')`, and an
//! action may carry its namespace. Which paths there are, the table of operations says.

use core::fmt;

use axum::http::Method;
use muster_protocol::DeviceId;
use percent_encoding::percent_decode_str;

use crate::operation::rows::operations;
use crate::operation::table::{Operation, OperationId, Verb, Versions};

/// The namespace an action may be written with.
const NAMESPACE: &str = "microsoft.graph.";

/// Characters of an unknown segment that are repeated in an error.
const ECHO_CHARS_MAX: usize = 64;

/// Segments of a path that are read; no path here has as many.
const PIECES_MAX: usize = 16;

/// The version of the API a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    Beta,
}

/// A path this API answers, under one verb or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    version: Version,
    template: &'static str,
    keys: Vec<String>,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) version: Version,
    pub(crate) operation: &'static Operation,
    /// What stands for the keys and arguments of the path, in their order.
    pub(crate) keys: Vec<String>,
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

/// The verbs a path answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verbs(Vec<Verb>);

/// One segment of a request, or half of one that carries its key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Word(String),
    /// What stood between `('` and `')`.
    Key(String),
    /// `name()` or `name(parameter='argument')`
    Call {
        name: String,
        argument: Option<(String, String)>,
    },
}

impl Place {
    /// Reads a path as it stands in the request line, percent-encoding included.
    ///
    /// # Errors
    /// [`PathError`] if nothing is served there.
    pub(crate) fn find(path: &str) -> Result<Self, PathError> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let version = Version::parse(&decode(segments.next().unwrap_or_default()))?;
        let pieces: Vec<Piece> = segments.take(PIECES_MAX).flat_map(split).collect();
        let candidates = operations().filter(|operation| version.has(operation.versions));
        candidates
            .filter_map(|operation| Some((operation.path, fit(operation.path, &pieces)?)))
            // `managedDevices/$count` is no device with a strange id: a name goes before a key.
            .min_by_key(|(_, keys)| keys.len())
            .map(|(template, keys)| Self { version, template, keys })
            .ok_or_else(|| unknown(blame(version, &pieces)))
    }

    /// What a method asks of this path.
    ///
    /// # Errors
    /// The verbs of this path if the method is none of them.
    pub(crate) fn asked(self, method: &Method) -> Result<Route, Verbs> {
        let asked = self.operations().find(|operation| operation.verb.name() == method.as_str());
        match asked {
            Some(operation) => Ok(Route { version: self.version, operation, keys: self.keys }),
            None => Err(Verbs(self.operations().map(|operation| operation.verb).collect())),
        }
    }

    fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let (version, template) = (self.version, self.template);
        let served = move |operation: &&Operation| version.has(operation.versions);
        operations().filter(move |operation| operation.path == template).filter(served)
    }
}

impl Route {
    /// The device the path names.
    ///
    /// # Errors
    /// [`PathError::Key`] if its key cannot be the id of a device.
    pub(crate) fn device(&self) -> Result<DeviceId, PathError> {
        let key = self.keys.first().ok_or(PathError::Key)?;
        key.parse().map_err(|_cause| PathError::Key)
    }

    /// The name of the operation, as it stands in error messages.
    pub(crate) fn name(&self) -> &'static str {
        match self.operation.id {
            OperationId::ListDevices => "listManagedDevices",
            OperationId::ShowDevice => "getManagedDevice",
            OperationId::Act(kind) => kind.graph_name(),
            OperationId::ActHere(act) => act.graph_name(),
            OperationId::Batch
            | OperationId::CountDevices
            | OperationId::UpdateDevice
            | OperationId::ListMyDevices
            | OperationId::Overview
            | OperationId::People(_)
            | OperationId::Roles(_)
            | OperationId::Audit(_)
            | OperationId::Approvals(_)
            | OperationId::Categories(_)
            | OperationId::Exports(_)
            | OperationId::Policies(..)
            | OperationId::ActOnMany
            | OperationId::RuledOut(_)
            | OperationId::RuledOutForMany(_)
            | OperationId::RecoverPasscode
            | OperationId::NotServed => last_name(self.operation.path),
        }
    }
}

impl Verbs {
    /// These.
    pub(crate) fn of(verbs: &[Verb]) -> Self {
        Self(verbs.to_vec())
    }

    /// As the header `Allow` lists them.
    pub(crate) fn allow(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|verb| verb.name()).collect();
        names.join(", ")
    }
}

impl Version {
    pub(crate) const ALL: [Self; 2] = [Self::V1, Self::Beta];

    fn parse(segment: &str) -> Result<Self, PathError> {
        Self::ALL
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

    pub(crate) const fn has(self, versions: Versions) -> bool {
        match versions {
            Versions::Both => true,
            Versions::BetaOnly => matches!(self, Self::Beta),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Key(text) => text,
            Self::Call { name, .. } => name,
        }
    }
}

/// Where a template and a path part: how far they go together, and the keys up to there.
struct Walk {
    together: usize,
    keys: Vec<String>,
}

/// The keys of a path that is one of this template.
fn fit(template: &str, pieces: &[Piece]) -> Option<Vec<String>> {
    let walk = walk(template, pieces);
    let whole = walk.together == pieces.len() && walk.together == template.split('/').count();
    whole.then_some(walk.keys)
}

fn walk(template: &str, pieces: &[Piece]) -> Walk {
    let mut keys = Vec::new();
    let pairs = template.split('/').zip(pieces);
    let together = pairs.take_while(|(segment, piece)| step(segment, piece, &mut keys)).count();
    Walk { together, keys }
}

/// Whether a piece of a path is what the template has in its place.
fn step(segment: &str, piece: &Piece, keys: &mut Vec<String>) -> bool {
    if segment.starts_with('{') {
        return match piece {
            Piece::Word(key) | Piece::Key(key) => {
                keys.push(key.clone());
                true
            }
            Piece::Call { .. } => false,
        };
    }
    let (name, parameter) = split_function(segment);
    match (piece, parameter) {
        (Piece::Word(word), None) => is_called(word, name),
        (Piece::Call { name: called, argument: None }, None) => is_called(called, name),
        (Piece::Call { name: called, argument: Some((given, value)) }, Some(wanted)) => {
            let fits = is_called(called, name) && given.eq_ignore_ascii_case(wanted);
            if fits {
                keys.push(value.clone());
            }
            fits
        }
        (Piece::Word(_) | Piece::Key(_) | Piece::Call { .. }, _) => false,
    }
}

/// Splits `name(parameter='{argument}')` of a template.
fn split_function(segment: &str) -> (&str, Option<&str>) {
    let Some((name, inside)) = segment.split_once('(') else {
        return (segment, None);
    };
    (name, inside.split_once('=').map(|(parameter, _)| parameter))
}

fn is_called(word: &str, name: &str) -> bool {
    let qualified =
        word.get(..NAMESPACE.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAMESPACE));
    let bare = if qualified { &word[NAMESPACE.len()..] } else { word };
    bare.eq_ignore_ascii_case(name)
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// Splits a segment from the key it may carry.
///
/// Source: OData 4.01 part 2, section 4.3: a key may be quoted, and a quote in it is doubled.
fn split(segment: &str) -> Vec<Piece> {
    let segment = decode(segment);
    let called = segment.split_once('(').and_then(|(name, rest)| {
        let inside = rest.strip_suffix(')')?.trim();
        (!name.is_empty()).then_some((name.to_owned(), inside))
    });
    let Some((name, inside)) = called else {
        return vec![Piece::Word(segment)];
    };
    if inside.is_empty() {
        return vec![Piece::Call { name, argument: None }];
    }
    match inside.split_once('=') {
        Some((parameter, value)) if !inside.starts_with('\'') => {
            let argument = Some((parameter.trim().to_owned(), unquote(value.trim())));
            vec![Piece::Call { name, argument }]
        }
        Some(_) | None => vec![Piece::Word(name), Piece::Key(unquote(inside))],
    }
}

fn unquote(text: &str) -> String {
    let inside = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inside.map_or_else(|| text.to_owned(), |inside| inside.replace("''", "'"))
}

/// The segment up to which no template goes: the first that is not known, or the last of a path
/// that ends too early.
fn blame(version: Version, pieces: &[Piece]) -> &str {
    let candidates = operations().filter(|operation| version.has(operation.versions));
    let known = candidates.map(|operation| walk(operation.path, pieces).together).max();
    let blamed = pieces.get(known.unwrap_or_default()).or_else(|| pieces.last());
    blamed.map_or("", Piece::text)
}

/// The last segment of a template that is no key, without parameters.
fn last_name(template: &'static str) -> &'static str {
    let mut names = template.split('/').filter(|segment| !segment.starts_with('{'));
    names.next_back().map_or(template, |segment| split_function(segment).0)
}

fn unknown(segment: &str) -> PathError {
    PathError::Segment(segment.chars().take(ECHO_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use muster_control::ActionKind;
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "07070707-0707-0707-0707-070707070707";

    fn asked(method: &Method, path: &str) -> Result<Route, Verbs> {
        Place::find(&path.replace("{id}", ID)).expect(path).asked(method)
    }

    fn get(path: &str) -> OperationId {
        asked(&Method::GET, path).expect(path).operation.id
    }

    fn post(path: &str) -> OperationId {
        asked(&Method::POST, path).expect(path).operation.id
    }

    #[test]
    fn a_device_is_found_under_every_form_of_its_path() {
        for path in [
            "/v1.0/deviceManagement/managedDevices/{id}",
            "/V1.0//devicemanagement///manageddevices/{id}/",
            "/v1.0/deviceManagement/managedDevices('{id}')",
            "/v1.0/deviceManagement/managedDevices({id})",
            "/v1.0/deviceManagement/managedDevices(%27{id}%27)",
            "/Beta/DEVICEMANAGEMENT/ManagedDevices/{id}",
        ] {
            let route = asked(&Method::GET, path).expect(path);
            assert_eq!(route.operation.id, OperationId::ShowDevice, "{path}");
            assert_eq!(route.device(), Ok(DeviceId::from_bytes([7; 16])), "{path}");
        }
    }

    #[test]
    fn an_action_is_found_with_and_without_its_namespace() {
        for path in [
            "/v1.0/deviceManagement/managedDevices/{id}/wipe",
            "/beta/deviceManagement/managedDevices('{id}')/Wipe",
            "/beta/deviceManagement/managedDevices('{id}')/microsoft.graph.wipe",
            "/beta/deviceManagement/managedDevices/{id}/Microsoft.Graph.WIPE",
            "/beta/deviceManagement/managedDevices/{id}/wipe()",
        ] {
            assert_eq!(post(path), OperationId::Act(ActionKind::Wipe), "{path}");
        }
    }

    #[test]
    fn every_action_has_a_path_in_its_versions_and_a_deletion_has_none() {
        for kind in ActionKind::ALL {
            let found = ["v1.0", "beta"].map(|version| {
                let name = kind.graph_name();
                let path = format!("/{version}/deviceManagement/managedDevices/{ID}/{name}");
                let asked = Place::find(&path).map(|place| place.asked(&Method::POST));
                let id = asked.ok().and_then(Result::ok).map(|route| route.operation.id);
                id == Some(OperationId::Act(kind))
            });
            let expected = match kind {
                ActionKind::Delete => [false, false],
                ActionKind::EnableLostMode
                | ActionKind::PlayLostModeSound
                | ActionKind::SetDeviceName => [false, true],
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
                | ActionKind::DeviceConfigured
                | ActionKind::LogoutSharedAppleDeviceActiveUser
                | ActionKind::DeleteUserFromSharedAppleDevice => [true, true],
            };
            assert_eq!(found, expected, "{kind:?}");
        }
    }

    #[test]
    fn to_delete_a_device_is_an_action_on_it() {
        let path = "/beta/deviceManagement/managedDevices('{id}')";
        let deletion = asked(&Method::DELETE, path).unwrap();
        assert_eq!(deletion.operation.id, OperationId::Act(ActionKind::Delete));
        for path in ["", "/{id}/wipe", "/{id}/recoverPasscode"] {
            let path = format!("/beta/deviceManagement/managedDevices{path}");
            assert!(asked(&Method::DELETE, &path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_name_goes_before_a_key() {
        let count = "/v1.0/deviceManagement/managedDevices/$count";
        assert_eq!(get(count), OperationId::CountDevices);
        assert_eq!(get(&count.replace('$', "%24")), OperationId::CountDevices);
        let categories =
            asked(&Method::GET, "/v1.0/deviceManagement/auditEvents/getAuditCategories()");
        assert_eq!(categories.unwrap().keys, Vec::<String>::new());
    }

    #[test]
    fn a_function_has_its_argument_and_a_quote_in_it_is_doubled() {
        for (path, argument) in [
            ("getAuditActivityTypes(category='Device')", "Device"),
            ("microsoft.graph.getauditactivitytypes(Category=%27a''b%2Fc%27)", "a'b/c"),
            ("getAuditActivityTypes(category= 'x=y')", "x=y"),
        ] {
            let path = format!("/beta/deviceManagement/auditEvents/{path}");
            assert_eq!(asked(&Method::GET, &path).expect(&path).keys, [argument]);
        }
        for path in ["getAuditActivityTypes(kind='x')", "getEffectivePermissions"] {
            let path = format!("/beta/deviceManagement/{path}");
            assert!(Place::find(&path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_version_of_the_path_is_kept() {
        let version = |path| Place::find(path).expect("a path").version;
        assert_eq!(version("/v1.0/deviceManagement/managedDevices"), Version::V1);
        assert_eq!(version("/BETA/deviceManagement/managedDevices"), Version::Beta);
    }

    #[test]
    fn an_error_names_the_segment_that_is_not_known() {
        for (path, segment) in [
            ("/", ""),
            ("/v2.0/deviceManagement/managedDevices", "v2.0"),
            ("/v1.0/users", "users"),
            ("/v1.0/deviceManagement", "deviceManagement"),
            ("/v1.0/groups/1", "groups"),
            ("/v1.0/deviceManagement/managedDevices('x", "managedDevices('x"),
            ("/v1.0/deviceManagement/managedDevices/{id}/setDeviceNames", "setDeviceNames"),
            ("/v1.0/deviceManagement/managedDevices/{id}/enableLostMode", "enableLostMode"),
            ("/v1.0/deviceManagement/managedDevices/{id}/wipe/now", "now"),
        ] {
            let found = Place::find(&path.replace("{id}", ID));
            assert_eq!(found, Err(PathError::Segment(segment.to_owned())), "{path}");
        }
    }

    #[test]
    fn a_key_that_is_no_uuid_is_no_device() {
        for key in ["1", "$counts", "%FF", "é", "executeAction"] {
            let path = format!("/v1.0/deviceManagement/managedDevices/{key}");
            assert_eq!(asked(&Method::GET, &path).unwrap().device(), Err(PathError::Key), "{key}");
        }
    }

    #[test]
    fn a_path_names_all_its_verbs() {
        let refused = asked(&Method::PUT, "/v1.0/deviceManagement/managedDevices/{id}");
        assert_eq!(refused.unwrap_err().allow(), "GET, PATCH, DELETE");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_path_is_read_without_a_panic(path in "(/(beta|v1.0|[a-zA-Z$%(')=.]{0,12})){0,20}") {
            let _read = Place::find(&path);
        }

        #[test]
        fn every_row_is_found_by_its_own_path(
            row in prop::sample::select(operations().collect::<Vec<_>>()),
            key in "[a-z0-9]{1,8}",
        ) {
            let path = row.path.split('/').map(|segment| match segment.split_once('{') {
                Some(("", _)) => key.clone(),
                Some((before, _)) => format!("{before}{key}')"),
                None => segment.to_owned(),
            });
            let path = format!("/beta//{}", path.collect::<Vec<_>>().join("/"));
            let route = Place::find(&path).unwrap().asked(&row.verb.name().parse().unwrap()).unwrap();
            prop_assert_eq!(route.operation.path, row.path);
            prop_assert!(route.keys.iter().all(|found| *found == key));
        }
    }
}
