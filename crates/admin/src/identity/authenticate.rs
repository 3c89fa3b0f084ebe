//! From the headers of a request to who sent it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::http::HeaderMap;

use crate::http::errors::ApiError;
use crate::identity::attempts::Attempts;
use crate::identity::auth::{AdminToken, AuthError, bearer};
use crate::identity::auth_code::AuthCodes;
use crate::identity::certificate::{ClientCertificate, ClientCertificateError};
use crate::identity::credentials::{Credentials, digest};
use crate::identity::device_code::DeviceCodes;
use crate::identity::key::SigningKey;
use crate::identity::principal::{ApplicationRef, Principal};
use crate::identity::seed::MUSTER_ID;
use crate::identity::tenant::Tenant;
use crate::identity::token::{self, Claims, Lifetime, TOKEN_BYTES_MAX};
use crate::operate::OperateError;
use crate::rbac::scope::Scopes;

/// Verified tokens that are remembered; with more, all are forgotten and verified anew. At about
/// a quarter of a kilobyte each they take one megabyte.
const REMEMBERED_MAX: usize = 4096;

/// What a server knows of who may ask, and what it signs tokens with.
#[derive(Debug)]
pub struct Identity {
    tenant: Arc<Tenant>,
    admin: AdminToken,
    key: OnceLock<SigningKey>,
    pub(super) credentials: Credentials,
    pub(super) certificates: Vec<ClientCertificate>,
    pub(super) device_codes: DeviceCodes,
    pub(super) auth_codes: AuthCodes,
    pub(super) attempts: Attempts,
    remembered: Mutex<BTreeMap<[u8; 32], Verified>>,
}

/// A token whose signature was good once.
#[derive(Clone, Debug)]
struct Verified {
    lifetime: Lifetime,
    principal: Principal,
}

impl Identity {
    /// An identity with a key of its own and well-known credentials: a server of one run that
    /// nobody but this machine can reach.
    #[must_use]
    pub fn new(admin: AdminToken) -> Self {
        Self {
            tenant: Arc::new(Tenant::seeded()),
            admin,
            key: OnceLock::new(),
            credentials: Credentials::WellKnown,
            certificates: Vec::new(),
            device_codes: DeviceCodes::default(),
            auth_codes: AuthCodes::default(),
            attempts: Attempts::default(),
            remembered: Mutex::default(),
        }
    }

    /// An identity whose tokens outlive the server: `key` is kept and given again.
    #[must_use]
    pub fn open(admin: AdminToken, key: SigningKey, credentials: Credentials) -> Self {
        Self { key: OnceLock::from(key), credentials, ..Self::new(admin) }
    }

    /// Registers the first certificate of a PEM text on an application, named by its name or its
    /// client id, which may then sign assertions with it.
    ///
    /// # Errors
    /// [`ClientCertificateError`] if there is no such application or no RSA certificate.
    pub fn with_certificate(
        mut self,
        application: &str,
        pem: &str,
    ) -> Result<Self, ClientCertificateError> {
        self.certificates.push(ClientCertificate::read(&self.tenant, application, pem)?);
        Ok(self)
    }

    /// What keys are derived from that last as long as the data folder.
    pub(crate) const fn secret(&self) -> &[u8] {
        self.admin.bytes()
    }

    /// The tenant of this server.
    pub(crate) const fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// The key tokens are signed with.
    ///
    /// # Panics
    /// If the system gives no chance to make one from. A key that was given is there already.
    pub(super) fn key(&self) -> &SigningKey {
        self.key.get_or_init(|| SigningKey::generate().expect("the system gives chance"))
    }

    /// Finds who sent a request.
    ///
    /// # Errors
    /// [`AuthError`] if the request carries no bearer token, more than one, or one that is not
    /// good `now`.
    pub(crate) fn authenticate(
        &self,
        headers: &HeaderMap,
        now: jiff::Timestamp,
    ) -> Result<Principal, AuthError> {
        let presented = bearer(headers).ok_or(AuthError::Missing)?;
        match AdminToken::from_text(presented) {
            Ok(token) if self.admin.admits(&token) => Ok(holder_of_the_folder()),
            Ok(_other) => Err(AuthError::Wrong),
            Err(_no_admin_token) => self.verified(presented, now),
        }
    }

