//! The tenant's records as one JSON text.

use std::collections::{BTreeMap, BTreeSet};

use muster_protocol::DeviceId;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::OperateError;
use crate::backend::{Document, DocumentKind};
use crate::devices::labels::Labels;
use crate::rbac::book::is_record_of_roles;
use crate::resources::approvals::{is_approval_policy, is_approval_request};
use crate::resources::categories::is_category;
use crate::resources::policies::book::is_policy;
use crate::resources::policies::family::Family;

/// What the text calls its own form. A newer form has a higher number.
pub(super) const FORMAT: &str = "muster-state/1";

/// The longest text, in bytes.
pub(super) const STATE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Documents that an import writes or removes at most: they are one transaction.
pub(super) const DOCUMENTS_MAX: usize = 100_000;

/// The longest id, in bytes.
const ID_BYTES_MAX: usize = 128;

/// The longest document, in bytes. No request makes one as long.
const DOCUMENT_BYTES_MAX: usize = 512 * 1024;

/// Kinds that leave and enter a server: all but the secrets of its identity.
pub(super) const KINDS: [DocumentKind; DocumentKind::ALL.len() - 1] = portable();

const fn portable() -> [DocumentKind; DocumentKind::ALL.len() - 1] {
    let mut kinds = [DocumentKind::AuditEvent; DocumentKind::ALL.len() - 1];
    let (mut from, mut to) = (0, 0);
    while from < DocumentKind::ALL.len() {
        if !matches!(DocumentKind::ALL[from], DocumentKind::Identity) {
            kinds[to] = DocumentKind::ALL[from];
            to += 1;
        }
        from += 1;
    }
    kinds
}

/// A text that is read: it speaks of these kinds, and of each it holds everything there is.
pub(super) struct State {
    pub(super) kinds: Vec<DocumentKind>,
    pub(super) documents: BTreeMap<(DocumentKind, String), String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StateText<'a> {
    format: String,
    /// When it was written; for people.
    #[serde(default, rename = "exportedAt")]
    _exported_at: Option<String>,
    kinds: Vec<String>,
    #[serde(borrow)]
    documents: Vec<DocumentText<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentText<'a> {
    kind: String,
    id: String,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// The names of kinds, in the order of a list.
pub(super) fn names(kinds: &[DocumentKind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.name()).collect()
}

/// The kind that is called so.
///
/// # Errors
/// [`OperateError::Kinds`] if none is, or it never leaves its server.
pub(super) fn kind(name: &str) -> Result<DocumentKind, OperateError> {
    let found = KINDS.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| OperateError::Kinds(format!("there are {}", names(&KINDS).join(", "))))
}

/// Reads a text and checks every document as its readers would.
///
/// # Errors
/// [`OperateError`] at the first thing that is wrong.
pub(super) fn parse(text: &[u8]) -> Result<State, OperateError> {
    let state: StateText<'_> = serde_json::from_slice(text).map_err(|error| refused(&error))?;
    if state.format != FORMAT {
        return Err(OperateError::State(format!("its format has to be {FORMAT}")));
    }
    if state.documents.len() > DOCUMENTS_MAX {
        return Err(OperateError::State(format!("it has more than {DOCUMENTS_MAX} documents")));
    }
    let kinds: BTreeSet<DocumentKind> =
        state.kinds.iter().map(|name| kind(name)).collect::<Result<_, _>>()?;
    let mut documents = BTreeMap::new();
    for (place, one) in (1..).zip(&state.documents) {
        let bad = |what: &str| OperateError::State(format!("document {place}: {what}"));
        let kind = kind(&one.kind).ok().filter(|kind| kinds.contains(kind));
        let kind = kind.ok_or_else(|| bad("its kind is not among the kinds"))?;
        let body = one.body.get();
        if !fits(kind, &one.id, body) {
            return Err(bad(&format!("it is no {} under this id", kind.name())));
        }
        if documents.insert((kind, one.id.clone()), body.to_owned()).is_some() {
            return Err(bad("its id stands there twice"));
        }
    }
    Ok(State { kinds: kinds.into_iter().collect(), documents })
}

/// Only the place is told: the parser's own words repeat values.
fn refused(error: &serde_json::Error) -> OperateError {
    let (line, column) = (error.line(), error.column());
    OperateError::State(format!("it is no {FORMAT}: look at line {line}, column {column}"))
}

/// Whether a document can be what it says, so that no reader stumbles over it later.
fn fits(kind: DocumentKind, id: &str, body: &str) -> bool {
    if id.is_empty() || id.len() > ID_BYTES_MAX || body.len() > DOCUMENT_BYTES_MAX {
        return false;
    }
    match kind {
        DocumentKind::DeviceLabels => {
            id.parse::<DeviceId>().is_ok() && serde_json::from_str::<Labels>(body).is_ok()
        }
        DocumentKind::DeviceCategory => is_category(id, body),
        DocumentKind::RoleDefinition | DocumentKind::RoleAssignment => {
            is_record_of_roles(kind, id, body)
        }
        DocumentKind::CompliancePolicy => is_policy(Family::Compliance, id, body),
        DocumentKind::DeviceConfiguration => is_policy(Family::Configuration, id, body),
        DocumentKind::OperationApprovalRequest => is_approval_request(id, body),
        DocumentKind::OperationApprovalPolicy => is_approval_policy(id, body),
        DocumentKind::AuditEvent => is_audit_event(id, body),
        DocumentKind::Identity => false,
    }
}

