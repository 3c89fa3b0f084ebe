//! Ways to sign in that need more than a form: certificates, and a browser.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use muster_admin::{AdminOptions, Backend as _};
use muster_protocol::Mode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::fake::{Answer, Client, Fake, record};

const TENANT: &str = "6d757374-6572-4000-8000-000000000001";
const AUTOMATION: &str = "6d757374-6572-4003-8000-000000000001";
const REPORTING: &str = "6d757374-6572-4003-8000-000000000002";
const CONSOLE: &str = "6d757374-6572-4003-8000-000000000004";
const HOME: &str = "http%3A%2F%2Flocalhost%3A8400%2Fback";
/// Certificate and key of a program; they open nothing but this test.
const PEM: &str = include_str!("../../../../fixtures/graph-clients/client-certificate.pem");
/// The older thumbprint of the certificate.
const SHA1: &str = "nCZdxGYjbnqDrq5YzJMQMYZjDKg";
/// Source: RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client() -> (Fake, Client) {
    let fake = Fake::new([record(1, Mode::AppleAutomatedDevice)]);
    let client = Client::certified(&fake, AdminOptions::default(), ("automation", PEM));
    (fake, client)
}

async fn form(client: &Client, path: &str, form: &str) -> Answer {
    let request = Request::post(format!("/{TENANT}/oauth2/v2.0/{path}"))
        .header("content-type", "application/x-www-form-urlencoded");
    client.call(request.body(Body::from(form.to_owned())).expect("a request")).await
}

async fn get(client: &Client, target: &str) -> Answer {
    client.call(Request::get(target).body(Body::empty()).expect("a request")).await
}

/// Whether a token opens the list of devices.
async fn opens(client: &Client, answer: &Answer) -> bool {
    let token = answer.json()["access_token"].as_str().expect(&answer.text).to_owned();
    let request = Request::get("/v1.0/deviceManagement/managedDevices")
        .header("authorization", format!("Bearer {token}"));
    client.call(request.body(Body::empty()).expect("a request")).await.status == 200
}

/// The thumbprint of the certificate.
fn thumbprint() -> String {
    let body = PEM.split("-----").nth(2).expect("a certificate");
    let der = STANDARD.decode(body.split_whitespace().collect::<String>()).expect("base64");
    URL_SAFE_NO_PAD.encode(Sha256::digest(der))
}

fn key() -> EncodingKey {
    EncodingKey::from_rsa_pem(&PEM.as_bytes()[PEM.find("-----BEGIN PRIVATE").expect("a key")..])
        .expect("an RSA key")
}

/// An assertion, good but for what is changed of it.
fn assertion(
    now: i64,
    algorithm: Algorithm,
    change: impl FnOnce(&mut Header, &mut Value),
) -> String {
    let mut header = Header::new(algorithm);
    header.x5t_s256 = Some(thumbprint());
    let mut claims = json!({
        "aud": format!("https://127.0.0.1:8443/{TENANT}/oauth2/v2.0/token"),
        "iss": AUTOMATION,
        "sub": AUTOMATION,
        "jti": "1",
        "nbf": now,
        "exp": now + 600,
    });
    change(&mut header, &mut claims);
    let key = if algorithm == Algorithm::HS256 {
        EncodingKey::from_secret(PEM.as_bytes())
    } else {
        key()
    };
    encode(&header, &claims, &key).expect("signed")
}

fn credentials(application: &str, assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id={application}&client_assertion={assertion}&\
         client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&\
         scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    )
}

#[tokio::test]
async fn an_application_proves_itself_with_its_certificate() {
    let (fake, client) = client();
    let now = fake.wall(fake.now()).as_second();
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let good = assertion(now, algorithm, |_header, _claims| {});
        let answer = form(&client, "token", &credentials(AUTOMATION, &good)).await;
        assert!(opens(&client, &answer).await, "{}", answer.text);
    }
    // As the Python library writes it: fractions of seconds, the older hash, padded.
    let older = assertion(now, Algorithm::RS256, |header, claims| {
        header.x5t = Some(format!("{SHA1}="));
        header.x5t_s256 = None;
        claims["exp"] = json!(f64::from(u32::try_from(now + 600).expect("this century")) + 0.5);
    });
    let answer = form(&client, "token", &credentials(AUTOMATION, &older)).await;
    assert!(opens(&client, &answer).await, "{}", answer.text);
}