    /// Lets nobody in but the holder of the data folder.
    ///
    /// # Errors
    /// [`ApiError`] if no good token was sent, or one of a program or a person.
    pub(crate) fn holds_folder(
        &self,
        headers: &HeaderMap,
        now: jiff::Timestamp,
    ) -> Result<Principal, ApiError> {
        let principal = self.authenticate(headers, now)?;
        // No program of the tenant has this id.
        let holder = principal.application.id == MUSTER_ID;
        if holder { Ok(principal) } else { Err(OperateError::NotTheFolder.into()) }
    }

    /// Ends what people and programs have begun and not finished.
    pub(crate) fn forget(&self) {
        self.device_codes.clear();
        self.auth_codes.clear();
        self.attempts.clear();
    }

    /// Verifies a signed token, or remembers that it was.
    fn verified(&self, token: &str, now: jiff::Timestamp) -> Result<Principal, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Malformed);
        }
        let name = digest(token.as_bytes());
        let known = self.remembered().get(&name).cloned();
        if let Some(verified) = known {
            verified.lifetime.check(now)?;
            return Ok(verified.principal);
        }
        let verified = self.verify(token)?;
        verified.lifetime.check(now)?;
        let principal = verified.principal.clone();
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(name, verified);
        Ok(principal)
    }

    fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        let claims: Claims = token::open(self.key(), token)?;
        let principal = token::believe(&self.tenant, &claims)?;
        Ok(Verified { lifetime: Lifetime::of(&claims), principal })
    }

    fn remembered(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Verified>> {
        // Each change is one call on the map, so what a panic left behind is whole.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever can read the data folder may do everything.
fn holder_of_the_folder() -> Principal {
    let application = ApplicationRef { id: MUSTER_ID, name: "muster".to_owned() };
    Principal { application, user: None, scopes: Scopes::every() }
}

#[cfg(test)]
mod tests {
    use axum::http::header::AUTHORIZATION;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::identity::seed::{AUTOMATION_ID, CONSOLE_ID};
    use crate::identity::testing::{admin_token, identity, key, other_key};
    use crate::identity::token::{LIFETIME_SECONDS, Subject, claims_of, sign};
    use crate::rbac::scope::Scope;

    const NOW: i64 = 1_800_000_000;

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    fn asked(token: &str, now: i64) -> Result<Principal, AuthError> {
        asked_of(&identity(), token, now)
    }

    fn asked_of(identity: &Identity, token: &str, now: i64) -> Result<Principal, AuthError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        identity.authenticate(&headers, at(now))
    }

    /// The claims of a good token of the application with every scope.
    fn good() -> Claims {
        let identity = identity();
        let application = identity.tenant().application(AUTOMATION_ID).unwrap();
        let subject = Subject { application, user: None, scopes: application.scopes };
        claims_of(identity.tenant(), subject, at(NOW))
    }

    fn with(change: fn(&mut Claims)) -> String {
        let mut claims = good();
        change(&mut claims);
        sign(key(), &claims).unwrap()
    }

    fn headed(header: &Value, claims: &Claims) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(header), part(&serde_json::to_value(claims).unwrap()))
    }

    #[test]
    fn a_good_token_tells_the_application_and_its_scopes() {
        let token = with(|_claims| {});
        let principal = asked(&token, NOW).unwrap();
        assert_eq!(principal.application.id, AUTOMATION_ID);
        assert_eq!(principal.user, None);
        assert_eq!(principal.scopes, Scopes::every());
    }

    #[test]
    fn a_delegated_token_tells_the_person_too() {
        let identity = identity();
        let application = identity.tenant().application(CONSOLE_ID).unwrap();
        let user = identity.tenant().user_named("helpdesk@muster.example").unwrap();
        let scopes = [Scope::ManagedDevicesRead].into_iter().collect();
        let subject = Subject { application, user: Some(user), scopes };
        let token = sign(key(), &claims_of(identity.tenant(), subject, at(NOW))).unwrap();
        let principal = asked(&token, NOW).unwrap();
        assert_eq!(principal.user, Some(user.reference()));
        assert_eq!(principal.scopes, scopes);
    }

    #[test]
    fn a_token_is_good_from_its_first_second_to_its_last() {
        let token = with(|_claims| {});
        let identity = identity();
        for (now, expected) in [
            (NOW - 1, Some(AuthError::Early)),
            (NOW, None),
            (NOW + LIFETIME_SECONDS - 1, None),
            (NOW + LIFETIME_SECONDS, Some(AuthError::Expired)),
            // A clock that is set back makes it early again, remembered or not.
            (NOW - 1, Some(AuthError::Early)),
        ] {
            assert_eq!(asked_of(&identity, &token, now).err(), expected, "{now}");
        }
    }

    #[test]
    fn a_token_for_somebody_else_is_refused() {
        type Change = fn(&mut Claims);
        let changes: [(Change, AuthError); 8] = [
            (|claims| claims.aud = "https://vault.azure.net".to_owned(), AuthError::Audience),
            (|claims| claims.aud = "urn:muster:refresh".to_owned(), AuthError::Audience),
            (|claims| claims.tid = AUTOMATION_ID.to_string(), AuthError::Tenant),
            (|claims| claims.iss = "https://evil.example/".to_owned(), AuthError::Issuer),
            (|claims| claims.appid = MUSTER_ID.to_string(), AuthError::Application),
            (|claims| claims.appid = "x".to_owned(), AuthError::Malformed),
            (|claims| claims.idtyp = "user".to_owned(), AuthError::User),
            (|claims| claims.idtyp = String::new(), AuthError::Malformed),
        ];
        for (change, expected) in changes {
            assert_eq!(asked(&with(change), NOW), Err(expected));
        }
    }

    #[test]
    fn a_token_of_another_signature_key_or_algorithm_is_refused() {
        let claims = good();
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(key().id.clone());
        let forged = encode(&header, &claims, &other_key().encoding).unwrap();
        assert_eq!(asked(&forged, NOW), Err(AuthError::Signature));
        assert_eq!(asked(&sign(other_key(), &claims).unwrap(), NOW), Err(AuthError::Key));
        // The public key is no secret, so a token signed with it as a password proves nothing.
        for public in [key().public_set("i").to_string(), key().to_pem().to_owned()] {
            header.alg = Algorithm::HS256;
            let secret = EncodingKey::from_secret(public.as_bytes());
            let forged = encode(&header, &claims, &secret).unwrap();
            assert_eq!(asked(&forged, NOW), Err(AuthError::Algorithm));
        }
        for none in ["none", "None", "NONE"] {
            let unsigned = headed(&json!({"alg": none, "typ": "JWT", "kid": key().id}), &claims);
            assert!(asked(&unsigned, NOW).is_err(), "{none}");
        }
        let blank = headed(&json!({"alg": "RS256", "typ": "JWT", "kid": key().id}), &claims);
        assert_eq!(asked(&blank, NOW), Err(AuthError::Signature));
    }

    #[test]
    fn a_changed_token_is_refused_even_after_the_right_one_was_seen() {
        let identity = identity();
        let token = with(|claims| claims.roles = Some(Vec::new()));
        assert!(asked_of(&identity, &token, NOW).is_ok());
        let parts: Vec<&str> = token.split('.').collect();
        let rich = serde_json::to_value(good()).unwrap().to_string();
        let swapped = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(rich), parts[2]);
        assert_eq!(asked_of(&identity, &swapped, NOW), Err(AuthError::Signature));
    }

    #[test]
    fn the_token_of_the_folder_may_do_everything_and_one_of_its_form_nothing() {
        let right = "ab".repeat(32);
        let principal = asked_of(&Identity::new(admin_token()), &right, NOW).unwrap();
        assert_eq!(principal.scopes, Scopes::every());
        assert_eq!(asked(&"ac".repeat(32), NOW), Err(AuthError::Wrong));
        assert_eq!(asked("dev-token", NOW), Err(AuthError::Malformed));
        assert_eq!(asked(&"a.".repeat(TOKEN_BYTES_MAX), NOW), Err(AuthError::Malformed));
    }

    #[test]
    fn only_so_many_tokens_are_remembered() {
        let identity = identity();
        for _token in 0..3 {
            asked_of(&identity, &with(|_claims| {}), NOW).unwrap();
        }
        assert_eq!(identity.remembered().len(), 3);
        let shown = format!("{identity:?}");
        assert!(!shown.contains("eyJ") && !shown.contains("abab"), "{shown}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_credentials_are_refused_without_a_panic(text in "[ -~]{1,200}") {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, text.parse().unwrap());
            let refused = identity().authenticate(&headers, at(NOW)).is_err();
            prop_assert!(refused);
        }

        #[test]
        fn any_three_parts_are_refused_without_a_panic(
            header in proptest::collection::vec(any::<u8>(), 0..60),
            body in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let [header, body] = [header, body].map(|part| URL_SAFE_NO_PAD.encode(part));
            let refused = asked(&[header.as_str(), &body, "AAAA"].join("."), NOW).is_err();
            prop_assert!(refused);
        }
    }
}
