//! The token endpoint: what a program shows, and what it gets for it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::identity::asked_scopes::{for_a_person, for_itself};
use crate::identity::assertion::Proof;
use crate::identity::attempts::whom;
use crate::identity::auth::AuthError;
use crate::identity::auth_code::Shown;
use crate::identity::authenticate::Identity;
use crate::identity::device_code::LIFETIME_SECONDS as CODE_LIFETIME_SECONDS;
use crate::identity::device_code::{Asked, Decision, Extras, INTERVAL_SECONDS, Wanted};
use crate::identity::form::Form;
use crate::identity::refusal::{TokenRefusal, echo};
use crate::identity::tenant::{Application, ClientKind, User};
use crate::identity::token::{self, LIFETIME_SECONDS, Subject};
use crate::rbac::scope::{Scope, Scopes};

/// The grant of a device code; the second form is older.
const DEVICE_CODE_GRANTS: [&str; 2] =
    ["urn:ietf:params:oauth:grant-type:device_code", "device_code"];

/// What refresh tokens are for. No access token has it, and no refresh token anything else.
const REFRESH_AUDIENCE: &str = "urn:muster:refresh";

/// How long a refresh token is good, in seconds.
///
/// Source: Microsoft identity platform: 90 days.
const REFRESH_LIFETIME_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Whose tokens a path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Realm {
    /// The tenant of this server.
    This,
    /// Whatever tenant somebody is of: `common` or `organizations`.
    Any,
}

/// One request for a token.
#[derive(Clone, Copy)]
pub(super) struct TokenRequest<'a> {
    pub(super) realm: Realm,
    pub(super) form: &'a Form,
    /// Scheme and host the program came to.
    pub(super) base: &'a str,
    /// Where people type codes.
    pub(super) page: &'a str,
    pub(super) now: jiff::Timestamp,
}

/// What a refresh token says.
#[derive(Debug, Serialize, Deserialize)]
struct RefreshClaims {
    aud: String,
    appid: String,
    oid: String,
    scp: String,
    openid: bool,
    exp: i64,
}

/// Somebody let in.
#[derive(Clone)]
struct SignedIn<'a> {
    application: &'a Application,
    user: &'a User,
    scopes: Scopes,
    extras: Extras,
    /// What the ID token has to repeat.
    nonce: Option<String>,
}

impl Identity {
    /// Which tenant a segment of a path means.
    pub(super) fn realm(&self, segment: &str) -> Result<Realm, TokenRefusal> {
        let any = ["common", "organizations"].iter().any(|any| segment.eq_ignore_ascii_case(any));
        match (any, self.tenant().is_called(segment)) {
            (true, _) => Ok(Realm::Any),
            (false, true) => Ok(Realm::This),
            (false, false) => Err(TokenRefusal::Tenant(echo(segment))),
        }
    }

    /// Answers a request for a token.
    ///
    /// # Errors
    /// [`TokenRefusal`]. Nothing is signed for somebody who is refused.
    pub(super) fn grant(&self, request: TokenRequest<'_>) -> Result<Value, TokenRefusal> {
        let whom = whom(self.tenant(), request.form);
        self.attempts.attempt(whom, request.now, || self.granted(request))
    }

    fn granted(&self, request: TokenRequest<'_>) -> Result<Value, TokenRefusal> {
        let grant = present(request.form, "grant_type")?;
        let application = self.client(request.form)?;
        if grant == "client_credentials" {
            return self.for_itself(application, request);
        }
        self.prove(application, request)?;
        let signed_in = match grant {
            "authorization_code" => self.by_auth_code(application, request)?,
            "password" => self.by_password(application, request.form)?,
            "refresh_token" => self.by_refresh_token(application, request)?,
            code if DEVICE_CODE_GRANTS.contains(&code) => {
                self.by_device_code(application, request)?
            }
            other => return Err(TokenRefusal::Grant(echo(other))),
        };
        self.for_a_person(&signed_in, request)
    }

    /// Begins a device code.
    ///
    /// With `username` the person is let in at once, as a developer wants it who has no browser
    /// at hand.
    ///
    /// # Errors
    /// [`TokenRefusal`] if there is no such application, its scopes are none, or the person may
    /// not sign in.
    pub(super) fn begin_device_code(
        &self,
        request: TokenRequest<'_>,
    ) -> Result<Value, TokenRefusal> {
        let application = self.client(request.form)?;
        let asked = request.form.member("scope").unwrap_or_default();
        let (scopes, extras) = for_a_person(asked, application.scopes)?;
        let decision = match request.form.member("username") {
            Some(_named) => Decision::Approved(self.person(request.form)?.id),
            None => Decision::Pending,
        };
        let asked = Asked { application: application.id, scopes, extras };
        let codes = self.device_codes.begin(asked, decision, request.now)?;
        let page = request.page;
        let message = format!(
            "To sign in, use a web browser to open the page {page} and enter the code {} to \
             authenticate.",
            codes.user
        );
        Ok(json!({
            "user_code": codes.user,
            "device_code": codes.device,
            "verification_uri": page,
            "expires_in": CODE_LIFETIME_SECONDS,
            "interval": INTERVAL_SECONDS,
            "message": message,
        }))
    }