#[tokio::test]
async fn an_assertion_that_proves_nothing_is_refused_with_the_number_of_the_service() {
    let (fake, client) = client();
    let now = fake.wall(fake.now()).as_second();
    let rs = |change: fn(&mut Header, &mut Value)| assertion(now, Algorithm::RS256, change);
    let foreign = format!("{}AAAA", &rs(|_h, _c| {})[..rs(|_h, _c| {}).len() - 4]);
    for (assertion, number) in [
        ("a.b.c".to_owned(), 50027),
        (foreign, 700_027),
        (rs(|header, _c| header.x5t_s256 = Some("x".to_owned())), 700_027),
        (rs(|header, _c| header.x5t_s256 = None), 700_027),
        (assertion(now, Algorithm::HS256, |_h, _c| {}), 5_002_738),
        (assertion(now, Algorithm::RS512, |_h, _c| {}), 5_002_738),
        (assertion(now - 1000, Algorithm::RS256, |_h, _c| {}), 700_024),
        (assertion(now + 1000, Algorithm::RS256, |_h, _c| {}), 700_024),
        (rs(|_h, claims| claims["aud"] = "https://evil.example/token".into()), 700_023),
        (rs(|_h, claims| claims["aud"] = "https://127.0.0.1:8443/x/v2.0".into()), 700_023),
        (rs(|_h, claims| claims["sub"] = REPORTING.into()), 700_021),
    ] {
        let answer = form(&client, "token", &credentials(AUTOMATION, &assertion)).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert_eq!(answer.json()["error"], "invalid_client");
        assert_eq!(answer.json()["error_codes"], json!([number]), "{}", answer.text);
    }
    let good = rs(|_h, _c| {});
    let other = form(&client, "token", &credentials(REPORTING, &good)).await;
    assert_eq!(other.json()["error_codes"], json!([700_027]), "it is another's certificate");
    let untyped = credentials(AUTOMATION, &good).replace("client_assertion_type", "x");
    assert_eq!(form(&client, "token", &untyped).await.json()["error_codes"], json!([900_144]));
}

fn wish(rest: &str) -> String {
    format!(
        "client_id={CONSOLE}&response_type=code&redirect_uri={HOME}&state=a%26b&nonce=n1&\
         scope=https%3A%2F%2Fgraph.microsoft.com%2F.default%20openid%20offline_access&\
         code_challenge={CHALLENGE}&code_challenge_method=S256{rest}"
    )
}

fn redeem(code: &str, verifier: &str) -> String {
    format!(
        "grant_type=authorization_code&client_id={CONSOLE}&redirect_uri={HOME}&code={code}&\
         code_verifier={verifier}"
    )
}

/// A member of the query of an address.
fn told<'a>(address: &'a str, name: &str) -> &'a str {
    let query = address.split_once('?').expect("a query").1;
    let member = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    member.unwrap_or_default()
}

async fn decided(client: &Client, rest: &str) -> Answer {
    form(client, "authorize", &wish(rest)).await
}

