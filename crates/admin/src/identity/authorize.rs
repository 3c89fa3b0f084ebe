//! The authorization endpoint: a person lets a program in, in a browser.
//!
//! Codes leave for loopback addresses only, and only with proof of possession (PKCE): whoever reads
//! one on the way cannot use it.
//!
//! Source: RFC 6749, section 4.1; RFC 7636; RFC 8252, section 7.3; Microsoft identity platform,
//! "OAuth 2.0 authorization code flow".

use axum::http::{StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::identity::asked_scopes::{for_a_person, is_loopback};
use crate::identity::attempts::whom;
use crate::identity::auth_code::Given;
use crate::identity::authenticate::Identity;
use crate::identity::credentials::Credentials;
use crate::identity::device_code::Asked;
use crate::identity::form::Form;
use crate::identity::refusal::{TokenRefusal, echo};
use crate::identity::tenant::{Application, User};

/// The longest address to go back to, state, or nonce, in bytes.
const TEXT_BYTES_MAX: usize = 2048;

/// Characters of a challenge: SHA-256 in base64url.
const CHALLENGE_CHARS: usize = 43;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The program has opened the page.
    Opened,
    /// The person has decided.
    Decided,
}

/// What becomes of a request.
pub(super) enum Outcome {
    /// A person has to decide.
    Ask,
    /// The browser goes back to the program.
    Back(Return),
}

/// A way back to the program with what it is told.
pub(super) struct Return {
    pub(super) redirect: String,
    pub(super) mode: Mode,
    pub(super) members: Vec<(&'static str, String)>,
}

/// How the program is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// In the query of its address.
    Query,
    /// In a form that the browser sends.
    FormPost,
}

/// A program that may be answered, because it is known where it listens.
struct Client<'a> {
    application: &'a Application,
    redirect: &'a str,
    mode: Mode,
    state: Option<&'a str>,
}

/// What it asks for.
struct Wish<'a> {
    asked: Asked,
    challenge: &'a str,
    nonce: Option<&'a str>,
}

impl Identity {
    /// Takes a request one step on.
    ///
    /// # Errors
    /// [`TokenRefusal`] if nobody can be told but the person: the program or its address is wrong.
    pub(super) fn authorize(
        &self,
        form: &Form,
        stage: Stage,
        now: jiff::Timestamp,
    ) -> Result<Outcome, TokenRefusal> {
        let client = self.caller(form)?;
        let attempt = || self.given_code(&client, form, (stage, now));
        let decided = self.attempts.attempt(whom(self.tenant(), form), now, attempt);
        match decided {
            Ok(None) => Ok(Outcome::Ask),
            Ok(Some(code)) => Ok(client.back(vec![("code", code)])),
            // The person may have mistyped; the page says so.
            Err(
                wrong @ (TokenRefusal::User
                | TokenRefusal::Password
                | TokenRefusal::TooManyAttempts),
            ) => Err(wrong),
            Err(refusal) => {
                let description = format!("AADSTS{}: {refusal}", refusal.number());
                let error = word(&refusal).to_owned();
                Ok(client.back(vec![("error", error), ("error_description", description)]))
            }
        }
    }

    /// A code, if somebody has let the program in; `None` if the person has to be asked.
    fn given_code(
        &self,
        client: &Client<'_>,
        form: &Form,
        (stage, now): (Stage, jiff::Timestamp),
    ) -> Result<Option<String>, TokenRefusal> {
        let wish = wish(client.application, form)?;
        let decided = self.decided(form, stage)?;
        Ok(decided.map(|user| self.auth_codes.give(given(client, &wish, user), now)))
    }

    /// The program, if it may be answered at its address.
    fn caller<'a>(&'a self, form: &'a Form) -> Result<Client<'a>, TokenRefusal> {
        let application = self.client(form)?;
        let redirect = form.member("redirect_uri").ok_or(TokenRefusal::Absent("redirect_uri"))?;
        if !is_home(redirect) {
            return Err(TokenRefusal::ReplyAddress(echo(redirect), application.id));
        }
        let mode = match form.member("response_mode") {
            None | Some("query") => Mode::Query,
            Some("form_post") => Mode::FormPost,
            Some(other) => return Err(TokenRefusal::ResponseMode(echo(other))),
        };
        let state = form.member("state").filter(|state| state.len() <= TEXT_BYTES_MAX);
        Ok(Client { application, redirect, mode, state })
    }

    /// Who has let the program in; `None` if the person has to be asked.
    fn decided(&self, form: &Form, stage: Stage) -> Result<Option<&User>, TokenRefusal> {
        match (stage, form.member("decision"), form.member("prompt")) {
            (Stage::Decided, Some("decline"), _) => Err(TokenRefusal::Declined),
            (Stage::Decided, _, _) => self.person(form).map(Some),
            (Stage::Opened, _, Some("none")) => self.hinted(form).map(Some),
            (Stage::Opened, _, _) => Ok(None),
        }
    }

    /// The person whom a program names that asks nobody: where people sign in by name alone.
    fn hinted(&self, form: &Form) -> Result<&User, TokenRefusal> {
        match self.credentials {
            Credentials::WellKnown => {
                let named =
                    form.member("login_hint").and_then(|hint| self.tenant().user_named(hint));
                named.ok_or(TokenRefusal::NobodySignedIn)
            }
            Credentials::OfFolder(_) => Err(TokenRefusal::NobodySignedIn),
        }
    }
}

