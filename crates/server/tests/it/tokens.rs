//! Who may enrol, with which token and what request.

use std::time::Duration;

use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CloseCode, Mode};
use muster_server::TokenKind;
use muster_transport::{DeviceKey, close};

use crate::device::{Enrolled, frame, request, some_request};
use crate::world::{World, iphone};

/// An Ed25519 key made for this test, in PKCS #8.
const AMBITIOUS_KEY: &str = "302e020100300506032b65700422042027d68a67a435ff3a196d6c5358109b6fdbaa3caf4a53a401 \
    018f01d0ea76d4e5";

/// A request of that key for a certificate of a CA: `CA:TRUE` and `keyCertSign`, both critical.
const AMBITIOUS_REQUEST: &str = "3081b130650201003000302a300506032b65700321008b7935be891356b90bc379c3abd93052eb50 \
    0302b86b50412a48149d96c36f90a032303006092a864886f70d01090e31233021300f0603551d13 \
    0101ff040530030101ff300e0603551d0f0101ff040403020204300506032b65700341004195e0cd \
    c20953a9fbd2d550fd801e84ccc09a75ac89463f335be1943649586664691fa910b1021b0134695e \
    5675017a2c94159089fa384a8a7f2ef119858506";

/// The basic constraints of a CA in DER (RFC 5280, section 4.2.1.9).
const CA_TRUE: [u8; 5] = [0x30, 0x03, 0x01, 0x01, 0xff];

/// The key usage `keyCertSign` alone in DER (RFC 5280, section 4.2.1.3).
const KEY_CERT_SIGN: [u8; 4] = [0x03, 0x02, 0x02, 0x04];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn holds(der: &[u8], part: &[u8]) -> bool {
    der.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_token_nobody_issued_is_refused() {
    let world = World::new().await;
    let refused = world.site.try_enrol(&some_request(&EnrolmentToken::new("guess".into()))).await;
    assert_eq!(refused, Err(CloseCode::TokenUnknown));
    assert_eq!(world.closed_with(CloseCode::TokenUnknown), 1);
}

#[tokio::test]
async fn a_token_is_no_longer_valid_at_its_end() {
    let world = World::new().await;
    for kind in [TokenKind::OneTime, TokenKind::Reusable] {
        let token = world.token(kind, Duration::ZERO).await;
        let refused = world.site.try_enrol(&some_request(&token)).await;
        assert_eq!(refused, Err(CloseCode::TokenExpired), "{kind:?}");
    }
    assert_eq!(world.enrolled().await, 0);
}

#[tokio::test]
async fn a_token_longer_than_any_text_is_refused_unread() {
    let world = World::new().await;
    let refused =
        world.site.try_enrol(&some_request(&EnrolmentToken::new("t".repeat(1_025)))).await;
    assert_eq!(refused, Err(CloseCode::FieldTooLarge));
}

#[tokio::test]
async fn a_one_time_token_lets_one_device_in() {
    let world = World::new().await;
    let token = world.one_time().await;
    assert!(world.site.try_enrol(&some_request(&token)).await.is_ok());
    let refused = world.site.try_enrol(&some_request(&token)).await;
    assert_eq!(refused, Err(CloseCode::TokenUsed));
    assert_eq!(world.enrolled().await, 1);
}

#[tokio::test]
async fn a_reusable_token_lets_any_number_in() {
    let world = World::new().await;
    let token = world.reusable().await;
    for enrolled in 1..=3 {
        assert!(world.site.try_enrol(&some_request(&token)).await.is_ok());
        assert_eq!(world.enrolled().await, enrolled);
    }
}

#[tokio::test]
async fn a_request_repeated_before_the_first_hello_gets_the_same_device_again() {
    let world = World::new().await;
    for token in [world.one_time().await, world.reusable().await] {
        let key = DeviceKey::generate().unwrap();
        let asked = request(&token, &key, iphone());
        let lost = world.site.try_enrol(&asked).await.unwrap();
        let again = world.site.try_enrol(&asked).await.unwrap();
        assert_eq!(again.device, lost.device);
        let (id, facts) = (again.device, asked.facts);
        let enrolled = Enrolled { id, facts, identity: key.identity(again.chain_der) };
        drop(world.site.ready(&enrolled).await);
    }
    assert_eq!(world.enrolled().await, 2);
    assert_eq!(world.server.totals().enrolled, 2);
}

#[tokio::test]
async fn a_request_for_a_ca_certificate_gets_an_ordinary_one() {
    let world = World::new().await;
    let key = DeviceKey::from_pkcs8(&bytes(AMBITIOUS_KEY)).unwrap();
    let mut asked = some_request(&world.reusable().await);
    asked.csr_der = bytes(AMBITIOUS_REQUEST);
    assert!(holds(&asked.csr_der, &CA_TRUE) && holds(&asked.csr_der, &KEY_CERT_SIGN));

    let reply = world.site.try_enrol(&asked).await.unwrap();
    let certificate = &reply.chain_der[0];
    assert!(!holds(certificate, &CA_TRUE) && !holds(certificate, &KEY_CERT_SIGN));
    let identity = key.identity(reply.chain_der);
    let enrolled = Enrolled { id: reply.device, facts: asked.facts, identity };
    drop(world.site.ready(&enrolled).await);
}

#[tokio::test]
async fn a_signing_request_that_is_none_is_refused() {
    let world = World::new().await;
    let token = world.one_time().await;
    for csr_der in [Vec::new(), b"garbage".to_vec(), vec![0x30; 4_097]] {
        let mut asked = some_request(&token);
        asked.csr_der = csr_der;
        assert_eq!(world.site.try_enrol(&asked).await, Err(CloseCode::BadCsr));
    }
    assert!(world.site.try_enrol(&some_request(&token)).await.is_ok(), "the token is unused");
}

#[tokio::test]
async fn facts_that_contradict_themselves_are_refused() {
    let world = World::new().await;
    let token = world.reusable().await;
    let mut android_iphone = some_request(&token);
    android_iphone.facts.mode = Mode::AndroidDedicated;
    let mut nameless = some_request(&token);
    nameless.facts.model.clear();
    for asked in [android_iphone, nameless] {
        assert_eq!(world.site.try_enrol(&asked).await, Err(CloseCode::BadFacts));
    }
    assert_eq!(world.enrolled().await, 0);
}

#[tokio::test]
async fn a_second_request_on_the_same_connection_has_no_effect() {
    let world = World::new().await;
    let token = world.reusable().await;
    let both = [frame(&some_request(&token)), frame(&some_request(&token))].concat();
    let (connection, reply) = world.site.ask(&both).await;
    assert!(reply.is_ok());
    close(&connection, CloseCode::Done);
    // By the time another device is in, a second one of the first connection would be too.
    assert!(world.site.try_enrol(&some_request(&token)).await.is_ok());
    assert_eq!(world.enrolled().await, 2);
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused() {
    let world = World::new().await;
    let cases: [(&[u8], CloseCode); 3] = [
        (&[0xff; 64], CloseCode::FrameTooLarge),
        (&[0, 0, 0, 3, 0x01, 0xff, 0xff], CloseCode::BadFrame),
        (&[0, 0, 0, 1, 0x13], CloseCode::BadFrame),
    ];
    for (bytes, code) in cases {
        let (_connection, reply) = world.site.ask(bytes).await;
        assert_eq!(reply, Err(code));
        assert!(world.closed_with(code) > 0);
    }
}