#[tokio::test]
async fn a_person_signs_in_in_a_browser_and_the_program_fetches_the_tokens() {
    let (_fake, client) = client();
    let page = get(&client, &format!("/{TENANT}/oauth2/v2.0/authorize?{}", wish(""))).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("helpdesk@muster.example"), "{}", page.text);
    assert!(page.text.contains("name=\"state\" value=\"a&amp;b\""), "{}", page.text);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));

    let back = decided(&client, "&username=helpdesk%40muster.example&decision=approve").await;
    assert_eq!(back.status, 303);
    let address = back.header("location");
    assert!(address.starts_with("http://localhost:8400/back?code="), "{address}");
    assert_eq!(told(address, "state"), "a%26b");
    let answer = form(&client, "token", &redeem(told(address, "code"), VERIFIER)).await;
    assert!(opens(&client, &answer).await, "{}", answer.text);
    let id = answer.json()["id_token"].as_str().expect("an ID token").to_owned();
    let claims = URL_SAFE_NO_PAD.decode(id.split('.').nth(1).expect("claims")).expect("base64");
    assert_eq!(serde_json::from_slice::<Value>(&claims).expect("JSON")["nonce"], "n1");
    assert!(answer.json()["refresh_token"].is_string());
    let again = form(&client, "token", &redeem(told(address, "code"), VERIFIER)).await;
    assert_eq!(again.json()["error_codes"], json!([54005]));
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_what_only_the_program_knows() {
    let (_fake, client) = client();
    let back = decided(&client, "&username=helpdesk%40muster.example").await;
    let code = told(back.header("location"), "code").to_owned();
    let answer = form(&client, "token", &redeem(&code, "x")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_grant")));
    assert_eq!(answer.json()["error_codes"], json!([501_481]));
}

#[tokio::test]
async fn a_form_may_bring_the_code_and_nothing_in_it_is_taken_for_html() {
    let (_fake, client) = client();
    let rest = "&username=helpdesk%40muster.example&response_mode=form_post";
    let back = form(&client, "authorize", &wish(rest).replace("a%26b", "%22%3E%3Cscript%3E")).await;
    assert_eq!(back.status, 200);
    assert!(back.text.contains("action=\"http://localhost:8400/back\""), "{}", back.text);
    assert!(back.text.contains("value=\"&quot;>&lt;script>\""), "{}", back.text);
    assert!(back.text.contains("name=\"code\""));
}

#[tokio::test]
async fn a_program_asks_nobody_if_it_names_somebody() {
    let (_fake, client) = client();
    let at = format!("/{TENANT}/oauth2/v2.0/authorize?{}&prompt=none", wish(""));
    let hinted = get(&client, &format!("{at}&login_hint=read.only%40muster.example")).await;
    assert!(!told(hinted.header("location"), "code").is_empty(), "{:?}", hinted.headers);
    let unknown = get(&client, &at).await;
    assert_eq!(told(unknown.header("location"), "error"), "login%5Frequired");
}

#[tokio::test]
async fn what_a_program_does_wrong_it_is_told_and_what_may_not_be_told_the_person_is() {
    let (_fake, client) = client();
    for (from, to, error, number) in [
        ("response_type=code", "response_type=token", "unsupported%5Fresponse%5Ftype", "700054"),
        (
            "code_challenge_method=S256",
            "code_challenge_method=plain",
            "invalid%5Frequest",
            "501491",
        ),
        ("code_challenge=", "x=", "invalid%5Frequest", "9002325"),
        ("graph.microsoft.com", "vault.azure.net", "invalid%5Fresource", "500011"),
        ("nonce=n1", "decision=decline", "access%5Fdenied", "65004"),
    ] {
        let back = form(&client, "authorize", &wish("").replacen(from, to, 1)).await;
        let address = back.header("location");
        assert_eq!(told(address, "error"), error, "{address}");
        assert!(told(address, "error_description").starts_with(&format!("AADSTS{number}")));
        assert_eq!(told(address, "state"), "a%26b");
    }
    for (from, to) in [
        (HOME, "https%3A%2F%2Fevil.example%2F"),
        (HOME, "http%3A%2F%2Flocalhost%40evil.example"),
        (CONSOLE, TENANT),
        ("nonce=n1", "response_mode=fragment"),
        ("nonce=n1", "username=nobody"),
    ] {
        let page = form(&client, "authorize", &wish("").replacen(from, to, 1)).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (400, ""), "{to}");
    }
}

#[tokio::test]
async fn whoever_guesses_has_to_wait_and_nobody_else() {
    let (_fake, client) = client();
    let secret = |application: &str, secret: &str| {
        format!(
            "grant_type=client_credentials&client_id={application}&client_secret={secret}&\
             scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        )
    };
    let right = "muster-automation-developer-secret";
    for _guess in 0..20 {
        let wrong = form(&client, "token", &secret(AUTOMATION, "guess")).await;
        assert_eq!(wrong.json()["error_codes"], json!([7_000_215]));
    }
    let barred = form(&client, "token", &secret(AUTOMATION, right)).await;
    assert_eq!((barred.status.as_u16(), barred.header("retry-after")), (429, "10"));
    assert_eq!(barred.json()["error_codes"], json!([90055]));
    let other = secret(REPORTING, "muster-reporting-developer-secret");
    assert!(opens(&client, &form(&client, "token", &other).await).await);
}
