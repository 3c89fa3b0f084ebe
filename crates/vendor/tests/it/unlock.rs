//! Unlocking with a bypass code.

use muster_device::activation::LockType;
use muster_vendor::BODY_BYTES_MAX;
use reqwest::{Method, Response, StatusCode};

use crate::world::{OURS, UNKNOWN, World};

const PATH: &str = "/deviceservicesworkers/escrowKeyUnlock";

const FORM: [(&str, &str); 2] = [("orgName", "muster & sons"), ("guid", "an-audit-id")];

async fn unlock(world: &World, serial: &str, code: &str) -> Response {
    let path = format!("{PATH}?serial={serial}&productType=iPhone15%2C2&imei=490154203237518");
    let form = [FORM[0], FORM[1], ("escrowKey", code)];
    world.post(&path).form(&form).send().await.unwrap()
}

/// Reads code and message of the property list.
async fn told(response: Response) -> (u64, String) {
    assert_eq!(response.headers()["content-type"], "application/xml");
    let status = u64::from(response.status().as_u16());
    let answer: plist::Dictionary = plist::from_bytes(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(answer["version"].as_string(), Some("1.0"));
    let code = answer["code"].as_unsigned_integer().unwrap();
    assert_eq!(code, status);
    (code, answer["message"].as_string().unwrap().to_owned())
}

#[tokio::test]
async fn the_code_of_the_lock_unlocks_and_may_come_twice() {
    let world = World::new();
    let code = world.books.find_my(OURS);
    assert_eq!(world.books.lock_type(OURS), LockType::User);
    for _time in 0..2 {
        let answer = told(unlock(&world, OURS, &code).await).await;
        assert_eq!(answer, (200, "the device is unlocked".to_owned()));
        assert_eq!(world.books.lock_type(OURS), LockType::None);
    }
}

#[tokio::test]
async fn another_code_is_a_mismatch_and_leaves_the_lock() {
    let world = World::new();
    let code = world.books.find_my(OURS);
    for wrong in ["000H4-0R40M-30F2-0918-5HR3-8F17", "x", &code[1..]] {
        let answer = told(unlock(&world, OURS, wrong).await).await;
        assert_eq!(answer, (404, "escrow key mismatch".to_owned()));
    }
    assert_eq!(world.books.lock_type(OURS), LockType::User);
}

#[tokio::test]
async fn a_device_nobody_knows_cannot_be_unlocked() {
    let world = World::new();
    for serial in [UNKNOWN, "lower"] {
        let answer = told(unlock(&world, serial, "x").await).await;
        assert_eq!(answer, (404, "unknown device".to_owned()));
    }
}

#[tokio::test]
async fn every_required_field_is_asked_for_by_name() {
    let world = World::new();
    let url = format!("{PATH}?serial={OURS}&productType=iPhone15,2");
    let full = [FORM[0], FORM[1], ("escrowKey", "x")];
    for (missing, _value) in full {
        let form: Vec<_> = full.into_iter().filter(|(name, _value)| *name != missing).collect();
        let answer = told(world.post(&url).form(&form).send().await.unwrap()).await;
        assert_eq!(answer, (400, format!("{missing} is missing")));
    }
    for (url, missing) in [
        (format!("{PATH}?productType=iPhone15,2"), "serial is missing"),
        (format!("{PATH}?serial={OURS}"), "productType is missing"),
    ] {
        let answer = told(world.post(&url).form(&full).send().await.unwrap()).await;
        assert_eq!(answer, (400, missing.to_owned()));
    }
}

#[tokio::test]
async fn what_is_no_form_or_too_long_is_refused() {
    let world = World::new();
    let url = format!("{PATH}?serial={OURS}&productType=iPhone15,2");
    let json = world.post(&url).header("content-type", "application/json").body("{}");
    assert_eq!(told(json.send().await.unwrap()).await.0, 400);
    let long_code = "x".repeat(1_000);
    let form = [FORM[0], FORM[1], ("escrowKey", &long_code)];
    assert_eq!(told(world.post(&url).form(&form).send().await.unwrap()).await.0, 400);
    let long = "x".repeat(BODY_BYTES_MAX);
    let form = [FORM[0], FORM[1], ("escrowKey", &long)];
    assert_eq!(told(world.post(&url).form(&form).send().await.unwrap()).await.0, 413);
    let get = world.customer.request(Method::GET, world.url(&url)).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
}
