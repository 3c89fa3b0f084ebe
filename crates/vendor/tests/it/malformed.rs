//! Whatever bytes arrive: an answer, never a fault of the service, never an open lock.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use muster_device::activation::LockType;
use muster_vendor::router;
use proptest::prelude::*;
use tower::ServiceExt as _;

use crate::world::{Books, OURS};

/// What the service answers; HTTP itself is left out.
fn status(routes: &Router, request: Request<Body>) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(routes.clone().oneshot(request)).unwrap().status().as_u16()
}

fn post(path: &str, content_type: &str, body: Vec<u8>) -> Option<Request<Body>> {
    let request = Request::builder().method(Method::POST).uri(path);
    let request = request.header("user-agent", "a-test").header("content-type", content_type);
    request.body(Body::from(body)).ok()
}

proptest! {
    #[test]
    fn no_bytes_break_the_service(
        body in proptest::collection::vec(any::<u8>(), 0..512),
        content_type in "application/(x-www-form-urlencoded|json)|[ -~]{0,32}",
        query in "[a-zA-Z0-9=&%+]{0,64}",
    ) {
        let books = Books::of_two();
        books.find_my(OURS);
        let routes = router(books.clone());
        let unlock = format!("/deviceservicesworkers/escrowKeyUnlock?serial={OURS}&{query}");
        for path in [unlock.as_str(), "/device/activationlock", "/"] {
            if let Some(request) = post(path, &content_type, body.clone()) {
                let status = status(&routes, request);
                prop_assert!(status == 200 || (400..500).contains(&status), "{path} {status}");
            }
        }
        prop_assert_eq!(books.lock_type(OURS), LockType::User);
    }

    #[test]
    fn no_code_but_the_right_one_opens_a_lock(code in "[0-9A-Z-]{0,31}") {
        let books = Books::of_two();
        let right = books.find_my(OURS);
        let path = format!("/deviceservicesworkers/escrowKeyUnlock?serial={OURS}&productType=A");
        let body = format!("escrowKey={code}&orgName=a&guid=b").into_bytes();
        let request = post(&path, "application/x-www-form-urlencoded", body).unwrap();
        let expected = if code.is_empty() { 400 } else { 404 };
        prop_assume!(code != right);
        prop_assert_eq!(status(&router(books), request), expected);
    }
}