fn is_audit_event(id: &str, body: &str) -> bool {
    let read = serde_json::from_str::<Map<String, Value>>(body);
    read.is_ok_and(|entry| {
        entry.get("id").is_some_and(|own| own == id)
            && entry.get("activityDateTime").is_some_and(Value::is_string)
    })
}

/// A text that is written, document by document.
pub(super) struct Written(String);

impl Written {
    /// The beginning of a text about these kinds.
    pub(super) fn begin(kinds: &[DocumentKind], at: jiff::Timestamp) -> Self {
        let kinds = Value::from(names(kinds));
        Self(format!(
            "{{\"format\":\"{FORMAT}\",\"exportedAt\":\"{at}\",\"kinds\":{kinds},\"documents\":["
        ))
    }

    /// Adds a document; `None` if the text gets too long by it.
    pub(super) fn add(&mut self, document: &Document) -> Option<()> {
        let Some(body) = &document.body else { return Some(()) };
        let id = Value::from(document.id.as_str());
        let kind = document.kind.name();
        if !self.0.ends_with('[') {
            self.0.push(',');
        }
        // The body is JSON already.
        self.0.push_str(&format!("\n{{\"kind\":\"{kind}\",\"id\":{id},\"body\":{body}}}"));
        (self.0.len() < STATE_BYTES_MAX).then_some(())
    }

    /// The whole text.
    pub(super) fn end(mut self) -> String {
        self.0.push_str("\n]}\n");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(_state) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    fn with_documents(kinds: &str, documents: &str) -> String {
        format!(r#"{{"format":"muster-state/1","kinds":{kinds},"documents":[{documents}]}}"#)
    }

    #[test]
    fn what_is_written_can_be_read() {
        let document = Document {
            kind: DocumentKind::AuditEvent,
            id: "a\"b".to_owned(),
            body: Some(r#"{"id": "a\"b", "activityDateTime": "2026", "x": [1, 2.50]}"#.to_owned()),
        };
        let mut written = Written::begin(&KINDS, jiff::Timestamp::UNIX_EPOCH);
        written.add(&document).unwrap();
        let body = Some(r#"{"id":"c","activityDateTime":""}"#.to_owned());
        written.add(&Document { id: "c".to_owned(), body, ..document.clone() }).unwrap();
        let read = parse(written.end().as_bytes()).unwrap();
        assert_eq!(read.kinds.len(), KINDS.len());
        let kept = &read.documents[&(document.kind, document.id)];
        assert_eq!(Some(kept), document.body.as_ref(), "byte for byte");
    }

    #[test]
    fn a_text_that_would_harm_its_readers_is_refused() {
        let label = |id: &str, body: &str| {
            format!(r#"{{"kind":"deviceLabels","id":"{id}","body":{body}}}"#)
        };
        let device = "01010101-0101-0101-0101-010101010101";
        let labels = r#"["deviceLabels"]"#;
        for (text, expected) in [
            (with_documents(labels, &label(device, r#"{"notes":"x"}"#)), ""),
            (with_documents(labels, &label(device, r#"{"notes":1}"#)), "no deviceLabels"),
            (with_documents(labels, &label("x", "{}")), "no deviceLabels"),
            (with_documents("[]", &label(device, "{}")), "not among the kinds"),
            (with_documents(r#"["identity"]"#, ""), "kinds: there are auditEvent"),
            (
                with_documents(labels, &[label(device, "{}"), label(device, "{}")].join(",")),
                "document 2: its id stands there twice",
            ),
            (
                with_documents(r#"["auditEvent"]"#, r#"{"kind":"auditEvent","id":"1","body":[]}"#),
                "no auditEvent",
            ),
            (
                with_documents(
                    r#"["auditEvent"]"#,
                    r#"{"kind":"auditEvent","id":"1","body":{"id":"2","activityDateTime":""}}"#,
                ),
                "no auditEvent",
            ),
            (r#"{"format":"muster-state/2","kinds":[],"documents":[]}"#.to_owned(), "its format"),
            ("{".to_owned(), "look at line 1, column 1"),
        ] {
            let told = told(&text);
            assert!(
                told.contains(expected) && told.is_empty() == expected.is_empty(),
                "{text}: {told}"
            );
        }
    }

    #[test]
    fn the_secrets_of_identity_stay_where_they_are() {
        assert!(!KINDS.contains(&DocumentKind::Identity));
        assert_eq!(KINDS.iter().collect::<BTreeSet<_>>().len(), KINDS.len());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_refused(
            body in proptest::collection::vec(any::<u8>(), 0..200), kind in "[a-zA-Z]{0,8}", id in ".{0,8}",
        ) {
            let _refused_or_taken = parse(&body);
            let document = serde_json::json!({ "kind": kind, "id": id, "body": {} }).to_string();
            let _refused_or_taken = parse(with_documents(&format!("[{kind:?}]"), &document).as_bytes());
        }
    }
}
