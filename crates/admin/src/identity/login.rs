//! The paths of sign-in, which need no token: they are where tokens come from.

use core::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing::{debug, info};
use uuid::Uuid;

use crate::http::origin::Origins;
use crate::identity::attempts::WINDOW_SECONDS;
use crate::identity::authenticate::Identity;
use crate::identity::authorize::{Outcome, Stage};
use crate::identity::form::{Form, FormError};
use crate::identity::grants::TokenRequest;
use crate::identity::page::{consent, page, returned, told};
use crate::identity::refusal::TokenRefusal;

/// How long a form may take to arrive.
const FORM_WITHIN: Duration = Duration::from_secs(10);

/// When to ask again if too many codes are open, in seconds.
const RETRY_AFTER_CODES: HeaderValue = HeaderValue::from_static("60");

/// A path of sign-in, with the tenant it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoginPath {
    Token(String),
    DeviceCode(String),
    Configuration(String),
    Keys(String),
    Authorize(String),
    Instances,
    UserRealm(String),
    Page,
}

impl LoginPath {
    /// Reads a path; `None` if it is none of sign-in.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let lower: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let named = |place: usize| percent_decode_str(segments[place]).decode_utf8_lossy().into();
        Some(match lower.as_slice() {
            ["devicelogin"] => Self::Page,
            ["common", "discovery", "instance"] => Self::Instances,
            ["common", "userrealm", _user] => Self::UserRealm(named(2)),
            [_tenant, "oauth2", "v2.0", "token"] => Self::Token(named(0)),
            [_tenant, "oauth2", "v2.0", "devicecode"] => Self::DeviceCode(named(0)),
            [_tenant, "oauth2", "v2.0", "authorize"] => Self::Authorize(named(0)),
            [_tenant, "discovery", "v2.0", "keys"] => Self::Keys(named(0)),
            [_tenant, "v2.0", ".well-known", "openid-configuration"]
            | [_tenant, ".well-known", "openid-configuration"] => Self::Configuration(named(0)),
            _ => return None,
        })
    }

    /// The methods of this path.
    const fn allow(&self) -> &'static str {
        match self {
            Self::Token(_) | Self::DeviceCode(_) => "POST",
            Self::Page | Self::Authorize(_) => "GET, POST",
            Self::Configuration(_) | Self::Keys(_) | Self::Instances | Self::UserRealm(_) => "GET",
        }
    }
}

/// Answers a request of sign-in.
pub(crate) async fn serve(
    identity: &Identity,
    origins: &Origins,
    now: jiff::Timestamp,
    path: LoginPath,
    request: Request,
) -> Response {
    let allow = path.allow();
    if !allow.split(", ").any(|verb| verb == request.method().as_str()) {
        let headers = [(ALLOW, HeaderValue::from_static(allow))];
        return sealed((StatusCode::METHOD_NOT_ALLOWED, headers).into_response());
    }
    let base = origins.asked(request.uri(), request.headers()).login().to_string();
    let correlation = correlation(request.headers());
    let page = format!("{}/devicelogin", origins.own());
    let desk = Desk { identity, base, page, now, correlation };
    sealed(desk.answer(path, request).await)
}

/// What every answer of sign-in is made from.
struct Desk<'a> {
    identity: &'a Identity,
    base: String,
    /// Where people type codes: their browsers know nothing of a proxy.
    page: String,
    now: jiff::Timestamp,
    correlation: Uuid,
}