    /// Lets a person decide on a code.
    ///
    /// # Errors
    /// [`TokenRefusal`] if the code is not open or the person may not sign in.
    pub(super) fn decide(&self, form: &Form, now: jiff::Timestamp) -> Result<(), TokenRefusal> {
        self.attempts.attempt(whom(self.tenant(), form), now, || {
            let code = present(form, "user_code")?;
            let decision = match form.member("decision") {
                Some("decline") => Decision::Declined,
                Some(_) | None => Decision::Approved(self.person(form)?.id),
            };
            Ok(self.device_codes.decide(code, decision, now)?)
        })
    }

    pub(super) fn client(&self, form: &Form) -> Result<&Application, TokenRefusal> {
        let named = present(form, "client_id")?;
        let found = named.parse().ok().and_then(|id| self.tenant().application(id));
        found.ok_or_else(|| TokenRefusal::Application(echo(named), self.tenant().name))
    }

    /// Checks what a client shows of itself.
    fn prove(
        &self,
        application: &Application,
        request: TokenRequest<'_>,
    ) -> Result<(), TokenRefusal> {
        let form = request.form;
        let (secret, assertion) = (form.member("client_secret"), form.member("client_assertion"));
        match (application.kind, secret, assertion) {
            (ClientKind::Public, None, None) => Ok(()),
            (ClientKind::Public, _, _) => Err(TokenRefusal::PublicClient),
            (ClientKind::Confidential, Some(secret), _) => {
                let right = self.credentials.is_secret(application, secret);
                right.then_some(()).ok_or(TokenRefusal::Secret(application.id))
            }
            (ClientKind::Confidential, None, Some(assertion)) => {
                let (tenant, certificates) = (self.tenant(), &self.certificates);
                Proof { tenant, certificates, application, request }.check(assertion)
            }
            (ClientKind::Confidential, None, None) => Err(TokenRefusal::ConfidentialOnly),
        }
    }

    fn for_itself(
        &self,
        application: &Application,
        request: TokenRequest<'_>,
    ) -> Result<Value, TokenRefusal> {
        if request.realm == Realm::Any {
            return Err(TokenRefusal::NoTenant);
        }
        match (application.kind, self.prove(application, request)) {
            (_, Err(TokenRefusal::ConfidentialOnly)) | (ClientKind::Public, Ok(())) => {
                return Err(TokenRefusal::NoCredential);
            }
            (_, proved) => proved?,
        }
        let scopes = for_itself(present(request.form, "scope")?, application.scopes)?;
        let subject = Subject { application, user: None, scopes };
        Ok(Value::Object(self.answer(subject, request.now)?))
    }