impl Client<'_> {
    fn back(&self, mut members: Vec<(&'static str, String)>) -> Outcome {
        members.extend(self.state.map(|state| ("state", state.to_owned())));
        Outcome::Back(Return { redirect: self.redirect.to_owned(), mode: self.mode, members })
    }
}

impl Return {
    /// The address with what is told in its query.
    pub(super) fn address(&self) -> String {
        let mut address = self.redirect.clone();
        for (name, value) in &self.members {
            let mark = if address.contains('?') { '&' } else { '?' };
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            address.push_str(&format!("{mark}{name}={value}"));
        }
        address
    }
}

impl Mode {
    /// What the answer to the browser is.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Query => StatusCode::SEE_OTHER,
            Self::FormPost => StatusCode::OK,
        }
    }
}

/// The word for a refusal at this endpoint.
///
/// Source: RFC 6749, section 4.1.2.1.
fn word(refusal: &TokenRefusal) -> &'static str {
    if *refusal == TokenRefusal::Declined { "access_denied" } else { refusal.word() }
}

/// What a program asks for, once it is known that it may be answered.
fn wish<'a>(application: &Application, form: &'a Form) -> Result<Wish<'a>, TokenRefusal> {
    match form.member("response_type") {
        Some("code") => {}
        Some(other) => return Err(TokenRefusal::ResponseType(echo(other))),
        None => return Err(TokenRefusal::Absent("response_type")),
    }
    let challenge = form.member("code_challenge").ok_or(TokenRefusal::NoChallenge)?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let hashed = form.member("code_challenge_method") == Some("S256");
    if !hashed || challenge.len() != CHALLENGE_CHARS || !challenge.bytes().all(letters) {
        return Err(TokenRefusal::Challenge);
    }
    let asked = form.member("scope").ok_or(TokenRefusal::Absent("scope"))?;
    let (scopes, extras) = for_a_person(asked, application.scopes)?;
    let nonce = form.member("nonce").filter(|nonce| nonce.len() <= TEXT_BYTES_MAX);
    Ok(Wish { asked: Asked { application: application.id, scopes, extras }, challenge, nonce })
}

fn given(client: &Client<'_>, wish: &Wish<'_>, user: &User) -> Given {
    Given {
        asked: wish.asked,
        user: user.id,
        redirect: client.redirect.to_owned(),
        challenge: wish.challenge.to_owned(),
        nonce: wish.nonce.map(str::to_owned),
    }
}

/// Whether an address is on the loopback device: nothing else may be told of a code.
fn is_home(redirect: &str) -> bool {
    let plain = redirect.len() <= TEXT_BYTES_MAX && redirect.bytes().all(|b| b.is_ascii_graphic());
    let uri = redirect.parse::<Uri>().ok().filter(|_| plain && !redirect.contains(['#', '\\']));
    let parts = uri.map(Uri::into_parts);
    let Some((scheme, authority)) = parts.and_then(|parts| parts.scheme.zip(parts.authority))
    else {
        return false;
    };
    is_loopback(&format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::testing::identity;

    #[test]
    fn a_code_goes_to_the_loopback_device_only() {
        for home in [
            "http://localhost",
            "http://localhost:8400/",
            "https://127.0.0.1:1/a?b=c",
            "http://[::1]:9/x",
        ] {
            assert!(is_home(home), "{home}");
        }
        for elsewhere in [
            "",
            "/",
            "localhost:1",
            "http://localhost.example",
            "http://localhost@evil.example/",
            "http://evil.example/?localhost",
            "http://127.0.0.1.evil.example",
            "ftp://localhost",
            "http://localhost:1/#x",
            "http://localhost\\@evil.example",
            "javascript:alert(1)",
            "http://0.0.0.0",
            "http://localhost:1/\r\nSet-Cookie:a",
        ] {
            assert!(!is_home(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn what_is_told_cannot_change_the_address() {
        let members = vec![("code", "a&b=c#d".to_owned()), ("state", "é \n".to_owned())];
        let back = |redirect: &str| {
            let (redirect, members) = (redirect.to_owned(), members.clone());
            Return { redirect, mode: Mode::Query, members }.address()
        };
        let told = "code=a%26b%3Dc%23d&state=%C3%A9%20%0A";
        assert_eq!(back("http://localhost:1/x"), format!("http://localhost:1/x?{told}"));
        assert_eq!(back("http://localhost:1/x?y=z"), format!("http://localhost:1/x?y=z&{told}"));
    }

    proptest! {
        #[test]
        fn no_request_is_too_strange_to_be_answered(
            members in proptest::collection::vec(("[a-z_]{1,14}", ".{0,30}"), 0..8),
            redirect in "(http://localhost:[0-9]{1,6}/)?.{0,20}",
        ) {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let mut body = format!(
                "client_id=6d757374-6572-4003-8000-000000000004&redirect_uri={}", encode(&redirect)
            );
            for (name, value) in &members {
                body.push_str(&format!("&{name}={}", encode(value)));
            }
            if let Ok(form) = Form::parse(body.as_bytes()) {
                for stage in [Stage::Opened, Stage::Decided] {
                    let outcome = identity().authorize(&form, stage, jiff::Timestamp::UNIX_EPOCH);
                    if let Ok(Outcome::Back(back)) = outcome {
                        prop_assert!(is_home(&back.redirect));
                    }
                }
            }
        }
    }
}