impl Desk<'_> {
    async fn answer(&self, path: LoginPath, request: Request) -> Response {
        match path {
            LoginPath::Page => self.sign_in(request).await,
            LoginPath::Authorize(tenant) => match self.authorize(&tenant, request).await {
                Ok(response) => response,
                Err(refusal) => told(refusal.status(), &refusal.to_string()),
            },
            LoginPath::Instances => Json(self.identity.instances(&self.base)).into_response(),
            LoginPath::UserRealm(user) => Json(self.user_realm(&user)).into_response(),
            LoginPath::Configuration(tenant) => {
                let realm = self.identity.realm(&tenant);
                self.told(realm.map(|realm| self.identity.configuration(realm, &self.base)))
            }
            LoginPath::Keys(tenant) => {
                let realm = self.identity.realm(&tenant);
                self.told(realm.map(|_realm| self.identity.keys(&self.base)))
            }
            LoginPath::Token(tenant) => {
                let answer = self.asked(&tenant, request, Identity::grant).await;
                self.told(answer)
            }
            LoginPath::DeviceCode(tenant) => {
                let answer = self.asked(&tenant, request, Identity::begin_device_code).await;
                self.told(answer)
            }
        }
    }

    async fn asked(
        &self,
        tenant: &str,
        request: Request,
        answer: fn(&Identity, TokenRequest<'_>) -> Result<Value, TokenRefusal>,
    ) -> Result<Value, TokenRefusal> {
        let realm = self.identity.realm(tenant)?;
        let form = read_form(request).await?;
        let (base, page, now) = (self.base.as_str(), self.page.as_str(), self.now);
        let asked = TokenRequest { realm, form: &form, base, page, now };
        let answered = answer(self.identity, asked)?;
        info!(correlation_id = %self.correlation, "token request granted");
        Ok(answered)
    }

    fn told(&self, answer: Result<Value, TokenRefusal>) -> Response {
        let refusal = match answer {
            Ok(answer) => return Json(answer).into_response(),
            Err(refusal) => refusal,
        };
        let number = refusal.number();
        debug!(correlation_id = %self.correlation, number, "token request refused");
        let body = refusal.body(Uuid::new_v4(), self.correlation, self.now);
        let mut response = (refusal.status(), Json(body)).into_response();
        if refusal == TokenRefusal::CodesFull {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_CODES);
        }
        if refusal == TokenRefusal::TooManyAttempts {
            response.headers_mut().insert(RETRY_AFTER, WINDOW_SECONDS.into());
        }
        response
    }

    /// The page on which a person types the code of a program.
    async fn sign_in(&self, request: Request) -> Response {
        if request.method() == Method::GET {
            return page(self.identity);
        }
        let form = match read_form(request).await {
            Ok(form) => form,
            Err(refusal) => return told(refusal.status(), &refusal.to_string()),
        };
        match self.identity.decide(&form, self.now) {
            Ok(()) => told(StatusCode::OK, "Done. The program that showed the code goes on."),
            Err(refusal) => told(refusal.status(), &refusal.to_string()),
        }
    }

    /// The page on which a person lets a program in that opened it.
    async fn authorize(&self, tenant: &str, request: Request) -> Result<Response, TokenRefusal> {
        self.identity.realm(tenant)?;
        let (stage, form) = if request.method() == Method::GET {
            let query = request.uri().query().unwrap_or_default();
            (Stage::Opened, Form::parse(query.as_bytes())?)
        } else {
            (Stage::Decided, read_form(request).await?)
        };
        Ok(match self.identity.authorize(&form, stage, self.now)? {
            Outcome::Ask => consent(self.identity, &form),
            Outcome::Back(back) => {
                info!(correlation_id = %self.correlation, "authorization answered");
                returned(&back)
            }
        })
    }

    /// Where the password of a person is checked: always here.
    fn user_realm(&self, user: &str) -> Value {
        let domain = user.split_once('@').map_or("", |(_name, domain)| domain);
        json!({
            "ver": "1.0",
            "account_type": "Managed",
            "domain_name": domain,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        })
    }
}

async fn read_form(request: Request) -> Result<Form, TokenRefusal> {
    let read = timeout(FORM_WITHIN, Bytes::from_request(request, &())).await;
    let body = read.map_err(|_elapsed| TokenRefusal::Slow)?;
    let body = body.map_err(|rejection| {
        let too_long = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        TokenRefusal::Form(if too_long { FormError::TooLong } else { FormError::Text })
    })?;
    Ok(Form::parse(&body)?)
}

/// The id a library gave its request, or one of ours.
fn correlation(headers: &HeaderMap) -> Uuid {
    let named = headers.get("client-request-id").and_then(|value| value.to_str().ok());
    named.and_then(|text| text.parse().ok()).unwrap_or_else(Uuid::new_v4)
}

/// What every answer of sign-in carries: it may hold a token, and a page of it must not be
/// framed by another.
fn sealed(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A page that leads elsewhere has brought its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(json) = headers.get_mut(CONTENT_TYPE).filter(|kind| *kind == "application/json") {
        *json = HeaderValue::from_static("application/json; charset=utf-8");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_sign_in_are_known_in_any_letter_case() {
        let t = || "T1".to_owned();
        for (path, expected) in [
            ("/T1/oauth2/v2.0/token", LoginPath::Token(t())),
            ("//T1/OAuth2/V2.0/Token/", LoginPath::Token(t())),
            ("/T1/oauth2/v2.0/devicecode", LoginPath::DeviceCode(t())),
            ("/T1/v2.0/.well-known/openid-configuration", LoginPath::Configuration(t())),
            ("/T1/discovery/v2.0/keys", LoginPath::Keys(t())),
            ("/common/discovery/instance", LoginPath::Instances),
            ("/devicelogin", LoginPath::Page),
            ("/common/UserRealm/a%40b", LoginPath::UserRealm("a@b".to_owned())),
        ] {
            assert_eq!(LoginPath::parse(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn paths_of_graph_are_none_of_sign_in() {
        for path in ["/", "/v1.0/deviceManagement/managedDevices", "/beta/$batch", "/T1/oauth2"] {
            assert_eq!(LoginPath::parse(path), None, "{path}");
        }
    }
}