    fn by_password<'a>(
        &'a self,
        application: &'a Application,
        form: &Form,
    ) -> Result<SignedIn<'a>, TokenRefusal> {
        let (scopes, extras) = for_a_person(present(form, "scope")?, application.scopes)?;
        Ok(SignedIn { application, user: self.person(form)?, scopes, extras, nonce: None })
    }

    /// The person a form names, if their password is right.
    pub(super) fn person(&self, form: &Form) -> Result<&User, TokenRefusal> {
        let named = present(form, "username")?;
        let user = self.tenant().user_named(named).ok_or(TokenRefusal::User)?;
        let password = form.member("password").unwrap_or_default();
        self.credentials.is_password(user, password).then_some(user).ok_or(TokenRefusal::Password)
    }

    fn by_device_code<'a>(
        &'a self,
        application: &'a Application,
        request: TokenRequest<'_>,
    ) -> Result<SignedIn<'a>, TokenRefusal> {
        let code = present(request.form, "device_code")?;
        let redeemed = self.device_codes.redeem(code, application.id, request.now);
        let (Asked { scopes, extras, .. }, user) = redeemed?;
        let user = self.tenant().user(user).ok_or(TokenRefusal::User)?;
        Ok(SignedIn { application, user, scopes, extras, nonce: None })
    }

    fn by_auth_code<'a>(
        &'a self,
        application: &'a Application,
        request: TokenRequest<'_>,
    ) -> Result<SignedIn<'a>, TokenRefusal> {
        let shown = Shown {
            code: present(request.form, "code")?,
            application: application.id,
            redirect: present(request.form, "redirect_uri")?,
            verifier: present(request.form, "code_verifier")?,
        };
        let given = self.auth_codes.redeem(shown, request.now)?;
        let user = self.tenant().user(given.user).ok_or(TokenRefusal::User)?;
        let Asked { scopes, extras, .. } = given.asked;
        Ok(SignedIn { application, user, scopes, extras, nonce: given.nonce })
    }

    fn by_refresh_token<'a>(
        &'a self,
        application: &'a Application,
        request: TokenRequest<'_>,
    ) -> Result<SignedIn<'a>, TokenRefusal> {
        let text = present(request.form, "refresh_token")?;
        let wrong = |_cause: AuthError| TokenRefusal::RefreshToken;
        let claims: RefreshClaims = token::open(self.key(), text).map_err(wrong)?;
        if claims.aud != REFRESH_AUDIENCE || claims.appid != application.id.to_string() {
            return Err(TokenRefusal::RefreshToken);
        }
        if request.now.as_second() >= claims.exp {
            return Err(TokenRefusal::RefreshTokenExpired);
        }
        let user = claims.oid.parse().ok().and_then(|id| self.tenant().user(id));
        let user = user.ok_or(TokenRefusal::User)?;
        let had: Scopes = claims.scp.split(' ').filter_map(Scope::named).collect();
        let scopes = match request.form.member("scope") {
            None => had,
            Some(asked) => for_a_person(asked, had)?.0,
        };
        let id_token = if claims.openid { Wanted::Yes } else { Wanted::No };
        let extras = Extras { id_token, refresh_token: Wanted::Yes };
        Ok(SignedIn { application, user, scopes, extras, nonce: None })
    }

    fn for_a_person(
        &self,
        signed_in: &SignedIn<'_>,
        request: TokenRequest<'_>,
    ) -> Result<Value, TokenRefusal> {
        let SignedIn { application, user, scopes, extras, .. } = *signed_in;
        let subject = Subject { application, user: Some(user), scopes };
        let mut answer = self.answer(subject, request.now)?;
        answer.insert("scope".to_owned(), scopes.names().collect::<Vec<_>>().join(" ").into());
        if extras.refresh_token == Wanted::Yes {
            answer.insert("refresh_token".to_owned(), self.refresh(signed_in, request.now)?.into());
        }
        if extras.id_token == Wanted::Yes {
            answer.insert("id_token".to_owned(), self.id_token(signed_in, request)?.into());
        }
        if request.form.member("client_info") == Some("1") {
            answer.insert("client_info".to_owned(), self.client_info(user.id).into());
        }
        Ok(answer.into())
    }

    fn answer(
        &self,
        subject: Subject<'_>,
        now: jiff::Timestamp,
    ) -> Result<Map<String, Value>, TokenRefusal> {
        let claims = token::claims_of(self.tenant(), subject, now);
        let mut answer = Map::new();
        answer.insert("token_type".to_owned(), "Bearer".into());
        answer.insert("expires_in".to_owned(), LIFETIME_SECONDS.into());
        answer.insert("ext_expires_in".to_owned(), LIFETIME_SECONDS.into());
        answer.insert("access_token".to_owned(), self.signed(&claims)?.into());
        Ok(answer)
    }

    fn refresh(
        &self,
        signed_in: &SignedIn<'_>,
        now: jiff::Timestamp,
    ) -> Result<String, TokenRefusal> {
        self.signed(&RefreshClaims {
            aud: REFRESH_AUDIENCE.to_owned(),
            appid: signed_in.application.id.to_string(),
            oid: signed_in.user.id.to_string(),
            scp: signed_in.scopes.names().collect::<Vec<_>>().join(" "),
            openid: signed_in.extras.id_token == Wanted::Yes,
            exp: now.as_second() + REFRESH_LIFETIME_SECONDS,
        })
    }

    /// Source: Microsoft identity platform, ID token claims.
    fn id_token(
        &self,
        signed_in: &SignedIn<'_>,
        request: TokenRequest<'_>,
    ) -> Result<String, TokenRefusal> {
        let issued = request.now.as_second();
        let object = signed_in.user.id.to_string();
        self.signed(&json!({
            "aud": signed_in.application.id.to_string(),
            "iss": format!("{}/{}/v2.0", request.base, self.tenant().id),
            "iat": issued,
            "nbf": issued,
            "exp": issued + LIFETIME_SECONDS,
            "name": signed_in.user.name,
            "preferred_username": signed_in.user.upn,
            "oid": object,
            "sub": object,
            "tid": self.tenant().id.to_string(),
            "ver": "2.0",
            "nonce": signed_in.nonce,
        }))
    }

    /// What the libraries of the service name an account by.
    fn client_info(&self, user: Uuid) -> String {
        let account = json!({ "uid": user.to_string(), "utid": self.tenant().id.to_string() });
        URL_SAFE_NO_PAD.encode(account.to_string())
    }

    fn signed<T: Serialize>(&self, claims: &T) -> Result<String, TokenRefusal> {
        token::sign(self.key(), claims).map_err(|_cause| TokenRefusal::Signing)
    }
}

fn present<'a>(form: &'a Form, name: &'static str) -> Result<&'a str, TokenRefusal> {
    form.member(name).ok_or(TokenRefusal::Absent(name))
}
