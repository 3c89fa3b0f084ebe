//! The page on which a person lets a program in.

use core::fmt::Write as _;

use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};

use crate::identity::authenticate::Identity;
use crate::identity::authorize::{Mode, Return};
use crate::identity::credentials::Credentials;
use crate::identity::form::Form;

/// What stands above every page.
const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>Sign in to muster</title>\
    <style>body{font:1rem/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}\
    label{display:block;margin:1rem 0}input,select{display:block;width:100%;font:inherit;\
    padding:.4rem;box-sizing:border-box}button{font:inherit;padding:.4rem 1.2rem}</style>";

/// What the pages for a program's own browser may do: a form of theirs leads to a loopback address,
/// by way of this server or at once.
///
/// Source: CSP Level 3, section 6.4.2: redirects of a form count.
const LEADING_AWAY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='; \
    form-action 'self' http://localhost:* https://localhost:* http://127.0.0.1:* \
    https://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'";

/// Sends the form of a page at once, where scripts run.
const SEND: &str = "document.forms[0].submit()";

/// The form for a code. Nothing in it comes from the request.
pub(super) fn page(identity: &Identity) -> Response {
    let account = account(identity, "");
    Html(format!(
        "{HEAD}<h1>Sign in to muster</h1><p>A program that showed you a code wants to act in \
         your name. Go on only if you started it.</p><form method=\"post\">\
         <label>Code<input name=\"user_code\" autocomplete=\"off\" autofocus required></label>\
         {account}{BUTTONS}</form>"
    ))
    .into_response()
}

/// The form for a program that opened the page itself. What the program sent goes along.
pub(super) fn consent(identity: &Identity, form: &Form) -> Response {
    let own = ["username", "password", "decision"];
    let mut sent = String::new();
    for (name, value) in form.members().filter(|(name, _value)| !own.contains(name)) {
        hide(&mut sent, name, value);
    }
    let account = account(identity, form.member("login_hint").unwrap_or_default());
    let body = format!(
        "{HEAD}<h1>Sign in to muster</h1><p>A program on this machine wants to act in your \
         name. Go on only if you started it.</p><form method=\"post\" action=\"?\">{sent}\
         {account}{BUTTONS}</form>"
    );
    leading_away(StatusCode::OK, body)
}

/// The way back to a program.
pub(super) fn returned(back: &Return) -> Response {
    match back.mode {
        Mode::Query => {
            let mut response = leading_away(back.mode.status(), String::new());
            if let Ok(address) = HeaderValue::try_from(back.address()) {
                response.headers_mut().insert(LOCATION, address);
            }
            response
        }
        Mode::FormPost => {
            let mut told = String::new();
            for (name, value) in &back.members {
                hide(&mut told, name, value);
            }
            let address = escaped(&back.redirect);
            let body = format!(
                "{HEAD}<form method=\"post\" action=\"{address}\">{told}\
                 <button>Go back to the program</button></form><script>{SEND}</script>"
            );
            leading_away(back.mode.status(), body)
        }
    }
}

const BUTTONS: &str = "<button name=\"decision\" value=\"approve\">Let it in</button> \
    <button name=\"decision\" value=\"decline\">Decline</button>";

fn leading_away(status: StatusCode, body: String) -> Response {
    let policy = (CONTENT_SECURITY_POLICY, HeaderValue::from_static(LEADING_AWAY));
    (status, [policy], Html(body)).into_response()
}

/// The account to sign in with, and its password where people have one.
fn account(identity: &Identity, hint: &str) -> String {
    let mut people = String::new();
    for user in &identity.tenant().users {
        let chosen = if user.upn.eq_ignore_ascii_case(hint) { " selected" } else { "" };
        // Writing to a `String` cannot fail; names of the seed have nothing to escape.
        let _infallible =
            write!(people, "<option value=\"{0}\"{chosen}>{1} ({0})", user.upn, user.name);
    }
    let password = match identity.credentials {
        Credentials::WellKnown => "",
        Credentials::OfFolder(_) => {
            "<label>Password<input name=\"password\" type=\"password\" \
             autocomplete=\"off\"></label>"
        }
    };
    format!("<label>Account<select name=\"username\">{people}</select></label>{password}")
}

fn hide(html: &mut String, name: &str, value: &str) {
    let (name, value) = (escaped(name), escaped(value));
    // Writing to a `String` cannot fail.
    let _infallible = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A page with one of our sentences.
pub(super) fn told(status: StatusCode, sentence: &str) -> Response {
    let safe = escaped(sentence);
    (status, Html(format!("{HEAD}<p>{safe}</p>"))).into_response()
}
