//! Actions the service carries out by itself: nothing of them goes to the device.
//!
//! Source: Microsoft Graph beta, actions of `managedDevice`.

use axum::extract::Request;
use muster_control::DeviceRecord;
use muster_protocol::Platform;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::backend::Backend;
use crate::devices::act::Counting;
use crate::devices::labels::{ComplianceSource, Labels};
use crate::devices::update::{Writing, write_down};
use crate::http::body::{BodyError, parameters, read, short_text, text};
use crate::http::call::Reply;
use crate::http::context::Context;
use crate::http::errors::ApiError;
use crate::odata::query::no_options;
use crate::resources::audit_entry::Deed;

/// Longest title and longest text of a notification, in characters.
///
/// Source: Intune, "Send custom notifications": 50 and 500 characters.
const TITLE_CHARS_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 500;

/// Longest address of a page that tells how to become compliant, in characters.
const ADDRESS_CHARS_MAX: usize = 2048;

const NO_VOLUME_PURCHASES: &str = "licences of Apple's volume purchases are for Apple devices";

/// What the service does about a device without asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceAct {
    /// Says whether the device is compliant by what it reports, or not at all.
    OverrideCompliance,
    /// Hands a text to Company Portal. No device here has that app, so that nobody reads it.
    Notify,
    /// Takes back licences of apps. No device here holds one.
    RevokeLicences,
}

/// What `deviceActionResults` tells of, once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Settled {
    CustomTextNotification,
    RevokeAppleVppLicenses,
}

/// What the body of a request asks to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Compliance(ComplianceSource),
    Settled(Settled),
}

impl ServiceAct {
    /// As it stands at the end of its path.
    pub(crate) const fn graph_name(self) -> &'static str {
        match self {
            Self::OverrideCompliance => "overrideComplianceState",
            Self::Notify => "sendCustomNotificationToCompanyPortal",
            Self::RevokeLicences => "revokeAppleVppLicenses",
        }
    }

    /// What the parity page says of it.
    pub(crate) const fn note(self) -> &'static str {
        match self {
            Self::OverrideCompliance => {
                "`complianceState` follows at once; the policies of the device stay as they are"
            }
            Self::Notify => "done and audited at once; no device here has the app that shows it",
            Self::RevokeLicences => {
                "Apple only; done at once and always of none: no device here holds a licence"
            }
        }
    }

    /// Reads what the body asks for.
    ///
    /// # Errors
    /// [`BodyError`] if a member is missing or wrong.
    fn parse(self, members: &Map<String, Value>) -> Result<Wanted, BodyError> {
        match self {
            Self::OverrideCompliance => {
                short_text(members, "remediationUrl", ADDRESS_CHARS_MAX)?;
                compliance(members).map(Wanted::Compliance)
            }
            Self::Notify => {
                said(members, "notificationTitle", TITLE_CHARS_MAX)?;
                said(members, "notificationBody", TEXT_CHARS_MAX)?;
                Ok(Wanted::Settled(Settled::CustomTextNotification))
            }
            Self::RevokeLicences => Ok(Wanted::Settled(Settled::RevokeAppleVppLicenses)),
        }
    }

    fn fits(self, record: &DeviceRecord) -> Result<(), ApiError> {
        match (self, record.facts.mode.platform()) {
            (Self::RevokeLicences, Platform::Android) => {
                Err(ApiError::RuledOut(NO_VOLUME_PURCHASES))
            }
            (Self::OverrideCompliance | Self::Notify, Platform::Apple | Platform::Android)
            | (Self::RevokeLicences, Platform::Apple) => Ok(()),
        }
    }
}

/// Does one of these about the device of the path.
///
/// # Errors
/// [`ApiError`]: nothing was done.
pub(crate) async fn act<B: Backend>(
    context: &Context<'_, B>,
    act: ServiceAct,
    request: Request,
) -> Result<Reply, ApiError> {
    let record = context.managed(context.route.device()?).await?;
    no_options(request.uri())?;
    let wanted = act.parse(&parameters(&read(request).await?)?)?;
    settle(context, &record, (act, wanted), Counting::EachDevice).await?;
    Ok(Reply::Done)
}

