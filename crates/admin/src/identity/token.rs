//! Access tokens: what stands in them, how they are made and when they are believed.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::auth::AuthError;
use crate::identity::key::{ALGORITHM, SigningKey};
use crate::identity::principal::Principal;
use crate::identity::tenant::{Application, Tenant, User};
use crate::rbac::scope::{Scope, Scopes};

/// How long a token is good, in seconds.
///
/// Source: answers of the token endpoint of the service.
pub(crate) const LIFETIME_SECONDS: i64 = 3599;

/// Longest token that is looked at, in bytes. Ours have about 1,300.
pub(crate) const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The resource tokens are for.
pub(crate) const AUDIENCE: &str = "https://graph.microsoft.com";

/// The same resource by its application id.
pub(crate) const AUDIENCE_ID: &str = "00000003-0000-0000-c000-000000000000";

/// What an access token says.
///
/// Source: Microsoft identity platform, access token claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) tid: String,
    pub(crate) appid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) azp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_displayname: Option<String>,
    pub(crate) idtyp: String,
    pub(crate) oid: String,
    #[serde(default)]
    pub(crate) sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upn: Option<String>,
    /// One of a kind, so that no two tokens are equal.
    #[serde(default)]
    pub(crate) uti: String,
    #[serde(default)]
    pub(crate) ver: String,
}

/// For whom a token is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) application: &'a Application,
    /// The person signed in; `None` if the application acts for itself.
    pub(crate) user: Option<&'a User>,
    pub(crate) scopes: Scopes,
}

/// Makes the claims of a token.
pub(crate) fn claims_of(tenant: &Tenant, subject: Subject<'_>, now: jiff::Timestamp) -> Claims {
    let Subject { application, user, scopes } = subject;
    let issued = now.as_second();
    let object = user.map_or(application.object_id, |user| user.id).to_string();
    Claims {
        aud: AUDIENCE.to_owned(),
        iss: issuer(tenant),
        iat: issued,
        nbf: issued,
        exp: issued + LIFETIME_SECONDS,
        tid: tenant.id.to_string(),
        appid: application.id.to_string(),
        azp: Some(application.id.to_string()),
        app_displayname: Some(application.name.to_owned()),
        idtyp: if user.is_some() { "user" } else { "app" }.to_owned(),
        sub: object.clone(),
        oid: object,
        roles: user.is_none().then(|| scopes.names().map(str::to_owned).collect()),
        scp: user.map(|_user| scopes.names().collect::<Vec<_>>().join(" ")),
        name: user.map(|user| user.name.to_owned()),
        upn: user.map(|user| user.upn.clone()),
        uti: Uuid::new_v4().simple().to_string(),
        ver: "1.0".to_owned(),
    }
}

/// Signs claims.
///
/// # Errors
/// Those of the cryptographic library; none for a key that was read.
pub(crate) fn sign<T: Serialize>(
    key: &SigningKey,
    claims: &T,
) -> Result<String, jsonwebtoken::errors::Error> {
    let mut header = Header::new(ALGORITHM);
    header.kid = Some(key.id.clone());
    encode(&header, claims, &key.encoding)
}

/// Reads signed claims of any kind: signature, algorithm and key only.
///
/// # Errors
/// [`AuthError`] if this key did not sign them in the one algorithm there is.
pub(crate) fn open<T: serde::de::DeserializeOwned>(
    key: &SigningKey,
    token: &str,
) -> Result<T, AuthError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(AuthError::Malformed);
    }
    let header = decode_header(token).map_err(|error| fault(&error))?;
    if header.alg != ALGORITHM {
        return Err(AuthError::Algorithm);
    }
    if header.kid.as_deref() != Some(key.id.as_str()) {
        return Err(AuthError::Key);
    }
    decode(token, &key.decoding, &signature_only()).map(|read| read.claims).map_err(|e| fault(&e))
}

/// The times are compared with the clock of the server behind the API, which may be moved; the
/// library would take that of the machine.
fn signature_only() -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

fn fault(error: &jsonwebtoken::errors::Error) -> AuthError {
    // The list of kinds is open-ended; whatever else is wrong with it, it is no token of ours.
    if matches!(error.kind(), ErrorKind::InvalidSignature) {
        AuthError::Signature
    } else if matches!(error.kind(), ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm) {
        AuthError::Algorithm
    } else {
        AuthError::Malformed
    }
}

/// Who makes the access tokens of a tenant. It does not depend on where the server listens, so
/// tokens outlive a restart.
///
/// Source: access tokens of the service for Microsoft Graph, which are of version 1.
pub(crate) fn issuer(tenant: &Tenant) -> String {
    format!("https://sts.windows.net/{}/", tenant.id)
}

/// Checks what a token says, the times excepted.
///
/// # Errors
/// [`AuthError`] if it is for another resource or tenant, or from another issuer.
pub(crate) fn believe(tenant: &Tenant, claims: &Claims) -> Result<Principal, AuthError> {
    if claims.aud.trim_end_matches('/') != AUDIENCE && claims.aud != AUDIENCE_ID {
        return Err(AuthError::Audience);
    }
    if claims.tid != tenant.id.to_string() {
        return Err(AuthError::Tenant);
    }
    if claims.iss != issuer(tenant) {
        return Err(AuthError::Issuer);
    }
    let id = claims.appid.parse().map_err(|_cause| AuthError::Malformed)?;
    let application = tenant.application(id).ok_or(AuthError::Application)?;
    let user = match claims.idtyp.as_str() {
        "app" => None,
        "user" => {
            let id = claims.oid.parse().map_err(|_cause| AuthError::Malformed)?;
            Some(tenant.user(id).ok_or(AuthError::User)?.reference())
        }
        _ => return Err(AuthError::Malformed),
    };
    Ok(Principal { application: application.reference(), user, scopes: scopes_of(claims) })
}

/// The scopes a token carries: application permissions without a person, delegated ones with.
fn scopes_of(claims: &Claims) -> Scopes {
    let delegated = claims.scp.iter().flat_map(|scopes| scopes.split(' '));
    let own = claims.roles.iter().flatten().map(String::as_str);
    match claims.idtyp.as_str() {
        "user" => delegated.filter_map(Scope::named).collect(),
        _ => own.filter_map(Scope::named).collect(),
    }
}

/// When a token is good, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    from: i64,
    until: i64,
}

impl Lifetime {
    /// When a token with these claims is good.
    pub(crate) const fn of(claims: &Claims) -> Self {
        Self { from: claims.nbf, until: claims.exp }
    }

    /// Checks whether it is good now. There is no leeway: one clock makes and reads it.
    ///
    /// # Errors
    /// [`AuthError::Early`] before its time, [`AuthError::Expired`] from its end on.
    pub(crate) fn check(self, now: jiff::Timestamp) -> Result<(), AuthError> {
        let now = now.as_second();
        if now < self.from {
            Err(AuthError::Early)
        } else if now >= self.until {
            Err(AuthError::Expired)
        } else {
            Ok(())
        }
    }
}
