//! The page on which a person lets a program in.

use core::fmt::Write as _;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use crate::identity::authenticate::Identity;
use crate::identity::credentials::Credentials;

/// What stands above every page.
const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>Sign in to muster</title>\
    <style>body{font:1rem/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}\
    label{display:block;margin:1rem 0}input,select{display:block;width:100%;font:inherit;\
    padding:.4rem;box-sizing:border-box}button{font:inherit;padding:.4rem 1.2rem}</style>";

/// The form for a code. Nothing in it comes from the request.
pub(super) fn page(identity: &Identity) -> Response {
    let mut people = String::new();
    for user in &identity.tenant().users {
        // Writing to a `String` cannot fail; names of the seed have nothing to escape.
        let _infallible =
            write!(people, "<option value=\"{}\">{} ({})", user.upn, user.name, user.upn);
    }
    let password = match identity.credentials {
        Credentials::WellKnown => "",
        Credentials::OfFolder(_) => {
            "<label>Password<input name=\"password\" type=\"password\" \
             autocomplete=\"off\"></label>"
        }
    };
    Html(format!(
        "{HEAD}<h1>Sign in to muster</h1><p>A program that showed you a code wants to act in \
         your name. Go on only if you started it.</p><form method=\"post\">\
         <label>Code<input name=\"user_code\" autocomplete=\"off\" autofocus required></label>\
         <label>Account<select name=\"username\">{people}</select></label>{password}\
         <button name=\"decision\" value=\"approve\">Let it in</button> \
         <button name=\"decision\" value=\"decline\">Decline</button></form>"
    ))
    .into_response()
}

/// A page with one of our sentences.
pub(super) fn told(status: StatusCode, sentence: &str) -> Response {
    let safe = sentence.replace('&', "&amp;").replace('<', "&lt;");
    (status, Html(format!("{HEAD}<p>{safe}</p>"))).into_response()
}
