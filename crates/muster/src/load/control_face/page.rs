//! The page that shows a run in a browser: one file that needs nothing else.
//!
//! It holds neither a number nor a secret, so everybody may have it. Its script asks `GET /v1/run`
//! with the token, which a browser keeps behind the `#` of the address and never sends by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use muster_report::PALETTE;
use sha2::{Digest as _, Sha256};

const FRAME: &str = include_str!("page/index.html");

/// What the page looks like, beside the colours that all pages share.
const STYLE: &str = include_str!("page/style.css");

/// The script, joined: what stands in the page itself cannot import its parts.
pub(super) const SCRIPT: &str = concat!(
    include_str!("page/words.js"),
    include_str!("page/chart.js"),
    include_str!("page/show.js"),
    include_str!("page/ask.js"),
    include_str!("page/wish.js"),
    include_str!("page/token.js"),
);

/// The page, and what a browser lets it do.
#[derive(Debug)]
pub(super) struct Page {
    html: Bytes,
    policy: HeaderValue,
}

impl Page {
    pub(super) fn whole() -> Self {
        let style = [PALETTE, STYLE].concat();
        let html = FRAME.replacen("/*style*/", &style, 1).replacen("/*script*/", SCRIPT, 1);
        let policy = policy(&style, SCRIPT);
        let policy = HeaderValue::try_from(policy).expect("a policy is a header's text");
        Self { html: html.into(), policy }
    }

    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.html.clone()));
        response.headers_mut().extend([
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_SECURITY_POLICY, self.policy.clone()),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ]);
        response
    }
}

/// Nothing but `style` and `script`, which may ask this address only, and may make no text
/// into HTML.
///
/// Source: Content Security Policy Level 3, section 2.3.1; Trusted Types.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'",
        hash(script),
        hash(style),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::control::PACES;

    fn html() -> String {
        String::from_utf8(Page::whole().html.to_vec()).unwrap()
    }

    fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
        text.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    #[test]
    fn the_policy_lets_in_the_style_and_the_script_of_the_page_and_no_other() {
        let (page, html) = (Page::whole(), html());
        let policy = page.policy.to_str().unwrap();
        let style = between(&html, "<style>", "</style>");
        let script = between(&html, "<script type=\"module\">", "</script>");
        for (what, text) in [("style", style), ("script", script)] {
            let hash = BASE64.encode(Sha256::digest(text));
            assert!(policy.contains(&format!("{what}-src 'sha256-{hash}';")), "{policy}");
            assert_eq!(html.matches(&format!("<{what}")).count(), 1);
        }
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    }

    #[test]
    fn the_page_needs_nothing_from_anywhere_and_is_small() {
        let html = html();
        assert!(html.len() < 64 * 1024, "{} bytes", html.len());
        for outside in ["http://", "https://", "//cdn", " src=", "@import", "url(", "import("] {
            assert!(!html.contains(outside), "{outside}");
        }
    }

    #[test]
    fn what_a_run_says_never_becomes_html() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!SCRIPT.contains(way), "{way}");
        }
        for attribute in [" style=", " onclick=", " onsubmit="] {
            assert!(!FRAME.contains(attribute), "{attribute} is shut out by the policy");
        }
    }

    #[test]
    fn the_token_is_kept_nowhere_but_in_the_script() {
        for place in ["localStorage", "sessionStorage", "document.cookie", "indexedDB"] {
            assert!(!SCRIPT.contains(place), "{place}");
        }
    }

    #[test]
    fn every_place_the_script_writes_to_is_on_the_page() {
        let places = ["at(\"", "write(\"", "lay(\"", "rows(\"", "onClick(\""];
        let places = places.into_iter().flat_map(|call| SCRIPT.split(call).skip(1));
        let ids: Vec<&str> = places.filter_map(|rest| rest.split('"').next()).collect();
        assert!(ids.len() > 20, "{ids:?}");
        for id in ids {
            assert!(FRAME.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }

    #[test]
    fn buttons_choose_among_the_paces_of_the_keys() {
        assert!(SCRIPT.contains(&format!("const PACES = {PACES:?};")));
    }
}