/// The notification of a request to many devices, once its body has been looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notification(Wanted);

impl Notification {
    /// # Errors
    /// [`BodyError`] if it has no title or no text, or too long ones.
    pub(crate) fn parse(members: &Map<String, Value>) -> Result<Self, BodyError> {
        ServiceAct::Notify.parse(members).map(Self)
    }

    /// Sends it to a device; the request as a whole has been counted.
    ///
    /// # Errors
    /// [`ApiError`]: it was not sent.
    pub(crate) async fn send<B: Backend>(
        self,
        context: &Context<'_, B>,
        record: &DeviceRecord,
    ) -> Result<(), ApiError> {
        settle(context, record, (ServiceAct::Notify, self.0), Counting::Counted).await
    }
}

/// Writes down what was done, with its entry in the audit log.
async fn settle<B: Backend>(
    context: &Context<'_, B>,
    record: &DeviceRecord,
    (act, wanted): (ServiceAct, Wanted),
    counting: Counting,
) -> Result<(), ApiError> {
    act.fits(record)?;
    let at = context.backend.wall(context.backend.now());
    let writing = Writing { record, deed: Deed::Action(act.graph_name()), counting };
    write_down(context, &writing, |labels| {
        wanted.write(labels, at);
        Ok(())
    })
    .await
}

impl Wanted {
    fn write(self, labels: &mut Labels, at: jiff::Timestamp) {
        match self {
            Self::Compliance(source) => labels.compliance = source,
            Self::Settled(settled) => {
                labels.settled.insert(settled, at);
            }
        }
    }
}

/// Source: Microsoft Graph beta, enumeration `administratorConfiguredDeviceComplianceState`.
fn compliance(members: &Map<String, Value>) -> Result<ComplianceSource, BodyError> {
    let member = "administratorConfiguredDeviceComplianceState";
    let named = text(members, member)?.and_then(ComplianceSource::named);
    named.ok_or(BodyError::Member {
        member,
        wanted: "basedOnDeviceComplianceStatus or nonCompliant",
    })
}

/// A text that has to be there.
fn said(
    members: &Map<String, Value>,
    member: &'static str,
    chars_max: usize,
) -> Result<(), BodyError> {
    match short_text(members, member, chars_max)? {
        Some(text) if !text.is_empty() => Ok(()),
        Some(_) | None => Err(BodyError::Member { member, wanted: "a text that says something" }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(act: ServiceAct, body: &Value) -> Result<Wanted, BodyError> {
        act.parse(body.as_object().expect("an object"))
    }

    #[test]
    fn a_notification_needs_a_title_and_a_text_of_bounded_length() {
        let body = |title: &str, text: &str| json!({ "notificationTitle": title, "notificationBody": text });
        assert!(parse(ServiceAct::Notify, &body(&"é".repeat(50), &"é".repeat(500))).is_ok());
        for refused in [
            json!({}),
            json!({ "notificationTitle": "t" }),
            json!({ "notificationBody": "b" }),
            body("", "b"),
            body("t", ""),
            body(&"é".repeat(51), "b"),
            body("t", &"é".repeat(501)),
            json!({ "notificationTitle": 1, "notificationBody": "b" }),
        ] {
            assert!(parse(ServiceAct::Notify, &refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_compliance_is_what_the_device_reports_or_not_at_all() {
        let named = |word: &str| {
            let body = json!({ "administratorConfiguredDeviceComplianceState": word });
            parse(ServiceAct::OverrideCompliance, &body)
        };
        assert_eq!(
            named("NonCompliant").unwrap(),
            Wanted::Compliance(ComplianceSource::DeclaredNoncompliant)
        );
        assert_eq!(
            named("basedOnDeviceComplianceStatus").unwrap(),
            Wanted::Compliance(ComplianceSource::Device)
        );
        assert!(named("compliant").is_err());
        assert!(parse(ServiceAct::OverrideCompliance, &json!({})).is_err());
    }
}
